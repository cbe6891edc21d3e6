//! One service for each SQLite database, however its file is named; several on PostgreSQL.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use portcullis_control::seal::key::SealKey;
use portcullis_control::system::randomness::SystemRandomness;
use tempfile::TempDir;

use crate::cli::{program, stderr};
use crate::harness::Service;
use crate::kill::Process;

const SEAL: &str = "PORTCULLIS_KEYS__SEAL__FILE";
const LIMIT: Duration = Duration::from_secs(30);

/// The file with a key that several services share.
fn seal(directory: &TempDir) -> String {
    let file = directory.path().join("seal.keys");
    let key = SealKey::generate(&SystemRandomness).unwrap();
    std::fs::write(&file, key.to_text()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Tries to start a service on a database, with another data directory and the same seal key. It ends
/// by itself.
async fn refused(data: &Path, database: &str, seal: &str) -> Output {
    let mut command = program(data, &["serve"]);
    command
        .env("PORTCULLIS_SERVER__LISTEN", "127.0.0.1:0")
        .env("PORTCULLIS_SERVER__FILTERS", "127.0.0.1:0")
        .env("PORTCULLIS_DATABASE__URL", database)
        .env(SEAL, seal);
    let mut command = tokio::process::Command::from(command);
    let ended = tokio::time::timeout(LIMIT, command.kill_on_drop(true).output()).await;
    let output = ended.expect("a second service runs").unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_database_has_one_service_under_every_name() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name);
    let url = |name: &str| format!("sqlite://{}", path(name).display());
    let real = url("real.db");
    let seal = seal(&directory);
    let start = |name: &str| {
        let settings = [("PORTCULLIS_DATABASE__URL", real.as_str()), (SEAL, &seal)];
        Process::start_with(&path(name), &settings)
    };
    let first = start("one");
    std::os::unix::fs::symlink(path("real.db"), path("symbolic.db")).unwrap();
    std::fs::hard_link(path("real.db"), path("hard.db")).unwrap();
    for name in ["real.db", "symbolic.db", "hard.db"] {
        let output = refused(&path("two"), &url(name), &seal).await;
        let error = stderr(&output);
        assert!(
            error.contains("already running with the database"),
            "{error}"
        );
        assert!(error.contains(name), "{error}");
        assert!(!path("two/run.json").exists());
    }
    let restore = program(&path("two"), &["restore"])
        .env("PORTCULLIS_DATABASE__URL", &real)
        .output()
        .unwrap();
    assert_eq!(restore.status.code(), Some(1), "{}", stderr(&restore));
    assert!(
        stderr(&restore).contains("already running"),
        "{}",
        stderr(&restore)
    );
    // The first one is as it was.
    crate::kill::json(&path("one"), &["user", "add", "ana@example.com"]);
    first.signal("-KILL");
    drop(first);
    let second = start("two");
    let users = crate::kill::json(&path("two"), &["user", "list"]);
    assert!(users.to_string().contains("ana@example.com"), "{users}");
    drop(second);
}

#[tokio::test]
async fn a_service_that_stopped_leaves_no_lock() {
    let service = Service::start().await;
    let service = service.restart("").await;
    service.user("ana@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_has_several_services() {
    let directory = TempDir::new().unwrap();
    let url = crate::harness::shared_database_url(&directory).await;
    let seal = seal(&directory);
    let settings = [("PORTCULLIS_DATABASE__URL", url.as_str()), (SEAL, &seal)];
    let start = |name: &str| Process::start_with(&directory.path().join(name), &settings);
    let (_one, _two) = (start("one"), start("two"));
    crate::kill::json(
        &directory.path().join("one"),
        &["user", "add", "ana@example.com"],
    );
    let users = crate::kill::json(&directory.path().join("two"), &["user", "list"]);
    assert!(users.to_string().contains("ana@example.com"), "{users}");
}
