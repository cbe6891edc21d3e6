//! Applications › Policies, and the tester.

mod desk;
mod editing;
mod form;
mod mid_edit;
mod saving;
mod tester;

use serde_json::{Value, json};

use super::{administrator, page, signed_in};
use crate::browser::{Attempt, Browser, exchanged};
use crate::harness::Service;

/// The path of the wiki's policies.
fn path(audience: &str) -> String {
    format!("/dashboard/applications/{audience}/policies")
}

/// The wiki with a policy; its audience.
async fn wiki(service: &Service, policy: Value) -> String {
    service.wiki(json!({ "policy": policy })).await
}

/// The wiki's policy as it is stored.
async fn stored(service: &Service) -> Value {
    let shown = service
        .done("/applications/show", json!({ "name": "wiki" }))
        .await;
    shown["policy"].clone()
}

/// The browser of a new user, who signs in at the wiki and gets a token there.
async fn inside(service: &Service, audience: &str, email: &str) -> Browser {
    let password = service.user(email).await;
    enter(service, audience, (email, &password)).await
}

/// Another browser of a user, with a token for the wiki.
async fn enter(service: &Service, audience: &str, who: (&str, &str)) -> Browser {
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let code = browser.code(service, &Attempt::at(audience), who).await;
    exchanged(service, &credential, &code).await;
    browser
}

/// The row of a rule.
fn row<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("<bdi>{id}</bdi></th>")).unwrap();
    rest.split_once("</tr>").unwrap().0
}

#[tokio::test]
async fn s07_the_page_shows_both_lists_with_every_condition() {
    let service = Service::start().await;
    let group = json!({ "include": [{ "email_domain": "x.example" }] });
    let made = service.put("access-groups/staff", group).await;
    assert!(made.0.is_success(), "{made:?}");
    let policy = json!([
        { "id": "staff", "action": "allow", "include": [
            { "email": ["a@x.example", "b@x.example", "c@x.example", "d@x.example"] },
            { "access_group": "staff" } ],
          "require": [{ "ip": "10.0.0.0/8" }, { "amr": ["mfa", "hwk"] }],
          "exclude": [{ "claim": { "name": "team", "value": "guests" } }], "session_duration": "8h" },
        { "id": "health", "action": "bypass", "include": [{ "path": "/healthz" }],
          "require": [{ "method": "GET" }] },
        { "id": "rest", "action": "block", "include": [{ "everyone": true }] },
    ]);
    let audience = wiki(&service, policy).await;
    let mut viewer = signed_in(&service, "dora@example.com", "viewer").await;
    let shown = page(&service, &mut viewer, &path(&audience)).await;
    let staff = row(&shown, "staff");
    let plain = staff.replace("<bdi>", "").replace("</bdi>", "");
    for expected in [
        "E-mail address a@x.example, b@x.example, c@x.example, +1",
        "Access group staff",
        "Network 10.0.0.0/8",
        "Way to sign in mfa, hwk",
        "Claim team = guests",
        ">8h</",
    ] {
        assert!(plain.contains(expected), "{expected} in {staff}");
    }
    assert!(row(&shown, "health").contains("Path /healthz"), "{shown}");
    assert!(row(&shown, "rest").contains("<bdi>–</bdi>"), "{shown}");
    // What is judged on every request comes first.
    let places = [
        "On every request",
        ">health<",
        "At sign-in and renewal",
        ">staff<",
        ">rest<",
    ];
    let places = places.map(|text| shown.find(text).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert!(shown.contains("Everybody else: refused."), "{shown}");
}

#[tokio::test]
async fn a_declared_policy_says_where_it_can_be_changed() {
    let declared = "[[applications]]\nname = \"git\"\norigins = [\"https://git.example.com\"]\n";
    let service = Service::start_with(declared).await;
    let git = service.listed("/applications").await[0]["audience"].clone();
    let mut browser = administrator(&service).await;
    let shown = page(&service, &mut browser, &path(git.as_str().unwrap())).await;
    assert!(
        shown.contains("The configuration file declares this application"),
        "{shown}"
    );
    let gone = browser.get(&service, &path("0")).await;
    assert_eq!(gone.status(), 404);
}
