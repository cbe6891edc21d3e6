//! Forged and damaged tokens: each is refused for its own reason, at both protocols.

use anyhow::{Context, Result};
use jwt_simple::prelude::*;
use portcullis::protocol::base64url;
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::table::Table;
use portcullis_e2e::tokens::{self, TOKEN_COOKIE};
use portcullis_e2e::unharmed::Vms;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::{Value, json};

use super::ecdsa::Halves;

/// What was sent, and the reason that it is refused for.
type Row = (String, Vec<u8>, &'static str);

/// A genuine token, taken apart.
struct Genuine {
    whole: String,
    header: Value,
    claims: Value,
}

impl Genuine {
    fn parts(&self) -> [&str; 3] {
        let mut parts = self.whole.split('.');
        [(); 3].map(|()| parts.next().unwrap_or_default())
    }

    /// With another header, and the signature as it was.
    fn with_header(&self, header: impl AsRef<[u8]>) -> Vec<u8> {
        let [_, payload, signature] = self.parts();
        let header = base64url::encode(header.as_ref());
        format!("{header}.{payload}.{signature}").into_bytes()
    }

    /// With one member of the header changed.
    fn changed(&self, name: &str, value: Value) -> Vec<u8> {
        let mut header = self.header.clone();
        header[name] = value;
        self.with_header(header.to_string())
    }

    fn with_signature(&self, signature: &str) -> Vec<u8> {
        let [header, payload, _] = self.parts();
        format!("{header}.{payload}.{signature}").into_bytes()
    }
}

/// A member of the header, what it becomes, and the reason; `@K` is a text of 65 bytes.
#[rustfmt::skip] // One row a line.
const MEMBERS: [(&str, &str, &str, &str); 22] = [
    ("alg none", "alg", r#""none""#, "token_malformed"),
    ("alg None", "alg", r#""None""#, "token_malformed"),
    ("alg empty", "alg", r#""""#, "token_malformed"),
    ("alg HS256", "alg", r#""HS256""#, "token_malformed"),
    ("alg RS256", "alg", r#""RS256""#, "token_malformed"),
    ("alg ES384", "alg", r#""ES384""#, "token_malformed"),
    ("alg EdDSA", "alg", r#""EdDSA""#, "token_malformed"),
    ("alg es256", "alg", r#""es256""#, "token_malformed"),
    ("alg a list", "alg", r#"["ES256"]"#, "token_malformed"),
    ("typ JWT", "typ", r#""JWT""#, "token_malformed"),
    ("typ APP+JWT", "typ", r#""APP+JWT""#, "token_malformed"),
    ("typ application/app+jwt", "typ", r#""application/app+jwt""#, "token_malformed"),
    ("typ org+jwt", "typ", r#""org+jwt""#, "signature_invalid"),
    ("crit", "crit", r#"["exp"]"#, "token_malformed"),
    ("crit empty", "crit", r#"[]"#, "token_malformed"),
    ("kid a path", "kid", r#""../../dev/null""#, "key_unknown"),
    ("kid empty", "kid", r#""""#, "key_unknown"),
    ("kid of 65 bytes", "kid", r#""@K""#, "token_malformed"),
    ("kid a number", "kid", r#"1"#, "token_malformed"),
    ("jwk of the sender", "jwk", r#"{"kty":"EC"}"#, "signature_invalid"),
    ("jku of the sender", "jku", r#""https://evil.example/jwks""#, "signature_invalid"),
    ("b64 false", "b64", r#"false"#, "signature_invalid"),
];

/// Whole headers, and the reason.
#[rustfmt::skip] // One row a line.
const HEADERS: [(&str, &[u8], &str); 6] = [
    ("no kid", br#"{"alg":"ES256","typ":"app+jwt"}"#, "token_malformed"),
    ("alg twice", br#"{"alg":"none","alg":"ES256","typ":"app+jwt","kid":"x"}"#, "token_malformed"),
    ("header a list", b"[]", "token_malformed"),
    ("header null", b"null", "token_malformed"),
    ("header nested", &[b'['; 2500], "token_malformed"),
    ("header not UTF-8", b"{\"alg\":\"\xff\"}", "token_malformed"),
];

fn headers(genuine: &Genuine) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, member, value, reason) in MEMBERS {
        let value = value.replace("@K", &"k".repeat(65));
        let token = genuine.changed(member, serde_json::from_str(&value)?);
        rows.push((what.to_owned(), token, reason));
    }
    for (what, header, reason) in HEADERS {
        rows.push((what.to_owned(), genuine.with_header(header), reason));
    }
    Ok(rows)
}

fn shapes(genuine: &Genuine) -> Vec<Row> {
    let [header, payload, signature] = genuine.parts();
    let whole = &genuine.whole;
    let text = |text: String| text.into_bytes();
    let half = &whole[..whole.len() / 2];
    let mut claims = genuine.claims.clone();
    claims["email"] = json!("admin@example.com");
    let other = base64url::encode(claims.to_string().as_bytes());
    #[rustfmt::skip] // One row a line.
    let rows = [
        ("empty", Vec::new(), "token_malformed"),
        ("dots", text("..".into()), "token_malformed"),
        ("many dots", text(".".repeat(3000)), "token_malformed"),
        ("two parts", text(format!("{header}.{payload}")), "token_malformed"),
        ("four parts", text(format!("{whole}.x")), "token_malformed"),
        ("five parts, as JWE", text(format!("{whole}.x.y")), "token_malformed"),
        ("half of it", text(half.to_owned()), "token_malformed"),
        ("no signature", text(format!("{header}.{payload}.")), "signature_invalid"),
        ("other claims", text(format!("{header}.{other}.{signature}")), "signature_invalid"),
        ("parts swapped", text(format!("{payload}.{header}.{signature}")), "token_malformed"),
        ("over 4 KB", text(format!("{header}.{payload}.{}", "A".repeat(4096))), "token_malformed"),
        ("not UTF-8", [whole.as_bytes(), b"\xff\xfe"].concat(), "token_malformed"),
        ("in quotes", text(format!("\"{whole}\"")), "token_malformed"),
        ("JSON form", text(r#"{"payload":"x"}"#.into()), "token_malformed"),
        ("padded", text(format!("{whole}==")), "token_malformed"),
        ("padding inside", text(format!("{header}=.{payload}.{signature}")), "token_malformed"),
        ("a space inside", text(format!("{header}. {payload}.{signature}")), "token_malformed"),
        ("plain base64", text(format!("{header}.{payload}+/.{signature}")), "token_malformed"),
        ("escaped", text(whole.replace('.', "%2E")), "token_malformed"),
        ("spare bits set", lax_last(whole), "token_malformed"),
    ];
    rows.map(|(name, token, reason)| (name.to_owned(), token, reason))
        .into()
}

/// The last character of 64 bytes in base64url has four spare bits, which must be zero (RFC 4648,
/// section 3.5): else one token would have sixteen texts.
fn lax_last(whole: &str) -> Vec<u8> {
    let mut bytes = whole.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last += 1;
    }
    bytes
}

fn signatures(genuine: &Genuine) -> Result<Vec<Row>> {
    let [_, _, signature] = genuine.parts();
    let mut rows: Vec<Row> = Vec::new();
    for (name, forged) in Halves::of(signature)?.forged() {
        let token = genuine.with_signature(&forged);
        rows.push((format!("signature: {name}"), token, "signature_invalid"));
    }
    // RSA signatures are as long as their key; these belong to no known key.
    for length in [0, 1, 127, 255, 256, 257, 512] {
        let mut header = genuine.header.clone();
        header["alg"] = json!("RS256");
        let header = base64url::encode(header.to_string().as_bytes());
        let [_, payload, _] = genuine.parts();
        let signature = base64url::encode(&vec![1; length]);
        let token = format!("{header}.{payload}.{signature}").into_bytes();
        rows.push((format!("RS256 of {length} bytes"), token, "token_malformed"));
    }
    let kid = genuine.header["kid"].as_str().unwrap_or_default();
    let key = ES256KeyPair::generate().with_key_id(kid);
    let claims = Claims::with_custom_claims(genuine.claims.clone(), Duration::from_hours(1));
    let options = HeaderOptions {
        signature_type: Some("app+jwt".to_owned()),
        ..HeaderOptions::default()
    };
    let own = key.sign_with_options(claims, &options)?.into_bytes();
    rows.push(("a key of the sender's".to_owned(), own, "signature_invalid"));
    Ok(rows)
}

#[test]
fn forged_tokens_are_refused_for_what_is_wrong_with_them() -> Result<()> {
    let stand = stand()?;
    let vms = Vms::of(&stand.deployment.envoy)?;
    let application = stand.application(&ApplicationSettings::default())?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let whole = tokens::token(&browser, &application)?.value.clone();
    let (header, claims) = tokens::unverified(&whole)?;
    let genuine = Genuine {
        whole,
        header,
        claims,
    };
    let path = stand.unique_path();
    let mut table = Table::new("tokens", &["sent", "HTTP/1.1", "HTTP/2", "expected"]);
    let mut wrong = Vec::new();
    let rows = [headers(&genuine)?, shapes(&genuine), signatures(&genuine)?].concat();
    for (name, token, expected) in rows {
        let cookie = [TOKEN_COOKIE.as_bytes(), b"=", &token].concat();
        let request = Request::sub_request(&path).with("cookie", cookie);
        let mut cells = Vec::new();
        for protocol in PROTOCOLS {
            let answer = stand.ask(&application, protocol, &request)?;
            let refusal = Refusal::of_answer(&answer).with_context(|| name.clone())?;
            cells.push(format!("{} {}", refusal.status, refusal.reason));
            if refusal.status != 401 || refusal.reason != expected {
                wrong.push(format!("{name} over {protocol}: {refusal:?}"));
            }
        }
        table.row(&[&name, &cells[0], &cells[1], expected]);
    }
    table.print()?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(stand.reached_origin(&path), 0);
    stand.admitted_by_workers(&browser, &application)?;
    vms.ensure_same()
}

/// The holder of a token can write its signature in a second way and gains nothing: the token
/// says the same, and ends with the same revocation.
#[test]
fn a_mirrored_signature_ends_with_its_session() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &application)?;
    let mut cookie = tokens::token(&browser, &application)?.clone();
    let (signed, signature) = cookie.value.rsplit_once('.').context("no token")?;
    cookie.value = format!("{signed}.{}", Halves::of(signature)?.mirrored());
    browser.jar.insert(cookie);

    let answer = browser.xhr(&application.url("/api/echo"))?;
    if answer.status == 200 {
        let echo: Echo = answer.json()?;
        assert_eq!(echo.value("x-access-user-email"), Some(user.email.as_str()));
    }
    stand.deployment.control.revoke_user(&user.email)?;
    let reason = stand.refused_by_workers(&browser, &application)?;
    assert!(["session_revoked", "signature_invalid"].contains(&reason.as_str()));
    Ok(())
}
