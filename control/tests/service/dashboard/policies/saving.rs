//! What saving would do, and what it does.

use serde_json::json;

use super::desk::Desk;
use super::form::Form;
use super::{enter, inside, path, stored};
use crate::browser::{Attempt, Browser};
use crate::dashboard::{administrator, page, read, signed_in};
use crate::harness::Service;

/// Whether a user who is signed in gets into the wiki.
async fn gets_in(service: &Service, audience: &str, browser: &mut Browser) -> bool {
    let attempt = Attempt::at(audience);
    let response = browser.get(service, &attempt.path()).await;
    response.status().is_redirection()
}

#[tokio::test]
async fn s07_the_numbers_before_saving_are_what_saving_does() {
    let emails = [
        "ana@example.com",
        "bo@example.com",
        "cy@example.com",
        "out@example.com",
    ];
    let policy = json!([{ "id": "old", "action": "allow", "include": [{ "email": emails }] }]);
    let mut desk = Desk::with(policy).await;
    let audience = desk.path.split('/').nth(3).unwrap().to_owned();
    let service = &desk.service;
    let mut people = Vec::new();
    for email in emails {
        let password = service.user(email).await;
        // Two browsers make no second person.
        enter(service, &audience, (email, &password)).await;
        people.push((email, enter(service, &audience, (email, &password)).await));
    }
    // A session that has ended is not in any more.
    service
        .done("/revocations/user", json!({ "email": "out@example.com" }))
        .await;
    for email in ["new@x.example", "newer@x.example"] {
        people.push((email, signed_in(service, email, "none").await));
    }
    people.push((
        "other@example.org",
        signed_in(service, "other@example.org", "none").await,
    ));
    desk.press("edit:0", &[]).await;
    desk.press("add-condition:include", &[("add-include", "email_domain")])
        .await;
    let typed = [("include-values", "x.example")];
    desk.press("keep", &typed).await;
    let first = Form::of_rules(&desk.shown);
    let position = first
        .fields
        .iter()
        .position(|(name, _)| name == "include-values");
    let mut form = first.clone();
    form.fields[position.unwrap()].1 = "ana@example.com".to_owned();
    let checked = form.press(&desk.service, &mut desk.browser, (&desk.path, "check"));
    let (status, shown) = read(checked.await).await;
    assert_eq!(status, 200, "{shown}");
    let sentence = "2 people who are in now would lose access; 2 users who signed in during the last \
                    30 days would gain it.";
    assert!(shown.contains(sentence), "{shown}");
    let (losing, gaining) = shown.split_once("Would gain access: 2</summary>").unwrap();
    for email in ["bo@example.com", "cy@example.com"] {
        assert!(
            losing.contains(&format!("<bdi>{email}</bdi></a>")),
            "{email} in {losing}"
        );
    }
    for email in ["new@x.example", "newer@x.example"] {
        assert!(
            gaining.contains(&format!("<bdi>{email}</bdi></a>")),
            "{email} in {gaining}"
        );
    }
    desk.shown = shown;
    let mut before = Vec::new();
    for (email, browser) in &mut people {
        before.push((*email, gets_in(&desk.service, &audience, browser).await));
    }
    desk.save().await;
    let (mut lost, mut gained) = (Vec::new(), Vec::new());
    for ((email, browser), (_, was_in)) in people.iter_mut().zip(before) {
        match (was_in, gets_in(&desk.service, &audience, browser).await) {
            (true, false) => lost.push(*email),
            (false, true) => gained.push(*email),
            _ => {}
        }
    }
    assert_eq!(gained, ["new@x.example", "newer@x.example"]);
    assert_eq!(lost, ["bo@example.com", "cy@example.com"]);
}

#[tokio::test]
async fn who_is_in_is_judged_by_the_address_too_and_only_while_a_token_lasts() {
    let policy = json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }],
        "session_duration": "1h" }]);
    let service = Service::start_with("[sessions]\nglobal_duration = \"7d\"\n").await;
    let mut desk = Desk::at(service, policy).await;
    let audience = desk.path.split('/').nth(3).unwrap().to_owned();
    inside(&desk.service, &audience, "ana@example.com").await;
    for (later, network, sentence) in [
        (0, "127.0.0.0/8", "Nobody who is in now would lose access"),
        (
            0,
            "192.0.2.0/24",
            "1 person who is in now would lose access",
        ),
        (
            61 * 60,
            "192.0.2.0/24",
            "Nobody who is in now would lose access",
        ),
    ] {
        desk.service.clock.advance(later);
        desk.shown = page(&desk.service, &mut desk.browser, &desk.path).await;
        desk.press("edit:0", &[]).await;
        desk.press("add-condition:require", &[("add-require", "ip")])
            .await;
        assert_eq!(
            desk.press("check", &[("require-values", network)]).await,
            200
        );
        assert!(desk.shown.contains(sentence), "{network}: {}", desk.shown);
    }
}

#[tokio::test]
async fn a_policy_that_lets_nobody_in_or_everybody_says_so_before() {
    let policy = json!([
        { "id": "all", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let mut desk = Desk::with(policy).await;
    desk.press("edit:0", &[]).await;
    assert_eq!(desk.press("check", &[("action", "block")]).await, 200);
    assert!(
        desk.shown.contains("Nobody can sign in any more"),
        "{}",
        desk.shown
    );
    desk.press("add:allow", &[]).await;
    desk.press("keep", &[("id", "open"), ("action", "bypass")])
        .await;
    desk.press("add-condition:include", &[("add-include", "path")])
        .await;
    let typed = [("include-values", "/static/*")];
    assert_eq!(desk.press("check", &typed).await, 200);
    let warning = "Without a session, everybody would reach: /static/*.";
    assert!(desk.shown.contains(warning), "{}", desk.shown);
}

#[tokio::test]
async fn what_programs_lose_and_what_is_closed_is_said_before_saving() {
    let policy = json!([
        { "id": "health", "action": "bypass", "include": [{ "path": "/health" }] },
        { "id": "ci", "action": "service", "include": [{ "service_token": "ci" }] },
        { "id": "all", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let service = Service::start().await;
    let ci = json!({ "name": "ci" });
    service.done("/api/admin/v1/service-tokens", ci).await;
    let mut desk = Desk::at(service, policy).await;
    desk.press("remove:0", &[]).await;
    assert_eq!(desk.press("check", &[]).await, 200);
    let closed = "These requests would need a session, and get 401 without one: /health.";
    assert!(desk.shown.contains(closed), "{}", desk.shown);
    let lost = "Programs would no longer get in as they do now by: ci.";
    assert!(!desk.shown.contains(lost), "{}", desk.shown);
    desk.press("remove:0", &[]).await;
    assert_eq!(desk.press("check", &[]).await, 200);
    assert!(desk.shown.contains(lost), "{}", desk.shown);
}

#[tokio::test]
async fn the_tester_asks_rules_that_are_not_saved() {
    let policy =
        json!([{ "id": "a", "action": "allow", "include": [{ "email": "ana@example.com" }] }]);
    let mut desk = Desk::with(policy.clone()).await;
    desk.press("edit:0", &[]).await;
    let typed = [
        ("include-values", "bo@example.com"),
        ("test_user", "bo@example.com"),
    ];
    // The Enter key in a field does the same as the button.
    for button in ["test", "keep"] {
        assert_eq!(desk.press(button, &typed).await, 200);
        assert!(
            desk.shown
                .contains(">Admitted</span> <bdi>bo@example.com</bdi>"),
            "{}",
            desk.shown
        );
        // The rule is still open.
        assert_eq!(
            Form::of_rules(&desk.shown).value("include-values"),
            "bo@example.com"
        );
    }
    desk.press("test-everybody", &[]).await;
    assert!(
        desk.shown.contains("0 of 1 user who signed in"),
        "{}",
        desk.shown
    );
    assert_eq!(desk.press("test", &[("test_ip", "x")]).await, 422);
    assert_eq!(
        desk.shown.matches("This is no IP address.").count(),
        2,
        "{}",
        desk.shown
    );
    assert_eq!(stored(&desk.service).await, policy);
}

#[tokio::test]
async fn who_may_not_change_it_reads_it() {
    let declared = "[[applications]]\nname = \"git\"\norigins = [\"https://git.example.com\"]\n";
    let service = Service::start_with(declared).await;
    let git = service.listed("/applications").await[0]["audience"].clone();
    let wiki = service.wiki(json!({})).await;
    let mut browser = administrator(&service).await;
    let form = Form::of_rules(&page(&service, &mut browser, &path(&wiki)).await);
    let git = path(git.as_str().unwrap());
    let shown = page(&service, &mut browser, &git).await;
    assert!(!shown.contains("name=\"do\""), "{shown}");
    let refused = form.press(&service, &mut browser, (&git, "check")).await;
    assert_eq!(refused.status(), 409);
    for role in ["viewer", "help_desk"] {
        let mut browser = signed_in(&service, &format!("{role}@example.com"), role).await;
        let shown = page(&service, &mut browser, &path(&wiki)).await;
        assert!(
            shown.contains("Only administrators can change the policy."),
            "{shown}"
        );
        assert!(!shown.contains("name=\"do\""), "{shown}");
        let wiki = path(&wiki);
        let refused = form.press(&service, &mut browser, (&wiki, "check"));
        assert_eq!(refused.await.status(), 403);
    }
}
