//! `backup` and `restore` of SQLite files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::program;
use crate::harness::Service;

const ANA: &str = "ana@example.com";

/// The output of a command on the default database of a data directory.
fn run(data_dir: &Path, arguments: &[&str]) -> Result<Value, String> {
    let arguments = [arguments, &["--json"]].concat();
    let output = program(data_dir, &arguments).output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        assert_eq!(output.status.code(), Some(1));
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        Err(error["error"].as_str().unwrap().to_owned())
    }
}

/// A service on the default database of its data directory.
async fn start(directory: &std::sync::Arc<tempfile::TempDir>) -> Service {
    let url = format!("sqlite://{}/data/portcullis.db", directory.path().display());
    std::fs::create_dir_all(directory.path().join("data")).unwrap();
    let started = Service::start_at(&url, directory.clone(), "", Default::default()).await;
    started.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_backup_of_the_running_service_is_put_back() {
    let directory = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let service = start(&directory).await;
    service.user(ANA).await;
    let data = service.data_dir();
    let file = directory.path().join("backup with a space's.db");
    let name = file.to_str().unwrap();
    let made = run(&data, &["backup", name]).unwrap();
    assert_eq!(made["bytes"], std::fs::metadata(&file).unwrap().len());
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    service.user("later@example.com").await;
    service.running.stop().await;

    let restored = run(&data, &["restore", name]).unwrap();

    assert!(file.exists(), "the backup stays");
    let replaced = restored["replaced"].as_str().unwrap();
    assert!(Path::new(replaced).exists());
    let service = start(&directory).await;
    let users = service.listed("/users").await;
    assert_eq!(users.len(), 1);
    assert_eq!(users[0]["email"], ANA);
    assert_eq!(
        std::fs::metadata(data.join("portcullis.db"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    service.running.stop().await;
    // Another restore keeps what the first one replaced.
    let again = run(&data, &["restore", name]).unwrap();
    assert_eq!(again["replaced"], format!("{replaced}-2"));
    assert!(Path::new(replaced).exists());
    // What was replaced can be put back as well.
    let replaced = replaced.to_owned();
    let moved = directory.path().join("moved.db");
    std::fs::rename(&replaced, &moved).unwrap();
    run(&data, &["restore", moved.to_str().unwrap()]).unwrap();
    let service = start(&directory).await;
    assert_eq!(service.listed("/users").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_the_service_creates_no_database_while_a_restore_is_not_complete() {
    let directory = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let service = start(&directory).await;
    service.user(ANA).await;
    let data = service.data_dir();
    let file = directory.path().join("backup.db");
    run(&data, &["backup", file.to_str().unwrap()]).unwrap();
    let database = data.join("portcullis.db");
    service.running.stop().await;
    // Interrupted after the database was moved away.
    std::fs::rename(&database, data.join("portcullis.db.replaced")).unwrap();
    let marker = r#"{"epoch":"restoring","version":1}"#;
    std::fs::write(data.join("database.json"), marker).unwrap();

    let url = format!("sqlite://{}", database.display());
    let clock = std::sync::Arc::default();
    let started = Service::start_at(&url, std::sync::Arc::clone(&directory), "", clock).await;

    let error = started.err().unwrap().to_string();
    assert!(error.contains("a restore was interrupted"), "{error}");
    assert!(!database.exists());
    run(&data, &["restore", file.to_str().unwrap()]).unwrap();
    let service = start(&directory).await;
    assert_eq!(service.listed("/users").await[0]["email"], ANA);
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_backup_is_put_on_another_machine() {
    let directory = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let service = start(&directory).await;
    service.user(ANA).await;
    let file = directory.path().join("backup.db");
    let backup = program(&service.data_dir(), &["backup", file.to_str().unwrap()]);
    let told = { backup }.output().unwrap().stdout;
    assert!(String::from_utf8(told).unwrap().contains("keys are sealed"));
    service.running.stop().await;
    let elsewhere = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let data = elsewhere.path().join("data");
    let restored = run(&data, &["restore", file.to_str().unwrap()]).unwrap();
    assert_eq!(restored["replaced"], json!(null));
    let service = start(&elsewhere).await;
    assert_eq!(service.listed("/users").await[0]["email"], ANA);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_backed_up_or_restored_is_named_and_nothing_changes() {
    let directory = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let service = start(&directory).await;
    service.user(ANA).await;
    let data = service.data_dir();
    let taken = directory.path().join("taken");
    std::fs::write(&taken, "mine").unwrap();
    let error = run(&data, &["backup", taken.to_str().unwrap()]).unwrap_err();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    let missing = directory.path().join("missing/backup.db");
    let error = run(&data, &["backup", missing.to_str().unwrap()]).unwrap_err();
    assert!(error.contains("cannot be written"), "{error}");
    service.running.stop().await;

    for file in [&taken, &missing] {
        let error = run(&data, &["restore", file.to_str().unwrap()]).unwrap_err();
        assert!(error.contains("is not a database of Portcullis"), "{error}");
    }
    // On the database as it was, without a restore.
    let service = start(&directory).await;
    assert_eq!(service.listed("/users").await[0]["email"], ANA);
    let names = std::fs::read_dir(&data).unwrap();
    for name in names.map(|entry| entry.unwrap().file_name()) {
        let name = name.to_string_lossy().into_owned();
        assert!(
            !name.contains("restoring") && !name.contains("replaced"),
            "{name}"
        );
    }
}

#[test]
fn restore_makes_no_database_where_there_is_none() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let error = run(&data, &["restore"]).unwrap_err();
    assert!(error.contains("there is no database at"), "{error}");
    assert!(!data.exists());
    // What a lock leaves of a database that never was.
    std::fs::create_dir(&data).unwrap();
    let file = data.join("portcullis.db");
    std::fs::write(&file, "").unwrap();
    let error = run(&data, &["restore"]).unwrap_err();
    assert!(error.contains("there is no database at"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_has_its_own_tools() {
    let directory = tempfile::TempDir::new().unwrap();
    for arguments in [&["backup", "x.db"], &["restore", "x.db"]] {
        let output = program(&directory.path().join("data"), arguments)
            .env(
                "PORTCULLIS_DATABASE__URL",
                "postgres://user:hunter2@localhost/x",
            )
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            error.contains("pg_dump") && !error.contains("hunter2"),
            "{error}"
        );
        assert_eq!(output.status.code(), Some(1));
    }
}
