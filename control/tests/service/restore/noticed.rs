//! A database that went back is noticed without `database.json` too: by what filters and browsers show,
//! by a revocation's own version, and by the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portcullis::protocol::base64url;
use portcullis::protocol::feed::FeedPage;
use portcullis_control::server::Failed;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::AnyPool;
use tempfile::TempDir;

use super::{ANA, Lost, copy, until_noted};
use crate::applied::proxy::{DENY, Proxy};
use crate::browser::{Attempt, Browser, exchanged};
use crate::cli::program;
use crate::harness::{Service, TestClock, WIKI, with_seal_of};

const BOB: &str = "bob@example.com";
const LIMIT: Duration = Duration::from_secs(20);

/// A backup that was put in place of a database with more changes, on a machine that has never seen
/// them; and what was issued meanwhile.
struct Later {
    /// Of the service that made the backup, which lies there.
    _former: Arc<TempDir>,
    directory: Arc<TempDir>,
    clock: Arc<TestClock>,
    backup: String,
    credential: String,
    audience: String,
    browser: Browser,
    refresh: Value,
    version: u64,
    /// The position of a filter that follows the feed, as its poll says it.
    position: String,
}

impl Later {
    async fn new() -> Self {
        let service = Service::start().await;
        let password = service.user(ANA).await;
        service.user(BOB).await;
        let audience = service.wiki(json!({})).await;
        let credential = service.credential(&[]).await;
        let present = service.database_url.clone();
        let (directory, clock) = (Arc::clone(&service.directory), Arc::clone(&service.clock));
        service.running.stop().await;
        let backup = copy(&present, directory.path()).await;

        let service = Service::start_at(&present, Arc::clone(&directory), "", Arc::clone(&clock));
        let service = service.await.unwrap();
        // Bob's revocation is what is missing in the backup, and makes later tokens newer than it.
        for _ in 0..2 {
            service
                .done("/revocations/user", json!({ "email": BOB }))
                .await;
        }
        let attempt = Attempt::at(&audience);
        let mut browser = Browser::default();
        let code = browser.code(&service, &attempt, (ANA, &password)).await;
        let answer = exchanged(&service, &credential, &code).await;
        let refresh = json!({
            "token": answer["token"], "binding_secret": answer["binding"], "origin": WIKI,
        });
        let proxy = Proxy::start(&service, "one", DENY).await;
        let (position, version) = (proxy.position(), proxy.version);
        service.running.stop().await;
        Self {
            directory: Arc::new(with_seal_of(&directory)),
            _former: directory,
            clock,
            backup,
            credential,
            audience,
            browser,
            refresh,
            version,
            position,
        }
    }

    async fn start(&self) -> Result<Service, String> {
        let (directory, clock) = (Arc::clone(&self.directory), Arc::clone(&self.clock));
        let started = Service::start_at(&self.backup, directory, "", clock).await;
        started.map_err(|error| error.to_string())
    }

    /// The service serves nothing any more, does not start again, and does after `restore`.
    async fn ensure_noticed(self, mut service: Service) {
        let (status, answer) = service
            .administer("/revocations/user", json!({ "email": ANA }))
            .await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
        let text = answer["error"].as_str().unwrap();
        assert!(text.contains("portcullis-control restore"), "{text}");
        let polled = poll(&service, &self.credential, "").await;
        assert_eq!(polled.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(failed(&mut service).await, Failed::DatabaseWentBack);
        service.running.stop().await;

        let error = self.start().await.err().unwrap();
        let seen = format!("has seen version {}", self.version);
        assert!(error.contains(&seen), "{error}");
        let output = program(&self.directory.path().join("data"), &["restore", "--json"])
            .env("PORTCULLIS_DATABASE__URL", &self.backup)
            .output()
            .unwrap();
        let restored: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(restored["version"].as_u64() > Some(self.version));
        let service = self.start().await.unwrap();
        assert_eq!(service.listed("/users").await.len(), 2);
        // The filter that gave it away gets the new feed.
        let polled = self.poll_as_before(&service).await;
        assert_eq!(polled.status(), StatusCode::OK);
    }

    async fn poll_as_before(&self, service: &Service) -> reqwest::Response {
        let query = format!("?{}&applied={}&wait=0", self.position, self.version);
        poll(service, &self.credential, &query).await
    }
}

async fn poll(service: &Service, credential: &str, query: &str) -> reqwest::Response {
    let url = service.call("feed") + query;
    let request = service.http.get(url).bearer_auth(credential);
    request.send().await.unwrap()
}

async fn failed(service: &mut Service) -> Failed {
    let failed = tokio::time::timeout(LIMIT, service.running.failed());
    failed.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_filter_that_has_more_than_the_database_gives_it_away() {
    let later = Later::new().await;
    let service = later.start().await.unwrap();
    let polled = later.poll_as_before(&service).await;
    assert_eq!(polled.status(), StatusCode::SERVICE_UNAVAILABLE);
    later.ensure_noticed(service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_token_that_is_newer_than_the_database_gives_it_away() {
    let later = Later::new().await;
    let service = later.start().await.unwrap();
    let refreshed = service
        .post(&later.credential, "refresh", later.refresh.clone())
        .await;
    assert_eq!(refreshed.status(), StatusCode::SERVICE_UNAVAILABLE);
    later.ensure_noticed(service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_sign_in_that_is_newer_than_the_database_gives_it_away() {
    let mut later = Later::new().await;
    let service = later.start().await.unwrap();
    let path = Attempt::at(&later.audience).path();
    let page = later.browser.get(&service, &path).await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    later.ensure_noticed(service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_filter_from_after_a_restore_gives_a_backup_from_before_it_away() {
    let lost = Lost::new().await;
    lost.restored(&lost.present, &[]);
    let service = lost.start(&lost.present).await.unwrap();
    let proxy = Proxy::start(&service, "one", DENY).await;
    let query = format!("?{}", proxy.position());
    service.running.stop().await;
    // On a machine that has seen nothing.
    let directory = Arc::new(with_seal_of(&lost.directory));
    let clock = Arc::clone(&lost.clock);
    let mut service = Service::start_at(&lost.backup, directory, "", clock)
        .await
        .unwrap();
    let polled = poll(&service, &lost.credential, &query).await;
    assert_eq!(polled.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(failed(&mut service).await, Failed::DatabaseWentBack);
}

/// The holder of a stolen filter credential can stop nothing: a version counts only with the proof that
/// the service has issued it.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_without_its_proof_is_refused_and_stops_nothing() {
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    let (epoch, version, proof) = (proxy.epoch.clone(), proxy.version, proxy.proof.clone());
    let other = Service::start().await;
    let of_another = Proxy::start(&other, "one", DENY).await.proof;
    let forged = format!("{}AAAA", &proof[..proof.len() - 4]);
    // A filter that followed another control service may come back to this one.
    for (epoch, after, expected) in [
        (epoch.as_str(), version + 1, StatusCode::BAD_REQUEST),
        (&epoch, u64::MAX, StatusCode::BAD_REQUEST),
        ("another-life", version + 1_000_000, StatusCode::OK),
    ] {
        for proof in ["", &proof, &forged, &of_another] {
            let query = format!("?epoch={epoch}&after={after}&proof={proof}");
            let polled = poll(&service, &proxy.credential, &query).await;
            assert_eq!(polled.status(), expected, "{query}");
        }
        // As a filter from before there were proofs.
        let query = format!("?epoch={epoch}&after={after}");
        let polled = poll(&service, &proxy.credential, &query).await;
        assert_eq!(polled.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    // Without a credential nobody is asked.
    let ahead = format!("?epoch={epoch}&after={}", version + 1);
    let polled = poll(&service, "portcullis-filter_x.y", &ahead).await;
    assert_eq!(polled.status(), StatusCode::UNAUTHORIZED);
    // The position of a filter from before there were proofs.
    let same = format!("?epoch={epoch}&after={version}");
    let polled = poll(&service, &proxy.credential, &same).await;
    assert!(polled.status().is_success());
    service.user(ANA).await;
    proxy.poll(0).await;
}

/// A follower names the version of a later page of a snapshot itself.
#[tokio::test]
async fn no_proof_is_given_for_a_version_that_a_follower_makes_up() {
    let service = Service::start().await;
    for number in 0..3 {
        let origin = format!("https://{number}.example.com");
        let name = number.to_string();
        service.application(&name, &origin, json!({})).await;
    }
    let credential = service.credential(&[]).await;
    let page = async |query: &str| -> FeedPage {
        let answer = poll(&service, &credential, query).await;
        answer.json().await.unwrap()
    };
    let first = page("?limit=1").await;
    assert!(first.proof.is_some());
    let next = base64url::decode(first.next.unwrap().as_bytes()).unwrap();
    let mut next: Value = serde_json::from_slice(&next).unwrap();
    next["version"] = json!(first.version + 1_000);
    let next = base64url::encode(next.to_string().as_bytes());
    let made_up = page(&format!("?limit=1&next={next}")).await;
    assert_eq!(made_up.version, first.version + 1_000);
    assert_eq!(made_up.proof, None);
}

/// Whether its version is noticed by the revocation itself or by the reader that follows the feed:
/// the answer is never that of a revocation that is done.
#[tokio::test(flavor = "multi_thread")]
async fn b12_no_revocation_is_reported_as_done_by_a_database_that_went_back() {
    let service = Service::start().await;
    service.user(ANA).await;
    let request = json!({ "email": ANA });
    service.done("/revocations/user", request.clone()).await;
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    for statement in [
        "UPDATE feed_state SET version = version - 1",
        "DELETE FROM feed_log WHERE version > (SELECT version FROM feed_state)",
        "DELETE FROM version_times WHERE version > (SELECT version FROM feed_state)",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let (status, answer) = service.administer("/revocations/user", request).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    let text = answer["error"].as_str().unwrap();
    assert!(text.contains("went back to an older version"), "{text}");
}

/// How the file at the second path is replaced by the one at the first.
type Replace = fn(&Path, &Path);

/// What somebody does who does not read how to restore.
const REPLACEMENTS: [(&str, Replace); 4] = [
    ("moved over it", |from, to| {
        std::fs::rename(from, to).unwrap()
    }),
    ("copied over it", |from, to| {
        std::fs::copy(from, to).map(drop).unwrap();
    }),
    ("copied over it without the log", |from, to| {
        std::fs::copy(from, to).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", to.display()));
        }
    }),
    ("deleted", |_, to| std::fs::remove_file(to).unwrap()),
];

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_file_that_is_replaced_under_the_running_service_ends_it() {
    for made_by_command in [true, false] {
        for (how, replace) in REPLACEMENTS {
            let directory = Arc::new(TempDir::new().unwrap());
            let database = directory.path().join("the.db");
            let url = format!("sqlite://{}", database.display());
            let service = Service::start_at(&url, Arc::clone(&directory), "", Arc::default());
            let mut service = service.await.unwrap();
            service.user(ANA).await;
            let backup = backup(&service, &database, made_by_command).await;
            let revoked = service
                .done("/revocations/user", json!({ "email": ANA }))
                .await;
            if !made_by_command {
                checkpoint(&url).await;
            }
            until_noted(&service, &revoked["version"]).await;

            replace(&backup, &database);

            assert_eq!(
                failed(&mut service).await,
                Failed::DatabaseWentBack,
                "{how}"
            );
            let (status, _) = service
                .administer("/revocations/user", json!({ "email": ANA }))
                .await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{how}");
            service.running.stop().await;
            if database.exists() {
                let again = Service::start_at(&url, directory, "", Arc::default()).await;
                assert!(again.is_err(), "{how}: used as if it were whole");
            }
        }
    }
}

/// By `backup`, or as a plain copy after SQLite has brought the file up to date.
async fn backup(service: &Service, database: &Path, made_by_command: bool) -> PathBuf {
    let file = service.directory.path().join("backup.db");
    if made_by_command {
        let output = program(&service.data_dir(), &["backup", file.to_str().unwrap()])
            .env("PORTCULLIS_DATABASE__URL", &service.database_url)
            .output()
            .unwrap();
        assert!(output.status.success());
    } else {
        checkpoint(&service.database_url).await;
        std::fs::copy(database, &file).unwrap();
    }
    file
}

async fn checkpoint(url: &str) {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(url).await.unwrap();
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_backup_that_was_only_put_in_place_is_not_used_where_nothing_was_seen() {
    let directory = Arc::new(TempDir::new().unwrap());
    let database = directory.path().join("the.db");
    let url = format!("sqlite://{}", database.display());
    let service = Service::start_at(&url, Arc::clone(&directory), "", Arc::default());
    let service = service.await.unwrap();
    service.user(ANA).await;
    let backup = backup(&service, &database, true).await;
    service.running.stop().await;

    let elsewhere = Arc::new(with_seal_of(&directory));
    let url = format!("sqlite://{}", backup.display());
    let start = || Service::start_at(&url, Arc::clone(&elsewhere), "", Arc::default());
    let error = start().await.err().unwrap().to_string();
    assert!(error.contains("only put in place"), "{error}");
    let output = program(&elsewhere.path().join("data"), &["restore"])
        .env("PORTCULLIS_DATABASE__URL", &url)
        .output()
        .unwrap();
    assert!(output.status.success());
    let service = start().await.unwrap();
    assert_eq!(service.listed("/users").await[0]["email"], ANA);
}
