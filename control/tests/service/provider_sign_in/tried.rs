//! An administrator tries a provider, and sees how sign-ins with it go.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{PENDING, SESSION, Scene, Settings, Trip};
use crate::browser::Browser;
use crate::dashboard::page;

const ADMINISTRATOR: &str = "[sign_in]\npasswords = true\n\
    [dashboard]\nadministrators = { emails = [\"ana@example.com\"] }\n\
    viewers = { emails = [\"vi@example.com\"] }\n";
const TRY: &str = "/dashboard/settings/providers/partner/try";

async fn scene() -> (Scene, Browser) {
    let scene = Scene::with(Settings {
        rest: ADMINISTRATOR,
        corp: "email_domains = [\"example.com\"]\n",
        partner: "groups_claim = \"groups\"\nclaims = [\"department\"]\n",
        ..Settings::default()
    })
    .await;
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "corp", |token| token).await;
    (scene, browser)
}

async fn begin(scene: &Scene, browser: &mut Browser) -> Trip {
    let response = browser.get(&scene.service, TRY).await;
    scene.trip(&response, "partner")
}

/// All that the service stores about people.
async fn stored(scene: &Scene) -> (usize, usize, usize) {
    let audit = scene
        .service
        .over_socket(Method::GET, "audit?limit=200")
        .await;
    let events = audit.1["items"].as_array().unwrap().len();
    (
        scene.users().await.len(),
        scene.sessions().await.len(),
        events,
    )
}

#[tokio::test]
async fn a_trial_shows_what_the_provider_says_and_changes_nothing() {
    let (scene, mut browser) = scene().await;
    let providers = page(
        &scene.service,
        &mut browser,
        "/dashboard/settings/providers",
    )
    .await;
    assert!(
        providers.contains(&format!("href=\"{TRY}\"")),
        "{providers}"
    );
    let before = stored(&scene).await;
    let session = browser.cookies[SESSION].clone();
    let trip = begin(&scene, &mut browser).await;
    let token = scene
        .token(&trip)
        .with("sub", json!("someone-else"))
        .with("name", json!("<b>\u{202e}Bo"))
        .with("groups", json!(["staff", "<i>"]))
        .with("department", json!("ops"))
        .with("amr", json!(["mfa"]))
        .with("shoe_size", json!(44));
    let response = scene.come_back(&mut browser, &trip, &token).await;
    assert_eq!(response.status(), StatusCode::OK);
    let shown = response.text().await.unwrap();
    assert!(!shown.contains("<b>") && !shown.contains("<i>"), "{shown}");
    for part in [
        "The provider’s answer is good. Nothing was changed here",
        "someone-else",
        "ana@example.com, which is shown, but policies ignore it",
        "U+202EBo",
        "partner:&lt;i&gt;, partner:staff",
        "department = &quot;ops&quot;",
        "mfa",
        "shoe_size",
        "no: the provider cannot be asked again",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(stored(&scene).await, before);
    assert_eq!(browser.cookies[SESSION], session);
    assert!(!browser.cookies.keys().any(|name| name.starts_with(PENDING)));
    // Once.
    let again = browser
        .get(&scene.service, &trip.callback("the-code"))
        .await;
    assert_eq!(
        again.status(),
        StatusCode::FOUND,
        "to where the browser is signed in"
    );
}

#[tokio::test]
async fn a_trial_that_fails_says_why_and_does_not_count_as_a_failure() {
    let (scene, mut browser) = scene().await;
    let before = stored(&scene).await;
    for _ in 0..3 {
        let trip = begin(&scene, &mut browser).await;
        let token = scene.token(&trip).with("aud", json!("somebody-else"));
        let response = scene.come_back(&mut browser, &trip, &token).await;
        let shown = response.text().await.unwrap();
        assert!(shown.contains("Nobody would be signed in."), "{shown}");
        assert!(shown.contains("Reason: "), "{shown}");
    }
    let trip = begin(&scene, &mut browser).await;
    let reported = trip.answer(&[("error", "access_denied"), ("iss", &scene.partner.issuer)]);
    let response = browser.get(&scene.service, &reported).await;
    let shown = response.text().await.unwrap();
    assert!(shown.contains("Reason: access_denied"), "{shown}");
    assert_eq!(stored(&scene).await, before);
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(!home.contains("sign-ins with"), "{home}");
}

#[tokio::test]
async fn only_the_administrator_who_began_a_trial_sees_its_result() {
    let (scene, mut browser) = scene().await;
    let trip = begin(&scene, &mut browser).await;
    // Signed out meanwhile, or in as somebody else: the attempt is still there, its administrator not.
    let administrator = browser.cookies.remove(SESSION).unwrap();
    let token = scene.token(&trip).with("shoe_size", json!(44));
    let response = scene.come_back(&mut browser, &trip, &token).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let shown = response.text().await.unwrap();
    assert!(!shown.contains("shoe_size"), "{shown}");
    assert!(!browser.cookies.contains_key(SESSION));
    browser.cookies.insert(SESSION.to_owned(), administrator);
    let trip = begin(&scene, &mut browser).await;
    let mut viewer = Browser::default();
    let change = |token: crate::openid_provider::keys::Token| {
        token
            .with("sub", json!("vi"))
            .with("email", json!("vi@example.com"))
    };
    scene.sign_in(&mut viewer, "corp", change).await;
    let theirs = viewer.cookies[SESSION].clone();
    browser.cookies.insert(SESSION.to_owned(), theirs);
    let token = scene.token(&trip).with("shoe_size", json!(44));
    let response = scene.come_back(&mut browser, &trip, &token).await;
    let shown = response.text().await.unwrap();
    assert!(!shown.contains("shoe_size"), "{shown}");
    // No longer administrator.
    let password = scene.service.user("root@example.org").await;
    let give = async |role: &str| {
        let wish = json!({ "email": "root@example.org", "role": role });
        scene.service.done("/users/role", wish).await;
    };
    give("administrator").await;
    let mut root = Browser::default();
    root.sign_in(&scene.service, "/login", ("root@example.org", &password))
        .await;
    for (role, sees) in [("administrator", true), ("viewer", false)] {
        give("administrator").await;
        let trip = begin(&scene, &mut root).await;
        give(role).await;
        let token = scene.token(&trip).with("shoe_size", json!(44));
        let response = scene.come_back(&mut root, &trip, &token).await;
        let shown = response.text().await.unwrap();
        assert_eq!(shown.contains("shoe_size"), sees, "{role}: {shown}");
    }
    let refused = viewer.get(&scene.service, TRY).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let none = TRY.replace("partner", "nobody");
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "corp", |token| token).await;
    let none = browser.get(&scene.service, &none).await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn home_names_a_provider_whose_last_three_sign_ins_failed_until_one_succeeds() {
    let (scene, mut browser) = scene().await;
    let fail = async |count: usize| {
        for _ in 0..count {
            let mut stranger = Browser::default();
            let wrong = |token: crate::openid_provider::keys::Token| token.with("aud", json!("x"));
            let response = scene.sign_in(&mut stranger, "partner", wrong).await;
            assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        }
    };
    fail(2).await;
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(!home.contains("sign-ins with"), "{home}");
    // People who cancel say nothing about it.
    let mut stranger = Browser::default();
    let trip = scene.go(&mut stranger, "partner").await;
    let cancelled = trip.answer(&[("error", "access_denied"), ("iss", &scene.partner.issuer)]);
    stranger.get(&scene.service, &cancelled).await;
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(!home.contains("sign-ins with"), "{home}");
    fail(1).await;
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(
        home.contains(
            "The last 3 sign-ins with The partner &#60;account&#62; failed, the last one with "
        ),
        "{home}"
    );
    let list = page(
        &scene.service,
        &mut browser,
        "/dashboard/settings/providers",
    )
    .await;
    assert!(list.contains(">Failing</span> 3 since then"), "{list}");
    scene.service.clock.advance(60);
    scene
        .sign_in(&mut Browser::default(), "partner", |token| token)
        .await;
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(!home.contains("sign-ins with"), "{home}");
}

#[tokio::test]
async fn strangers_cannot_put_an_alarm_on_home() {
    let (scene, mut browser) = scene().await;
    for _ in 0..3 {
        for answer in [("error", "CALL-49-123"), ("code", "garbage")] {
            let mut stranger = Browser::default();
            let trip = scene.go(&mut stranger, "partner").await;
            let answer = trip.answer(&[answer, ("iss", &scene.partner.issuer)]);
            let refused = stranger.get(&scene.service, &answer).await;
            assert!(!refused.status().is_success());
        }
        let mut stranger = Browser::default();
        let unverified =
            |token: crate::openid_provider::keys::Token| token.with("email_verified", json!(false));
        scene.sign_in(&mut stranger, "partner", unverified).await;
    }
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(!home.contains("sign-ins with"), "{home}");
    let list = page(
        &scene.service,
        &mut browser,
        "/dashboard/settings/providers",
    )
    .await;
    assert!(!list.contains("CALL-49-123"), "{list}");
}

#[tokio::test]
async fn a_trial_can_be_finished_at_another_replica_and_nowhere_else() {
    let (scene, mut browser) = scene().await;
    let replica = scene.replica().await;
    let trip = begin(&scene, &mut browser).await;
    let token = scene.token(&trip).with("shoe_size", json!(44));
    scene.partner.redeems("the-code", &token);
    let response = browser.get(&replica, &trip.callback("the-code")).await;
    let shown = response.text().await.unwrap();
    assert!(shown.contains("shoe_size"), "{shown}");
    // A service that knows no trials opens what is sealed for a sign-in, and this is not.
    let trip = begin(&scene, &mut browser).await;
    let mut cookies = browser.cookies.iter();
    let cookie = cookies.find(|(name, _)| name.starts_with(PENDING));
    let (name, value) = cookie.unwrap();
    let id = name.trim_start_matches(PENDING);
    assert!(trip.state().starts_with(id));
    let purpose = portcullis_control::seal::Purpose::SignInAttempt { attempt: id };
    let sealed = portcullis_control::seal::Sealed::stored(value.clone());
    let seal = &scene.service.running.service.seal;
    assert!(seal.open_unverified(purpose, &sealed).is_none());
}

#[tokio::test]
async fn home_advises_to_retire_the_first_administrator_once_a_provider_brings_another() {
    let (scene, mut browser) = scene().await;
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(!home.contains("admin@localhost"), "{home}");
    let password = scene.service.user("admin@localhost").await;
    let role = json!({ "email": "admin@localhost", "role": "administrator" });
    scene.service.done("/users/role", role).await;
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(home.contains("admin@localhost still has a role"), "{home}");
    let mut first = Browser::default();
    let signed_in = first
        .sign_in(&scene.service, "/login", ("admin@localhost", &password))
        .await;
    assert!(signed_in.status().is_redirection());
    let home = page(&scene.service, &mut first, "/dashboard").await;
    assert!(!home.contains("admin@localhost still has a role"), "{home}");
    let role = json!({ "email": "admin@localhost", "role": "none" });
    scene.service.done("/users/role", role).await;
    let home = page(&scene.service, &mut browser, "/dashboard").await;
    assert!(!home.contains("admin@localhost still has a role"), "{home}");
}
