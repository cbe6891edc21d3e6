//! What can have no effect any more leaves, and nothing else does.

use std::net::Ipv4Addr;
use std::time::Duration;

use portcullis::protocol::feed::{FeedPage, PageKind};
use portcullis::time::UnixSeconds;
use portcullis_control::sessions::client_description::ClientDescription;
use portcullis_control::storage::NewSession;
use portcullis_control::system::clock::Clock;
use reqwest::header::HeaderMap;
use serde_json::json;
use sqlx::AnyPool;

use crate::browser::{Attempt, Browser};
use crate::harness::{Service, sign_in_of};

const ANA: &str = "ana@example.com";
const HOUR: u64 = 3600;

async fn feed(service: &Service, credential: &str, query: &str) -> FeedPage {
    let url = format!("{}?{query}", service.call("feed"));
    let answer = service.http.get(url).bearer_auth(credential).send().await;
    answer.unwrap().json().await.unwrap()
}

async fn pool(service: &Service) -> AnyPool {
    sqlx::any::install_default_drivers();
    AnyPool::connect(&service.database_url).await.unwrap()
}

async fn count(pool: &AnyPool, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    let (count,): (i64,) = sqlx::query_as(sql).fetch_one(pool).await.unwrap();
    count
}

#[tokio::test]
async fn a_users_revocation_lasts_as_long_as_their_last_session_would_have() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({ "session_duration": "12h" })).await);
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let end = service.clock.seconds() + 12 * HOUR + 60;
    let credential = service.credential(&[]).await;
    // The second time there is no session any more, but tokens of the first are still alive.
    for _ in 0..2 {
        service.clock.advance(10);
        let request = json!({ "email": ANA });
        service.done("/revocations/user", request).await;
        let page = feed(&service, &credential, "").await;
        assert_eq!(page.revocations.put.len(), 1);
        assert_eq!(page.revocations.put[0].until.get(), end);
    }
    let database = &service.running.service.storage;
    let tidy = |at| database.tidy(UnixSeconds::new(at), UnixSeconds::new(at));
    tidy(end + HOUR).await.unwrap();
    assert_eq!(
        feed(&service, &credential, "").await.revocations.put.len(),
        1
    );
    tidy(end + HOUR + 1).await.unwrap();
    assert!(feed(&service, &credential, "").await.revocations.is_empty());
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_a_start_deletes_no_revocation_and_no_session() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({ "session_duration": "12h" })).await);
    for email in [ANA, "ben@example.com"] {
        let password = service.user(email).await;
        let mut browser = Browser::default();
        browser.code(&service, &attempt, (email, &password)).await;
    }
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    service.clock.advance(50 * HOUR);
    let pool = pool(&service).await;
    sqlx::query("UPDATE feed_state SET version = 200000")
        .execute(&pool)
        .await
        .unwrap();
    assert!(count(&pool, "version_times").await > 0);
    let service = service.restart("").await;
    // They are the last to be deleted.
    while count(&pool, "version_times").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    service.clock.set_back(50 * HOUR);
    assert_eq!(count(&pool, "revocations").await, 1);
    // How long the next revocation lasts depends on it.
    assert_eq!(count(&pool, "sessions").await, 1);
}

#[tokio::test]
async fn a_users_revocation_lasts_as_long_as_a_renewed_session() {
    let service = Service::start().await;
    let user = service.done("/users", json!({ "email": ANA })).await;
    let begun = service.clock.seconds();
    let session = |expires_at, before: Option<&str>| NewSession {
        id: "first".to_owned(),
        user_id: user["id"].as_str().unwrap().to_owned(),
        password: None,
        now: UnixSeconds::new(begun),
        expires_at: UnixSeconds::new(expires_at),
        network: "127.0.0.0/24".to_owned(),
        client: ClientDescription::of(&HeaderMap::new(), Ipv4Addr::LOCALHOST.into()),
        before: before.map(str::to_owned),
        form: None,
    };
    // The third would end sooner: tokens of the second may live longer.
    for (hours, before) in [(1, None), (5, Some("first")), (2, Some("first"))] {
        let session = session(begun + hours * HOUR, before);
        let storage = &service.running.service.storage;
        storage
            .begin_session(&session, sign_in_of(&session.user_id))
            .await
            .unwrap();
    }
    let request = json!({ "email": ANA });
    let revoked = service.done("/revocations/user", request).await;
    assert_eq!(revoked["sessions_ended"], 1, "it was renewed");
    let credential = service.credential(&[]).await;
    let page = feed(&service, &credential, "").await;
    assert_eq!(page.revocations.put[0].until.get(), begun + 5 * HOUR + 60);
}

#[tokio::test]
async fn what_is_outdated_goes_whatever_it_is_and_however_much() {
    let service = Service::start().await;
    let pool = pool(&service).await;
    let numbers = if service.database_url.starts_with("sqlite") {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
    } else {
        "WITH n AS (SELECT i FROM generate_series(1, 5000) AS i)"
    };
    let id = "CAST(i AS TEXT)";
    for insert in [
        // Every second one ended long ago.
        format!(
            "INSERT INTO revocations SELECT 'user', {id}, '', 1, 0, CASE WHEN i % 2 = 0 THEN 1000 ELSE 4102444800 END FROM n"
        ),
        format!(
            "INSERT INTO proxies (credential, instance, address, applied, first_seen_ms, last_seen_ms, \
             live_until_ms, denies_after_ms) SELECT 'c', {id}, '', 1, 0, 0, 0, CASE WHEN i % 2 = 0 THEN 1000 ELSE NULL END FROM n"
        ),
        "INSERT INTO feed_log SELECT i, 9, 'keys', NULL, 'null' FROM n".to_owned(),
        "INSERT INTO version_times SELECT i, 1 FROM n".to_owned(),
    ] {
        // SQLite takes the numbers before INSERT, PostgreSQL too.
        let sql = sqlx::AssertSqlSafe(format!("{numbers} {insert}"));
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    sqlx::query("UPDATE feed_state SET version = 104000")
        .execute(&pool)
        .await
        .unwrap();
    let database = &service.running.service.storage;
    let now = service.clock.now_seconds();
    database.tidy(now, now).await.unwrap();
    assert_eq!(count(&pool, "revocations").await, 2_500);
    assert_eq!(count(&pool, "proxies").await, 2_500);
    assert_eq!(count(&pool, "version_times").await, 1_000);
    assert_eq!(count(&pool, "feed_log WHERE version <= 4000").await, 0);
    assert!(count(&pool, "feed_log").await >= 1_000);

    let credential = service.credential(&[]).await;
    let epoch = feed(&service, &credential, "limit=1").await.epoch;
    for (after, kind) in [(3_999, PageKind::Snapshot), (4_000, PageKind::Delta)] {
        let query = format!("epoch={epoch}&after={after}&limit=1");
        assert_eq!(
            feed(&service, &credential, &query).await.kind,
            kind,
            "{after}"
        );
    }
}

#[tokio::test]
async fn of_a_subjects_two_revocations_only_the_one_that_ended_leaves() {
    let service = Service::start().await;
    let pool = pool(&service).await;
    for (subject, plain, fresh) in [("a", 1_000, 4_102_444_800_i64), ("b", 4_102_444_800, 1_000)] {
        for (fresh, until) in [(0, plain), (1, fresh)] {
            let insert = "INSERT INTO revocations VALUES ('application', $1, '', 1, $2, $3)";
            let insert = sqlx::query(insert).bind(subject).bind(fresh).bind(until);
            insert.execute(&pool).await.unwrap();
        }
    }
    let database = &service.running.service.storage;
    let now = service.clock.now_seconds();
    database.tidy(now, now).await.unwrap();
    let left: Vec<(String, i64)> =
        sqlx::query_as("SELECT subject, fresh FROM revocations ORDER BY subject")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(left, [("a".to_owned(), 1), ("b".to_owned(), 0)]);
}
