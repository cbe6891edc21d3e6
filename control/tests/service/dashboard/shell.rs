//! What every page of the dashboard has.

use portcullis_control::dashboard::rules;
use reqwest::{Method, StatusCode};

use super::{administrator, own_form, page, signed_in};
use crate::browser::{Browser, between};
use crate::harness::Service;

#[tokio::test]
async fn every_page_is_guarded_by_its_headers() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let mut titles = Vec::new();
    let rules = rules();
    let lists = rules.iter().filter(|rule| rule.method == Method::GET);
    for rule in lists.filter(|rule| !rule.path.contains('{')) {
        let response = browser.get(&service, &rule.url()).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!(header("cache-control"), "no-store", "{}", rule.path);
        assert_eq!(header("x-frame-options"), "DENY");
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(policy.contains(part), "{}: {policy}", rule.path);
        }
        let is_file = response.headers().contains_key("content-disposition");
        if response.status() != StatusCode::OK || is_file {
            continue;
        }
        let page = response.text().await.unwrap();
        let title = between(&page, "<title>", "</title>").to_owned();
        assert!(title.ends_with(" – Portcullis"), "{title}");
        titles.push(title);
        assert_eq!(page.matches("<h1").count(), 1, "{}", rule.path);
        for part in [
            "href=\"#main\"",
            "<main id=\"main\"",
            "<header",
            "<footer",
            "<nav",
        ] {
            assert!(page.contains(part), "{}: no {part}", rule.path);
        }
        for refused in [" style=", "<style", " onclick=", "javascript:"] {
            assert!(!page.contains(refused), "{}: {refused}", rule.path);
        }
        assert!(
            !page.replace("<script src=", "").contains("<script"),
            "{}",
            rule.path
        );
    }
    let all = titles.len();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), all, "{titles:?}");
}

#[tokio::test]
async fn the_person_the_role_and_the_place_are_shown() {
    let service = Service::start().await;
    administrator(&service).await;
    let mut browser = signed_in(&service, "ana@example.com", "help_desk").await;
    let shown = page(&service, &mut browser, "/dashboard/applications").await;
    assert!(
        shown.contains("<bdi>ana@example.com</bdi></span> <span class=\"role\">help desk</span>"),
        "{shown}"
    );
    assert!(
        shown
            .contains("<a href=\"/dashboard/applications\" aria-current=\"page\">Applications</a>"),
        "{shown}"
    );
    assert!(shown.contains("action=\"/logout\""), "{shown}");
    let launcher = page(&service, &mut browser, "/").await;
    assert!(
        launcher.contains("<a href=\"/dashboard\">Dashboard</a>"),
        "{launcher}"
    );
    let slash = browser.get(&service, "/dashboard/").await;
    assert_eq!(slash.headers()["location"], "/dashboard");
}

#[tokio::test]
async fn a_theme_is_kept_in_the_browser() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let at = "/dashboard/applications?x=1";
    assert!(
        !page(&service, &mut browser, at)
            .await
            .contains("data-theme")
    );
    for theme in ["dark", "light"] {
        let fields = [("theme", theme), ("return_to", at)];
        let chosen = own_form(&service, "/dashboard/theme", &fields);
        let chosen = browser.send(chosen).await;
        assert_eq!(chosen.status(), StatusCode::SEE_OTHER);
        assert_eq!(chosen.headers()["location"], at);
        let shown = page(&service, &mut browser, at).await;
        assert!(
            shown.contains(&format!("data-theme=\"{theme}\"")),
            "{shown}"
        );
    }
    for (theme, back) in [("system", "//evil.example"), ("<b>", "/logout")] {
        let fields = [("theme", theme), ("return_to", back)];
        let chosen = own_form(&service, "/dashboard/theme", &fields);
        let chosen = browser.send(chosen).await;
        assert_eq!(chosen.headers()["location"], "/dashboard");
        assert!(
            !page(&service, &mut browser, at)
                .await
                .contains("data-theme")
        );
    }
    // A cookie that says something else says nothing.
    browser
        .cookies
        .insert("__Host-access_theme".to_owned(), "x".to_owned());
    assert!(
        !page(&service, &mut browser, at)
            .await
            .contains("data-theme")
    );
}

#[tokio::test]
async fn style_and_scripts_are_kept_for_a_year_and_named_by_their_content() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let shown = page(&service, &mut browser, "/dashboard").await;
    let style = between(&shown, "stylesheet\" href=\"", "\"").to_owned();
    let script = between(&shown, "script src=\"", "\"").to_owned();
    for (path, kind) in [(&style, "text/css"), (&script, "text/javascript")] {
        let asset = Browser::default().get(&service, path).await;
        let header = |name: &str| asset.headers()[name].to_str().unwrap();
        assert!(header("content-type").starts_with(kind), "{path}");
        assert_eq!(
            header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    let (directory, name) = style.rsplit_once('/').unwrap();
    // The page of another version gets something to look at, and does not keep it.
    let other = Browser::default()
        .get(&service, &format!("/assets/0/{name}"))
        .await;
    assert_eq!(other.headers()["cache-control"], "public, max-age=60");
    let none = format!("{directory}/x");
    assert_eq!(Browser::default().get(&service, &none).await.status(), 404);
}
