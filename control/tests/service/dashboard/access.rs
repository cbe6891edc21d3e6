//! Who gets which page: every page of the router's own list, for everybody.

use portcullis_control::administration::role::Role;
use portcullis_control::dashboard::page::Rule;
use portcullis_control::dashboard::rules;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{administrator, own_form, read, signed_in};
use crate::admin_api::{call, token};
use crate::browser::Browser;
use crate::harness::{Service, problem};

/// The URL of a page, with ids that nothing has.
fn url(rule: &Rule) -> String {
    let segments = rule.url();
    let segments = segments.split('/').map(|segment| {
        if segment.starts_with('{') {
            "0"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

async fn ask(service: &Service, browser: &mut Browser, rule: &Rule) -> (u16, String) {
    let url = url(rule);
    let request = match rule.method {
        Method::POST => own_form(service, &url, &[("typed", "a \"word\"")]),
        _ => service.http.get(service.page(&url)),
    };
    let response = browser.send(request).await;
    if response.status() == StatusCode::FOUND {
        let to = response.headers()["location"].to_str().unwrap().to_owned();
        return (302, to);
    }
    read(response).await
}

#[tokio::test]
async fn every_page_is_for_the_roles_that_its_rule_says_and_nobody_else() {
    let service = Service::start().await;
    administrator(&service).await;
    let mut nobody = Browser::default();
    let mut outsider = signed_in(&service, "eve@example.com", "none").await;
    let mut people = Vec::new();
    for role in Role::ALL {
        let email = format!("{}@example.com", role.name());
        people.push((role, signed_in(&service, &email, role.name()).await));
    }
    assert!(rules().iter().any(|rule| rule.scope.is_none()));
    for rule in &rules() {
        let what = format!("{} {}", rule.method, rule.path);
        let (status, page) = ask(&service, &mut nobody, rule).await;
        if rule.method == Method::POST {
            assert_eq!(status, 401, "{what}");
            assert!(page.contains("Reason: signed_out"), "{what}: {page}");
            assert!(
                page.contains("value=\"a &#34;word&#34;\""),
                "{what}: {page}"
            );
        } else {
            assert_eq!(status, 302, "{what}");
            let encoded = url(rule).replace('/', "%2F");
            assert_eq!(page, format!("/login?return_to={encoded}"), "{what}");
        }
        let (status, page) = ask(&service, &mut outsider, rule).await;
        assert_eq!(status, 403, "{what}");
        assert!(page.contains("Reason: no_role"), "{what}: {page}");
        assert!(page.contains("signed in as eve@example.com"), "{page}");
        assert!(
            page.contains("portcullis-control user role eve@example.com viewer"),
            "{page}"
        );
        for (role, browser) in &mut people {
            let (status, page) = ask(&service, browser, rule).await;
            let refused = page.contains("Reason: role_too_low") && status == 403;
            let admitted = rule.scope.is_none_or(|scope| role.may(scope));
            assert_eq!(refused, !admitted, "{what} {role}: {status} {page}");
            assert!(admitted || status == 403, "{what} {role}");
            assert!(
                ![401, 500, 503].contains(&status),
                "{what} {role}: {status} {page}"
            );
        }
    }
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_at_the_next_request() {
    let service = Service::start().await;
    administrator(&service).await;
    let mut browser = signed_in(&service, "ana@example.com", "viewer").await;
    let path = "/dashboard/applications";
    assert_eq!(browser.get(&service, path).await.status(), 200);
    let taken = json!({ "email": "ana@example.com", "role": "none" });
    service.done("/users/role", taken).await;
    assert_eq!(browser.get(&service, path).await.status(), 403);
    let launcher = browser.get(&service, "/").await.text().await.unwrap();
    assert!(!launcher.contains("\"/dashboard\""), "{launcher}");
}

#[tokio::test]
async fn a_user_who_is_revoked_loses_the_dashboard_at_once() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let who = json!({ "email": super::ROOT });
    service.done("/revocations/user", who).await;
    let asked = browser.get(&service, "/dashboard").await;
    assert_eq!(asked.status(), StatusCode::FOUND);
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let fields = [("theme", "dark"), ("csrf_token", "x")];
    let form = || {
        service
            .http
            .post(service.page("/dashboard/theme"))
            .form(&fields)
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("x-nothing", "x"),
    ] {
        let refused = browser.send(form().header(name, value)).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(!browser.cookies.contains_key("__Host-access_theme"));
    }
    // Before anybody is asked to sign in.
    let refused = form().header("sec-fetch-site", "cross-site").send().await;
    assert_eq!(refused.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_has_a_size_and_a_type() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let long = "x".repeat(20_000);
    let form = own_form(&service, "/dashboard/theme", &[("theme", &long)]);
    assert_eq!(browser.send(form).await.status(), StatusCode::BAD_REQUEST);
    let json = service.http.post(service.page("/dashboard/theme"));
    let json = json
        .header("sec-fetch-site", "same-origin")
        .json(&json!({}));
    assert_eq!(browser.send(json).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_dashboard_that_is_disabled_is_not_there() {
    let service = Service::start_with("[dashboard]\nenabled = false\n").await;
    let mut browser = administrator(&service).await;
    for path in ["/dashboard", "/dashboard/applications"] {
        assert_eq!(browser.get(&service, path).await.status(), 404, "{path}");
    }
    let launcher = browser.get(&service, "/").await.text().await.unwrap();
    assert!(!launcher.contains("\"/dashboard\""), "{launcher}");
}

#[tokio::test]
async fn dashboard_and_admin_api_answer_from_their_networks_only() {
    let toml = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n\
                [dashboard]\nsource_ranges = [\"192.0.2.0/24\", \"2001:db8::/32\"]\n";
    let service = Service::start_with(toml).await;
    let token = token(&service, &["users:read"]).await;
    let mut browser = administrator(&service).await;
    let call = |address: &'static str| {
        let url = service.page("/api/admin/v1/users");
        let call = service.http.get(url).bearer_auth(&token);
        call.header("x-forwarded-for", address)
    };
    for (address, answers) in [
        ("192.0.2.7", true),
        ("2001:db8::1", true),
        ("198.51.100.7", false),
        // What stands further left could have been written by anybody.
        ("192.0.2.7, 198.51.100.7", false),
        ("127.0.0.1", false),
    ] {
        browser.headers.insert("x-forwarded-for", address);
        let page = browser.get(&service, "/dashboard").await;
        let api = call(address).send().await.unwrap();
        if answers {
            assert_eq!(
                (page.status(), api.status()),
                (StatusCode::OK, StatusCode::OK)
            );
            continue;
        }
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{address}");
        let page = page.text().await.unwrap();
        assert!(page.contains("Reason: source_refused"), "{page}");
        assert_eq!(
            problem(api).await,
            (403, "source_refused".into()),
            "{address}"
        );
    }
    // Everything else answers everybody.
    assert_eq!(
        browser.get(&service, "/sessions").await.status(),
        StatusCode::OK
    );
    // The command line reaches the same calls.
    let (status, _) = service.over_socket(Method::GET, "users").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn the_sign_in_leads_to_pages_of_the_dashboard_and_nowhere_else() {
    let service = Service::start().await;
    let password = service.user("ana@example.com").await;
    for (place, leads_to) in [
        ("/dashboard/applications?q=1", "/dashboard/applications?q=1"),
        ("/dashboard", "/dashboard"),
        ("/dashboard/../logout", "/"),
        ("/dashboard.evil.example", "/"),
        ("//evil.example/dashboard", "/"),
        ("https://evil.example/dashboard", "/"),
    ] {
        let path = form_urlencoded::Serializer::new("/login?".to_owned())
            .append_pair("return_to", place)
            .finish();
        let who = ("ana@example.com", password.as_str());
        let led = Browser::default().sign_in(&service, &path, who).await;
        assert_eq!(led.headers()["location"], leads_to, "{place}");
    }
}

#[tokio::test]
async fn a_token_cannot_act_as_somebody_with_a_role() {
    let service = Service::start().await;
    administrator(&service).await;
    signed_in(&service, "ana@example.com", "viewer").await;
    let id = service.listed("/users").await;
    let id = id.iter().find(|user| user["email"] == "ana@example.com");
    let id = id.unwrap()["id"].as_str().unwrap();
    let token = token(&service, &["users:write"]).await;
    let path = format!("users/{id}/password");
    let refused = call(&service, &token, Method::POST, &path).await;
    assert_eq!(
        problem(refused).await,
        (403, "administrator_protected".into())
    );
}
