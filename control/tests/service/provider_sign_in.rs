//! Signing in with providers, through the pages.

mod attacks;
mod away;
mod fresh;
mod pages;
mod people;
mod sign_out;
mod stored;
mod tried;

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::{Response, StatusCode, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Attempt, Browser, code_of, exchanged};
use crate::harness::{Service, with_seal_of};
use crate::openid_provider::keys::Token;
use crate::openid_provider::{CLIENT_ID, OpenIdProvider, SECRET};

const SESSION: &str = "__Host-access_session";
const PENDING: &str = "__Host-access_signin_";

/// A service with the providers `corp` and `partner`, and the application `wiki`.
pub struct Scene {
    pub service: Service,
    pub corp: OpenIdProvider,
    pub partner: OpenIdProvider,
    pub wiki: Attempt,
    pub credential: String,
    directory: Arc<TempDir>,
    toml: String,
}

/// How the service is configured.
#[derive(Default)]
pub struct Settings {
    /// Of `corp`.
    pub corp: &'static str,
    /// Of `partner`.
    pub partner: &'static str,
    /// Before both.
    pub rest: &'static str,
    /// A file beside it, which settings name as `{directory}/<its name>`.
    pub file: Option<(&'static str, &'static str)>,
    /// Of the application.
    pub wiki: Value,
}

/// A browser that is at a provider.
pub struct Trip {
    provider: &'static str,
    issuer: String,
    query: BTreeMap<String, String>,
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// With these settings of `corp` on top.
    pub async fn with_corp(corp: &'static str) -> Self {
        Self::with(Settings {
            corp,
            ..Settings::default()
        })
        .await
    }

    pub async fn with(settings: Settings) -> Self {
        let (corp, partner) = (OpenIdProvider::start().await, OpenIdProvider::start().await);
        let directory = Arc::new(TempDir::new().unwrap());
        let secret = directory.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        if let Some((name, text)) = settings.file {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        let provider = |id: &str, provider: &OpenIdProvider, settings: &str| {
            let (issuer, secret) = (&provider.issuer, secret.display());
            format!(
                "[[identity_providers]]\nid = \"{id}\"\nname = \"The {id} <account>\"\n\
                 issuer = \"{issuer}\"\nclient_id = \"{CLIENT_ID}\"\n\
                 client_secret_file = \"{secret}\"\n{settings}\n"
            )
        };
        let toml = [
            settings.rest.to_owned(),
            provider("corp", &corp, settings.corp),
            provider("partner", &partner, settings.partner),
        ];
        let here = directory.path().to_str().unwrap();
        let toml = toml.join("\n").replace("{directory}", here);
        let service = Service::start_in(Arc::clone(&directory), &toml)
            .await
            .unwrap();
        let wiki = match settings.wiki {
            Value::Null => json!({}),
            wiki => wiki,
        };
        Self {
            wiki: Attempt::at(&service.wiki(wiki).await),
            credential: service.credential(&[]).await,
            service,
            corp,
            partner,
            directory,
            toml,
        }
    }

    /// Another service on the same database, with the same configuration.
    pub async fn replica(&self) -> Service {
        let directory = Arc::new(with_seal_of(&self.directory));
        let clock = Arc::clone(&self.service.clock);
        let url = &self.service.database_url;
        let started = Service::start_beside(url, directory, &self.toml, clock, true);
        started.await.unwrap()
    }

    pub fn provider(&self, id: &str) -> &OpenIdProvider {
        match id {
            "corp" => &self.corp,
            _ => &self.partner,
        }
    }

    /// The path that begins a sign-in with a provider at the wiki.
    pub fn path(&self, provider: &str) -> String {
        let path = self.wiki.path();
        path.replace("/login?", &format!("/login/{provider}?"))
    }

    /// The browser goes to a provider.
    pub async fn go(&self, browser: &mut Browser, provider: &'static str) -> Trip {
        let response = browser.get(&self.service, &self.path(provider)).await;
        self.trip(&response, provider)
    }

    pub fn trip(&self, response: &Response, provider: &'static str) -> Trip {
        assert_eq!(response.status(), StatusCode::FOUND);
        let issuer = self.provider(provider).issuer.clone();
        let url = location(response);
        assert!(
            url.as_str().starts_with(&format!("{issuer}/authorize?")),
            "{url}"
        );
        Trip {
            provider,
            issuer,
            query: url.query_pairs().into_owned().collect(),
        }
    }

    /// The ID token of `ana` that the provider issues for this trip.
    pub fn token(&self, trip: &Trip) -> Token {
        let provider = self.provider(trip.provider);
        provider.id_token(self.service.clock_now(), trip.nonce())
    }

    /// The browser comes back with a code for this token.
    pub async fn come_back(&self, browser: &mut Browser, trip: &Trip, token: &Token) -> Response {
        self.provider(trip.provider).redeems("the-code", token);
        browser.get(&self.service, &trip.callback("the-code")).await
    }

    /// A whole sign-in of `ana`, whose ID token is changed.
    pub async fn sign_in(
        &self,
        browser: &mut Browser,
        provider: &'static str,
        change: impl Fn(Token) -> Token,
    ) -> Response {
        let trip = self.go(browser, provider).await;
        let token = change(self.token(&trip));
        self.come_back(browser, &trip, &token).await
    }

    /// The claims of the application token that this redirect leads to.
    pub async fn claims(&self, response: &Response) -> Value {
        let code = code_of(response, &self.wiki);
        let answer = exchanged(&self.service, &self.credential, &code).await;
        let token = answer["token"].as_str().unwrap();
        let claims = token.split('.').nth(1).unwrap().as_bytes();
        let claims = portcullis::protocol::base64url::decode(claims).unwrap();
        serde_json::from_slice(&claims).unwrap()
    }

    pub async fn users(&self) -> Vec<Value> {
        self.service.listed("/users").await
    }

    pub async fn sessions(&self) -> Vec<Value> {
        let (_, list) = self
            .service
            .over_socket(reqwest::Method::GET, "sessions")
            .await;
        list["items"].as_array().unwrap().clone()
    }
}

impl Trip {
    pub fn state(&self) -> &str {
        &self.query["state"]
    }

    pub fn nonce(&self) -> &str {
        &self.query["nonce"]
    }

    /// What the provider was asked.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Where the provider sends the browser back.
    pub fn callback(&self, code: &str) -> String {
        self.answer(&[("code", code), ("iss", &self.issuer)])
    }

    /// The callback with this answer.
    pub fn answer(&self, fields: &[(&str, &str)]) -> String {
        callback(
            self.provider,
            &[&[("state", self.state())], fields].concat(),
        )
    }
}

fn callback(provider: &str, fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("/callback/{provider}?{query}")
}

fn location(response: &Response) -> Url {
    let base = Url::parse("https://team.example.com").unwrap();
    let location = response.headers()["location"].to_str().unwrap();
    base.join(location).unwrap()
}

/// The status and the text of a page, on which nobody is signed in.
async fn refused(browser: &Browser, response: Response) -> (u16, String) {
    let status = response.status();
    assert!(!status.is_redirection() && !status.is_success(), "{status}");
    assert!(!browser.cookies.contains_key(SESSION));
    (status.as_u16(), response.text().await.unwrap())
}

/// The `Reason:` of a page.
fn reason(page: &str) -> &str {
    crate::browser::between(page, "Reason: ", "</p>")
}
