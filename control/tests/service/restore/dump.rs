//! A dump of PostgreSQL, put back with its own tools. Runs with the tests on PostgreSQL.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use reqwest::Method;
use serde_json::json;

use super::{ANA, Lost};
use crate::harness::Service;

/// Runs one of PostgreSQL's tools on a database.
fn run(tool: &str, arguments: &[&str]) {
    let output = Command::new(tool).args(arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{tool}: {error}");
}

fn dump(url: &str, to: &Path) {
    let file = to.to_str().unwrap();
    run("pg_dump", &["--format=custom", "--file", file, url]);
}

fn put_back(url: &str, from: &Path) {
    let file = from.to_str().unwrap();
    run(
        "pg_restore",
        &[
            "--clean",
            "--if-exists",
            "--exit-on-error",
            "--dbname",
            url,
            file,
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_dump_of_postgresql_is_not_used_before_restore() {
    if std::env::var("PORTCULLIS_TEST_POSTGRES_URL").is_err() {
        // SQLite's own backups are tested beside this.
        return;
    }
    let mut lost = Lost::new().await;
    let file = lost.directory.path().join("dump");
    dump(&lost.backup, &file);

    put_back(&lost.present, &file);

    let error = lost.start(&lost.present).await.err().unwrap();
    assert!(error.contains("portcullis-control restore"), "{error}");
    let restored = lost.restored(&lost.present, &[]);
    assert_eq!(restored["sessions_ended"], 1);
    let service = lost.start(&lost.present).await.unwrap();
    lost.ensure_safe(&service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_dump_that_is_put_back_under_the_running_service_ends_it() {
    if std::env::var("PORTCULLIS_TEST_POSTGRES_URL").is_err() {
        return;
    }
    let lost = Lost::new().await;
    let file = lost.directory.path().join("dump");
    dump(&lost.backup, &file);
    let mut service: Service = lost.start(&lost.present).await.unwrap();
    let url = lost.present.clone();

    let put_back = tokio::task::spawn_blocking(move || put_back(&url, &file));

    let limit = std::time::Duration::from_secs(60);
    let failed = tokio::time::timeout(limit, service.running.failed()).await;
    assert_eq!(
        failed.unwrap(),
        portcullis_control::server::Failed::DatabaseWentBack
    );
    put_back.await.unwrap();
    let (status, _) = service.over_socket(Method::GET, "users").await;
    assert_eq!(status, reqwest::StatusCode::SERVICE_UNAVAILABLE);
    let revoked = service
        .administer("/revocations/user", json!({ "email": ANA }))
        .await;
    assert_eq!(revoked.0, reqwest::StatusCode::SERVICE_UNAVAILABLE);
    let directory = Arc::clone(&lost.directory);
    service.running.stop().await;
    let again = Service::start_at(&lost.present, directory, "", Arc::clone(&lost.clock)).await;
    assert!(again.is_err());
}
