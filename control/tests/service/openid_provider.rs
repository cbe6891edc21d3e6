//! An OpenID provider of our own, on loopback, that does what no honest one would: each endpoint can be
//! told what to answer. Untold, it behaves well, and redeems the codes that were registered.

pub mod keys;
mod reply;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Router, routing};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use keys::{Key, Token};
pub use reply::Reply;

pub const CLIENT_ID: &str = "portcullis";
pub const SECRET: &str = "s3cr3t+of the/client";
pub const ACCESS_TOKEN: &str = "access-token-of-the-provider";

pub const DISCOVERY: &str = "discovery";
pub const JWKS: &str = "jwks";
pub const TOKEN: &str = "token";
pub const USERINFO: &str = "userinfo";
pub const TRANSMITTER: &str = "transmitter";

/// A running provider. Ends with the test.
pub struct OpenIdProvider {
    pub issuer: String,
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    server: JoinHandle<()>,
}

/// What the provider does, and what it was asked.
pub struct Script {
    /// The discovery document.
    pub discovery: Value,
    /// The keys in its JWKS; the first signs.
    pub keys: Vec<Arc<Key>>,
    /// The claims of the UserInfo endpoint.
    pub userinfo: Value,
    /// What the token endpoint answers once for each code, and for each refresh token.
    pub grants: BTreeMap<String, Value>,
    replies: BTreeMap<&'static str, Reply>,
    calls: Vec<Call>,
}

/// A call that the provider got.
#[derive(Debug, Clone)]
pub struct Call {
    pub endpoint: &'static str,
    pub authorization: Option<String>,
    pub form: BTreeMap<String, String>,
}

impl OpenIdProvider {
    /// At the root of a free port.
    pub async fn start() -> Self {
        Self::start_at("").await
    }

    /// With an issuer that has this path.
    pub async fn start_at(path: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let issuer = format!("http://{address}{path}");
        let script = Script {
            discovery: discovery(&issuer),
            keys: vec![Key::es256("first")],
            userinfo: json!({ "sub": "ana" }),
            grants: BTreeMap::new(),
            replies: BTreeMap::new(),
            calls: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        Self {
            server: serve(listener, Arc::clone(&script)),
            issuer,
            address,
            script,
        }
    }

    /// The script, to be read or changed.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// Makes an endpoint answer this from now on.
    pub fn reply(&self, endpoint: &'static str, reply: Reply) {
        self.script().replies.insert(endpoint, reply);
    }

    /// Lets an endpoint behave well again.
    pub fn behave(&self, endpoint: &'static str) {
        self.script().replies.remove(endpoint);
    }

    /// How often an endpoint was called.
    pub fn count(&self, endpoint: &str) -> usize {
        let script = self.script();
        let calls = script.calls.iter();
        calls.filter(|call| call.endpoint == endpoint).count()
    }

    /// The last call of an endpoint.
    pub fn last(&self, endpoint: &str) -> Call {
        let script = self.script();
        let mut calls = script.calls.iter().rev();
        let last = calls.find(|call| call.endpoint == endpoint);
        last.unwrap().clone()
    }

    /// An ID token for `ana@example.com`, as an honest provider issues it now.
    pub fn id_token(&self, now: u64, nonce: &str) -> Token {
        Token::new(json!({
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "ana",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": "ana@example.com",
            "email_verified": true,
        }))
    }

    /// Makes the token endpoint redeem `code` for an ID token, signed by the first key.
    pub fn redeems(&self, code: &str, token: &Token) {
        let key = Arc::clone(&self.script().keys[0]);
        self.redeems_for(code, &token.signed(&key));
    }

    /// Makes the token endpoint redeem `code` for this ID token.
    pub fn redeems_for(&self, code: &str, id_token: &str) {
        let issued = json!({
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "id_token": id_token,
        });
        self.script().grants.insert(code.to_owned(), issued);
    }

    /// Goes away: nothing listens any more.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    /// Comes back at the same address.
    pub async fn start_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.server = serve(listener, Arc::clone(&self.script));
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The discovery document of an honest provider.
pub fn discovery(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}/{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at(TOKEN),
        "jwks_uri": at(JWKS),
        "userinfo_endpoint": at(USERINFO),
        "end_session_endpoint": at("end_session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "code_challenge_methods_supported": ["S256"],
        "response_modes_supported": ["query", "form_post"],
        "authorization_response_iss_parameter_supported": true,
    })
}

fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) -> JoinHandle<()> {
    let router = Router::new()
        .route("/{*path}", routing::any(answer))
        .with_state(script);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let endpoint = match path.rsplit('/').next().unwrap() {
        "openid-configuration" => DISCOVERY,
        "ssf-configuration" => TRANSMITTER,
        "jwks" => JWKS,
        "token" => TOKEN,
        "userinfo" => USERINFO,
        _ => "other",
    };
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let authorization = headers.get("authorization");
    let reply = {
        let mut script = script.lock().unwrap();
        let call = Call {
            endpoint,
            authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
            form,
        };
        script.calls.push(call.clone());
        match script.replies.get(endpoint) {
            Some(told) => told.clone(),
            None => script.behave(&call),
        }
    };
    reply.into_response().await
}

impl Script {
    fn behave(&mut self, call: &Call) -> Reply {
        match call.endpoint {
            DISCOVERY => Reply::json(&self.discovery),
            TRANSMITTER => Reply::json(&json!({
                "issuer": self.discovery["issuer"],
                "jwks_uri": self.discovery["jwks_uri"],
            })),
            JWKS => {
                let keys: Vec<Value> = self.keys.iter().map(|key| key.jwk()).collect();
                Reply::json(&json!({ "keys": keys }))
            }
            TOKEN => {
                let field = |name: &str| call.form.get(name).cloned().unwrap_or_default();
                let issued = match field("grant_type").as_str() {
                    // A code is redeemed once.
                    "authorization_code" => self.grants.remove(&field("code")),
                    _ => self.grants.get(&field("refresh_token")).cloned(),
                };
                match issued {
                    Some(issued) => Reply::json(&issued),
                    None => Reply::json(&json!({ "error": "invalid_grant" })).status(400),
                }
            }
            USERINFO => Reply::json(&self.userinfo),
            _ => Reply::json(&json!({})).status(404),
        }
    }
}
