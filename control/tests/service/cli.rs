//! The program itself, against a service that runs.

mod applications;
pub mod certificates;
mod remote;
mod sessions;
mod usage;
mod users;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::Service;

pub fn program(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis-control"));
    command.arg("--data-dir").arg(data_dir).args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PORTCULLIS_")) {
        command.env_remove(name);
    }
    command
}

pub fn run(data_dir: &Path, arguments: &[&str]) -> Output {
    program(data_dir, arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_does_its_work_on_the_running_service() {
    let service = Service::start().await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| run(&data, arguments);

    let user = json(&run(&["user", "add", "ana@example.com", "--json"]));
    assert_eq!(user["email"], "ana@example.com");
    assert!(user["id"].is_string() && user["password"].is_string());
    let users = json(&run(&["user", "list", "--json"]));
    assert_eq!(users["items"][0]["id"], user["id"]);

    let wiki = json(&run(&[
        "application",
        "add",
        "wiki",
        "--origin",
        "https://wiki.example.com",
        "--session-duration",
        "12h",
        "--binding-cookie",
        "false",
        "--http-only",
        "false",
        "--same-site",
        "strict",
        "--allow-email",
        "ana@example.com",
        "bob@example.com",
        "--allow-domain",
        "example.org",
        "--json",
    ]));
    assert_eq!(wiki["name"], "wiki");
    assert_eq!(wiki["audience"].as_str().unwrap().len(), 64);
    assert_eq!(wiki["origins"][0], "https://wiki.example.com");
    assert_eq!(
        (&wiki["binding_cookie"], &wiki["http_only"]),
        (&Value::Bool(false), &Value::Bool(false))
    );
    let emails = &wiki["policy"][0]["include"][0]["email"];
    assert_eq!(emails[1], "bob@example.com");
    let set = json(&run(&[
        "application",
        "set",
        "wiki",
        "--cors-origin",
        "https://a.example",
        "--allow-everyone",
        "--json",
    ]));
    assert_eq!(set["cors_origins"][0], "https://a.example");
    assert_eq!(set["policy"][0]["include"][0]["everyone"], true);
    assert_eq!(set["session_duration"], "12h");
    let list = json(&run(&["application", "list", "--json"]));
    assert_eq!(list["items"][0]["audience"], wiki["audience"]);

    let credential = json(&run(&[
        "filter-credential",
        "new",
        "--application",
        "wiki",
        "--json",
    ]));
    assert!(credential["id"].is_string() && credential["credential"].is_string());

    let revoked = json(&run(&["revoke", "user", "ana@example.com", "--json"]));
    assert!(revoked["version"].is_u64());
    assert_eq!(
        (&revoked["users"], &revoked["sessions_ended"]),
        (&1.into(), &0.into())
    );
    let revoked = json(&run(&["revoke", "application", "wiki", "--json"]));
    assert!(revoked["version"].is_u64());
    assert!(
        run(&["user", "disable", "ana@example.com"])
            .status
            .success()
    );
    let users = run(&["user", "list"]);
    assert!(
        String::from_utf8(users.stdout)
            .unwrap()
            .contains("disabled")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_from_standard_input() {
    let service = Service::start().await;
    let arguments = [
        "user",
        "add",
        "ana@example.com",
        "--password-stdin",
        "--json",
    ];
    let mut child = program(&service.data_dir(), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"correct horse\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(json(&output)["password"], Value::Null);
    let mut browser = crate::browser::Browser::default();
    let who = ("ana@example.com", "correct horse");
    assert_eq!(browser.sign_in(&service, "/login", who).await.status(), 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_is_wrong_and_end_with_1() {
    let service = Service::start().await;
    let data = service.data_dir();
    for (arguments, says) in [
        (&["user", "add", "nobody"][..], "email = `nobody`"),
        (
            &["revoke", "user", "eve@example.com"],
            "no user has this e-mail address or id",
        ),
        (
            &["revoke", "application", "wiki"],
            "no application has this name",
        ),
        (
            &["application", "add", "x", "--origin", "ftp://x"],
            "origins[0] = `ftp://x`",
        ),
        (
            &["filter-credential", "new", "--application", "x"],
            "applications[0] = `x`",
        ),
    ] {
        let output = run(&data, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    let output = run(
        &data,
        &["--json", "application", "add", "x", "--origin", "ftp://x"],
    );
    let error: Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert_eq!(error["problems"][0]["path"], "origins[0]");
}

#[test]
fn wrong_usage_ends_with_2() {
    let nowhere = Path::new("/nonexistent");
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["user", "add"],
        &["revoke", "user"],
        &["revoke", "session"],
        &["session", "list", "--user"],
        &["admin-token", "new"],
    ] {
        assert_eq!(
            run(nowhere, arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}

#[test]
fn without_a_service_the_socket_is_named() {
    let output = run(Path::new("/nonexistent"), &["user", "list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nonexistent/control.sock"));
}

#[test]
fn a_path_too_long_for_a_socket_is_said_to_be() {
    let directory = tempfile::TempDir::new().unwrap();
    let long = directory.path().join("d".repeat(100));
    let output = run(&long, &["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("longer than 107 bytes"),
        "{}",
        stderr(&output)
    );
    assert!(!long.exists());
}

#[test]
fn help_is_there_for_every_command() {
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["application", "add", "--help"],
        &["application", "set", "--help"],
        &["revoke", "user", "--help"],
        &["revoke", "session", "--help"],
        &["session", "list", "--help"],
        &["admin-token", "new", "--help"],
    ] {
        let output = run(Path::new("/nonexistent"), arguments);
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains("Usage:"));
    }
}

#[cfg(not(feature = "test-clock"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_clock_cannot_be_shifted() {
    let service = Service::start().await;
    assert_eq!(
        run(&service.data_dir(), &["test-clock", "-5"])
            .status
            .code(),
        Some(2)
    );
    let body = serde_json::json!({ "offset_seconds": -5 });
    assert_eq!(service.administer("/test/clock", body).await.0, 404);
}
