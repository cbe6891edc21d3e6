//! Logout tokens that are refused. None of them changes anything.

use std::sync::Arc;

use serde_json::json;

use super::back_channel_logout::{EVENT, logout, post, post_to};
use super::{Answer, events, first_key, is_in, sent, signed_in, version};
use crate::browser::Browser;
use crate::openid_provider::SECRET;
use crate::openid_provider::keys::{Key, Token};
use crate::provider_sign_in::Scene;

/// A service at which Ana is signed in with the session `s1` of the provider.
struct Victim {
    scene: Scene,
    browser: Browser,
    version: u64,
    key: Arc<Key>,
}

impl Victim {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let browser = signed_in(&scene, "ana", "s1").await;
        Self {
            version: version(&scene).await,
            key: first_key(&scene),
            scene,
            browser,
        }
    }

    fn logout(&self) -> Token {
        logout(&self.scene, "s1")
    }

    /// The token is refused, and tells why.
    async fn refuses(&mut self, token: &str, why: &str) {
        let answer = post(&self.scene, token).await;
        self.refused(&answer, why).await;
    }

    async fn refused(&mut self, answer: &Answer, why: &str) {
        assert_eq!(
            answer.of_oauth(),
            (400, "invalid_request"),
            "{}",
            answer.body
        );
        let described = answer.body["error_description"].as_str().unwrap();
        assert!(described.contains(why), "{described}");
        self.is_unharmed().await;
    }

    async fn is_unharmed(&mut self) {
        assert_eq!(version(&self.scene).await, self.version);
        assert!(is_in(&self.scene, &mut self.browser).await);
        assert!(events(&self.scene).await.is_empty());
    }
}

#[tokio::test]
async fn forged_by_another_key() {
    let mut victim = Victim::new().await;
    let token = victim.logout();
    let forged = token.signed(&Key::es256("first"));
    victim.refuses(&forged, "signature is wrong").await;
    let unknown = token.signed(&Key::es256("of-nobody"));
    victim.refuses(&unknown, "no key of the provider").await;
    let unsigned = token.clone().header("alg", json!("none"));
    let unsigned = unsigned.unsigned(&victim.key);
    victim.refuses(&unsigned, "`alg` is not accepted").await;
    let by_secret = token.header("alg", json!("HS256"));
    let by_secret = by_secret.hmac(&victim.key, SECRET.as_bytes());
    victim.refuses(&by_secret, "`alg` is not accepted").await;
}

#[tokio::test]
async fn replayed() {
    let mut victim = Victim::new().await;
    let scene = &victim.scene;
    let token = victim.logout().signed(&victim.key);
    assert_eq!(post(scene, &token).await.status, 200);
    let mut browser = signed_in(scene, "ana", "s1").await;
    let before = version(scene).await;
    for _ in 0..2 {
        let answer = post(scene, &token).await;
        assert_eq!(answer.of_oauth(), (400, "invalid_request"));
        let described = answer.body["error_description"].as_str().unwrap();
        assert!(described.contains("already received"), "{described}");
    }
    assert_eq!(version(scene).await, before);
    assert!(is_in(scene, &mut browser).await);
    assert_eq!(events(scene).await.len(), 1);
    assert!(!is_in(&victim.scene, &mut victim.browser).await);
}

#[tokio::test]
async fn replayed_at_the_same_moment() {
    let victim = Victim::new().await;
    let token = victim.logout().signed(&victim.key);
    let posts = (0..8).map(|_| post(&victim.scene, &token));
    let answers = futures_util::future::join_all(posts).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400, 400, 400, 400, 400]);
    assert_eq!(version(&victim.scene).await, victim.version + 1);
}

#[tokio::test]
async fn for_another_client() {
    let mut victim = Victim::new().await;
    let other = victim.logout().with("aud", json!("other-client"));
    let other = other.signed(&victim.key);
    victim.refuses(&other, "`aud` is wrong").await;
    let without = victim.logout().without("aud").signed(&victim.key);
    victim.refuses(&without, "`aud` is missing").await;
}

#[tokio::test]
async fn of_another_issuer_or_provider() {
    let mut victim = Victim::new().await;
    let other = victim.logout().with("iss", json!("https://evil.example"));
    let other = other.signed(&victim.key);
    victim.refuses(&other, "`iss` is wrong").await;
    // Of a provider that is configured, at the endpoint of another one.
    let partner = Arc::clone(&victim.scene.partner.script().keys[0]);
    let issuer = victim.scene.partner.issuer.clone();
    let foreign = victim.logout().with("iss", json!(issuer));
    let foreign = foreign.signed(&partner);
    victim.refuses(&foreign, "signature is wrong").await;
    // And the other way around.
    let own = victim.logout().signed(&victim.key);
    let answer = post_to(&victim.scene, "partner", &own).await;
    victim.refused(&answer, "signature is wrong").await;
}

#[tokio::test]
async fn with_a_nonce() {
    let mut victim = Victim::new().await;
    for nonce in [json!("n"), json!(""), json!(null)] {
        let token = victim.logout().with("nonce", nonce).signed(&victim.key);
        victim.refuses(&token, "has a `nonce`").await;
    }
}

#[tokio::test]
async fn without_the_logout_event() {
    let mut victim = Victim::new().await;
    let without = victim.logout().without("events").signed(&victim.key);
    victim.refuses(&without, "`events` is missing").await;
    let other = json!({ "https://schemas.openid.net/secevent/caep/event-type/x": {} });
    for events in [json!({}), json!([EVENT]), json!(EVENT), other] {
        let token = victim.logout().with("events", events).signed(&victim.key);
        victim.refuses(&token, "`events` has no").await;
    }
}

#[tokio::test]
async fn an_id_token() {
    let mut victim = Victim::new().await;
    let now = victim.scene.service.clock_now();
    let id_token = victim.scene.corp.id_token(now, "nonce");
    let id_token = id_token.with("jti", json!("1")).signed(&victim.key);
    victim.refuses(&id_token, "`events` is missing").await;
}

#[tokio::test]
async fn issued_long_ago_or_in_the_future() {
    let mut victim = Victim::new().await;
    let now = victim.scene.service.clock_now();
    for issued in [now - 301, now + 301] {
        let token = victim.logout().with("iat", json!(issued));
        let token = token.signed(&victim.key);
        victim.refuses(&token, "`iat` is too far").await;
    }
    let without = victim.logout().without("iat").signed(&victim.key);
    victim.refuses(&without, "`iat` is missing").await;
    let expired = victim.logout().with("exp", json!(now - 60));
    let expired = expired.signed(&victim.key);
    victim.refuses(&expired, "has expired").await;
}

#[tokio::test]
async fn without_an_id_or_a_target() {
    let mut victim = Victim::new().await;
    let without = victim.logout().without("jti").signed(&victim.key);
    victim.refuses(&without, "`jti` is missing").await;
    let nobody = victim.logout().without("sub").without("sid");
    let nobody = nobody.signed(&victim.key);
    victim.refuses(&nobody, "neither `sid` nor `sub`").await;
    let number = victim.logout().with("sid", json!(1)).signed(&victim.key);
    victim.refuses(&number, "`sid` is wrong").await;
}

#[tokio::test]
async fn of_another_type() {
    let mut victim = Victim::new().await;
    for typ in ["secevent+jwt", "at+jwt"] {
        let token = victim.logout().header("typ", json!(typ));
        let token = token.signed(&victim.key);
        victim.refuses(&token, "another kind of token").await;
    }
}

#[tokio::test]
async fn no_form_with_one_token() {
    let mut victim = Victim::new().await;
    let token = victim.logout().signed(&victim.key);
    let url = victim.scene.service.page("/backchannel-logout/corp");
    let http = &victim.scene.service.http;
    let twice = [("logout_token", &*token), ("logout_token", &*token)];
    let requests = [
        http.post(&url).form(&twice),
        http.post(&url).form(&[("token", &*token)]),
        http.post(&url).json(&json!({ "logout_token": token })),
        http.post(format!("{url}?logout_token={token}")),
        http.post(&url).body(token.clone()),
    ];
    for request in requests {
        let answer = sent(request).await;
        victim
            .refused(&answer, "a form with one `logout_token`")
            .await;
    }
    victim.refuses("not.a.token", "malformed").await;
    victim.refuses("", "malformed").await;
}

#[tokio::test]
async fn larger_than_64_kb() {
    let mut victim = Victim::new().await;
    let padded = |victim: &Victim, bytes: usize| {
        let token = victim.logout().with("pad", json!("x".repeat(bytes)));
        token.signed(&victim.key)
    };
    let large = padded(&victim, 64 * 1024);
    let answer = post(&victim.scene, &large).await;
    assert_eq!(answer.of_oauth(), (413, "invalid_request"));
    victim.is_unharmed().await;
    // A report may be larger than the forms of people.
    let fits = padded(&victim, 30 * 1024);
    assert_eq!(post(&victim.scene, &fits).await.status, 200);
}

#[tokio::test]
async fn at_no_endpoint() {
    let mut victim = Victim::new().await;
    let token = victim.logout().signed(&victim.key);
    let answer = post_to(&victim.scene, "unknown", &token).await;
    assert_eq!(answer.of_oauth(), (404, "not_found"));
    let url = victim.scene.service.page("/backchannel-logout/corp");
    let answer = sent(victim.scene.service.http.get(url)).await;
    assert_eq!(answer.status, 405);
    victim.is_unharmed().await;
}
