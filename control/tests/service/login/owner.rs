//! Strangers who try passwords without end, and the owner of the account, who signs in meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use super::ANA;
use crate::browser::Browser;
use crate::harness::Service;

const BEHIND_A_PROXY: &str = "[server]\ntrusted_proxies = [\"127.0.0.1/32\"]\n";
const KNOWN: &str = "__Host-access_known";
const ADDRESSES: usize = 1_000;
const TRIES: usize = 10_000;
const AT_ONCE: usize = 8;
/// The free guesses, and those that the waits leave in the hundred seconds of the attack.
const MOST_GUESSES: usize = 10 + 5;

/// Types a password at the sign-in page, at this address.
async fn types(
    service: &Service,
    (email, password): (&str, &str),
    address: &str,
    cookies: &str,
) -> Response {
    let form = [("email", email), ("password", password), ("csrf_token", "")];
    let request = service.http.post(service.page("/login")).form(&form);
    let request = request
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", address)
        .header("cookie", cookies);
    request.send().await.unwrap()
}

/// The cookie that makes the browser known, from the answer to a sign-in.
fn known(signed_in: &Response) -> String {
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    let set = signed_in.headers().get_all("set-cookie");
    let line = set
        .iter()
        .map(|line| line.to_str().unwrap())
        .find(|line| line.starts_with(KNOWN))
        .unwrap();
    assert!(line.contains("Max-Age=31536000"), "{line}");
    line.split(';').next().unwrap().to_owned()
}

/// One stranger's share of the tries, each from the next address. How many passwords were checked.
async fn guess(service: Arc<Service>, first: usize) -> usize {
    let mut checked = 0;
    for number in (first..TRIES).step_by(AT_ONCE) {
        let at = number % ADDRESSES;
        let address = format!("198.18.{}.{}", at / 250, 1 + at % 250);
        match types(&service, (ANA, "a guess"), &address, "")
            .await
            .status()
        {
            StatusCode::UNAUTHORIZED => checked += 1,
            refused => assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS),
        }
        if number % 100 == 0 {
            service.clock.advance(1);
        }
    }
    checked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_guesses_from_a_thousand_addresses_leave_the_owner_in() {
    let service = Arc::new(Service::start_with(BEHIND_A_PROXY).await);
    let password = service.user(ANA).await;
    let begun = Instant::now();
    let cookie = known(&types(&service, (ANA, &password), "192.0.2.7", "").await);
    let within = Duration::from_secs(2).max(begun.elapsed() * 10);
    let mut strangers = JoinSet::new();
    for first in 0..AT_ONCE {
        strangers.spawn(guess(Arc::clone(&service), first));
    }
    let (mut signed_in, mut slowest, mut guesses) = (0, Duration::ZERO, 0);
    while !strangers.is_empty() {
        // The same browser on the road, and another browser at home.
        for (address, cookie) in [("203.0.113.9", cookie.as_str()), ("192.0.2.200", "")] {
            let begun = Instant::now();
            known(&types(&service, (ANA, &password), address, cookie).await);
            slowest = slowest.max(begun.elapsed());
            signed_in += 1;
        }
        while let Some(checked) = strangers.try_join_next() {
            guesses += checked.unwrap();
        }
    }
    println!("{signed_in} sign-ins, the slowest took {slowest:?}; {guesses} guesses were checked");
    assert!(signed_in >= 10, "{signed_in}");
    assert!(slowest <= within, "{slowest:?}");
    assert!((10..=MOST_GUESSES).contains(&guesses), "{guesses}");
    // A new browser in a new network waits, even with the right password.
    while types(&service, (ANA, "a guess"), "198.18.0.1", "")
        .await
        .status()
        == StatusCode::UNAUTHORIZED
    {}
    let new = types(&service, (ANA, &password), "203.0.200.9", "").await;
    assert_eq!(new.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = new.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(wait <= 15 * 60 + 1, "{wait}");
    service.clock.advance(wait);
    known(&types(&service, (ANA, &password), "203.0.200.9", "").await);
}

/// Uses up what strangers may try for the address.
async fn shut_out_strangers(service: &Service, email: &str) {
    for last in 1..=12 {
        let address = format!("198.18.0.{last}");
        let _ = types(service, (email, "a guess"), &address, "").await;
    }
    let refused = types(service, (email, "a guess"), "198.18.1.1", "").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_browser_stays_known_after_signing_out_and_a_restart() {
    let service = Service::start_with(BEHIND_A_PROXY).await;
    let password = service.user(ANA).await;
    service.user("bob@example.com").await;
    let mut browser = Browser::default();
    browser.headers.insert("x-forwarded-for", "192.0.2.7");
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let out = browser.submit(&service, "/logout", &[]).await;
    assert_eq!(out.status(), StatusCode::OK);
    let value = browser.cookies[KNOWN].clone();
    let cookie = format!("{KNOWN}={value}");
    let restarted = service.restart(BEHIND_A_PROXY).await;
    for email in [ANA, "bob@example.com"] {
        shut_out_strangers(&restarted, email).await;
    }
    let there = "203.0.113.9";
    // It is bound to the account, and an altered one is worth nothing.
    let bob = types(&restarted, ("bob@example.com", "wrong"), there, &cookie).await;
    assert_eq!(bob.status(), StatusCode::TOO_MANY_REQUESTS);
    let altered = format!("{cookie}AA");
    let refused = types(&restarted, (ANA, &password), there, &altered).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let again = known(&types(&restarted, (ANA, &password), there, &cookie).await);
    // A year later it is forgotten, unless it was renewed.
    restarted.clock.advance(366 * 24 * 60 * 60);
    shut_out_strangers(&restarted, ANA).await;
    let forgotten = types(&restarted, (ANA, &password), "203.0.114.9", &again).await;
    assert_eq!(forgotten.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn every_replica_knows_the_same_browsers_and_networks() {
    let one = Service::start_with(BEHIND_A_PROXY).await;
    let password = one.user(ANA).await;
    let cookie = known(&types(&one, (ANA, &password), "192.0.2.7", "").await);
    // It believes no proxy, so all of these come from 127.0.0.1.
    let other = one.replica().await;
    shut_out_strangers(&other, ANA).await;
    let stranger = types(&other, (ANA, &password), "", "").await;
    assert_eq!(stranger.status(), StatusCode::TOO_MANY_REQUESTS);
    known(&types(&other, (ANA, &password), "", &cookie).await);
    // Now the network is known to both.
    shut_out_strangers(&one, ANA).await;
    let neighbour = types(&one, (ANA, &password), "127.0.0.9", "").await;
    assert_eq!(neighbour.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn networks_are_remembered_within_bounds() {
    let service = Service::start_with(BEHIND_A_PROXY).await;
    let password = service.user(ANA).await;
    // 2001:db8::/64, and sixteen more.
    known(&types(&service, (ANA, &password), "2001:db8::1", "").await);
    for third in 0..16 {
        service.clock.advance(1);
        let address = format!("192.0.{third}.7");
        known(&types(&service, (ANA, &password), &address, "").await);
    }
    shut_out_strangers(&service, ANA).await;
    let oldest = types(&service, (ANA, &password), "2001:db8::2", "").await;
    assert_eq!(oldest.status(), StatusCode::TOO_MANY_REQUESTS);
    let neighbour = types(&service, (ANA, &password), "192.0.0.200", "").await;
    assert_eq!(neighbour.status(), StatusCode::SEE_OTHER);
    // They are forgotten with the user.
    service.done("/users/remove", json!({ "email": ANA })).await;
    let password = service.user(ANA).await;
    let new = types(&service, (ANA, &password), "192.0.0.200", "").await;
    assert_eq!(new.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_stolen_browser_cookie_only_buys_an_allowance() {
    let service = Service::start_with(BEHIND_A_PROXY).await;
    let password = service.user(ANA).await;
    let cookie = known(&types(&service, (ANA, &password), "192.0.2.7", "").await);
    let mut checked = 0;
    for _ in 0..50 {
        let tried = types(&service, (ANA, "a guess"), "198.18.0.1", &cookie).await;
        checked += usize::from(tried.status() == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(checked, 20, "of the browser and of strangers");
    // The cookie alone opens nothing, and its owner still gets in at home.
    let page = service.http.get(service.page("/sessions"));
    let page = page.header("cookie", &cookie).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::FOUND);
    known(&types(&service, (ANA, &password), "192.0.2.7", &cookie).await);
}

#[tokio::test]
async fn tries_from_the_owners_network_do_not_tell_who_has_an_account() {
    let service = Service::start_with(BEHIND_A_PROXY).await;
    let password = service.user(ANA).await;
    known(&types(&service, (ANA, &password), "192.0.2.7", "").await);
    for email in [ANA, "nobody@example.com"] {
        let mut checked = 0;
        for _ in 0..25 {
            let tried = types(&service, (email, "a guess"), "192.0.2.8", "").await;
            checked += usize::from(tried.status() == StatusCode::UNAUTHORIZED);
        }
        assert_eq!(checked, 10, "{email}");
    }
}

#[tokio::test]
async fn what_is_no_address_is_wrong_however_often_others_typed_such() {
    let service = Service::start_with(BEHIND_A_PROXY).await;
    for last in 0..12 {
        let address = format!("198.18.0.{last}");
        let wrong = types(&service, ("ana", "a guess"), &address, "").await;
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    }
    let wrong = types(&service, ("ana@example,com", "typed"), "192.0.2.7", "").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
}
