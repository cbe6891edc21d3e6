//! An OpenID provider that costs next to nothing, so that it does not bound what is measured: it has
//! no pages, and a code says whom it is for.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use portcullis::protocol::feed::JwkSet;
use portcullis_demo::origin::Origin;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::credentials::now;
use crate::keys::SigningKey;

/// Its client, whatever secret that has.
pub(super) const CLIENT_ID: &str = "portcullis";
const LIFETIME: Duration = Duration::from_secs(300);

/// A running provider; dropping it ends it.
pub(super) struct Provider(Origin);

#[derive(Deserialize)]
struct Redeemed {
    code: String,
}

impl Provider {
    pub fn start() -> Result<Self> {
        let key = Arc::new(SigningKey::es256()?);
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .with_state(key);
        Origin::start(router).map(Self)
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.0.address())
    }
}

/// The code for a person in answer to an authorization request with this nonce.
pub(super) fn code(person: &str, nonce: &str) -> String {
    format!("{person}.{nonce}")
}

async fn discovery(headers: HeaderMap) -> Json<Value> {
    let issuer = issuer(&headers);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn jwks(State(key): State<Arc<SigningKey>>) -> Json<JwkSet> {
    Json(JwkSet {
        keys: vec![key.jwk()],
    })
}

async fn token(
    State(key): State<Arc<SigningKey>>,
    headers: HeaderMap,
    Form(Redeemed { code }): Form<Redeemed>,
) -> Response {
    match id_token(&key, &issuer(&headers), &code) {
        Ok(id_token) => Json(json!({
            "access_token": "none",
            "token_type": "Bearer",
            "id_token": id_token,
        }))
        .into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

fn id_token(key: &SigningKey, issuer: &str, code: &str) -> Result<String> {
    let (person, nonce) = code
        .split_once('.')
        .context("not a code of this provider")?;
    let now = now()?;
    let claims = json!({
        "iss": issuer,
        "aud": CLIENT_ID,
        "sub": person,
        "iat": now,
        "exp": now + LIFETIME,
        "nonce": nonce,
        "email": format!("{person}@provider.example"),
        "email_verified": true,
    });
    key.token("JWT", &claims)
}

/// The provider is called by its address alone.
fn issuer(headers: &HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or_default())
}
