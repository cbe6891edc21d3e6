//! How often a sign-in may fail.

use reqwest::StatusCode;

use super::ANA;
use crate::browser::Browser;
use crate::harness::Service;

#[tokio::test]
async fn failed_sign_ins_are_limited_by_address_and_by_user() {
    let service =
        Service::start_with("[sign_in]\nfailures_per_email = 3\nfailures_per_address = 5\n").await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    for _ in 0..3 {
        let response = browser
            .sign_in(&service, "/login", (ANA, "wrong one"))
            .await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    let refused = browser.sign_in(&service, "/login", (ANA, &password)).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=61).contains(&wait));
    let other = browser
        .sign_in(&service, "/login", ("bob@example.com", "wrong one"))
        .await;
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
    // The refused attempt took nothing of the address's allowance.
    let other = browser
        .sign_in(&service, "/login", ("cyd@example.com", "wrong one"))
        .await;
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
    let spent = browser
        .sign_in(&service, "/login", ("dan@example.com", "wrong one"))
        .await;
    assert_eq!(
        spent.status(),
        StatusCode::TOO_MANY_REQUESTS,
        "the client's address"
    );
    service.clock.advance(wait);
    let response = browser.sign_in(&service, "/login", (ANA, &password)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/");
}

#[tokio::test]
async fn good_sign_ins_are_not_limited() {
    let service =
        Service::start_with("[sign_in]\nfailures_per_email = 1\nfailures_per_address = 1\n").await;
    let password = service.user(ANA).await;
    for _ in 0..5 {
        let response = Browser::default()
            .sign_in(&service, "/login", (ANA, &password))
            .await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
    }
}
