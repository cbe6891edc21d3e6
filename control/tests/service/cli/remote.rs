//! Commands from another machine: `--server`, with an admin token in the environment.

use std::path::Path;
use std::process::Output;

use reqwest::Method;
use serde_json::Value;

use super::{json, program, stderr};
use crate::admin_api;
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const SCOPES: [&str; 12] = [
    "users:read",
    "users:write",
    "users:revoke",
    "roles:write",
    "applications:read",
    "applications:write",
    "applications:revoke",
    "credentials:read",
    "credentials:write",
    "credentials:revoke",
    "revocations:read",
    "proxies:read",
];

fn elsewhere(service: &Service, token: &str, arguments: &[&str]) -> Output {
    let mut command = program(Path::new("/nonexistent"), arguments);
    command.args(["--json", "--server", &service.page("")]);
    command.env("PORTCULLIS_ADMIN_TOKEN", token);
    command.output().unwrap()
}

fn reason(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let error: Value = serde_json::from_str(&stderr(output)).unwrap();
    error["reason"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_from_another_machine() {
    let service = Service::start().await;
    let token = admin_api::token(&service, &SCOPES).await;
    let run = |arguments: &[&str]| json(&elsewhere(&service, &token, arguments));

    let user = run(&["user", "add", ANA]);
    assert!(user["password"].is_string());
    assert_eq!(run(&["user", "list"])["items"][0]["id"], user["id"]);
    assert_eq!(run(&["user", "disable", ANA])["users"], 1);
    assert_eq!(run(&["user", "enable", ANA])["enabled"], 1);
    let added = run(&[
        "application",
        "add",
        "wiki",
        "--origin",
        "https://wiki.example.com",
    ]);
    assert_eq!(added["name"], "wiki");
    let set = run(&["application", "set", "wiki", "--session-duration", "2h"]);
    assert_eq!(set["session_duration"], "2h");
    let shown = run(&["application", "show", "wiki"]);
    assert_eq!(
        (&shown["session_duration"], &shown["audience"]),
        (&set["session_duration"], &added["audience"])
    );
    assert_eq!(
        run(&["application", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let revoked = run(&["revoke", "user", ANA, "--wait"]);
    assert_eq!(revoked["applied"]["complete"], true, "{revoked}");
    assert!(run(&["revoke", "application", "wiki", "--fresh-login"])["version"].is_u64());
    let made = run(&["filter-credential", "new"]);
    assert!(made["credential"].is_string());
    run(&["filter-credential", "revoke", made["id"].as_str().unwrap()]);
    assert_eq!(
        run(&["proxy", "list"])["items"].as_array().unwrap().len(),
        0
    );
    assert_eq!(run(&["user", "role", ANA, "viewer"])["role"], "viewer");
    assert_eq!(
        run(&["application", "remove", "wiki", "--yes"])["name"],
        "wiki"
    );
    let (_, log) = service
        .over_socket(Method::GET, "audit?event=application")
        .await;
    for event in log["items"].as_array().unwrap() {
        assert_eq!(event["actor"]["kind"], "admin_token", "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_good_token_or_a_call_says_so_and_shows_no_token() {
    let service = Service::start().await;
    let token = admin_api::token(&service, &["users:read"]).await;
    for (token, arguments, expected) in [
        ("", &["user", "list"][..], "no_admin_token"),
        ("a.b", &["user", "list"], "token_invalid"),
        (&token, &["user", "add", ANA], "scope_missing"),
        (&token, &["user", "disable", ANA], "not_found"),
        (
            &token,
            &["admin-token", "new", "--scope", "users:read"],
            "not_with_server",
        ),
    ] {
        let output = elsewhere(&service, token, arguments);
        assert_eq!(reason(&output), expected, "{arguments:?}");
        assert!(token.is_empty() || !stderr(&output).contains(token));
    }
    let help = program(Path::new("/nonexistent"), &["--help"]);
    let mut help = help;
    let help = help.env("PORTCULLIS_ADMIN_TOKEN", &token).output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(text.contains("PORTCULLIS_ADMIN_TOKEN") && !text.contains(&token));
}

#[test]
fn a_token_is_not_sent_in_clear() {
    let arguments = ["user", "list", "--server", "http://team.example.com"];
    let mut command = program(Path::new("/nonexistent"), &arguments);
    let output = command
        .env("PORTCULLIS_ADMIN_TOKEN", "a.b")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("must be https"),
        "{}",
        stderr(&output)
    );
}
