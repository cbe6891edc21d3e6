//! Home, and Find.

use serde_json::json;

use super::{administrator, page, signed_in};
use crate::applied::proxy::{ALLOW, ANA, DENY, Proxy, revoke};
use crate::harness::Service;

const HOME: &str = "/dashboard";

#[tokio::test]
async fn home_says_what_needs_attention_the_worst_first_and_nothing_else() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut browser = administrator(&service).await;
    let calm = page(&service, &mut browser, HOME).await;
    assert!(calm.contains("Nothing needs you."), "{calm}");
    let mut gone = Proxy::start(&service, "edge-1", ALLOW).await;
    gone.poll(0).await;
    let version = revoke(&service).await;
    let token = json!({ "scopes": ["audit:read"], "name": "siem", "expires": "13d" });
    service.done("/admin-tokens", token).await;
    // A revocation is under way for some seconds.
    let soon = page(&service, &mut browser, HOME).await;
    assert!(!soon.contains("not in force everywhere"), "{soon}");
    assert!(
        soon.contains("1 admin token ends within 14 days."),
        "{soon}"
    );
    service.clock.advance(60);
    let shown = page(&service, &mut browser, HOME).await;
    assert!(!shown.contains("Nothing needs you."), "{shown}");
    let places = [
        &format!("<a href=\"/dashboard/revocations/{version}\">A revocation is not in force everywhere: applied by 0 of 1 proxy."),
        "<a href=\"/dashboard/proxies\">1 proxy has no longer polled",
        "<a href=\"/dashboard/settings/admin-tokens\">",
    ]
    .map(|text| shown.find(text).unwrap_or_else(|| panic!("{text}: {shown}")));
    assert!(places.is_sorted(), "{places:?}");
    gone.poll(0).await;
    gone.poll(0).await;
    let mended = page(&service, &mut browser, HOME).await;
    assert!(!mended.contains("/dashboard/revocations/"), "{mended}");
}

#[tokio::test]
async fn find_leads_to_the_one_page_or_shows_all_that_fits() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    service.user(ANA).await;
    signed_in(&service, "bo@example.com", "none").await;
    let _proxy = Proxy::start(&service, "edge-<1>", DENY).await;
    let version = revoke(&service).await;
    let mut viewer = signed_in(&service, "eve@example.com", "viewer").await;
    let users = service.listed("/users").await;
    let bo = users.iter().find(|one| one["email"] == "bo@example.com");
    let bo = bo.unwrap()["id"].as_str().unwrap();
    let application = format!("/dashboard/applications/{audience}");
    let user = format!("/dashboard/users/{bo}");
    let expected = [
        ("wiki", application.as_str()),
        (audience.as_str(), &application),
        ("https://wiki.example.com/page?x=1", &application),
        ("WIKI.example.com", &application),
        ("Bo@Example.com", &user),
        (bo, &user),
        (
            &version.to_string(),
            &format!("/dashboard/revocations/{version}"),
        ),
        ("abcdefghij", "/dashboard/audit?reference=abcdefghij"),
    ];
    for (wanted, place) in expected {
        let path = format!(
            "/dashboard/find?q={}",
            wanted.replace('?', "%3F").replace('@', "%40")
        );
        let answer = viewer.get(&service, &path).await;
        assert_eq!(answer.status(), 302, "{wanted}");
        assert_eq!(answer.headers()["location"], *place, "{wanted}");
    }
    let proxy = viewer.get(&service, "/dashboard/find?q=edge-%3C1%3E").await;
    let to = proxy.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.ends_with("&instance=edge-%3C1%3E"), "{to}");
    page(&service, &mut viewer, &to).await;
    // Two things of one name are a list; nothing is said, and hostile text stays text.
    service
        .application("edge-<1>", "https://edge.example.com", json!({}))
        .await;
    let several = page(&service, &mut viewer, "/dashboard/find?q=edge-%3C1%3E").await;
    assert!(
        several.contains("Application <a href=") && several.contains("Proxy <a href="),
        "{several}"
    );
    for nothing in ["", "%40", "%3Cscript%3E", "999999999"] {
        let shown = page(
            &service,
            &mut viewer,
            &format!("/dashboard/find?q={nothing}"),
        )
        .await;
        assert!(!shown.contains("<script>"), "{shown}");
        assert!(!shown.contains("<ul class=\"card\">"), "{shown}");
    }
}
