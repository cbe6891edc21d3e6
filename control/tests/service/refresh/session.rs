//! What a refresh notes under its session, and which sign-in its token proves.

use std::net::Ipv4Addr;
use std::time::Duration;

use portcullis::time::UnixSeconds;
use portcullis_control::sessions::client_description::ClientDescription;
use portcullis_control::storage::{BegunSession, NewSession};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{Expired, claims, token_of};
use crate::harness::sign_in_of;

async fn session(expired: &Expired) -> Value {
    let (_, page) = expired.service.over_socket(Method::GET, "sessions").await;
    page["items"][0].clone()
}

#[tokio::test]
async fn a_refresh_is_noted_under_its_session() {
    let expired = Expired::new().await;
    token_of(expired.refresh().await).await;
    let now = expired.service.clock_now();
    let session = session(&expired).await;
    assert_eq!(session["last_used_at"], now);
    let used = json!([{ "name": "wiki", "last_token_at": now }]);
    assert_eq!(session["applications"], used);
}

#[tokio::test]
async fn a_refreshed_token_proves_no_later_sign_in_than_the_one_before() {
    let expired = Expired::new().await;
    let before = claims(&expired.token);
    let origin = "https://chat.example.com";
    expired.service.application("chat", origin, json!({})).await;
    let now = UnixSeconds::new(expired.service.clock_now());
    let text = |name: &str| before[name].as_str().unwrap().to_owned();
    let renewal = NewSession {
        id: "unused".to_owned(),
        user_id: text("sub"),
        password: None,
        now,
        expires_at: now + Duration::from_secs(1),
        network: "127.0.0.0/24".to_owned(),
        client: ClientDescription::of(&HeaderMap::new(), Ipv4Addr::LOCALHOST.into()),
        before: Some(text("sid")),
        form: None,
    };
    let storage = &expired.service.running.service.storage;
    let BegunSession::Begun { id, auth_ver, .. } = storage
        .begin_session(&renewal, sign_in_of(&renewal.user_id))
        .await
        .unwrap()
    else {
        panic!("not begun");
    };
    assert_eq!(id, text("sid"), "renewed");
    assert!(before["auth_ver"].as_u64() < Some(auth_ver));

    let after = claims(&token_of(expired.refresh().await).await);

    for claim in ["sid", "auth_ver", "auth_time"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
    assert_eq!(session(&expired).await["signed_in_at"], now.get());
}
