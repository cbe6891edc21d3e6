//! A user with very many sessions harms nobody else, and no version of the feed is larger than
//! filters take.

use std::net::Ipv4Addr;
use std::time::Duration;

use portcullis::protocol::feed::{FeedPage, MOST_ITEMS, PageKind, Subject};
use portcullis::time::UnixSeconds;
use portcullis_control::sessions::client_description::ClientDescription;
use portcullis_control::storage::{BegunSession, NewSession};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::json;
use sqlx::AnyPool;

use crate::browser::Browser;
use crate::harness::{Service, sign_in_of};
use crate::person::Seen;
use crate::table::scene::{Setting, begin};

const ANA: &str = "ana@example.com";
const MOST_OF_A_USER: u64 = 100;
const MOST_IN_A_VERSION: usize = 1_000;

async fn run(service: &Service, sql: &'static str) {
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn count(service: &Service, sql: &'static str) -> i64 {
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    let (count,): (i64,) = sqlx::query_as(sql).fetch_one(&pool).await.unwrap();
    pool.close().await;
    count
}

/// Begins a session as a sign-in does, in a browser of its own.
async fn begin_session(service: &Service, user_id: &str, number: u64) -> Option<u64> {
    let now = UnixSeconds::new(service.clock_now());
    let new = NewSession {
        id: format!("session-{number}"),
        user_id: user_id.to_owned(),
        password: None,
        now,
        expires_at: now + Duration::from_secs(3600),
        network: "127.0.0.0/24".to_owned(),
        client: ClientDescription::of(&HeaderMap::new(), Ipv4Addr::LOCALHOST.into()),
        before: None,
        form: None,
    };
    let storage = &service.running.service.storage;
    match storage
        .begin_session(&new, sign_in_of(&new.user_id))
        .await
        .unwrap()
    {
        BegunSession::Begun { ended_others, .. } => ended_others,
        other => panic!("{other:?}"),
    }
}

/// All changes after a version, page by page.
async fn changes(service: &Service, credential: &str, mut page: FeedPage) -> Vec<FeedPage> {
    let mut pages = Vec::new();
    loop {
        let after = format!("feed?epoch={}&after={}", page.epoch, page.version);
        let request = service.http.get(service.call(&after));
        let response = request.bearer_auth(credential).send().await.unwrap();
        if response.status() == StatusCode::NO_CONTENT {
            return pages;
        }
        page = response.json().await.unwrap();
        pages.push(page.clone());
    }
}

async fn snapshot(service: &Service, credential: &str) -> FeedPage {
    let request = service.http.get(service.call("feed"));
    let response = request.bearer_auth(credential).send().await.unwrap();
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_user_has_a_hundred_sessions_and_the_oldest_ends_for_a_new_one() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut oldest = Browser::default();
    oldest.sign_in(&service, "/login", (ANA, &password)).await;
    let account = service
        .running
        .service
        .storage
        .password_account(ANA, "")
        .await;
    let user_id = account.unwrap().unwrap().id;
    service.clock.advance(1);
    for number in 1..MOST_OF_A_USER {
        let ended = begin_session(&service, &user_id, number).await;
        assert_eq!(ended, None, "{number}");
    }
    let credential = service.credential(&[]).await;
    let before = snapshot(&service, &credential).await;
    let response = oldest.get(&service, "/sessions").await;
    assert_eq!(response.status(), StatusCode::OK);

    let ended = begin_session(&service, &user_id, MOST_OF_A_USER).await;

    assert_eq!(ended, Some(before.version + 1));
    let response = oldest.get(&service, "/sessions").await;
    assert_eq!(response.status(), StatusCode::FOUND, "signed out");
    let sessions = count(&service, "SELECT COUNT(*) FROM sessions").await;
    assert_eq!(sessions, 100);
    let pages = changes(&service, &credential, before).await;
    let told = &pages[0].revocations.put;
    assert_eq!(
        (pages.len(), told.len()),
        (1, 1),
        "filters refuse its tokens"
    );
    assert!(matches!(&told[0].subject, Subject::Session(id) if !id.starts_with("session-")));
}

#[tokio::test]
async fn ending_all_others_tells_of_a_thousand_in_a_version_at_most() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    // As an earlier version of the service let them pile up.
    run(
        &service,
        "INSERT INTO sessions (id, user_id, auth_time, auth_ver, expires_at) \
         WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500) \
         SELECT 'session-' || CAST(n AS TEXT), users.id, 1, 1, 9999999999 FROM numbers, users",
    )
    .await;
    let credential = service.credential(&[]).await;
    let before = snapshot(&service, &credential).await;
    let fields = [("end", "others")];
    let done = browser.submit(&service, "/sessions", &fields).await;
    let done = done.text().await.unwrap();
    assert!(done.contains("2500 other sessions have ended."), "{done}");
    let pages = changes(&service, &credential, before).await;
    let versions = pages.iter().flat_map(|page| &page.revocations.put);
    let mut sizes = std::collections::BTreeMap::new();
    for revocation in versions {
        *sizes.entry(revocation.version).or_insert(0) += 1;
    }
    assert_eq!(sizes.values().sum::<usize>(), 2500);
    assert!(
        sizes.values().all(|size| *size <= MOST_IN_A_VERSION),
        "{sizes:?}"
    );
    assert_eq!(count(&service, "SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn a_version_larger_than_a_page_may_be_reaches_filters_as_a_snapshot() {
    let (setting, _) = Setting::of_line("8h | 8h | - | never | 0s").unwrap();
    let (mut scene, mut person) = begin(&setting).await;
    let credential = scene.service.credential(&[]).await;
    let before = snapshot(&scene.service, &credential).await;
    assert!(!person.gets_in(&mut scene).await);
    // As an earlier version of the service could commit it.
    assert_eq!(MOST_ITEMS, 100_000);
    run(
        &scene.service,
        "UPDATE feed_state SET version = version + 1; \
         INSERT INTO revocations (scope, subject, audience, version, fresh, expires_at) \
         WITH RECURSIVE numbers(n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000) \
         SELECT 'session', 'session-' || CAST(n AS TEXT), '', version, 0, 9999999999 \
         FROM numbers, feed_state; \
         INSERT INTO revocations (scope, subject, audience, version, fresh, expires_at) \
         SELECT 'session', sessions.id, '', version, 0, 9999999999 FROM sessions, feed_state; \
         INSERT INTO feed_log (version, position, item, audience, body) \
         SELECT version, ROW_NUMBER() OVER (ORDER BY subject), 'revocation', NULL, \
         '[\"session\",\"' || subject || '\",' || CAST(version AS TEXT) || ',0,9999999999]' \
         FROM revocations WHERE version = (SELECT version FROM feed_state);",
    )
    .await;
    let pages = changes(&scene.service, &credential, before).await;
    assert_eq!(pages[0].kind, PageKind::Snapshot);
    scene.service.clock.advance(60);
    let refused = Seen::Filter(401, "session_revoked");
    assert_eq!(person.asks(&mut scene).await, refused);
    // The feed goes on after it.
    let bob = json!({ "email": "bob@example.com" });
    scene.service.done("/users", bob.clone()).await;
    scene.service.done("/revocations/user", bob).await;
    assert_eq!(person.asks(&mut scene).await, refused);
}
