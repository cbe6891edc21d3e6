//! A changed duration acts at once on those who are in: they get a new token without a prompt.

use serde_json::{Value, json};

use crate::person::{Person, Scene, Seen};
use crate::table::scene::{Setting, begin};

const MINUTE: u64 = 60;
const INSIDE: Seen = Seen::Wiki {
    renewed: true,
    through_team_domain: false,
};
const THROUGH: Seen = Seen::Wiki {
    renewed: false,
    through_team_domain: true,
};
const UNCHANGED: Seen = Seen::Wiki {
    renewed: false,
    through_team_domain: false,
};

/// Somebody who is in for 8 hours; then the wiki changes, and the filter hears of it.
async fn after(refresh_in_request: &str, changes: Value) -> (Scene, Person) {
    let line = format!("8h | 8h | - | {refresh_in_request} | 0s");
    let (setting, _) = Setting::of_line(&line).unwrap();
    let (mut scene, mut person) = begin(&setting).await;
    assert_eq!(person.asks(&mut scene).await, UNCHANGED);
    let change = json!({ "name": "wiki", "changes": changes });
    scene.service.done("/applications/set", change).await;
    scene.service.clock.advance(MINUTE);
    (scene, person)
}

#[tokio::test]
async fn s04_a_shorter_duration_acts_at_once_and_asks_nobody() {
    let shorter = json!({ "session_duration": "15m" });
    let (mut scene, mut person) = after("with_binding", shorter.clone()).await;
    assert_eq!(person.asks(&mut scene).await, INSIDE);
    assert_eq!(person.asks(&mut scene).await, UNCHANGED, "once");
    // The new token has the new duration.
    scene.service.clock.advance(16 * MINUTE);
    assert_eq!(person.asks(&mut scene).await, INSIDE);

    let (mut scene, mut person) = after("never", shorter).await;
    let refused = Seen::Filter(401, "session_expired");
    assert_eq!(person.asks(&mut scene).await, refused);
    assert_eq!(person.opens(&mut scene).await, THROUGH);
}

#[tokio::test]
async fn s04_no_duration_acts_at_once_and_asks_nobody() {
    let (mut scene, mut person) = after("never", json!({ "session_duration": "0" })).await;
    assert_eq!(person.opens(&mut scene).await, THROUGH);
    scene.service.clock.advance(11);
    assert_eq!(
        person.opens(&mut scene).await,
        THROUGH,
        "at every page load"
    );
}

#[tokio::test]
async fn other_changes_renew_nothing() {
    for changes in [
        json!({ "same_site": "strict" }),
        json!({ "session_duration": "8h" }),
        json!({ "policy": [{ "everyone": true, "session_duration": "8h" }] }),
    ] {
        let (mut scene, mut person) = after("with_binding", changes.clone()).await;
        assert_eq!(person.asks(&mut scene).await, UNCHANGED, "{changes}");
    }
}
