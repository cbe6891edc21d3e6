//! Polls that wait, and what is no poll.

use std::time::Duration;

use portcullis::protocol::feed::FeedPage;
use reqwest::StatusCode;

use super::{Follower, follower, revoke};
use crate::harness::{Service, problem, tester};

#[tokio::test]
async fn a_waiting_poll_wakes_on_commit() {
    let service = Service::start().await;
    service.user("ana@example.com").await;
    let follower = follower(&service, &[]).await;
    let start = follower.page(&[]).await;
    let waiting = follower.after(&start, &[("wait", "30")]);
    let (page, version) = tokio::join!(waiting, async {
        // Long enough for the poll to wait; were it answered later, the test would still hold.
        tokio::time::sleep(Duration::from_millis(100)).await;
        revoke(&service, "ana@example.com").await
    });
    assert_eq!(page.unwrap().version, version);
}

#[tokio::test]
async fn a_waiting_poll_notices_what_another_process_commits() {
    let service = Service::start().await;
    service.user("ana@example.com").await;
    let follower = follower(&service, &[]).await;
    let start = follower.page(&[]).await;
    let url = service.database_url.clone();
    let elsewhere = portcullis_control::storage::Database::open(&url, "unused")
        .await
        .unwrap();
    let waiting = follower.after(&start, &[("wait", "30")]);
    let begun = std::time::Instant::now();
    let (page, _) = tokio::join!(waiting, async {
        use portcullis::time::UnixSeconds;
        use portcullis_control::storage::{UserRevocation, UserSelector};
        let revocation = UserRevocation {
            blocked_until: UnixSeconds::EPOCH,
            until: UnixSeconds::new(9_999_999_999),
            disable: false,
        };
        elsewhere
            .revoke_users(
                UserSelector::Email("ana@example.com"),
                revocation,
                &tester(),
            )
            .await
            .unwrap()
    });
    assert_eq!(page.unwrap().revocations.put.len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_poll_that_waited_for_nothing_gets_204() {
    let service = Service::start().await;
    let follower = follower(&service, &[]).await;
    let start = follower.page(&[]).await;
    let begun = std::time::Instant::now();
    assert!(follower.after(&start, &[("wait", "1")]).await.is_none());
    assert!(begun.elapsed() >= Duration::from_millis(990));
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_503_and_never_204() {
    let service = Service::start().await;
    let follower = follower(&service, &[]).await;
    let start = follower.page(&[]).await;
    let url = service.database_url.clone();
    let waiting = follower.ask_after(&start, "2");
    let (answer, ()) = tokio::join!(waiting, async {
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&url).await.unwrap();
        sqlx::query("ALTER TABLE feed_state RENAME TO lost")
            .execute(&pool)
            .await
            .unwrap();
    });
    assert_eq!(problem(answer).await, (503, "unavailable".into()));
    let ready = service
        .http
        .get(service.page("/readyz"))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let alive = service
        .http
        .get(service.page("/healthz"))
        .send()
        .await
        .unwrap();
    assert_eq!(alive.status(), StatusCode::OK);
}

impl Follower<'_> {
    async fn ask_after(&self, page: &FeedPage, wait: &str) -> reqwest::Response {
        let version = page.version.to_string();
        self.ask(&[("epoch", &page.epoch), ("after", &version), ("wait", wait)])
            .await
    }
}

#[tokio::test]
async fn bad_queries_and_unknown_calls_are_problems() {
    let service = Service::start().await;
    let follower = follower(&service, &[]).await;
    for query in [("after", "x"), ("wait", "-1"), ("limit", "many")] {
        let answer = follower.ask(&[query]).await;
        assert_eq!(
            problem(answer).await,
            (400, "request_invalid".into()),
            "{query:?}"
        );
    }
    for url in [service.call("feed"), service.call("exchange")] {
        let answer = service.http.put(url).send().await.unwrap();
        assert_eq!(problem(answer).await.0, 404);
    }
    let nobody = service.http.get(service.call("feed")).send().await.unwrap();
    assert_eq!(problem(nobody).await, (401, "credential_invalid".into()));
}
