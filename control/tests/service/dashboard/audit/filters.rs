//! The list: filters, pages, and how far a page reads.

use portcullis_control::audit::{Event, EventName, Subject};

use super::super::{administrator, page, read, signed_in};
use super::{add, from, ids, link, store};
use crate::harness::Service;

#[tokio::test]
async fn every_filter_shows_what_it_admits_and_nothing_else() {
    let service = Service::start().await;
    let mut browser = signed_in(&service, "vi@example.com", "viewer").await;
    let user = Subject::user("u-1", "Ana@Example.com");
    let refused = Event::new(
        EventName::SignInRefused,
        &from("192.0.2.7", "Req-1_a%xyz"),
        user,
    );
    let refused = add(&service, refused.at("secret wiki").reason("policy_denied")).await;
    let issued = Event::new(
        EventName::TokenIssued,
        &from("192.0.3.7", "Req-2"),
        Subject::none(),
    );
    let issued = add(&service, issued.of_user("u-2", "bo@example.com").at("git")).await;
    let rotated = store(&service, "k").await;
    let shown = async |browser: &mut _, query: &str| {
        let path = format!("/dashboard/audit?{query}");
        let mut found = ids(&page(&service, browser, &path).await);
        found.retain(|id| [refused, issued, rotated].contains(id));
        found
    };
    for (query, expected) in [
        ("", vec![rotated, issued, refused]),
        (
            "user=&event=&since=&outcome=&actor=",
            vec![rotated, issued, refused],
        ),
        ("event=sign_in.refused", vec![refused]),
        ("event=sign_in", vec![refused]),
        ("event=key.rotated,token", vec![rotated, issued]),
        ("not_event=sign_in,+key.*", vec![issued]),
        ("user=ANA%40example.com", vec![refused]),
        ("user=u-2", vec![issued]),
        ("application=secret+wiki", vec![refused]),
        ("application=git&event=token.issued", vec![issued]),
        ("application=git&event=key.rotated", vec![]),
        (
            "user=u-1&application=secret+wiki&event=sign_in.refused",
            vec![refused],
        ),
        ("actor=test", vec![rotated, issued, refused]),
        ("actor=nobody", vec![]),
        ("outcome=refused", vec![refused]),
        ("outcome=admitted&actor=test", vec![issued]),
        ("address=192.0.2.7", vec![refused]),
        ("address=192.0.2.0/23", vec![issued, refused]),
        ("address=192.0.3.0/24", vec![issued]),
        ("address=2001:db8::/32", vec![]),
        ("reference=Req-1_a%25", vec![refused]),
        ("reference=Req-", vec![issued, refused]),
        ("reference=Req_2", vec![]),
        ("since=2100-01-01", vec![]),
        ("until=2100-01-01", vec![rotated, issued, refused]),
        ("until=2020-01-01", vec![]),
        (
            "since=2020-01-01&until=2100-01-01&event=token",
            vec![issued],
        ),
    ] {
        assert_eq!(shown(&mut browser, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_is_said_beside_each_field() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let path = "/dashboard/audit?since=soon&event=user.adde&user=%3Cb%3E";
    let (status, shown) = read(browser.get(&service, path).await).await;
    assert_eq!(status, 422);
    assert!(shown.contains("<title>Error: Audit log"), "{shown}");
    for field in ["since", "event"] {
        assert!(shown.contains(&format!("<a href=\"#{field}\">")), "{shown}");
        assert!(shown.contains(&format!("id=\"{field}-wrong\"")), "{shown}");
    }
    assert!(shown.contains("value=\"&#60;b&#62;\""), "{shown}");
    assert!(!shown.contains("user-wrong"), "{shown}");
    for wrong in ["outcome=maybe", "address=host", "address=192.0.2.0/33"] {
        let path = format!("/dashboard/audit?{wrong}");
        assert_eq!(browser.get(&service, &path).await.status(), 422, "{wrong}");
        let path = format!("/dashboard/audit/export?{wrong}");
        assert_eq!(browser.get(&service, &path).await.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_empty_page_names_the_filter_that_excludes_most() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    for _ in 0..3 {
        let event = Event::new(
            EventName::KeyRotated,
            &from("192.0.2.7", ""),
            Subject::key("k"),
        );
        add(&service, event).await;
    }
    let path = "/dashboard/audit?event=key.rotated&actor=test&address=192.0.2.8";
    let shown = page(&service, &mut browser, path).await;
    assert!(shown.contains("Address excludes most"), "{shown}");
    assert!(shown.contains("there would be 3 events"), "{shown}");
    let without = link(&shown, "Show them").unwrap();
    assert_eq!(without, "/dashboard/audit?event=key.rotated&actor=test");
    assert_eq!(ids(&page(&service, &mut browser, &without).await).len(), 3);
    let path = "/dashboard/audit?actor=nobody";
    let shown = page(&service, &mut browser, path).await;
    assert!(shown.contains("No event fits this filter."), "{shown}");
    assert!(!shown.contains("excludes most"), "{shown}");
}

#[tokio::test]
async fn pages_show_nothing_twice_while_events_are_stored() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let mut stored = Vec::new();
    for number in 0..120 {
        stored.push(store(&service, &number.to_string()).await);
    }
    stored.reverse();
    let mut path = "/dashboard/audit?event=key.rotated".to_owned();
    let mut seen = Vec::new();
    loop {
        let shown = page(&service, &mut browser, &path).await;
        seen.extend(ids(&shown));
        store(&service, "meanwhile").await;
        match link(&shown, "Next") {
            Some(next) => path = next,
            None => break,
        }
        assert!(seen.len() <= 200);
    }
    seen.retain(|id| stored.contains(id) || *id > stored[0]);
    assert_eq!(seen, stored);

    let first = page(&service, &mut browser, "/dashboard/audit?event=key.rotated").await;
    let next = link(&first, "Next").unwrap();
    let (_, cursor) = next.split_once("cursor=").unwrap();
    for foreign in [
        format!("/dashboard/audit?event=key&cursor={cursor}"),
        format!("/dashboard/audit?cursor={cursor}"),
        "/dashboard/audit?cursor=x".to_owned(),
    ] {
        assert_eq!(
            browser.get(&service, &foreign).await.status(),
            400,
            "{foreign}"
        );
    }
}

/// Copies the newest event this many times.
async fn copy_newest(service: &Service, count: u64) {
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    let newest = service
        .running
        .service
        .storage
        .newest_audit_id()
        .await
        .unwrap();
    let copy = format!(
        "INSERT INTO audit_events SELECT id + n, at_ms, event, actor_kind, actor_id, actor_name, \
         subject_kind, subject_id, subject_name, user_id, user_email, application, address, \
         user_agent, rule, reason, request_id, changes, details, count, NULL FROM audit_events, \
         (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
         WHERE n < {count}) SELECT n FROM numbers) AS many WHERE id = {newest}"
    );
    sqlx::query(sqlx::AssertSqlSafe(copy))
        .execute(&pool)
        .await
        .unwrap();
    let raise = format!("UPDATE audit_state SET last_id = {}", newest + count);
    sqlx::query(sqlx::AssertSqlSafe(raise))
        .execute(&pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_page_reads_a_bounded_number_of_events_and_says_how_far_it_came() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let rare = Event::new(
        EventName::BackupMade,
        &from("192.0.2.7", "req"),
        Subject::none(),
    );
    let rare = add(&service, rare.of_user("u-9", "").at("git")).await;
    store(&service, "often").await;
    copy_newest(&service, 20_100).await;
    for query in [
        "reference=req",
        "address=192.0.2.0/24",
        "event=key.rotated&reference=req",
    ] {
        let shown = page(&service, &mut browser, &format!("/dashboard/audit?{query}")).await;
        assert!(ids(&shown).is_empty(), "{query}");
        assert!(
            shown.contains("looked at 20000 events, back to"),
            "{query}: {shown}"
        );
        let more = link(&shown, "Go on").unwrap();
        let shown = page(&service, &mut browser, &more).await;
        assert!(!shown.contains("Go on"), "{query}: {shown}");
        let found = ids(&shown);
        let expected = if query.contains("key") {
            vec![]
        } else {
            vec![rare]
        };
        assert_eq!(found, expected, "{query}");
    }
    // An index leads to these, and to the rarer one of two.
    for query in [
        "user=u-9",
        "application=git",
        "event=admin.backup_made",
        "event=admin.backup_made&reference=req",
        "application=git&outcome=&address=192.0.2.0/24",
    ] {
        let shown = page(&service, &mut browser, &format!("/dashboard/audit?{query}")).await;
        assert_eq!(ids(&shown), [rare], "{query}");
        assert!(!shown.contains("Go on"), "{query}: {shown}");
    }
    let shown = page(
        &service,
        &mut browser,
        "/dashboard/audit?event=key.rotated&application=git",
    )
    .await;
    assert!(
        ids(&shown).is_empty() && !shown.contains("Go on"),
        "{shown}"
    );
}
