//! The sign-in page says once why everybody signs in again.

use serde_json::json;

use super::Lost;
use crate::browser::{Attempt, Browser};

const NOTE: &str = "restored from a backup";

#[tokio::test(flavor = "multi_thread")]
async fn b12_the_page_says_once_that_a_restore_ended_the_session() {
    let mut lost = Lost::new().await;
    lost.restored(&lost.backup, &[]);
    let service = lost.start(&lost.backup).await.unwrap();
    let path = Attempt::at(&lost.audience).path();
    let mut told = Vec::new();
    for _ in 0..2 {
        let page = lost.browser.get(&service, &path).await;
        told.push(page.text().await.unwrap().contains(NOTE));
    }
    assert_eq!(told, [true, false]);
    // Not to a browser that had no session,
    let page = Browser::default().get(&service, &path).await;
    assert!(!page.text().await.unwrap().contains(NOTE));
    // nor to one whose session began after the restore and has ended.
    let ana = json!({ "email": "new@example.com" });
    let user = service.done("/users", ana).await;
    let mut browser = Browser::default();
    let who = ("new@example.com", user["password"].as_str().unwrap());
    // The command has the machine's clock; the test's stood still meanwhile.
    service.clock.advance(3_600);
    browser
        .code(&service, &Attempt::at(&lost.audience), who)
        .await;
    service
        .done("/revocations/user", json!({ "email": "new@example.com" }))
        .await;
    let page = browser.get(&service, &path).await.text().await.unwrap();
    assert!(
        page.contains("id=\"sign-in\"") && !page.contains(NOTE),
        "{page}"
    );
}
