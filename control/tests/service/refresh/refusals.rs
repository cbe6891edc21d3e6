//! Everything for which there is no new token.

use portcullis::protocol::base64url;
use portcullis::protocol::claims::APPLICATION_TYP;
use serde_json::{Value, json};

use super::{ANA, Expired, claims, forbidden, token_and_binding, token_of};
use crate::browser::code_of;
use crate::harness::{WIKI, problem};

#[tokio::test]
async fn what_is_no_token_of_ours_is_refused() {
    let at = Expired::new().await;
    let keys = at.service.running.service.keys().await.unwrap();
    let signed = |typ: &str, field: &str, value: Value| {
        let mut claims = claims(&at.token);
        claims[field] = value;
        keys.sign(typ, &claims).unwrap()
    };
    let audience = at.attempt.app.as_str();
    for token in [
        String::new(),
        "a.b.c".to_owned(),
        at.token[..at.token.len() - 2].to_owned(),
        at.browser.cookies["__Host-access_session"].clone(),
        signed("org+jwt", "jti", json!("x")),
        signed(APPLICATION_TYP, "type", json!("org")),
        signed(APPLICATION_TYP, "iss", json!("https://evil.example")),
        signed(APPLICATION_TYP, "aud", json!([])),
        signed(APPLICATION_TYP, "aud", json!([audience, audience])),
        signed(APPLICATION_TYP, "use", json!("header")),
    ] {
        let mut body = at.body();
        body["token"] = json!(token);
        let refused = problem(at.call(body).await).await;
        assert_eq!(refused, (400, "token_invalid".into()), "{token}");
    }
    for body in [json!({}), json!([]), json!({ "token": 1, "origin": WIKI })] {
        let refused = problem(at.call(body).await).await;
        assert_eq!(refused, (400, "request_invalid".into()));
    }
}

#[tokio::test]
async fn another_applications_credential_cannot_refresh() {
    let at = Expired::new().await;
    at.service
        .application("chat", "https://chat.example.com", json!({}))
        .await;
    let chat = at.service.credential(&["chat"]).await;
    let refused = at.service.post(&chat, "refresh", at.body()).await;
    assert_eq!(problem(refused).await, (400, "token_invalid".into()));
    let refused = at.service.post("x.y", "refresh", at.body()).await;
    assert_eq!(problem(refused).await, (401, "credential_invalid".into()));
    let wiki = at.service.credential(&["wiki"]).await;
    token_of(at.service.post(&wiki, "refresh", at.body()).await).await;
}

#[tokio::test]
async fn s16_a_stolen_token_is_not_refreshed_without_its_binding() {
    let at = Expired::new().await;
    let other = base64url::encode(&[7; 32]);
    for secret in [Value::Null, json!(""), json!("x"), json!(other)] {
        let mut body = at.body();
        body["binding_secret"] = secret;
        let refused = problem(at.call(body).await).await;
        assert_eq!(refused, forbidden("binding_mismatch"));
    }
}

#[tokio::test]
async fn only_at_the_applications_own_origin() {
    let at = Expired::new().await;
    at.service
        .application("chat", "https://chat.example.com", json!({}))
        .await;
    for origin in [
        "https://chat.example.com",
        "http://wiki.example.com",
        "https://wiki.example.com:444",
        "wiki",
        "",
    ] {
        let mut body = at.body();
        body["origin"] = json!(origin);
        let refused = problem(at.call(body).await).await;
        assert_eq!(refused, forbidden("origin_unknown"), "{origin}");
    }
}

#[tokio::test]
async fn a_session_that_ended_gives_no_new_token() {
    let mut at = Expired::new().await;
    at.browser.submit(&at.service, "/logout", &[]).await;
    assert_eq!(at.refused().await, forbidden("session_ended"));
}

#[tokio::test]
async fn s13_a_revoked_user_gets_none_and_the_wait_is_told() {
    let at = Expired::new().await;
    let revoke = json!({ "email": ANA });
    at.service.done("/revocations/user", revoke).await;
    let response = at.refresh().await;
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["reason"], "user_blocked");
    assert_eq!(answer["retry_after"], 60);
    at.service.clock.advance(61);
    assert_eq!(at.refused().await, forbidden("session_ended"));
}

#[tokio::test]
async fn s11_a_disabled_user_gets_none() {
    let at = Expired::new().await;
    // As if somebody disabled the user without ending the session.
    at.write("UPDATE users SET disabled = 1 WHERE email = $1", &[ANA])
        .await;
    assert_eq!(at.refused().await, forbidden("session_ended"));
}

#[tokio::test]
async fn s07_the_policy_is_judged_anew() {
    let at = Expired::new().await;
    at.change_wiki(json!({ "policy": [{ "emails": ["bob@example.com"] }] }))
        .await;
    assert_eq!(at.refused().await, forbidden("policy_denied"));
    at.change_wiki(json!({ "policy": [{ "emails": [ANA] }] }))
        .await;
    let new = claims(&token_of(at.refresh().await).await);
    assert_ne!(new["rule"], claims(&at.token)["rule"]);
}

#[tokio::test]
async fn s08_a_revoked_applications_tokens_are_not_refreshed() {
    let mut at = Expired::new().await;
    token_of(at.refresh().await).await;
    let revoke = json!({ "name": "wiki" });
    at.service.done("/revocations/application", revoke).await;
    // Not the repeat either, although the global session lives.
    assert_eq!(at.refused().await, forbidden("session_ended"));
    let back = at.browser.get(&at.service, &at.attempt.path()).await;
    let code = code_of(&back, &at.attempt);
    (at.token, at.binding) = token_and_binding(&at.service, &at.credential, &code).await;
    token_of(at.refresh().await).await;
}

#[tokio::test]
async fn revocations_of_every_scope_are_looked_at() {
    for (scope, subject, audience) in [
        ("user", "sub", ""),
        ("application", "aud", ""),
        ("user_application", "sub", "aud"),
        ("session", "sid", ""),
    ] {
        for (fresh, reason) in [("0", "session_ended"), ("1", "login_required")] {
            let at = Expired::new().await;
            let of = claims(&at.token);
            let value = |name: &str| match name {
                "aud" => at.attempt.app.clone(),
                name => of[name].as_str().unwrap_or_default().to_owned(),
            };
            let values = [scope, &value(subject), &value(audience), fresh];
            at.write(
                "INSERT INTO revocations (scope, subject, audience, fresh, version, expires_at) \
                 SELECT $1, $2, $3, CAST($4 AS BIGINT), version + 1, 0 FROM feed_state",
                &values,
            )
            .await;
            assert_eq!(at.refused().await, forbidden(reason), "{values:?}");
            // One that is older than the sign-in refuses nothing.
            at.write(
                "UPDATE revocations SET version = 1 WHERE scope = $1",
                &[scope],
            )
            .await;
            token_of(at.refresh().await).await;
        }
    }
}

#[tokio::test]
async fn s15_an_application_that_binds_now_wants_a_new_sign_in() {
    let at = Expired::with(json!({ "binding_cookie": false })).await;
    let unbound = claims(&token_of(at.refresh().await).await);
    assert!(unbound.get("cnf").is_none());
    at.change_wiki(json!({ "binding_cookie": true })).await;
    assert_eq!(at.refused().await, forbidden("login_required"));
}
