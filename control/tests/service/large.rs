//! A great many revocations in force: what a snapshot costs, and that its pages add up.

use std::collections::BTreeMap;
use std::time::Instant;

use portcullis::protocol::feed::{FeedPage, Revocation, Subject};
use portcullis_control::storage::{END_OF_PAGE, PAGE_OF_REVOCATIONS};
use serde_json::json;
use sqlx::{AnyPool, AssertSqlSafe};

use crate::harness::Service;

/// `PORTCULLIS_TEST_REVOCATIONS=1000000` takes longer and shows more.
const REVOCATIONS: u64 = 50_000;
const LIMIT: usize = 20_000;
/// No test runs until then, 2100-01-01.
const UNTIL: u64 = 4_102_444_800;

fn how_many() -> u64 {
    let wanted = std::env::var("PORTCULLIS_TEST_REVOCATIONS").ok();
    wanted.map_or(REVOCATIONS, |wanted| wanted.parse().unwrap())
}

/// Adds revocations of sessions, half of them, and of users at an application that nobody sees.
async fn fill(service: &Service, count: u64, hidden: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    let numbers = if service.database_url.starts_with("sqlite") {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
    } else {
        "WITH n AS (SELECT i FROM generate_series(1, $1) AS i)"
    };
    let insert = format!(
        "{numbers} INSERT INTO revocations \
         (scope, subject, audience, version, fresh, expires_at) \
         SELECT CASE WHEN i % 2 = 0 THEN 'session' ELSE 'user_application' END, \
         's-' || CAST((i * 7919) % 1000003 AS TEXT) || '-' || CAST(i AS TEXT), \
         CASE WHEN i % 2 = 0 THEN '' ELSE $2 END, 1, 0, $3 FROM n"
    );
    sqlx::query(AssertSqlSafe(insert))
        .bind(i64::try_from(count).unwrap())
        .bind(hidden)
        .bind(i64::try_from(UNTIL).unwrap())
        .execute(&pool)
        .await
        .unwrap();
    pool
}

async fn page(service: &Service, credential: &str, query: &str) -> (FeedPage, u128) {
    let begun = Instant::now();
    let url = format!("{}?limit={LIMIT}{query}", service.call("feed"));
    let answer = service
        .http
        .get(url)
        .bearer_auth(credential)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.unwrap();
    let took = begun.elapsed().as_millis();
    (serde_json::from_slice(&bytes).unwrap(), took)
}

fn hold(held: &mut BTreeMap<String, Revocation>, page: &FeedPage) {
    for one in &page.revocations.put {
        held.insert(format!("{:?}", one.subject), one.clone());
    }
}

/// What the database holds: subject, version, end.
async fn stored(pool: &AnyPool) -> Vec<(String, i64, i64)> {
    sqlx::query_as(
        "SELECT scope || subject || audience, version, expires_at FROM revocations ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

fn as_stored(held: &BTreeMap<String, Revocation>) -> Vec<(String, i64, i64)> {
    let mut rows: Vec<_> = held
        .values()
        .map(|one| {
            let name = match &one.subject {
                Subject::User(id) => format!("user{id}"),
                Subject::Session(id) => format!("session{id}"),
                Subject::Application(id) => format!("application{id}"),
                Subject::UserApplication(id, audience) => format!("user_application{id}{audience}"),
            };
            (
                name,
                i64::try_from(one.version).unwrap(),
                i64::try_from(one.until.get()).unwrap(),
            )
        })
        .collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_what_changed_meanwhile_add_up_to_what_the_database_holds() {
    let service = Service::start().await;
    let count = how_many();
    let pool = fill(&service, count, "hidden").await;
    service.user("ana@example.com").await;
    let credential = service.credential(&[]).await;
    let (first, mut slowest) = page(&service, &credential, "").await;
    let (mut held, mut next, mut pages) = (BTreeMap::new(), first.next.clone(), 1);
    hold(&mut held, &first);
    while let Some(name) = next {
        // Raised and added while pages are fetched, in front of them and behind.
        for statement in [
            "UPDATE feed_state SET version = version + 1",
            "INSERT INTO revocations SELECT 'session', 'between-' || version, '', version, 0, 4102444800 FROM feed_state",
            "INSERT INTO feed_log SELECT version, 0, 'revocation', NULL, \
             '[\"session\",\"between-' || version || '\",' || version || ',0,4102444800]' FROM feed_state",
        ] {
            sqlx::query(statement).execute(&pool).await.unwrap();
        }
        service
            .done("/revocations/user", json!({ "email": "ana@example.com" }))
            .await;
        let (piece, took) = page(&service, &credential, &format!("&next={name}")).await;
        assert_eq!(piece.version, first.version, "one version over all pages");
        assert!(piece.next.is_none() || piece.revocations.put.len() == LIMIT);
        hold(&mut held, &piece);
        slowest = slowest.max(took);
        pages += 1;
        next = piece.next;
    }
    println!("{count} revocations, {pages} pages, the slowest took {slowest} ms");
    let query = format!("&epoch={}&after={}", first.epoch, first.version);
    let (delta, _) = page(&service, &credential, &query).await;
    hold(&mut held, &delta);
    assert!(pages > 2);
    assert_eq!(as_stored(&held), stored(&pool).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_full_of_what_a_limited_credential_sees() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let count = how_many();
    fill(&service, count, "hidden").await;
    let credential = service.credential(&["wiki"]).await;
    let (mut seen, mut query, mut sizes) = (0, String::new(), Vec::new());
    loop {
        let (piece, _) = page(&service, &credential, &query).await;
        seen += piece.revocations.put.len() as u64;
        sizes.push(piece.revocations.put.len() + piece.applications.put.len());
        let Some(next) = piece.next else { break };
        query = format!("&next={next}");
    }
    assert_eq!(
        seen,
        count / 2,
        "sessions, and nobody at another application"
    );
    let (last, full) = sizes.split_last().unwrap();
    assert!(
        full.iter().all(|size| *size == LIMIT) && *last > 0,
        "{sizes:?}"
    );
}

#[tokio::test]
async fn pages_are_found_by_an_index_and_not_sorted() {
    let service = Service::start().await;
    if !service.database_url.starts_with("sqlite") {
        return;
    }
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    for query in [&*PAGE_OF_REVOCATIONS, &*END_OF_PAGE] {
        let explain = format!("EXPLAIN QUERY PLAN {query}");
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(explain))
            .bind("a")
            .bind("b")
            .bind("c")
            .bind(0_i64)
            .bind(10_i64)
            .bind("")
            .fetch_all(&pool)
            .await
            .unwrap();
        let steps: Vec<&str> = plan.iter().map(|(.., step)| step.as_str()).collect();
        let reads: Vec<_> = steps
            .iter()
            .filter(|step| step.contains("revocations"))
            .collect();
        assert_eq!(reads.len(), 1, "{steps:?}");
        assert!(
            reads[0].starts_with("SEARCH") && reads[0].contains("INDEX"),
            "{steps:?}"
        );
        assert!(
            steps.iter().all(|step| !step.contains("TEMP B-TREE")),
            "{steps:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_revocations_is_answered_one_and_all() {
    const USERS: u32 = 8;
    const CALLERS: u32 = 400;
    const EACH: u32 = 3;
    let service = Service::start().await;
    for number in 0..USERS {
        service.user(&format!("user-{number}@example.com")).await;
    }
    let credential = service.credential(&[]).await;
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|number| {
        let service = &service;
        async move {
            let email = format!("user-{}@example.com", number % USERS);
            for _ in 0..EACH {
                let request = json!({ "email": email });
                service.done("/revocations/user", request).await;
            }
        }
    });
    let all = futures_util::future::join_all(callers);
    let (_, (_, poll_ms)) = tokio::join!(all, page(&service, &credential, ""));
    let rate = f64::from(CALLERS * EACH) / begun.elapsed().as_secs_f64();
    println!("{rate:.0} revocations a second; a poll among them took {poll_ms} ms");
    let (last, _) = page(&service, &credential, "").await;
    assert!(
        last.version >= u64::from(CALLERS * EACH),
        "each has a version of its own"
    );
}
