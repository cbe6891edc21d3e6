//! How often a sign-in may fail.

use portcullis_control::audit::source::Source;
use portcullis_control::sign_in::password::{self, Typed};
use portcullis_control::tokens::secret::Plain;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

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

/// Signs in until the password is being checked, and gives up then.
async fn abort(service: &Service, password: &str) {
    let service = &service.running.service;
    let passwords = &service.passwords;
    let idle = || passwords.queue().running == 0;
    let (plain, headers) = (Plain::new(password.to_owned()), HeaderMap::new());
    let source = Source::default();
    let typed = Typed {
        source: &source,
        application: "",
        email: ANA,
        password: &plain,
        client: std::net::Ipv4Addr::LOCALHOST.into(),
        browser: password::Browser::Cookies(&headers),
    };
    let begun = async {
        while idle() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = begun => {}
        // It ends only if this thread was not run for as long as that: then it counts as well.
        _ = password::authenticate(service, typed) => {}
    }
    while !idle() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_aborted_sign_in_counts_only_if_the_password_was_wrong() {
    let service =
        Service::start_with("[sign_in]\nfailures_per_email = 1\nfailures_per_address = 1\n").await;
    let password = service.user(ANA).await;
    for _ in 0..5 {
        abort(&service, &password).await;
    }
    let response = Browser::default()
        .sign_in(&service, "/login", (ANA, &password))
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    // Whoever guesses gains nothing by not waiting for the answer.
    service.clock.advance(3_600);
    abort(&service, "wrong one").await;
    let refused = Browser::default()
        .sign_in(&service, "/login", ("bob@example.com", "wrong one"))
        .await;
    assert_eq!(
        refused.status(),
        StatusCode::TOO_MANY_REQUESTS,
        "the address's only failure"
    );
}
