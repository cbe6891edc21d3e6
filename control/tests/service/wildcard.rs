//! One application on every hostname one label below a domain.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::admin_api::{call, token};
use crate::browser::{Attempt, Browser, VERIFIER};
use crate::harness::{Service, problem};

const ANA: &str = "ana@example.com";
const WILDCARD: &str = "https://*.preview.example.com";
const ONE: &str = "https://one.preview.example.com";
const TWO: &str = "https://two.preview.example.com";

/// A service with the wildcard's application, and a user.
struct Scene {
    service: Service,
    audience: String,
    credential: String,
    password: String,
}

impl Scene {
    async fn new() -> Self {
        let service = Service::start_with("[sessions]\nglobal_duration = \"8h\"\n").await;
        let password = service.user(ANA).await;
        let settings = json!({ "session_duration": "1h" });
        let audience = service.application("previews", WILDCARD, settings).await;
        let credential = service.credential(&[]).await;
        Self {
            service,
            audience,
            credential,
            password,
        }
    }

    fn attempt(&self, origin: &str) -> Attempt {
        Attempt {
            origin: origin.to_owned(),
            ..Attempt::at(&self.audience)
        }
    }

    async fn code(&self, origin: &str) -> String {
        let attempt = self.attempt(origin);
        let who = (ANA, self.password.as_str());
        Browser::default().code(&self.service, &attempt, who).await
    }

    async fn exchange(&self, code: &str, origin: &str) -> reqwest::Response {
        let body = json!({ "code": code, "code_verifier": VERIFIER, "origin": origin });
        self.service.post(&self.credential, "exchange", body).await
    }

    async fn refresh(&self, issued: &Value, origin: &str) -> reqwest::Response {
        let body = json!({
            "token": issued["token"], "binding_secret": issued["binding"], "origin": origin,
        });
        self.service.post(&self.credential, "refresh", body).await
    }

    async fn login_status(&self, origin: &str) -> StatusCode {
        let path = self.attempt(origin).path();
        Browser::default().get(&self.service, &path).await.status()
    }
}

#[tokio::test]
async fn a_code_is_good_on_the_host_that_was_asked_alone() {
    let scene = Scene::new().await;
    let code = scene.code(ONE).await;
    let wrong = scene.exchange(&code, TWO).await;
    assert_eq!(problem(wrong).await, (400, "code_mismatch".into()));
    let burnt = scene.exchange(&code, ONE).await;
    assert_eq!(problem(burnt).await, (400, "code_unknown".into()));

    for origin in [ONE, TWO] {
        let code = scene.code(origin).await;
        let good = scene.exchange(&code, origin).await;
        assert_eq!(good.status(), StatusCode::OK, "{origin}");
    }
}

#[tokio::test]
async fn a_sign_in_goes_to_hosts_of_the_wildcard_alone() {
    let scene = Scene::new().await;
    let exact = "https://exact.preview.example.com";
    scene.service.application("exact", exact, json!({})).await;
    assert_eq!(scene.login_status(ONE).await, StatusCode::OK);
    for origin in [
        exact,
        WILDCARD,
        "https://preview.example.com",
        "https://.preview.example.com",
        "https://x.one.preview.example.com",
        "https://one.preview.example.com.evil.example",
        "https://onepreview.example.com",
        "https://evil.example?.preview.example.com",
        "https://evil.example#.preview.example.com",
        "https://evil.example/.preview.example.com",
        "https://evil.example\\.preview.example.com",
        "https://evil.example@one.preview.example.com",
        "https://ONE.preview.example.com",
        "https://one.preview.example.com.",
        "https://one.preview.example.com/",
        "https://one.preview.example.com:8443",
        "https://one.preview.example.com:443:8443",
        "http://one.preview.example.com",
        "https://b\u{fc}cher.preview.example.com",
    ] {
        let status = scene.login_status(origin).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{origin}");
    }
    for origin in [
        "https://xn--bcher-kva.preview.example.com",
        "https://a_b.preview.example.com",
    ] {
        assert_eq!(scene.login_status(origin).await, StatusCode::OK, "{origin}");
    }
}

#[tokio::test]
async fn the_form_may_lead_to_the_host_that_was_asked() {
    let scene = Scene::new().await;
    let path = scene.attempt(ONE).path();
    let page = Browser::default().get(&scene.service, &path).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    let targets = format!("form-action 'self' {ONE}");
    assert!(policy.split("; ").any(|one| one == targets), "{policy}");
}

#[tokio::test]
async fn the_team_domain_is_no_host_of_a_wildcard() {
    let scene = Scene::new().await;
    let policy = json!([{ "everyone": true }]);
    let add = json!({ "name": "all", "origins": ["https://*.example.com"], "policy": policy });
    let added = scene.service.done("/applications", add).await;
    let notes: Vec<_> = added["notes"].as_array().unwrap().iter().collect();
    assert_eq!(
        notes,
        ["https://*.example.com does not include the team domain https://team.example.com"]
    );
    let mut attempt = scene.attempt("https://team.example.com");
    attempt.app = added["audience"].as_str().unwrap().to_owned();
    let mut browser = Browser::default();
    let answer = browser.get(&scene.service, &attempt.path()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    attempt.origin = "https://wiki.example.com".to_owned();
    let answer = browser.get(&scene.service, &attempt.path()).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_application_that_names_a_host_takes_it_from_the_wildcard() {
    let scene = Scene::new().await;
    let code = scene.code(ONE).await;
    let issued = scene.exchange(&scene.code(ONE).await, ONE).await;
    let issued: Value = issued.json().await.unwrap();

    let (origins, policy) = ([format!("{ONE}/wiki")], json!([{ "everyone": true }]));
    let exact = json!({ "name": "one", "origins": origins, "policy": policy });
    let added = scene.service.done("/applications", exact).await;
    let note = "one.preview.example.com no longer belongs to https://*.preview.example.com of the \
                application `previews`";
    assert_eq!(added["notes"], json!([note]));

    let late = scene.exchange(&code, ONE).await;
    assert_eq!(problem(late).await, (403, "origin_unknown".into()));
    scene.service.clock.advance(2 * 3600);
    let late = scene.refresh(&issued, ONE).await;
    assert_eq!(problem(late).await, (403, "origin_unknown".into()));
    assert_eq!(scene.refresh(&issued, TWO).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_wildcard_belongs_to_one_application() {
    let scene = Scene::new().await;
    let exact = "https://exact.preview.example.com";
    scene.service.application("exact", exact, json!({})).await;
    for (origins, status) in [
        (json!([WILDCARD]), StatusCode::CONFLICT),
        (
            json!(["https://*.preview.example.com:8443/x"]),
            StatusCode::CONFLICT,
        ),
        (json!(["https://*.com"]), StatusCode::UNPROCESSABLE_ENTITY),
        (
            json!(["https://a*.x.com"]),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!([WILDCARD, WILDCARD]),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let draft = json!({ "name": "other", "origins": origins });
        let (found, body) = scene.service.administer("/applications", draft).await;
        assert_eq!(found, status, "{origins}: {body}");
    }
    let draft = json!({ "name": "previews", "changes": { "session_duration": "2h" } });
    let set = scene.service.done("/applications/set", draft).await;
    let note = "https://*.preview.example.com does not include exact.preview.example.com, which \
                the application `exact` names";
    assert_eq!(set["notes"], json!([note]));
    // Beside it, on the same hostnames, below a path.
    let draft = json!({ "name": "docs", "origins": ["https://*.preview.example.com/docs"] });
    scene.service.done("/applications", draft).await;
}

#[tokio::test]
async fn the_start_page_lists_a_wildcard_without_a_link() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let who = (ANA, scene.password.as_str());
    browser.code(&scene.service, &scene.attempt(ONE), who).await;
    let page = browser.get(&scene.service, "/").await.text().await.unwrap();
    assert!(page.contains("*.preview.example.com"), "{page}");
    assert!(!page.contains("href=\"https://"), "{page}");
}

const PAY: &str = "https://pay.preview.example.com";

/// The hostname of an application, which a wildcard would get.
async fn with_pay(scene: &Scene) {
    scene.service.application("pay", PAY, json!({})).await;
}

/// Whether users of the wildcard's application can sign in at a host.
async fn is_taken_over(scene: &Scene) -> bool {
    scene.login_status(PAY).await == StatusCode::OK
}

const TAKEN: &str = "https://*.preview.example.com of the application `previews` includes \
                     pay.preview.example.com from now on";

#[tokio::test]
async fn a_wildcard_gets_the_hostname_of_a_removed_application_only_if_told_so() {
    let scene = Scene::new().await;
    with_pay(&scene).await;
    let mut request = json!({ "name": "pay" });
    let (status, body) = scene
        .service
        .administer("/applications/remove", request.clone())
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{body}");
    assert_eq!(body["reason"], "left_to_wildcard");
    let error = body["error"].as_str().unwrap();
    assert!(
        error.contains(TAKEN) && error.contains("--leave-to-wildcard"),
        "{error}"
    );
    assert_eq!(scene.service.listed("/applications").await.len(), 2);
    assert!(!is_taken_over(&scene).await);

    request["leave_to_wildcard"] = json!(true);
    let removed = scene.service.done("/applications/remove", request).await;
    assert_eq!(removed["notes"], json!([TAKEN]));
    assert!(is_taken_over(&scene).await);
}

#[tokio::test]
async fn a_wildcard_gets_a_hostname_that_was_changed_only_if_told_so() {
    let scene = Scene::new().await;
    with_pay(&scene).await;
    let set = |changes: Value| json!({ "name": "pay", "changes": changes });
    // The hostname stays its own.
    let below = set(json!({ "origins": [format!("{PAY}/till")] }));
    scene.service.done("/applications/set", below).await;
    let mut moved = set(json!({ "origins": ["https://pay.example.com"] }));
    let (status, body) = scene
        .service
        .administer("/applications/set", moved.clone())
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{body}");
    assert_eq!(body["reason"], "left_to_wildcard");
    assert!(!is_taken_over(&scene).await);

    moved["leave_to_wildcard"] = json!(true);
    let now = scene.service.done("/applications/set", moved).await;
    assert_eq!(now["notes"], json!([TAKEN]));
    assert!(is_taken_over(&scene).await);
}

#[tokio::test]
async fn a_hostname_that_another_application_names_too_is_not_left_to_a_wildcard() {
    let scene = Scene::new().await;
    with_pay(&scene).await;
    let till = json!({ "name": "till", "origins": [format!("{PAY}/till")] });
    scene.service.done("/applications", till).await;
    let pay = json!({ "name": "pay" });
    let removed = scene.service.done("/applications/remove", pay).await;
    assert!(removed["notes"].is_null(), "{removed}");
    assert!(!is_taken_over(&scene).await);
}

#[tokio::test]
async fn the_admin_api_leaves_a_hostname_to_a_wildcard_only_if_told_so() {
    let scene = Scene::new().await;
    with_pay(&scene).await;
    let token = token(&scene.service, &["applications:write"]).await;
    let refused = call(&scene.service, &token, Method::DELETE, "applications/pay").await;
    assert_eq!(problem(refused).await, (409, "conflict".into()));
    assert!(!is_taken_over(&scene).await);
    let url = scene.service.page("/api/admin/v1/applications/pay");
    let request = scene.service.http.delete(url).bearer_auth(token);
    let request = request.json(&json!({ "leave_to_wildcard": true }));
    let removed = request.send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::OK);
    let removed: Value = removed.json().await.unwrap();
    assert_eq!(removed["notes"], json!([TAKEN]));
}

#[tokio::test]
async fn signing_out_links_to_no_host_of_another_application() {
    let scene = Scene::new().await;
    with_pay(&scene).await;
    for (origin, leads_there) in [(ONE, true), (PAY, false)] {
        let path = format!("/logout?app={}&origin={origin}", scene.audience);
        let page = Browser::default().get(&scene.service, &path).await;
        let page = page.text().await.unwrap();
        assert_eq!(page.contains(origin), leads_there, "{origin}: {page}");
    }
}
