//! Settings whose effect depends on who else is on a hostname: what an administrator is told.

use serde_json::{Value, json};

use crate::harness::Service;

const PREVIEWS: &str = "https://*.preview.example.com";

async fn add(service: &Service, name: &str, origin: &str, mut settings: Value) -> Vec<String> {
    settings["name"] = json!(name);
    settings["origins"] = json!([origin]);
    settings["policy"] = json!([{ "everyone": true }]);
    notes(&service.done("/applications", settings).await)
}

async fn set(service: &Service, name: &str, changes: Value) -> Vec<String> {
    let request = json!({ "name": name, "changes": changes });
    notes(&service.done("/applications/set", request).await)
}

fn notes(stored: &Value) -> Vec<String> {
    let notes = stored["notes"].as_array().into_iter().flatten();
    notes
        .map(|note| note.as_str().unwrap().to_owned())
        .collect()
}

fn refused(hostname: &str, name: &str, why: &str) -> String {
    format!(
        "escaped slashes are refused at {hostname}, although the application `{name}` keeps them: {why}"
    )
}

#[tokio::test]
async fn it_is_said_where_escaped_slashes_are_refused_in_spite_of_the_setting() {
    let service = Service::start().await;
    let keep = json!({ "escaped_slashes": "keep" });
    let alone = add(&service, "git", "https://git.example.com", keep.clone()).await;
    assert!(alone.is_empty(), "{alone:?}");

    let bypass = json!({ "bypass": [{ "path": "/health" }] });
    let bypassing = set(&service, "git", bypass).await;
    assert_eq!(
        bypassing,
        [refused("git.example.com", "git", "it has a bypass")]
    );
    set(&service, "git", json!({ "bypass": [] })).await;

    // Both ways round: whoever comes second.
    let second = add(&service, "docs", "https://git.example.com/docs", json!({})).await;
    let with_docs = "it shares the hostname with the application `docs`";
    assert_eq!(second, [refused("git.example.com", "git", with_docs)]);
    let both = set(&service, "docs", keep.clone()).await;
    let with_git = "it shares the hostname with the application `git`";
    assert_eq!(
        both,
        [
            refused("git.example.com", "docs", with_git),
            refused("git.example.com", "git", with_docs)
        ]
    );

    let prefix = add(&service, "app", "https://app.example.com/app", keep.clone()).await;
    let why = "it has a path prefix there";
    assert_eq!(prefix, [refused("app.example.com", "app", why)]);

    let wildcard = add(&service, "previews", PREVIEWS, keep).await;
    assert!(wildcard.is_empty(), "{wildcard:?}");
    let below = format!("{PREVIEWS}/admin");
    let shared = add(&service, "admin", &below, json!({})).await;
    let why = "it shares the hostname with the application `admin`";
    assert_eq!(shared, [refused("*.preview.example.com", "previews", why)]);
}

#[tokio::test]
async fn it_is_said_what_overrides_may_reach() {
    let service = Service::start().await;
    let keep = json!({ "keep_override_headers": true });
    let alone = add(&service, "old", "https://old.example.com", keep).await;
    assert!(alone.is_empty(), "{alone:?}");
    let second = add(
        &service,
        "admin",
        "https://old.example.com/admin",
        json!({}),
    )
    .await;
    let note = "the application `old` keeps override headers: its users can reach paths of the \
                application `admin` at old.example.com, if one server has both";
    assert_eq!(second, [note]);
    let again = set(&service, "old", json!({ "session_duration": "1h" })).await;
    assert_eq!(again, [note]);
}
