//! My Team › Users: who signed in this month, search, select, revoke, confirm.

use reqwest::Method;
use serde_json::{Value, json};

use super::{administrator, page, read, signed_in, submit};
use crate::browser::Browser;
use crate::harness::Service;

const PATH: &str = "/dashboard/users";

async fn id_of(service: &Service, email: &str) -> String {
    let users = service.listed("/users").await;
    let user = users.into_iter().find(|user| user["email"] == email);
    user.unwrap()["id"].as_str().unwrap().to_owned()
}

/// Whom the page shows, in its order.
async fn shown(service: &Service, browser: &mut Browser, query: &str) -> (Vec<String>, String) {
    let page = page(service, browser, &format!("{PATH}{query}")).await;
    let rows = page.split("<th scope=\"row\"").skip(1);
    let who = |row: &str| {
        let (_, rest) = row.split_once("<bdi>").unwrap();
        rest.split_once("</bdi>").unwrap().0.to_owned()
    };
    (rows.map(who).collect(), page)
}

async fn is_signed_in(service: &Service, browser: &mut Browser) -> bool {
    let response = browser.get(service, "/sessions").await;
    response.status() == 200
}

async fn newest_revocation(service: &Service) -> Value {
    let path = "audit?event=revocation.made";
    let (_, page) = service.over_socket(Method::GET, path).await;
    page["items"][0].clone()
}

#[tokio::test]
async fn s12_users_of_the_calendar_month_are_listed_newest_first() {
    let service = Service::start().await;
    service.user("never@example.com").await;
    signed_in(&service, "old@example.com", "none").await;
    // More than the longest month, and more than any session.
    service.clock.advance(32 * 86_400);
    signed_in(&service, "ana@example.com", "none").await;
    service.clock.advance(1);
    let mut browser = administrator(&service).await;
    let (users, page) = shown(&service, &mut browser, "").await;
    assert_eq!(users, ["admin@example.com", "ana@example.com"]);
    assert!(page.contains("<p>2 users signed in since 1 "), "{page}");
    assert!(page.contains(", 00:00 UTC.</p>"), "{page}");
    let (users, page) = shown(&service, &mut browser, "?show=everybody").await;
    let everybody = [
        "admin@example.com",
        "ana@example.com",
        "old@example.com",
        "never@example.com",
    ];
    assert_eq!(users, everybody);
    assert!(page.contains("<p>4 users.</p>"), "{page}");
    let (users, _) = shown(&service, &mut browser, "?show=now").await;
    assert_eq!(users, ["admin@example.com", "ana@example.com"]);
}

#[tokio::test]
async fn s12_a_search_finds_beginnings_of_words_among_everybody() {
    let service = Service::start().await;
    service.user("ana.naka@example.com").await;
    service.user("bo.nakamura@other.example").await;
    let mut browser = administrator(&service).await;
    for (search, expected) in [
        (
            "naka",
            &["bo.nakamura@other.example", "ana.naka@example.com"][..],
        ),
        (
            "NAKA",
            &["bo.nakamura@other.example", "ana.naka@example.com"],
        ),
        ("naka+other", &["bo.nakamura@other.example"]),
        ("ana.naka%40example.com", &["ana.naka@example.com"]),
        ("na+a", &["ana.naka@example.com"]),
        ("aka", &[]),
        ("%25", &[]),
        ("naka+zzz", &[]),
    ] {
        let (mut users, page) = shown(&service, &mut browser, &format!("?q={search}")).await;
        users.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(users, expected, "{search}");
        match expected.len() {
            0 => assert!(page.contains("Nobody is found."), "{page}"),
            // Nobody hides behind the first of the month.
            _ => assert!(page.contains("did not sign in this month"), "{page}"),
        }
    }
}

#[tokio::test]
async fn s12_users_of_before_are_found() {
    let service = Service::start().await;
    service.user("ana@example.com").await;
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    let forget = sqlx::query("DELETE FROM user_words");
    assert!(forget.execute(&pool).await.unwrap().rows_affected() > 0);
    pool.close().await;
    let service = service.restart("").await;
    let mut browser = administrator(&service).await;
    let (users, _) = shown(&service, &mut browser, "?q=ana").await;
    assert_eq!(users, ["ana@example.com"]);
}

#[tokio::test]
async fn s12_a_long_list_has_pages() {
    let service = Service::start().await;
    for number in 0..60 {
        service.user(&format!("u{number}@example.com")).await;
    }
    let mut browser = administrator(&service).await;
    let (first, shown_page) = shown(&service, &mut browser, "?show=everybody").await;
    assert_eq!(first.len(), 50);
    let (_, rest) = shown_page.split_once("aria-label=\"Pages\"").unwrap();
    let (_, rest) = rest.split_once("href=\"/dashboard/users").unwrap();
    let next = rest.split_once('"').unwrap().0.replace("&#38;", "&");
    let (second, _) = shown(&service, &mut browser, &next).await;
    assert_eq!(second.len(), 11);
    assert!(second.iter().all(|user| !first.contains(user)));
    // The place is one of this list only.
    for foreign in [next.replace("everybody", "now"), "?cursor=x".to_owned()] {
        let response = browser.get(&service, &format!("{PATH}{foreign}")).await;
        assert_eq!(response.status(), 400, "{foreign}");
    }
}

#[tokio::test]
async fn s12_revoking_a_user_is_confirmed_and_ends_their_sessions() {
    let service = Service::start().await;
    let mut ana = signed_in(&service, "ana@example.com", "none").await;
    let mut browser = administrator(&service).await;
    let id = id_of(&service, "ana@example.com").await;
    let path = format!("{PATH}/{id}/revoke");
    let (_, list) = shown(&service, &mut browser, "").await;
    assert!(list.contains(&format!("href=\"{path}\"")), "{list}");
    let confirm = page(&service, &mut browser, &path).await;
    assert!(confirm.contains("Revoke session of <bdi>ana@example.com</bdi>?"));
    assert!(confirm.contains("1 session"), "{confirm}");
    assert!(confirm.contains("after 60 seconds, by signing in"));
    // Asking changes nothing.
    assert!(is_signed_in(&service, &mut ana).await);

    let fields = [("note", "laptop \"lost\" <b>")];
    let response = submit(&service, &mut browser, &path, &fields).await;
    assert_eq!(response.status(), 303);
    let event = newest_revocation(&service).await;
    let to = response.headers()["location"].to_str().unwrap();
    assert!(to.starts_with("/dashboard/revocations/"), "{to}");
    assert!(!is_signed_in(&service, &mut ana).await);
    assert!(is_signed_in(&service, &mut browser).await);
    assert_eq!(event["subject"]["name"], "ana@example.com");
    assert_eq!(event["actor"]["name"], "admin@example.com");
    assert_eq!(event["details"]["note"], "laptop \"lost\" <b>");
    let one = page(&service, &mut browser, &format!("{PATH}/{id}")).await;
    assert!(one.contains("Blocked, 60 s"), "{one}");
    assert!(one.contains("Blocked from signing in until"), "{one}");
}

#[tokio::test]
async fn s12_those_selected_are_revoked_together() {
    let service = Service::start().await;
    let mut ana = signed_in(&service, "ana@example.com", "none").await;
    let mut bo = signed_in(&service, "bo@example.com", "none").await;
    let mut dora = signed_in(&service, "dora@example.com", "none").await;
    let mut browser = administrator(&service).await;
    let ids = [
        id_of(&service, "ana@example.com").await,
        id_of(&service, "bo@example.com").await,
    ];
    let path = format!("{PATH}/revoke?id={}&id={}", ids[0], ids[1]);
    let confirm = page(&service, &mut browser, &path).await;
    assert!(confirm.contains("Revoke session of <bdi>2 users</bdi>?"));
    let fields = [("id", ids[0].as_str()), ("id", ids[1].as_str())];
    let response = submit(&service, &mut browser, &path, &fields).await;
    assert_eq!(response.status(), 303);
    assert!(!is_signed_in(&service, &mut ana).await);
    assert!(!is_signed_in(&service, &mut bo).await);
    assert!(is_signed_in(&service, &mut dora).await);

    let none = page(&service, &mut browser, &format!("{PATH}/revoke")).await;
    assert!(none.contains("Nobody is selected"), "{none}");
    for (query, status) in [("id=0", 404), (&"&id=0".repeat(51)[1..], 400)] {
        let response = browser
            .get(&service, &format!("{PATH}/revoke?{query}"))
            .await;
        assert_eq!(read(response).await.0, status);
    }
}

#[tokio::test]
async fn whoever_has_a_role_is_not_disabled_in_passing() {
    let service = Service::start().await;
    signed_in(&service, "ana@example.com", "none").await;
    signed_in(&service, "vera@example.com", "viewer").await;
    let mut browser = administrator(&service).await;
    let mut help_desk = signed_in(&service, "help@example.com", "help_desk").await;
    let ana = format!("{PATH}/{}/revoke", id_of(&service, "ana@example.com").await);
    let vera = format!(
        "{PATH}/{}/revoke",
        id_of(&service, "vera@example.com").await
    );
    let offer = "Also disable this user";
    assert!(page(&service, &mut browser, &ana).await.contains(offer));
    assert!(!page(&service, &mut browser, &vera).await.contains(offer));
    assert!(!page(&service, &mut help_desk, &ana).await.contains(offer));
    let disable = [("disable", "true")];
    for (who, path) in [(&mut browser, &vera), (&mut help_desk, &ana)] {
        let response = submit(&service, who, path, &disable).await;
        assert_eq!(response.status(), 400);
    }
    let users = service.listed("/users").await;
    assert!(users.iter().all(|user| user["disabled"] == json!(false)));
    let response = submit(&service, &mut browser, &ana, &disable).await;
    assert_eq!(response.status(), 303);
    let (_, list) = shown(&service, &mut browser, "").await;
    assert!(list.contains(">Disabled</span>"), "{list}");
}

#[tokio::test]
async fn somebody_who_revokes_themselves_is_told_first() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let path = format!("{PATH}/{}/revoke", id_of(&service, super::ROOT).await);
    let confirm = page(&service, &mut browser, &path).await;
    assert!(confirm.contains("you will be signed out, too"), "{confirm}");
}

#[tokio::test]
async fn hostile_addresses_and_searches_stay_text() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let search = "%3Cscript%3E%22%27%26";
    let page = page(&service, &mut browser, &format!("{PATH}?q={search}")).await;
    assert!(!page.contains("<script>\""), "{page}");
    assert!(
        page.contains("value=\"&#60;script&#62;&#34;&#39;&#38;\""),
        "{page}"
    );
}

#[tokio::test]
async fn s12_revoking_asks_for_a_recent_sign_in() {
    let service = Service::start().await;
    service.user("ana@example.com").await;
    let mut browser = administrator(&service).await;
    let id = id_of(&service, "ana@example.com").await;
    service.clock.advance(16 * 60);
    shown(&service, &mut browser, "").await;
    for path in [
        format!("{PATH}/{id}/revoke"),
        format!("{PATH}/revoke?id={id}"),
    ] {
        let response = browser.get(&service, &path).await;
        assert_eq!(response.status(), 302, "{path}");
        let to = response.headers()["location"].to_str().unwrap();
        assert!(to.starts_with("/login?prompt=login&"), "{to}");
    }
}

#[tokio::test]
async fn a_user_is_disabled_and_enabled_again() {
    let service = Service::start().await;
    let mut ana = signed_in(&service, "ana@example.com", "none").await;
    let mut browser = administrator(&service).await;
    let user = format!("{PATH}/{}", id_of(&service, "ana@example.com").await);
    let note = [("note", "left the team")];
    let disable = format!("{user}/disable");
    let disabled = submit(&service, &mut browser, &disable, &note).await;
    assert_eq!(disabled.status(), 303);
    assert_ne!(ana.get(&service, "/sessions").await.status(), 200);
    let shown = page(&service, &mut browser, &user).await;
    assert!(shown.contains(">Disabled</span>"), "{shown}");
    assert!(!shown.contains(&disable), "{shown}");
    let (_, events) = service
        .over_socket(Method::GET, "audit?event=user.disabled")
        .await;
    assert_eq!(events["items"][0]["details"]["note"], "left the team");

    let enabled = submit(&service, &mut browser, &format!("{user}/enable"), &[]).await;
    let to = enabled.headers()["location"].to_str().unwrap().to_owned();
    let shown = page(&service, &mut browser, &to).await;
    assert!(shown.contains("The user can sign in again."), "{shown}");
    assert!(shown.contains(&disable), "{shown}");
    // Who has a role loses that first; the help desk disables nobody.
    let who = json!({ "email": "ana@example.com", "role": "viewer" });
    service.done("/users/role", who).await;
    let shown = page(&service, &mut browser, &user).await;
    assert!(!shown.contains(&disable), "{shown}");
    assert_eq!(browser.get(&service, &disable).await.status(), 302);
    let mut help = signed_in(&service, "bo@example.com", "help_desk").await;
    assert_eq!(help.get(&service, &disable).await.status(), 403);
}
