//! The way to a provider and back.

use reqwest::StatusCode;
use serde_json::json;

use super::{PENDING, SESSION, Scene, Settings, callback, location, reason, refused};
use crate::browser::{Attempt, Browser, VERIFIER, between, code_of, unescape};

#[tokio::test]
async fn s07_a_person_signs_in_with_a_provider_and_returns_to_their_place() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let page = browser.get(&scene.service, &scene.wiki.path()).await;
    let page = page.text().await.unwrap();
    assert!(
        page.contains("Continue with The corp &#60;account&#62;"),
        "{page}"
    );
    assert!(!page.contains("type=\"password\""), "passwords are off");
    let way = unescape(between(&page, "href=\"/login/corp", "\""));
    let response = browser
        .get(&scene.service, &format!("/login/corp{way}"))
        .await;
    let trip = scene.trip(&response, "corp");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "portcullis"),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "https://team.example.com/callback/corp"),
    ] {
        assert_eq!(trip.query[name], value);
    }
    assert!(!trip.query.contains_key("prompt") && !trip.query.contains_key("login_hint"));
    assert!(trip.state().len() > 43 && trip.nonce().len() == 43);
    let token = scene.token(&trip).with("name", json!("Ana Pérez"));
    let response = scene.come_back(&mut browser, &trip, &token).await;
    let claims = scene.claims(&response).await;
    assert_eq!(claims["email"], "ana@example.com");
    let users = scene.users().await;
    assert_eq!(users.len(), 1, "{users:?}");
    assert_eq!(
        (&users[0]["id"], &users[0]["providers"]),
        (&claims["sub"], &json!(["corp"]))
    );
    // The verifier of the challenge went with the code, to the same address.
    let form = scene.corp.last("token").form;
    let challenge = portcullis::protocol::login::challenge(&form["code_verifier"]);
    assert_eq!(challenge, trip.query["code_challenge"]);
    assert_eq!(form["redirect_uri"], trip.query["redirect_uri"]);
    assert_ne!(form["code_verifier"], VERIFIER);
    // Nothing is left of the attempt, and other applications open without a provider.
    assert!(!browser.cookies.keys().any(|name| name.starts_with(PENDING)));
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    code_of(&response, &scene.wiki);
    let response = browser.get(&scene.service, &scene.path("partner")).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn the_default_provider_skips_the_page_which_choose_shows() {
    let scene = Scene::with_corp("default = true").await;
    let mut browser = Browser::default();
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    let trip = scene.trip(&response, "corp");
    let choose = format!("{}&choose", scene.wiki.path());
    let page = browser.get(&scene.service, &choose).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("The corp") && page.contains("The partner"),
        "{page}"
    );
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    code_of(&response, &scene.wiki);

    // Who wants another account must not get the same one without a choice.
    let other = format!("{}&other_account=true", scene.wiki.path());
    let page = browser.get(&scene.service, &other).await;
    let page = page.text().await.unwrap();
    let way = unescape(between(&page, "href=\"/login/corp", "\""));
    let response = browser
        .get(&scene.service, &format!("/login/corp{way}"))
        .await;
    let trip = scene.trip(&response, "corp");
    assert_eq!(
        (&*trip.query["prompt"], &*trip.query["max_age"]),
        ("login", "0")
    );
}

#[tokio::test]
async fn a_sign_in_without_a_prompt_never_leads_to_a_provider() {
    let scene = Scene::with_corp("default = true").await;
    let mut browser = Browser::default();
    for path in [scene.wiki.path(), scene.path("corp")] {
        let path = format!("{path}&prompt=none");
        let response = browser.get(&scene.service, &path).await;
        let url = location(&response);
        assert!(
            url.as_str()
                .starts_with("https://wiki.example.com/.access/callback?error=login_required"),
            "{url}"
        );
        assert!(browser.cookies.is_empty());
    }
    assert_eq!(scene.corp.count("discovery"), 0);
}

#[tokio::test]
async fn passwords_are_off_with_providers_unless_they_are_switched_on() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let fields = [
        ("email", "ana@example.com"),
        ("password", "x"),
        ("csrf_token", "x"),
    ];
    let response = browser.post(&scene.service, "/login", &fields).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);

    let scene = Scene::with(Settings {
        rest: "[sign_in]\npasswords = true\n",
        ..Settings::default()
    })
    .await;
    let password = scene.service.user("eva@example.com").await;
    let mut browser = Browser::default();
    let page = browser
        .get(&scene.service, &scene.wiki.path())
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("Continue with The corp") && page.contains("or with a password"));
    let who = ("eva@example.com", password.as_str());
    browser.code(&scene.service, &scene.wiki, who).await;
}

#[tokio::test]
async fn an_answer_in_a_form_becomes_a_get_that_has_the_cookies() {
    let scene = Scene::with_corp("response_mode = \"form_post\"").await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    assert_eq!(trip.query["response_mode"], "form_post");
    scene.corp.redeems("the-code", &scene.token(&trip));
    // A cross-site POST has no SameSite=Lax cookies.
    let mut cross_site = Browser::default();
    let fields = [
        ("state", trip.state()),
        ("code", "the-code"),
        ("iss", &*trip.issuer),
        ("user", "{\"name\":\"of Apple\"}"),
    ];
    let response = cross_site
        .post(&scene.service, "/callback/corp", &fields)
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(scene.corp.count("token"), 0, "a POST changes nothing");
    let url = location(&response);
    assert_eq!(url.path(), "/callback/corp");
    assert!(!url.as_str().contains("Apple"));
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let response = browser.get(&scene.service, &path).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn an_error_of_the_provider_is_shown_by_its_code_alone() {
    let scene = Scene::new().await;
    for (error, shown, status) in [
        ("access_denied", "access_denied", 403),
        ("temporarily_unavailable", "temporarily_unavailable", 503),
        ("<b>x</b>", "&#60;b&#62;x&#60;/b&#62;", 403),
        ("x y\u{202e}", "invalid_error_code", 403),
    ] {
        let mut browser = Browser::default();
        let trip = scene.go(&mut browser, "corp").await;
        let answer = trip.answer(&[
            ("error", error),
            ("error_description", "<script>alert(1)</script>"),
            ("iss", &trip.issuer),
        ]);
        let response = browser.get(&scene.service, &answer).await;
        let (got, page) = refused(&browser, response).await;
        assert_eq!((got, reason(&page)), (status, shown), "{page}");
        assert!(!page.contains("alert") && !page.contains("<b>"), "{page}");
        // The page leads to another try at the same place.
        let again = unescape(between(&page, "href=\"/login/corp", "\""));
        assert!(again.contains("return_to=%2Fpage%3Fx%3D1"), "{again}");
        assert!(!browser.cookies.keys().any(|name| name.starts_with(PENDING)));
    }
    assert_eq!(scene.corp.count("token"), 0);
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_leads_to_its_place_again() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    scene.service.clock.advance(600);
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    let (status, page) = refused(&browser, response).await;
    assert_eq!((status, reason(&page)), (400, "provider_state_unknown"));
    assert_eq!(scene.corp.count("token"), 0);
    let again = unescape(between(&page, "href=\"/login?", "\""));
    let page = browser
        .get(&scene.service, &format!("/login?{again}"))
        .await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    let way = unescape(between(&page, "href=\"/login/corp", "\""));
    let response = browser
        .get(&scene.service, &format!("/login/corp{way}"))
        .await;
    let trip = scene.trip(&response, "corp");
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    // The application's own attempt is over, so it begins another for the same place.
    let url = location(&response);
    let place = "https://wiki.example.com/.access/login?return_to=%2Fpage%3Fx%3D1";
    assert_eq!(url.as_str(), place);
}

#[tokio::test]
async fn a_browser_keeps_eight_attempts_and_tabs_beyond_wait() {
    let scene = Scene::with_corp("default = true").await;
    let mut browser = Browser::default();
    let mut trips = Vec::new();
    for _ in 0..8 {
        let response = browser.get(&scene.service, &scene.wiki.path()).await;
        trips.push(scene.trip(&response, "corp"));
        scene.service.clock.advance(1);
    }
    let pending = |browser: &Browser| {
        let names = browser.cookies.keys();
        names.filter(|name| name.starts_with(PENDING)).count()
    };
    assert_eq!(pending(&browser), 8);
    let page = browser.get(&scene.service, &scene.wiki.path()).await;
    assert_eq!(page.status(), StatusCode::OK, "a ninth tab waits");
    assert!(page.text().await.unwrap().contains("data-check="));
    // Who chooses the provider there takes the place of the oldest.
    scene.go(&mut browser, "corp").await;
    assert_eq!(pending(&browser), 8);
    let token = scene.token(&trips[0]);
    let response = scene.come_back(&mut browser, &trips[0], &token).await;
    let (_, page) = refused(&browser, response).await;
    assert!(unescape(&page).contains("/login?app="), "{page}");
    // All others come back, each to its place.
    for trip in &trips[1..] {
        let token = scene.token(trip);
        let response = scene.come_back(&mut browser, trip, &token).await;
        code_of(&response, &scene.wiki);
    }
    // The first one, which nothing was left of, goes on as well now.
    let response = browser.get(&scene.service, &trips[0].callback("x")).await;
    assert_eq!(location(&response).path(), "/login");
    // What is no attempt makes room first.
    let mut planted = Browser::default();
    for number in 0..9 {
        planted
            .cookies
            .insert(format!("{PENDING}0000000{number}"), "x".to_owned());
    }
    scene.go(&mut planted, "corp").await;
    assert_eq!(pending(&planted), 1);
}

#[tokio::test]
async fn a_window_of_a_frame_stays_connected_on_the_way_back() {
    let policy = "cross-origin-opener-policy";
    let scene = Scene::with(Settings {
        wiki: json!({ "partitioned": true, "same_site": "none" }),
        ..Settings::default()
    })
    .await;
    for (display, expected) in [("&display=popup", "unsafe-none"), ("", "same-origin")] {
        let mut browser = Browser::default();
        browser.headers.insert("sec-fetch-site", "same-origin");
        let path = format!("{}{display}", scene.path("corp"));
        let response = browser.get(&scene.service, &path).await;
        assert_eq!(response.headers()[policy], expected);
        let trip = scene.trip(&response, "corp");
        browser.headers.insert("sec-fetch-site", "cross-site");
        let token = scene.token(&trip);
        let response = scene.come_back(&mut browser, &trip, &token).await;
        assert_eq!(response.headers()[policy], expected);
        code_of(&response, &scene.wiki);
    }
}

#[tokio::test]
async fn only_places_of_ours_follow_a_sign_in() {
    let scene = Scene::new().await;
    for (return_to, leads_to) in [
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/sessions", "/sessions"),
    ] {
        let mut browser = Browser::default();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("return_to", return_to)
            .finish();
        let response = browser
            .get(&scene.service, &format!("/login/corp?{query}"))
            .await;
        let trip = scene.trip(&response, "corp");
        let token = scene.token(&trip);
        let response = scene.come_back(&mut browser, &trip, &token).await;
        assert_eq!(response.headers()["location"], leads_to);
    }
    let elsewhere = Attempt {
        origin: "https://evil.example".to_owned(),
        ..scene.wiki.clone()
    };
    let path = elsewhere.path().replace("/login?", "/login/corp?");
    let response = Browser::default().get(&scene.service, &path).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_longest_place_is_returned_to() {
    let scene = Scene::new().await;
    let page = "/page?x=";
    // Quotes have two bytes in JSON, and a browser may leave them as they are.
    let place = format!("{page}{}", "\"".repeat(8_192 - page.len()));
    for return_to in [place.replace('"', "x"), place] {
        let wiki = Attempt {
            return_to: return_to.clone(),
            state: format!("0a1b2c3d.{}", "s".repeat(247)),
            ..scene.wiki.clone()
        };
        let path = wiki.path().replace("/login?", "/login/corp?");
        let display = "d".repeat(8_192);
        let mut browser = Browser::default();
        let response = browser
            .get(&scene.service, &format!("{path}&display={display}"))
            .await;
        let trip = scene.trip(&response, "corp");
        let token = scene.token(&trip);
        let response = scene.come_back(&mut browser, &trip, &token).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        let url = location(&response);
        assert!(url.as_str().contains("/.access/callback?"), "{url}");
    }
}

#[tokio::test]
async fn unknown_providers_and_doubled_parameters_are_refused() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    for path in ["/login/nobody", "/callback/nobody?state=x&code=y"] {
        let response = browser.get(&scene.service, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let trip = scene.go(&mut browser, "corp").await;
    let twice = trip.answer(&[("code", "a"), ("code", "b"), ("iss", &trip.issuer)]);
    let response = browser.get(&scene.service, &twice).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let none = callback("corp", &[("state", trip.state()), ("iss", &trip.issuer)]);
    let response = browser.get(&scene.service, &none).await;
    let (_, page) = refused(&browser, response).await;
    assert_eq!(reason(&page), "code_missing");
    assert_eq!(scene.corp.count("token"), 0);
    assert!(!browser.cookies.contains_key(SESSION));
}
