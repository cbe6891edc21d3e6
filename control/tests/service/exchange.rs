//! `POST exchange`: what a code is good for, once.

mod refusals;

use std::collections::BTreeSet;

use p256::ecdsa::signature::Verifier;
use portcullis::protocol::base64url;
use portcullis::protocol::claims::Confirmation;
use portcullis::protocol::feed::JwkSet;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, VERIFIER, exchange};
use crate::harness::{Service, TEAM_DOMAIN, problem};

const ANA: &str = "ana@example.com";

/// A service with a user who just signed in at the wiki.
struct SignedIn {
    service: Service,
    audience: String,
    credential: String,
    browser: Browser,
    password: String,
    code: String,
}

impl SignedIn {
    async fn new(settings: Value) -> Self {
        let service = Service::start().await;
        let password = service.user(ANA).await;
        let audience = service.wiki(settings).await;
        let credential = service.credential(&[]).await;
        let mut browser = Browser::default();
        let attempt = Attempt::at(&audience);
        let code = browser.code(&service, &attempt, (ANA, &password)).await;
        Self {
            service,
            audience,
            credential,
            browser,
            password,
            code,
        }
    }

    async fn exchange(&self, body: Value) -> reqwest::Response {
        self.service.post(&self.credential, "exchange", body).await
    }
}

fn parts(token: &str) -> (Value, Value) {
    let mut parts = token
        .split('.')
        .map(|part| base64url::decode(part.as_bytes()).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// Checks a signature as anybody would who has the public keys only.
async fn verify(service: &Service, token: &str) {
    let url = service.page("/.well-known/jwks.json");
    let keys: JwkSet = service
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let (header, _) = parts(token);
    let key = keys
        .keys
        .iter()
        .find(|key| key.kid == header["kid"])
        .unwrap();
    let coordinate =
        |text: &Option<String>| base64url::decode(text.as_ref().unwrap().as_bytes()).unwrap();
    let point = [vec![4], coordinate(&key.x), coordinate(&key.y)].concat();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature.as_bytes()).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
    key.verify(signed.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn both_tokens_say_what_the_papers_say() {
    let at = SignedIn::new(json!({})).await;
    let response = at.exchange(exchange(&at.code)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        names(&answer),
        BTreeSet::from(["binding", "cookie", "return_to", "session_exp", "token"])
    );
    assert_eq!(answer["return_to"], "/page?x=1");
    assert_eq!(
        answer["cookie"],
        json!({ "http_only": true, "same_site": "lax", "partitioned": false })
    );

    let token = answer["token"].as_str().unwrap();
    assert!(token.len() < 800, "{}", token.len());
    verify(&at.service, token).await;
    let (header, claims) = parts(token);
    assert_eq!(names(&header), BTreeSet::from(["alg", "kid", "typ"]));
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("ES256"), &json!("app+jwt"))
    );
    assert_eq!(header["kid"].as_str().unwrap().len(), 16);
    let expected =
        "iss aud type sub email sid jti iat nbf exp session_exp auth_time ver auth_ver rule cnf";
    assert_eq!(names(&claims), expected.split(' ').collect());
    assert_eq!(claims["iss"], TEAM_DOMAIN);
    assert_eq!(claims["aud"], json!([at.audience]));
    assert_eq!(claims["type"], "app");
    assert_eq!(claims["email"], ANA);
    for id in ["sub", "sid", "jti"] {
        assert_eq!(claims[id].as_str().unwrap().len(), 22, "{id}");
    }
    let binding = answer["binding"].as_str().unwrap();
    assert_eq!(binding.len(), 43);
    assert_eq!(
        claims["cnf"]["cookie#S256"],
        Confirmation::of_cookie(binding.as_bytes())
            .unwrap()
            .cookie_s256
    );
    let number = |name: &str| claims[name].as_u64().unwrap();
    assert_eq!(
        number("exp"),
        number("session_exp").min(number("iat") + 86_400)
    );
    assert_eq!(number("session_exp"), number("auth_time") + 86_400);
    assert_eq!(
        number("session_exp"),
        answer["session_exp"].as_u64().unwrap()
    );
    assert_eq!(number("nbf"), number("iat"));
    // One version for the keys, one for the application, which the sign-in came after.
    assert!(number("ver") >= 3 && number("ver") >= number("auth_ver"));

    let session = &at.browser.cookies["__Host-access_session"];
    verify(&at.service, session).await;
    let (header, global) = parts(session);
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("ES256"), &json!("org+jwt"))
    );
    let expected = "iss aud type sub email sid iat nbf exp auth_time auth_ver";
    assert_eq!(names(&global), expected.split(' ').collect());
    assert_eq!(global["aud"], json!([TEAM_DOMAIN]));
    assert_eq!(global["type"], "org");
    for same in ["iss", "sub", "email", "sid", "auth_time", "auth_ver"] {
        assert_eq!(global[same], claims[same], "{same}");
    }
    assert_eq!(global["exp"], claims["session_exp"]);
}

#[tokio::test]
async fn without_binding_cookie_there_is_no_binding() {
    let at = SignedIn::new(
        json!({ "binding_cookie": false, "same_site": "strict", "http_only": false }),
    )
    .await;
    let answer: Value = at.exchange(exchange(&at.code)).await.json().await.unwrap();
    assert_eq!(answer["binding"], Value::Null);
    assert_eq!(
        answer["cookie"],
        json!({ "http_only": false, "same_site": "strict", "partitioned": false })
    );
    assert!(
        parts(answer["token"].as_str().unwrap())
            .1
            .get("cnf")
            .is_none()
    );
}

#[tokio::test]
async fn a_repeated_call_gets_the_same_answer_for_ten_seconds() {
    let at = SignedIn::new(json!({})).await;
    let first = at.exchange(exchange(&at.code)).await.text().await.unwrap();
    at.service.clock.advance(8);
    let second = at.exchange(exchange(&at.code)).await.text().await.unwrap();
    assert_eq!(first, second);
    at.service.clock.advance(4);
    let late = at.exchange(exchange(&at.code)).await;
    assert_eq!(problem(late).await, (400, "code_unknown".into()));
}

#[tokio::test]
async fn calls_at_the_same_time_get_the_same_answer() {
    let at = SignedIn::new(json!({})).await;
    let calls = (0..8).map(|_| async {
        let response = at.exchange(exchange(&at.code)).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.text().await.unwrap()
    });
    let mut tasks = Vec::from_iter(calls.map(Box::pin));
    let mut answers = BTreeSet::new();
    // Polled together: each call is in flight before the first is answered.
    std::future::poll_fn(|context| {
        tasks.retain_mut(|task| match task.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.insert(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if tasks.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn return_to_is_made_safe() {
    let at = SignedIn::new(json!({})).await;
    for wish in [
        "//evil.example",
        "https://evil.example",
        "/\\evil",
        "/.access/logout",
        "/a b",
    ] {
        let mut attempt = Attempt::at(&at.audience);
        attempt.return_to = wish.into();
        let mut browser = Browser::default();
        let code = browser
            .code(&at.service, &attempt, (ANA, &at.password))
            .await;
        let answer: Value = at.exchange(exchange(&code)).await.json().await.unwrap();
        assert_eq!(answer["return_to"], "/", "{wish}");
    }
    assert_eq!(VERIFIER.len(), 43);
}
