//! A policy that changes under a session that lives: whoever it still admits goes on without
//! noticing, whoever it does not is told so, before the session's end and after.

use serde_json::{Value, json};

use super::scene::{Setting, begin};
use super::text;

const BOB_ONLY: &str = r#"[{ "emails": ["bob@example.com"] }]"#;
const BY_DOMAIN: &str = r#"[{ "email_domains": ["example.com"] }]"#;

#[tokio::test]
async fn s06_s07_a_changed_policy_is_judged_at_the_next_request() {
    for (refresh_in_request, policy, after_seconds, script, page) in [
        (
            "never",
            BOB_ONLY,
            60,
            "401 session_expired",
            "team domain 403",
        ),
        (
            "never",
            BOB_ONLY,
            7200,
            "401 session_expired",
            "team domain 403",
        ),
        (
            "with_binding",
            BOB_ONLY,
            60,
            "403 policy_denied",
            "403 policy_denied",
        ),
        (
            "with_binding",
            BOB_ONLY,
            7200,
            "403 policy_denied",
            "403 policy_denied",
        ),
        (
            "never",
            BY_DOMAIN,
            60,
            "401 session_expired",
            "200 through the team domain",
        ),
        (
            "never",
            BY_DOMAIN,
            7200,
            "401 session_expired",
            "200 through the team domain",
        ),
        ("with_binding", BY_DOMAIN, 60, "200 renewed", "200 renewed"),
        (
            "with_binding",
            BY_DOMAIN,
            7200,
            "200 renewed",
            "200 renewed",
        ),
    ] {
        let line = format!("8h | 1h | - | {refresh_in_request} | 0s");
        let (setting, _) = Setting::of_line(&line).unwrap();
        let (mut scene, person) = begin(&setting).await;
        let policy: Value = serde_json::from_str(policy).unwrap();
        let change = json!({ "name": "wiki", "changes": { "policy": policy } });
        scene.service.done("/applications/set", change).await;
        scene.service.clock.advance(after_seconds);
        let row = format!("{refresh_in_request}, {policy}, after {after_seconds}s");
        assert_eq!(
            text(&person.clone().asks(&mut scene).await),
            script,
            "{row}"
        );
        assert_eq!(text(&person.clone().opens(&mut scene).await), page, "{row}");
    }
}
