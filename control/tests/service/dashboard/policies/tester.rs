//! The tester: one person, everybody of the last days, and the applications of one user.

use serde_json::{Value, json};

use super::{inside, path, row, wiki};
use crate::browser::Browser;
use crate::dashboard::{administrator, page, read, signed_in};
use crate::harness::Service;
use crate::provider_sign_in::{Scene, Settings};

const DAY: u64 = 24 * 60 * 60;

fn policy() -> Value {
    json!([
        { "id": "guests", "action": "block", "include": [{ "email": "guest@example.com" }] },
        { "id": "office", "action": "allow", "include": [{ "email": "bo@example.com" }],
          "require": [{ "ip": "10.0.0.0/8" }] },
        { "id": "staff", "action": "allow", "include": [{ "email_domain": "example.com" }] },
    ])
}

#[tokio::test]
async fn s07_an_address_gets_its_verdict_and_each_rule_says_why() {
    let service = Service::start().await;
    let audience = wiki(&service, policy()).await;
    let mut viewer = signed_in(&service, "dora@example.com", "viewer").await;
    let mut ask = async |query: &str| {
        let path = format!("{}/test?{query}", path(&audience));
        page(&service, &mut viewer, &path).await
    };
    let shown = ask("user=ana%40example.com").await;
    assert!(
        shown.contains(">Admitted</span> <bdi>ana@example.com</bdi>"),
        "{shown}"
    );
    assert!(
        row(&shown, "guests").contains("include: nothing fits"),
        "{shown}"
    );
    assert!(row(&shown, "staff").contains(">decides</td>"), "{shown}");
    assert!(
        shown.contains("Nobody with this address has signed in"),
        "{shown}"
    );
    let shown = ask("user=guest%40example.com").await;
    assert!(shown.contains(">Refused</span>"), "{shown}");
    assert!(row(&shown, "guests").contains(">decides</td>"), "{shown}");
    assert!(
        row(&shown, "staff").contains(">not reached</td>"),
        "{shown}"
    );
    // Where the request comes from counts, if it is given.
    let shown = ask("user=bo%40example.com").await;
    assert!(
        shown.contains("Admitted networks: <bdi>10.0.0.0/8</bdi>"),
        "{shown}"
    );
    let shown = ask("user=bo%40example.com&ip=192.0.2.1").await;
    assert!(shown.contains(">Refused</span>"), "{shown}");
    let shown = ask("user=bo%40example.com&ip=10.1.2.3").await;
    assert!(shown.contains(">Admitted</span>"), "{shown}");
    // Without a question there is no verdict.
    assert!(!ask("user=").await.contains("<h2 id=\"verdict\">"));
}

#[tokio::test]
async fn what_is_typed_at_the_tester_stays_text() {
    let service = Service::start().await;
    let audience = wiki(&service, policy()).await;
    let mut browser = administrator(&service).await;
    let hidden = format!("{}/test?user=%E2%80%AEana%40example.com", path(&audience));
    let shown = page(&service, &mut browser, &hidden).await;
    assert!(
        shown.contains("<bdi>U+202Eana@example.com</bdi>:"),
        "{shown}"
    );
    let path = format!("{}/test?user=%3Cb%3E%22%27&ip=%3Cb%3E", path(&audience));
    let (status, shown) = read(browser.get(&service, &path).await).await;
    assert_eq!(status, 422);
    assert!(!shown.contains("<b>"), "{shown}");
    assert!(shown.contains("<title>Error: "), "{shown}");
    assert_eq!(
        shown.matches("This is no IP address.").count(),
        2,
        "{shown}"
    );
    assert!(shown.contains("value=\"&#60;b&#62;&#34;&#39;\""), "{shown}");
}

#[tokio::test]
async fn the_identity_of_the_newest_sign_in_counts_also_after_its_session() {
    let policy = json!([
        { "id": "engineers", "action": "allow", "include": [{ "group": "corp:engineering" }] },
    ]);
    let scene = Scene::with(Settings {
        rest: "[sign_in]\npasswords = true\n",
        corp: "groups_claim = \"groups\"\nemail_domains = [\"example.com\"]\n",
        wiki: json!({ "policy": policy }),
        ..Settings::default()
    })
    .await;
    let service = &scene.service;
    let audience = service.listed("/applications").await[0]["audience"].clone();
    let path = path(audience.as_str().unwrap());
    let mut ana = Browser::default();
    let change =
        |token: crate::openid_provider::keys::Token| token.with("groups", json!(["engineering"]));
    scene.sign_in(&mut ana, "corp", change).await;
    for later in [0, 10 * DAY] {
        service.clock.advance(later);
        let mut browser = match later {
            0 => administrator(service).await,
            _ => signed_in(service, "dora@example.com", "viewer").await,
        };
        let test = format!("{path}/test?user=ana%40example.com&everybody=true");
        let shown = page(service, &mut browser, &test).await;
        assert!(shown.contains(">Admitted</span>"), "{shown}");
        assert!(
            shown.contains("<dd><bdi>corp:engineering</bdi></dd>"),
            "{shown}"
        );
        assert!(shown.contains("What was known, as of <time"), "{shown}");
        assert!(shown.contains("Admitted: 1</summary>"), "{shown}");
    }
}

#[tokio::test]
async fn everybody_of_the_last_thirty_days_is_counted_and_nobody_else() {
    let service = Service::start().await;
    let audience = wiki(&service, json!([{ "everyone": true }])).await;
    inside(&service, &audience, "old@example.com").await;
    service.clock.advance(31 * DAY);
    service.user("never@example.com").await;
    for email in [
        "ana@example.com",
        "guest@example.com",
        "bo@elsewhere.example",
        "gone@example.com",
    ] {
        inside(&service, &audience, email).await;
    }
    service
        .done("/users/disable", json!({ "email": "gone@example.com" }))
        .await;
    let change = json!({ "name": "wiki", "changes": { "policy": policy() } });
    service.done("/applications/set", change).await;
    let mut browser = administrator(&service).await;
    let test = format!("{}/test?everybody=true", path(&audience));
    let shown = page(&service, &mut browser, &test).await;
    let sentence = "2 of 4 users who signed in during the last 30 days would be admitted, 50 %.";
    assert!(shown.contains(sentence), "{shown}");
    let (admitted, refused) = shown.split_once("Refused: 2</summary>").unwrap();
    assert!(
        admitted.contains("<bdi>ana@example.com</bdi></a>"),
        "{shown}"
    );
    assert!(
        refused.contains("<bdi>guest@example.com</bdi></a>"),
        "{shown}"
    );
    assert!(
        refused.contains("<bdi>bo@elsewhere.example</bdi></a>"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_user_page_says_which_applications_they_would_get_into() {
    let service = Service::start().await;
    let audience = wiki(&service, json!([{ "everyone": true }])).await;
    inside(&service, &audience, "guest@example.com").await;
    let git = json!({ "policy": policy() });
    service
        .application("git", "https://git.example.com", git)
        .await;
    let none = json!({ "policy": [] });
    service
        .application("<i>", "https://i.example.com", none)
        .await;
    let mut browser = administrator(&service).await;
    let users = service.listed("/users").await;
    let id = |email: &str| {
        let user = users.iter().find(|user| user["email"] == email).unwrap();
        format!("/dashboard/users/{}", user["id"].as_str().unwrap())
    };
    let shown = page(&service, &mut browser, &id("guest@example.com")).await;
    let (_, reach) = shown.split_once("<h2 id=\"reach\">").unwrap();
    let row = |name: &str| {
        let (_, rest) = reach
            .split_once(&format!("<bdi>{name}</bdi></a></th>"))
            .unwrap();
        rest.split_once("</tr>").unwrap().0
    };
    assert!(row("wiki").contains(">Admitted</span>"), "{reach}");
    assert!(
        row("git").contains(">Refused</span>") && row("git").contains("guests"),
        "{reach}"
    );
    assert!(row("&lt;i&gt;").contains("no rule fits"), "{reach}");
}
