//! Starting and stopping.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::Service;

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_data_directory_is_private_and_says_where_to_find_the_service() {
    let service = Service::start().await;
    let data = service.data_dir();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("control.sock")), 0o600);
    let run: Value =
        serde_json::from_slice(&std::fs::read(data.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["listen"], service.running.listen.to_string());
    assert_eq!(run["filters"], service.running.filters.to_string());
    assert_eq!(run["pid"], std::process::id());
}

#[tokio::test]
async fn it_stops_at_once_although_polls_wait() {
    let service = Service::start().await;
    let credential = service.credential(&[]).await;
    let position = service.running.service.storage.position().await.unwrap();
    let after = position.version.to_string();
    let query = [
        ("epoch", position.epoch.as_str()),
        ("after", &after),
        ("wait", "60"),
    ];
    let poll = service
        .http
        .get(service.call("feed"))
        .bearer_auth(&credential)
        .query(&query);
    let poll = tokio::spawn(poll.send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let data = service.data_dir();
    let _directory = service.directory.clone();
    let begun = Instant::now();
    service.running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(poll.await.unwrap().unwrap().status(), 204);
    assert!(!data.join("run.json").exists() && !data.join("control.sock").exists());
}

#[tokio::test]
async fn one_data_directory_has_one_service() {
    let service = Service::start().await;
    let second = Service::start_in(service.directory.clone(), "").await;
    let error = second.err().unwrap().to_string();
    assert!(error.contains("already running"), "{error}");
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let service = Service::start().await;
    let password = service.user("ana@example.com").await;
    let mut browser = crate::browser::Browser::default();
    browser
        .sign_in(&service, "/login", ("ana@example.com", &password))
        .await;
    let directory = service.directory.clone();
    service.running.stop().await;
    let service = Service::start_in(directory, "").await.unwrap();
    let page = browser.get(&service, "/").await.text().await.unwrap();
    assert!(page.contains("ana@example.com"), "same keys, same session");
}
