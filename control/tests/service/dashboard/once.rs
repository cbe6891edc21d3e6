//! A form that is sent twice acts once.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{administrator, own_form, page};
use crate::browser::between;
use crate::harness::Service;

const CHANGE: &str = "/dashboard/administrators/change";

async fn changes(service: &Service) -> usize {
    let path = "audit?event=user.role_changed&user=ana@example.com";
    let (_, log) = service.over_socket(Method::GET, path).await;
    log["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_second_press_shows_the_first_result() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    service.user("ana@example.com").await;
    let form = page(&service, &mut browser, CHANGE).await;
    let once = between(&form, "name=\"once\" value=\"", "\"").to_owned();
    assert!(once.len() >= 32);
    let fields = [
        ("once", once.as_str()),
        ("user", "ana@example.com"),
        ("role", "viewer"),
    ];
    let mut other_tab = browser.clone();
    // At the same moment.
    let (first, second) = tokio::join!(
        browser.send(own_form(&service, CHANGE, &fields)),
        other_tab.send(own_form(&service, CHANGE, &fields)),
    );
    for answer in [first, second] {
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(
            answer.headers()["location"],
            "/dashboard/administrators?done=role"
        );
    }
    assert_eq!(changes(&service).await, 1);
    // Long after, when somebody else has changed it back.
    let none = json!({ "email": "ana@example.com", "role": "none" });
    service.done("/users/role", none).await;
    service.clock.advance(10 * 60);
    let again = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    assert_eq!(changes(&service).await, 2, "the third press did nothing");
    // Another choice in the same form is another act.
    let fields = [fields[0], fields[1], ("role", "help_desk")];
    let other = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(other.status(), StatusCode::SEE_OTHER);
    assert_eq!(changes(&service).await, 3);
}

#[tokio::test]
async fn a_form_that_was_refused_can_be_sent_again() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let fields = [
        ("once", "x"),
        ("user", "ana@example.com"),
        ("role", "viewer"),
    ];
    let refused = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    service.user("ana@example.com").await;
    let sent = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(changes(&service).await, 1);
}

#[tokio::test]
async fn a_form_whose_first_sending_was_cut_short_says_so() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    service.user("ana@example.com").await;
    let fields = [
        ("once", "x"),
        ("user", "ana@example.com"),
        ("role", "viewer"),
    ];
    let sent = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    // As after a crash between the claim and the result.
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    sqlx::query("UPDATE sent_forms SET result = NULL")
        .execute(&pool)
        .await
        .unwrap();
    let again = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let text = again.text().await.unwrap();
    assert!(text.contains("Reason: still_running"), "{text}");
    // A result that was shown once is not shown again.
    sqlx::query("UPDATE sent_forms SET result = ''")
        .execute(&pool)
        .await
        .unwrap();
    let again = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let text = again.text().await.unwrap();
    assert!(text.contains("Reason: already_made"), "{text}");
    // After a day nothing is known of it.
    let tidied = service.clock_now() + 24 * 60 * 60 + 1;
    let storage = &service.running.service.storage;
    let now = portcullis::time::UnixSeconds::new(tidied);
    storage.tidy(now, now).await.unwrap();
    let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM sent_forms")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}
