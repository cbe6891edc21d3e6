//! The device flow: a command line asks, a person confirms at `/device`, the command line fetches
//! its token.

mod limits;
mod scene;
mod shares;

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, between};
use crate::harness::{Service, WIKI};
pub use scene::{Scene, claims, error, form_that_is_open};

pub const ANA: &str = "ana@example.com";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[tokio::test]
async fn s19_a_confirmed_code_gives_a_header_token_once() {
    let mut scene = Scene::new(json!({ "session_duration": "2h" })).await;
    let (device_code, user_code) = scene.codes().await;
    assert_eq!(
        scene.poll(&device_code).await,
        Err("authorization_pending".into())
    );

    let (status, page) = scene.page(&format!("/device?user_code={user_code}")).await;
    assert_eq!(status, StatusCode::OK);
    for shown in [&user_code, "wiki", WIKI, "127.0.0.1", ANA, "0s ago"] {
        assert!(page.contains(shown), "no {shown} in {page}");
    }
    scene.confirm(&user_code).await;

    let token = scene.poll(&device_code).await.unwrap();
    let claims = claims(&token);
    assert_eq!(claims["use"], "header");
    assert_eq!(claims["aud"], json!([scene.audience]));
    assert_eq!(claims["email"], ANA);
    assert!(claims.get("cnf").is_none() && claims["sid"].is_string());
    let number = |name: &str| claims[name].as_u64().unwrap();
    assert_eq!(number("exp") - number("iat"), 7200);
    assert!(number("exp") <= number("session_exp"));
    assert_eq!(scene.poll(&device_code).await, Err("invalid_grant".into()));
    assert_eq!(scene.press_again(&user_code).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_never_outlives_the_global_session() {
    let service = Service::start_with("[sessions]\nglobal_duration = \"1h\"\n").await;
    let password = service.user(ANA).await;
    let audience = service
        .wiki(json!({ "header_tokens": true, "session_duration": "8h" }))
        .await;
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let mut scene = Scene {
        service,
        browser,
        audience,
        password,
    };
    scene.service.clock.advance(1800);
    let (device_code, user_code) = scene.codes().await;
    scene.confirm(&user_code).await;
    let claims = claims(&scene.poll(&device_code).await.unwrap());
    assert_eq!(claims["exp"], claims["session_exp"]);
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        1800
    );
}

#[tokio::test]
async fn requests_that_cannot_be_are_told_why() {
    let scene = Scene::new(json!({})).await;
    let closed = json!({ "header_tokens": false });
    scene
        .service
        .application("closed", "https://closed.example.com", closed)
        .await;
    for application in [
        "nope",
        "closed",
        "https://closed.example.com",
        "https://x.example.com",
        "",
    ] {
        let refused = scene.authorize(application).await;
        assert_eq!(error(refused).await, "invalid_target", "{application:?}");
    }
    for application in ["wiki", WIKI, "https://wiki.example.com/"] {
        assert_eq!(scene.authorize(application).await.status(), StatusCode::OK);
    }
    let token = |grant: &'static str, client: &'static str| {
        [
            ("grant_type", grant),
            ("client_id", client),
            ("device_code", "x"),
        ]
    };
    for (path, form, expected) in [
        (
            "/device_authorization",
            vec![("client_id", "other"), ("application", "wiki")],
            "invalid_client",
        ),
        (
            "/device_authorization",
            vec![("client_id", "portcullis-control")],
            "invalid_request",
        ),
        ("/device_authorization", vec![], "invalid_request"),
        (
            "/token",
            token("password", "portcullis-control").to_vec(),
            "unsupported_grant_type",
        ),
        ("/token", token(GRANT, "other").to_vec(), "invalid_client"),
        (
            "/token",
            token(GRANT, "portcullis-control").to_vec(),
            "invalid_grant",
        ),
        ("/token", vec![("grant_type", GRANT)], "invalid_request"),
    ] {
        let refused = scene.post(path, &form).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error(refused).await, expected, "{path} {form:?}");
    }
}

#[tokio::test]
async fn polls_that_come_too_fast_are_slowed_down() {
    let scene = Scene::new(json!({})).await;
    let (device_code, _) = scene.codes().await;
    let poll = async || scene.poll(&device_code).await.unwrap_err();
    assert_eq!(poll().await, "authorization_pending");
    assert_eq!(poll().await, "slow_down");
    scene.service.clock.advance(6);
    assert_eq!(poll().await, "slow_down", "7 seconds were asked for");
    scene.service.clock.advance(12);
    assert_eq!(poll().await, "authorization_pending");
}

#[tokio::test]
async fn a_refused_code_gives_nothing() {
    let mut scene = Scene::new(json!({})).await;
    let (device_code, user_code) = scene.codes().await;
    let (status, page) = scene.press(&user_code, "refuse").await;
    assert!(
        status == StatusCode::OK && page.contains("<h1>Refused</h1>"),
        "{page}"
    );
    assert_eq!(scene.poll(&device_code).await, Err("access_denied".into()));
    assert_eq!(scene.poll(&device_code).await, Err("invalid_grant".into()));
}

#[tokio::test]
async fn an_expired_code_gives_nothing_confirmed_or_not() {
    let mut scene = Scene::new(json!({})).await;
    let (unanswered, user_code) = scene.codes().await;
    let (confirmed, other_user_code) = scene.codes().await;
    scene.confirm(&other_user_code).await;
    scene.service.clock.advance(601);
    let (status, page) = scene.page(&format!("/device?user_code={user_code}")).await;
    assert!(
        status == StatusCode::NOT_FOUND && page.contains("expired"),
        "{page}"
    );
    for code in [unanswered, confirmed] {
        assert_eq!(scene.poll(&code).await, Err("expired_token".into()));
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_signs_in_and_comes_back() {
    let mut scene = Scene::new(json!({})).await;
    let (_, user_code) = scene.codes().await;
    scene.browser = Browser::default();
    let page = format!("/device?user_code={user_code}");
    let response = scene.browser.get(&scene.service, &page).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let login = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(login.starts_with("/login?return_to=%2Fdevice"), "{login}");
    let who = (ANA, scene.password.as_str());
    let response = scene.browser.sign_in(&scene.service, &login, who).await;
    assert_eq!(response.headers()["location"], page.as_str());

    let mut stranger = Browser::default();
    let odd = stranger
        .get(&scene.service, "/device?user_code=//evil.example")
        .await;
    assert_eq!(odd.headers()["location"], "/login?return_to=%2Fdevice");
}

#[tokio::test]
async fn other_sites_cannot_confirm() {
    let mut scene = Scene::new(json!({})).await;
    let (device_code, user_code) = scene.codes().await;
    let form = [
        ("user_code", user_code.as_str()),
        ("answer", "confirm"),
        ("csrf_token", "x"),
    ];
    for site in [None, Some("cross-site"), Some("same-site")] {
        let mut request = scene
            .service
            .http
            .post(scene.service.page("/device"))
            .form(&form);
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        assert_eq!(
            scene.browser.send(request).await.status(),
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(
        scene.poll(&device_code).await,
        Err("authorization_pending".into())
    );
}

#[tokio::test]
async fn neither_code_is_stored() {
    let scene = Scene::new(json!({})).await;
    let (device_code, user_code) = scene.codes().await;
    let pool = sqlx::AnyPool::connect(&scene.service.database_url)
        .await
        .unwrap();
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT device_code_hash, user_code_hash FROM device_codes")
            .fetch_all(&pool)
            .await
            .unwrap();
    let stored = format!("{rows:?}");
    assert_eq!(rows.len(), 1);
    assert!(!stored.contains(&device_code) && !stored.contains(&user_code));
    assert!(!stored.contains(&user_code.replace('-', "")));
    assert!(between(&stored, "(\"", "\"").len() == 43);
}
