//! A database that is restored from a backup: never used unawares, and safe after `restore`.

mod dump;
mod files;
mod noticed;
mod page;

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use portcullis::protocol::feed::{FeedPage, PageKind};
use portcullis_control::server::Failed;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::applied::proxy::{DENY, Proxy, states};
use crate::browser::{Attempt, Browser, exchanged};
use crate::cli::program;
use crate::harness::{Service, TestClock, WIKI, database_url, with_seal_of};

const ANA: &str = "ana@example.com";

/// A stopped service with a user who was revoked after a backup was made.
struct Lost {
    directory: Arc<TempDir>,
    clock: Arc<TestClock>,
    /// The database as it is.
    present: String,
    /// As it was before the revocation.
    backup: String,
    browser: Browser,
    audience: String,
    credential: String,
    refresh: Value,
    epoch: String,
    version: u64,
}

impl Lost {
    async fn new() -> Self {
        let service = Service::start().await;
        let password = service.user(ANA).await;
        let audience = service.wiki(json!({})).await;
        let credential = service.credential(&[]).await;
        let attempt = Attempt::at(&audience);
        let mut browser = Browser::default();
        let code = browser.code(&service, &attempt, (ANA, &password)).await;
        let answer = exchanged(&service, &credential, &code).await;
        let refresh = json!({
            "token": answer["token"], "binding_secret": answer["binding"], "origin": WIKI,
        });
        let present = service.database_url.clone();
        let (directory, clock) = (Arc::clone(&service.directory), Arc::clone(&service.clock));
        service.running.stop().await;
        let backup = copy(&present, directory.path()).await;

        let service = Service::start_at(&present, Arc::clone(&directory), "", Arc::clone(&clock));
        let service = service.await.unwrap();
        service
            .done("/revocations/user", json!({ "email": ANA }))
            .await;
        let position = service.running.service.storage.position().await.unwrap();
        service.running.stop().await;
        Self {
            directory,
            clock,
            present,
            backup,
            browser,
            audience,
            credential,
            refresh,
            epoch: position.epoch,
            version: position.version,
        }
    }

    async fn start(&self, url: &str) -> Result<Service, String> {
        let (directory, clock) = (Arc::clone(&self.directory), Arc::clone(&self.clock));
        let started = Service::start_at(url, directory, "", clock).await;
        started.map_err(|error| error.to_string())
    }

    /// Runs `restore` on a database.
    fn restore(&self, url: &str, arguments: &[&str]) -> Output {
        let arguments = [&["restore", "--json"], arguments].concat();
        program(&self.directory.path().join("data"), &arguments)
            .env("PORTCULLIS_DATABASE__URL", url)
            .output()
            .unwrap()
    }

    fn restored(&self, url: &str, arguments: &[&str]) -> Value {
        let output = self.restore(url, arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What was revoked after the backup stays refused, and everything else goes on.
    async fn ensure_safe(&mut self, service: &Service) {
        let refused = service
            .post(&self.credential, "refresh", self.refresh.clone())
            .await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let path = Attempt::at(&self.audience).path();
        let form = self.browser.get(service, &path).await;
        assert_eq!(form.status(), StatusCode::OK, "asked to sign in");
        assert_eq!(service.listed("/users").await[0]["email"], ANA);
        assert_eq!(service.listed("/applications").await[0]["name"], "wiki");
        // A filter that has seen more than the backup takes a snapshot, although its version is known.
        let url = service.call("feed");
        let query = [
            ("epoch", self.epoch.clone()),
            ("after", self.version.to_string()),
        ];
        let poll = service.http.get(url).bearer_auth(&self.credential);
        let page: FeedPage = poll
            .query(&query)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(page.kind, PageKind::Snapshot);
        assert_ne!(page.epoch, self.epoch);
        assert!(page.version >= self.version + 1_000_000_000);
        assert_eq!(page.keys.unwrap().keys.len(), 1);
    }
}

/// A copy of a database that nobody uses.
async fn copy(url: &str, directory: &Path) -> String {
    if let Some(path) = url.strip_prefix("sqlite://") {
        let copy = directory.join("copy.db");
        std::fs::copy(path, &copy).unwrap();
        return format!("sqlite://{}", copy.display());
    }
    let (server, name) = url.rsplit_once('/').unwrap();
    let pool = sqlx::AnyPool::connect(&format!("{server}/postgres"))
        .await
        .unwrap();
    let create = format!("CREATE DATABASE {name}_copy TEMPLATE {name}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    format!("{url}_copy")
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_an_older_database_is_not_used_before_restore() {
    let mut lost = Lost::new().await;
    let error = lost.start(&lost.backup).await.err().unwrap();
    assert!(error.contains("portcullis-control restore"), "{error}");
    assert!(
        error.contains(&format!("has seen version {}", lost.version)),
        "{error}"
    );
    // The present database is used as before.
    let service = lost.start(&lost.present).await.unwrap();
    service.running.stop().await;
    assert!(lost.start(&lost.backup).await.is_err(), "still");

    let restored = lost.restored(&lost.backup, &[]);

    assert_eq!(restored["sessions_ended"], 1);
    let service = lost.start(&lost.backup).await.unwrap();
    lost.ensure_safe(&service).await;
    assert_eq!(
        restored["version"],
        service
            .running
            .service
            .storage
            .newest_version()
            .await
            .unwrap()
    );
    let (_, keys) = service.over_socket(Method::GET, "keys").await;
    let keys = keys["items"].as_array().unwrap();
    let state = |key: &Value| key["state"].as_str().unwrap().to_owned();
    let mut states: Vec<_> = keys.iter().map(state).collect();
    states.sort_unstable();
    assert_eq!(states, ["refused", "signing"]);
    service.running.stop().await;
    // The database that was given up is older now, or another one.
    assert!(lost.start(&lost.present).await.is_err());
}

/// One restore raises the version by less than two raise it.
#[tokio::test(flavor = "multi_thread")]
async fn b12_a_backup_from_before_two_restores_ends_above_both() {
    let lost = Lost::new().await;
    lost.restored(&lost.present, &[]);
    let seen = lost.restored(&lost.present, &[])["version"].clone();
    let restored = lost.restored(&lost.backup, &[]);
    assert!(
        restored["version"].as_u64() > seen.as_u64(),
        "{restored} {seen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_replicas_accept_a_database_that_another_has_restored() {
    let mut lost = Lost::new().await;
    // Another replica's data directory, with what it has seen.
    let other = Arc::new(with_seal_of(&lost.directory));
    let clock = Arc::clone(&lost.clock);
    let replica = Service::start_at(&lost.present, Arc::clone(&other), "", Arc::clone(&clock));
    replica.await.unwrap().running.stop().await;
    let refused = Service::start_at(&lost.backup, Arc::clone(&other), "", Arc::clone(&clock));
    assert!(refused.await.is_err());

    lost.restored(&lost.backup, &[]);

    let replica = Service::start_at(&lost.backup, Arc::clone(&other), "", clock).await;
    let replica = replica.unwrap();
    lost.ensure_safe(&replica).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_restore_under_a_running_replica_ends_its_keys_too() {
    let mut lost = Lost::new().await;
    let running = Arc::new(with_seal_of(&lost.directory));
    let clock = Arc::clone(&lost.clock);
    let running = Service::start_beside(&lost.backup, running, "", clock, true)
        .await
        .unwrap();
    // Its keys are in its memory.
    let answer = running
        .post(&lost.credential, "refresh", lost.refresh.clone())
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    lost.restored(&lost.backup, &[]);
    lost.ensure_safe(&running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_wait_for_proxies_from_before_a_restore() {
    let lost = Lost::new().await;
    let service = lost.start(&lost.present).await.unwrap();
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    service.running.stop().await;
    lost.restored(&lost.present, &[]);
    let service = lost.start(&lost.present).await.unwrap();
    let (instance, version, _) = states(&service).await.remove(0);
    assert_eq!((instance.as_str(), version), ("one", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_database_is_not_used_be_it_new_or_of_others() {
    let service = Service::start().await;
    service.user(ANA).await;
    let (directory, clock) = (Arc::clone(&service.directory), Arc::clone(&service.clock));
    let present = service.database_url.clone();
    let start = async |url: &str| {
        let (directory, clock) = (Arc::clone(&directory), Arc::clone(&clock));
        Service::start_at(url, directory, "", clock).await
    };
    let noted = service.data_dir().join("database.json");
    service.running.stop().await;
    let new_directory = TempDir::new().unwrap();
    let new = database_url(&new_directory).await;
    let error = start(&new).await.err().unwrap().to_string();
    assert!(error.contains("the database is new"), "{error}");
    let used = Service::start().await;
    used.running.stop().await;
    let error = start(&used.database_url).await.err().unwrap().to_string();
    assert!(error.contains("or is another one"), "{error}");
    // The right one is used as before.
    let service = start(&present).await.unwrap();
    assert_eq!(service.listed("/users").await[0]["email"], ANA);
    service.running.stop().await;
    // And a new one, if the administrator wants that.
    std::fs::remove_file(noted).unwrap();
    let service = start(&new).await.unwrap();
    assert!(service.listed("/users").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_database_that_goes_back_ends_the_service_and_is_not_used_again() {
    let mut service = Service::start().await;
    service.user(ANA).await;
    let revoked = service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    until_noted(&service, &revoked["version"]).await;
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    sqlx::query("UPDATE feed_state SET version = version - 1")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let failed = tokio::time::timeout(Duration::from_secs(10), service.running.failed());
    assert_eq!(failed.await.unwrap(), Failed::DatabaseWentBack);
    // Stopping does not erase what was seen.
    let (directory, clock) = (Arc::clone(&service.directory), Arc::clone(&service.clock));
    service.running.stop().await;
    let again = Service::start_at(&service.database_url, directory, "", clock).await;
    let error = again.err().unwrap().to_string();
    assert!(error.contains("was restored from a backup"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_needs_the_service_to_be_stopped() {
    let lost = Lost::new().await;
    let service = lost.start(&lost.present).await.unwrap();
    let output = lost.restore(&lost.present, &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("stop it first"), "{error}");
    assert_eq!(service.listed("/users").await[0]["email"], ANA);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_marker_is_named_and_replaced_by_restore() {
    let lost = Lost::new().await;
    let marker = lost.directory.path().join("data/database.json");
    std::fs::write(&marker, "{").unwrap();
    let error = lost.start(&lost.present).await.err().unwrap();
    assert!(error.contains("database.json"), "{error}");
    lost.restored(&lost.present, &[]);
    lost.start(&lost.present).await.unwrap();
}

#[tokio::test]
async fn what_was_seen_is_noted_while_the_service_runs() {
    let service = Service::start().await;
    let version = service.done("/users", json!({ "email": ANA })).await;
    assert!(version["id"].is_string());
    let revoked = service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    until_noted(&service, &revoked["version"]).await;
}

/// Waits until the data directory says which version was seen.
async fn until_noted(service: &Service, version: &Value) {
    let marker = service.data_dir().join("database.json");
    let begun = std::time::Instant::now();
    loop {
        let noted = std::fs::read(&marker).ok();
        let noted: Option<Value> = noted.and_then(|noted| serde_json::from_slice(&noted).ok());
        if noted.is_some_and(|noted| noted["version"] == *version) {
            return;
        }
        assert!(begun.elapsed().as_secs() < 10);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
