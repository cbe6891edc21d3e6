//! The page of one event.

use portcullis_control::audit::changes::Changes;
use portcullis_control::audit::{Event, EventName, Subject};
use serde_json::json;

use super::super::{administrator, page};
use super::{add, from, ids, store};
use crate::harness::Service;

#[tokio::test]
async fn an_event_is_shown_with_all_that_is_known() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let by = from("192.0.2.7", "request-of-two").noting("because of <b>");
    let changes = Changes::between(
        Some(&json!({ "name": "wiki", "http_only": true, "gone": "x" })),
        Some(&json!({ "name": "<wiki>", "http_only": true, "groups": ["a"] })),
    );
    let subject = Subject::application("aud-1", "evil\u{202e}name");
    let event = Event::new(EventName::ApplicationChanged, &by, subject);
    let event = event
        .at("wiki & co")
        .rule("guests")
        .reason("why")
        .changes(changes);
    let changed = add(&service, event).await;
    let other = Event::new(
        EventName::PolicyChanged,
        &by,
        Subject::application("aud-1", "x"),
    );
    let other = add(&service, other).await;
    store(&service, "no part of it").await;
    let shown = page(
        &service,
        &mut browser,
        &format!("/dashboard/audit/{changed}"),
    )
    .await;
    for part in [
        "<bdi>system · test</bdi>",
        "<bdi>application · evilU+202Ename · aud-1</bdi>",
        "<bdi>wiki &amp; co</bdi> <a href=\"/dashboard/audit?application=wiki+%26+co\">",
        "<bdi>192.0.2.7</bdi> <a href=\"/dashboard/audit?address=192.0.2.7\">",
        "<dt><bdi>Rule</bdi></dt><dd><bdi>guests</bdi>",
        "<dt><bdi>Reason</bdi></dt><dd><bdi>why</bdi>",
        "<bdi>request-of-two</bdi>",
        "<bdi>test/1</bdi>",
        "<dt><bdi>note</bdi></dt><dd><bdi>because of &lt;b&gt;</bdi>",
        "href=\"/dashboard/applications/aud-1\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let (_, changes) = shown.split_once("id=\"changes\"").unwrap();
    let row = |name: &str, before: &str, after: &str| {
        format!(
            "<bdi>{name}</bdi></th>\n<td class=\"id\" data-label=\"Before\"><bdi>{before}</bdi></td>\n\
             <td class=\"id\" data-label=\"After\"><bdi>{after}</bdi></td>"
        )
    };
    for row in [
        row("name", "wiki", "&lt;wiki&gt;"),
        row("gone", "x", "not set"),
        row("groups", "not set", "[&quot;a&quot;]"),
    ] {
        assert!(changes.contains(&row), "{row}: {changes}");
    }
    assert!(!changes.contains("http_only"), "{changes}");
    assert_eq!(ids(&shown), [other]);
}

#[tokio::test]
async fn a_change_that_is_too_long_is_named() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let long = json!({ "policy": "x".repeat(70_000) });
    let event = Event::new(EventName::PolicyChanged, &from("", ""), Subject::none());
    let id = add(&service, event.changes(Changes::between(None, Some(&long)))).await;
    let shown = page(&service, &mut browser, &format!("/dashboard/audit/{id}")).await;
    assert!(
        shown.contains("which keeps what they are of: <bdi>policy</bdi>."),
        "{shown}"
    );
}

#[tokio::test]
async fn an_event_that_does_not_exist_has_no_page() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    for id in ["0", "999999", "x", "-1", "18446744073709551615"] {
        let path = format!("/dashboard/audit/{id}");
        assert_eq!(browser.get(&service, &path).await.status(), 404, "{id}");
    }
}
