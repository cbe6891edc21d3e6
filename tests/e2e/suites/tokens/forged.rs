//! Forged tokens. They are made here, because no login issues them.

use anyhow::Result;
use jwt_simple::prelude::*;
use portcullis::protocol::base64url;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::tokens::{self, TOKEN_COOKIE};
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::{Value, json};

/// What an attacker may make of a token that was good.
struct Forgeries {
    header: Value,
    claims: Value,
    genuine: String,
}

impl Forgeries {
    fn unsigned(&self, header: &Value, signature: &str) -> String {
        let encode = |value: &Value| base64url::encode(value.to_string().as_bytes());
        format!("{}.{}.{signature}", encode(header), encode(&self.claims))
    }

    fn with_header(&self, name: &str, value: Value) -> Value {
        let mut header = self.header.clone();
        header[name] = value;
        header
    }

    /// Signed by a key of the attacker's, under the kid of the service's.
    fn self_signed(&self) -> Result<String> {
        let kid = self.header["kid"].as_str().unwrap_or_default();
        let key = ES256KeyPair::generate().with_key_id(kid);
        let claims = Claims::with_custom_claims(self.claims.clone(), Duration::from_hours(1));
        let options = HeaderOptions {
            signature_type: Some("app+jwt".to_owned()),
            ..HeaderOptions::default()
        };
        key.sign_with_options(claims, &options)
    }

    fn all(&self) -> Result<Vec<(&'static str, String)>> {
        let (signed, signature) = self.genuine.rsplit_once('.').unwrap_or_default();
        let (head, payload) = signed.split_once('.').unwrap_or_default();
        let mut other = self.claims.clone();
        other["email"] = json!("admin@example.com");
        let other = base64url::encode(other.to_string().as_bytes());
        Ok(vec![
            ("empty", String::new()),
            ("not a token", "a.b.c".to_owned()),
            (
                "alg none",
                self.unsigned(&self.with_header("alg", json!("none")), ""),
            ),
            (
                "alg HS256",
                self.unsigned(&self.with_header("alg", json!("HS256")), signature),
            ),
            (
                "alg RS256",
                self.unsigned(&self.with_header("alg", json!("RS256")), signature),
            ),
            (
                "typ JWT",
                self.unsigned(&self.with_header("typ", json!("JWT")), signature),
            ),
            (
                "crit",
                self.unsigned(&self.with_header("crit", json!(["x"])), signature),
            ),
            (
                "unknown kid",
                self.unsigned(&self.with_header("kid", json!("nobody")), signature),
            ),
            ("own key", self.self_signed()?),
            ("other claims", format!("{head}.{other}.{signature}")),
            ("no signature", format!("{signed}.")),
            (
                "cut signature",
                format!("{signed}.{}", &signature[..signature.len() - 4]),
            ),
            ("padded", format!("{}==", self.genuine)),
            ("fourth part", format!("{}.x", self.genuine)),
            ("swapped parts", format!("{payload}.{head}.{signature}")),
            ("huge", format!("{signed}.{}", "A".repeat(6000))),
        ])
    }
}

#[test]
fn forged_tokens_open_nothing_at_any_worker() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let genuine = tokens::token(&browser, &application)?.clone();
    let (header, claims) = tokens::unverified(&genuine.value)?;
    let forgeries = Forgeries {
        header,
        claims,
        genuine: genuine.value.clone(),
    };
    let path = stand.unique_path();

    for (name, token) in forgeries.all()? {
        let line = format!("Cookie: {TOKEN_COOKIE}={token}\r\n");
        let request = application.sub_request(&path, &line);
        for answer in stand.workers.each(|worker| worker.send(&request))? {
            assert_eq!(answer.status, 401, "{name}");
            let reason = Refusal::of_answer(&answer)?.reason;
            assert_ne!(reason, "no_session", "{name} was not even looked at");
        }
    }

    assert_eq!(stand.reached_origin(&path), 0);
    stand.admitted_by_workers(&browser, &application)
}
