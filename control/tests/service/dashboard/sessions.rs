//! My Team › Sessions: one session is ended, the others go on.

use super::{administrator, page, signed_in, submit};
use crate::browser::{Browser, between};
use crate::harness::Service;

const PATH: &str = "/dashboard/sessions";

async fn is_signed_in(service: &Service, browser: &mut Browser) -> bool {
    browser.get(service, "/sessions").await.status() == 200
}

#[tokio::test]
async fn b05_one_session_is_ended_and_the_others_of_the_user_go_on() {
    let service = Service::start().await;
    let password = service.user("ana@example.com").await;
    let mut laptop = Browser::default();
    let mut phone = Browser::default();
    let who = ("ana@example.com", password.as_str());
    laptop.sign_in(&service, "/login", who).await;
    service.clock.advance(1);
    phone.sign_in(&service, "/login", who).await;
    let mut browser = administrator(&service).await;

    let list = page(
        &service,
        &mut browser,
        &format!("{PATH}?user=ANA%40example.com"),
    )
    .await;
    assert_eq!(list.matches("<th scope=\"row\"").count(), 2, "{list}");
    // The newest is the first.
    let end = between(&list, &format!("<a href=\"{PATH}/"), "\"");
    let path = format!("{PATH}/{end}");
    let confirm = page(&service, &mut browser, &path).await;
    assert!(confirm.contains("End this session of <bdi>ana@example.com</bdi>?"));
    assert!(is_signed_in(&service, &mut phone).await);
    let response = submit(&service, &mut browser, &path, &[("note", "lost phone")]).await;
    assert_eq!(response.status(), 303);
    let to = response.headers()["location"].to_str().unwrap();
    assert!(to.starts_with("/dashboard/revocations/"), "{to}");
    assert!(!is_signed_in(&service, &mut phone).await);
    assert!(is_signed_in(&service, &mut laptop).await);
    assert!(is_signed_in(&service, &mut browser).await);

    let gone = browser.get(&service, &path).await;
    assert_eq!(gone.status(), 404);
    let events = "audit?event=revocation.made";
    let (_, events) = service.over_socket(reqwest::Method::GET, events).await;
    assert_eq!(events["items"][0]["details"]["note"], "lost phone");
}

#[tokio::test]
async fn a_long_list_of_sessions_has_pages() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    // The oldest session is on the last page.
    service.clock.advance(1);
    let password = service.user("ana@example.com").await;
    for _ in 0..51 {
        let who = ("ana@example.com", password.as_str());
        Browser::default().sign_in(&service, "/login", who).await;
    }
    let first = page(&service, &mut browser, PATH).await;
    assert_eq!(first.matches("<th scope=\"row\"").count(), 50);
    let (_, rest) = first.split_once("aria-label=\"Pages\"").unwrap();
    let next = between(rest, "href=\"", "\"").replace("&#38;", "&");
    let second = page(&service, &mut browser, &next).await;
    assert_eq!(second.matches("<th scope=\"row\"").count(), 2, "{second}");
    assert!(second.contains(">yours</span>"), "{second}");
    let foreign = browser.get(&service, &format!("{PATH}?cursor=x")).await;
    assert_eq!(foreign.status(), 400);
}

#[tokio::test]
async fn a_viewer_sees_sessions_and_ends_none() {
    let service = Service::start().await;
    let mut viewer = signed_in(&service, "vera@example.com", "viewer").await;
    let list = page(&service, &mut viewer, PATH).await;
    assert!(list.contains("<bdi>vera@example.com</bdi>"), "{list}");
    assert!(!list.contains("/end\""), "{list}");
}
