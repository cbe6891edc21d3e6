//! What happens while somebody edits: another editor, a sign-out, a database that fails. Nothing that was
//! typed is lost.

use reqwest::Method;
use serde_json::json;
use sqlx::{AnyPool, AssertSqlSafe};

use super::desk::Desk;
use super::form::Form;
use super::stored;
use crate::dashboard::{page, read};

#[tokio::test]
async fn two_editors_lose_nothing() {
    let mine = json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }] }]);
    let mut desk = Desk::with(mine).await;
    desk.press("edit:0", &[]).await;
    assert_eq!(desk.press("check", &[("id", "mine")]).await, 200);
    let theirs =
        json!([{ "id": "theirs", "action": "allow", "include": [{ "email": "bo@example.com" }] }]);
    // Another setting does not matter.
    let change = json!({ "name": "wiki", "changes": { "session_duration": "8h" } });
    desk.service.done("/applications/set", change).await;
    let change = json!({ "name": "wiki", "changes": { "policy": theirs } });
    desk.service.done("/applications/set", change).await;
    let form = Form::of_save(&desk.shown);
    let refused = form.press(&desk.service, &mut desk.browser, (&desk.path, "save"));
    let (status, shown) = read(refused.await).await;
    assert_eq!(status, 409);
    assert!(
        shown.contains("The policy was changed while you edited it"),
        "{shown}"
    );
    assert!(shown.contains("The last change was by "), "{shown}");
    assert!(shown.contains("<title>Error: "), "{shown}");
    let (before, after) = shown.split_once("id=\"save\"").unwrap();
    assert!(before.contains("<bdi>theirs</bdi>"), "{before}");
    assert!(after.contains("<bdi>mine</bdi></th>"), "{after}");
    assert_eq!(stored(&desk.service).await, theirs);
    desk.shown = shown;
    desk.save().await;
    assert_eq!(stored(&desk.service).await[0]["id"], "mine");
}

#[tokio::test]
async fn a_change_of_other_settings_is_no_conflict_and_a_second_press_no_second_save() {
    let policy = json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }] }]);
    let mut desk = Desk::with(policy).await;
    desk.press("edit:0", &[]).await;
    desk.press("check", &[("id", "mine")]).await;
    let change = json!({ "name": "wiki", "changes": { "session_duration": "8h" } });
    desk.service.done("/applications/set", change).await;
    let form = Form::of_save(&desk.shown).typed("note", "as agreed");
    let mut places = Vec::new();
    for _ in 0..2 {
        let saved = form
            .press(&desk.service, &mut desk.browser, (&desk.path, "save"))
            .await;
        assert_eq!(saved.status(), 303);
        places.push(saved.headers()["location"].clone());
    }
    assert_eq!(places[0], places[1]);
    let (_, log) = desk
        .service
        .over_socket(Method::GET, "audit?event=policy.changed")
        .await;
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "{log}");
    assert_eq!(log["items"][0]["details"]["note"], "as agreed", "{log}");
    // From another tab the same policy is no conflict either.
    let other = form.typed("once", "another value that is random enough");
    let saved = other
        .press(&desk.service, &mut desk.browser, (&desk.path, "save"))
        .await;
    assert_eq!(
        saved.headers()["location"],
        format!("{}?saved=same", desk.path)
    );
}

#[tokio::test]
async fn a_database_that_fails_in_mid_save_costs_nothing_that_was_typed() {
    let policy = json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }] }]);
    let mut desk = Desk::with(policy.clone()).await;
    desk.press("edit:0", &[]).await;
    assert_eq!(desk.press("check", &[("id", "mine")]).await, 200);
    let form = Form::of_save(&desk.shown);
    let database = AnyPool::connect(&desk.service.database_url).await.unwrap();
    let rename = async |from: &str, to: &str| {
        let rename = AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sqlx::raw_sql(rename).execute(&database).await.unwrap();
    };
    rename("feed_log", "away").await;
    let refused = form.press(&desk.service, &mut desk.browser, (&desk.path, "save"));
    let (status, shown) = read(refused.await).await;
    assert_eq!(status, 503);
    assert!(shown.contains("The database is not available."), "{shown}");
    assert!(!shown.contains("feed_log"), "{shown}");
    assert!(shown.contains("<bdi>mine</bdi></th>"), "{shown}");
    rename("away", "feed_log").await;
    assert_eq!(stored(&desk.service).await, policy);
    // The same form again.
    let saved = form.press(&desk.service, &mut desk.browser, (&desk.path, "save"));
    assert_eq!(saved.await.status(), 303);
    assert_eq!(stored(&desk.service).await[0]["id"], "mine");
}

#[tokio::test]
async fn who_is_signed_out_in_mid_edit_keeps_the_policy() {
    let policy = json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }] }]);
    let mut desk = Desk::with(policy).await;
    desk.press("edit:0", &[]).await;
    desk.browser
        .cookies
        .remove("__Host-access_session")
        .unwrap();
    let typed = [("id", "mine"), ("session_duration", "2h")];
    assert_eq!(desk.press("check", &typed).await, 401);
    // The page sends it again as it is.
    for kept in [
        "name=\"id\" value=\"mine\"",
        "name=\"do\" value=\"check\"",
        "name=\"policy\" value=\"",
    ] {
        assert!(desk.shown.contains(kept), "{kept} in {}", desk.shown);
    }
}

#[tokio::test]
async fn a_duration_is_changed_after_a_fresh_sign_in_only() {
    let policy = json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }] }]);
    let mut desk = Desk::with(policy).await;
    desk.service.clock.advance(21 * 60);
    for (name, value, expected) in [("id", "b", 303), ("session_duration", "1h", 401)] {
        desk.shown = page(&desk.service, &mut desk.browser, &desk.path).await;
        desk.press("edit:0", &[]).await;
        assert_eq!(desk.press("check", &[(name, value)]).await, 200);
        let form = Form::of_save(&desk.shown);
        let saved = form
            .press(&desk.service, &mut desk.browser, (&desk.path, "save"))
            .await;
        assert_eq!(saved.status(), expected, "{name}");
    }
    assert_eq!(stored(&desk.service).await[0]["id"], "b");
}
