//! What every page has.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Attempt, Browser, between};
use crate::harness::Service;

#[tokio::test]
async fn every_page_is_guarded() {
    let service = Service::start().await;
    let mut titles = BTreeSet::new();
    let paths = ["/", "/login", "/nope", "/login?app=x"];
    for path in paths {
        let response = service.http.get(service.page(path)).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("x-robots-tag"), "noindex");
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "script-src 'self'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        let page = response.text().await.unwrap();
        assert!(
            page.contains("<html lang=\"en\">") && page.contains("<h1>"),
            "{path}"
        );
        assert!(!page.contains("Demo:"));
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        titles.insert(between(&page, "<title>", "</title>").to_owned());
    }
    assert_eq!(titles.len(), paths.len(), "{titles:?}");
}

#[tokio::test]
async fn the_forms_policy_names_the_application() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let response = Browser::default().get(&service, &attempt.path()).await;
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("form-action 'self' https://wiki.example.com"),
        "{policy}"
    );
}

/// Crawlers must be able to fetch the page that says `noindex`, and link previews its name.
#[tokio::test]
async fn crawlers_may_fetch_the_sign_in_page_alone() {
    let service = Service::start().await;
    let robots = service.http.get(service.page("/robots.txt"));
    let robots = robots.send().await.unwrap();
    assert_eq!(robots.status(), StatusCode::OK);
    let kind = robots.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "text/plain; charset=utf-8");
    assert_eq!(
        robots.text().await.unwrap(),
        "User-agent: *\nAllow: /login\nAllow: /assets/\nDisallow: /\n"
    );
}

#[tokio::test]
async fn a_link_preview_names_the_application_and_nothing_else() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({ "name": "wiki & <notes>" })).await);
    let page = service.http.get(service.page(&attempt.path()));
    let page = page.send().await.unwrap().text().await.unwrap();
    let head = between(&page, "<head>", "</head>");
    // `&` and `<` as the template escapes them.
    for part in [
        "<meta property=\"og:title\" content=\"wiki &#38; &#60;notes&#62;\">",
        "<meta property=\"og:description\" content=\"A private application. ",
    ] {
        assert!(head.contains(part), "{part}: {head}");
    }
    for private in [
        &attempt.state,
        &attempt.challenge,
        &attempt.return_to,
        "page?x",
    ] {
        assert!(!head.contains(private), "{private}: {head}");
    }
    let plain = service.http.get(service.page("/login"));
    let plain = plain.send().await.unwrap().text().await.unwrap();
    assert!(!plain.contains("og:title"), "there is no application");
}

#[tokio::test]
async fn the_forms_script_and_style_are_served() {
    let service = Service::start().await;
    let page = Browser::default()
        .get(&service, "/login")
        .await
        .text()
        .await
        .unwrap();
    let style = service.http.get(service.page("/assets/style.css"));
    let style = style.send().await.unwrap().text().await.unwrap();
    assert!(
        style.starts_with(portcullis::reply::page::STYLE),
        "one look with the filter's pages"
    );
    for script in ["sign-in.js", "wait.js", "times.js"] {
        let url = service.page(&format!("/assets/{script}"));
        let script = service.http.get(url).send().await.unwrap();
        assert_eq!(
            script.headers()["content-type"],
            "text/javascript; charset=utf-8"
        );
    }
    for (before, kind) in [
        ("script src=\"", "text/javascript"),
        ("stylesheet\" href=\"", "text/css"),
        ("icon\" href=\"", "image/svg+xml"),
    ] {
        let path = between(&page, before, "\"");
        let asset = service.http.get(service.page(path)).send().await.unwrap();
        assert_eq!(asset.status(), StatusCode::OK);
        assert!(
            asset.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
        assert!(
            asset.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("max-age")
        );
    }
    let none = service
        .http
        .get(service.page("/assets/x"))
        .send()
        .await
        .unwrap();
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_people_type_is_escaped() {
    let service = Service::start().await;
    let name = "<b>&\"wiki\"</b>";
    let audience = service
        .application(name, "https://wiki.example.com", json!({}))
        .await;
    let mut browser = Browser::default();
    let typed = ("\"><script>x</script>@example.com", "wrong one");
    let response = browser
        .sign_in(&service, &Attempt::at(&audience).path(), typed)
        .await;
    let page = response.text().await.unwrap();
    assert!(
        !page.contains("<script>x") && !page.contains("<b>"),
        "{page}"
    );
}

#[tokio::test]
async fn a_demo_says_so_on_every_page() {
    let service = Service::start_with("[server]\ndemo = true\n").await;
    for path in ["/", "/login", "/logout", "/nope", "/login?app=x"] {
        let page = Browser::default()
            .get(&service, path)
            .await
            .text()
            .await
            .unwrap();
        assert!(page.contains("Demo:"), "{path}");
    }
    service.wiki(json!({ "session_duration": "5s" })).await;
}

#[tokio::test]
async fn other_methods_and_large_bodies_are_refused() {
    let service = Service::start().await;
    let put = service
        .http
        .put(service.page("/login"))
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
    let large = "x".repeat(100_000);
    let post = service
        .http
        .post(service.page("/login"))
        .form(&[("email", &large)]);
    assert_eq!(post.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}
