//! `session`, `revoke session`, `revoke application --fresh-login`, `admin-token`.

use serde_json::{Value, json};

use super::{json, run, stderr};
use crate::browser::Browser;
use crate::harness::Service;

const ANA: &str = "ana@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    let service = Service::start().await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| run(&data, arguments);
    let (ana, bob) = (
        service.user(ANA).await,
        service.user("bob@example.com").await,
    );
    let mut browser = Browser::default();
    browser.headers.insert("user-agent", "curl/8");
    browser.sign_in(&service, "/login", (ANA, &ana)).await;
    let who = ("bob@example.com", bob.as_str());
    Browser::default().sign_in(&service, "/login", who).await;

    let all = json(&run(&["session", "list", "--json"]));
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let of_ana = json(&run(&[
        "session",
        "list",
        "--user",
        "Ana@example.com",
        "--json",
    ]));
    let session = &of_ana["items"][0];
    assert_eq!(of_ana["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&session["user"], &session["browser"], &session["address"]),
        (&json!(ANA), &json!("curl"), &json!("127.0.0.1"))
    );
    assert_eq!(session["applications"], json!([]));
    assert!(session["since"].as_u64().unwrap() < session["until"].as_u64().unwrap());
    let id = session["id"].as_str().unwrap();
    let table = run(&["session", "list"]);
    let table = String::from_utf8(table.stdout).unwrap();
    for column in ["BROWSER", "ADDRESS", "APPLICATIONS", "SINCE", "UNTIL", id] {
        assert!(table.contains(column), "{table}");
    }

    let ended = json(&run(&["revoke", "session", id, "--json"]));
    assert!(ended["version"].is_u64());
    let of_ana = json(&run(&["session", "list", "--user", ANA, "--json"]));
    assert_eq!(of_ana["items"], json!([]));
    for (arguments, says) in [
        (
            &["revoke", "session", id][..],
            "no live session has this id",
        ),
        (&["revoke", "session", "-x"], "no live session has this id"),
        (
            &["session", "list", "--user", "eve@example.com"],
            "no user has this e-mail address or id",
        ),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_login_is_demanded_by_an_option() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let data = service.data_dir();
    let arguments = ["revoke", "application", "wiki", "--fresh-login", "--json"];
    assert!(json(&run(&data, &arguments))["version"].is_u64());
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_tokens_are_shown_once_and_deleted() {
    let service = Service::start().await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| run(&data, arguments);
    let new = ["admin-token", "new", "--scope", "sessions:read", "--json"];
    let made = json(&run(&[&new[..], &["--scope", "users:read"]].concat()));
    let (id, token) = (
        made["id"].as_str().unwrap(),
        made["token"].as_str().unwrap(),
    );
    assert!(token.starts_with(&format!("{id}.")));
    let list = run(&["admin-token", "list", "--json"]);
    let secret = token.split_once('.').unwrap().1;
    assert!(!String::from_utf8_lossy(&list.stdout).contains(secret));
    let item: Value = json(&list)["items"][0].clone();
    assert_eq!(item["scopes"], json!(["sessions:read", "users:read"]));
    let life = item["expires_at"].as_u64().unwrap() - item["created_at"].as_u64().unwrap();
    assert_eq!(life, 90 * 86_400);

    for (more, says) in [
        (&["--scope", "everything"][..], "scopes[1] = `everything`"),
        (&["--expires", "1s"], "expires = `1s`"),
        (&["--expires", "10y"], "expires = `10y`"),
    ] {
        let output = run(&[&new[..], more].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    assert!(run(&["admin-token", "revoke", id]).status.success());
    // Its name until version 0.1.
    assert_eq!(run(&["admin-token", "delete", id]).status.code(), Some(1));
    let list = json(&run(&["admin-token", "list", "--json"]));
    assert_eq!(list["items"], json!([]));
}
