//! What is known of a session: browser, address, applications, since, until, last used.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, between, code_of, exchange};
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

async fn listed(service: &Service, query: &str) -> Vec<Value> {
    let (status, page) = service
        .over_socket(Method::GET, &format!("sessions{query}"))
        .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn s12_a_session_is_listed_with_its_browser_address_and_applications() {
    let service = Service::start_with("[server]\ntrusted_proxies = [\"127.0.0.1/32\"]\n").await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let credential = service.credential(&[]).await;
    let mut laptop = Browser::default();
    laptop.headers.insert("user-agent", FIREFOX);
    laptop
        .headers
        .insert("x-forwarded-for", "203.0.113.9, 198.51.100.7");
    let code = laptop.code(&service, &attempt, (ANA, &password)).await;
    let begun = service.clock_now();
    let [session] = listed(&service, "").await.try_into().unwrap();
    assert_eq!(session["browser"], "Firefox on Linux");
    assert_eq!(session["user_agent"], FIREFOX);
    assert_eq!(session["address"], "198.51.100.7", "as the proxy says");
    assert_eq!(session["applications"], json!([]), "no token yet");
    assert_eq!(session["since"], begun);
    assert_eq!(session["until"], begun + 86_400);

    service.clock.advance(30);
    service.post(&credential, "exchange", exchange(&code)).await;
    let [session] = listed(&service, "?user=ana@example.com")
        .await
        .try_into()
        .unwrap();
    let used = json!([{ "name": "wiki", "last_token_at": begun + 30 }]);
    assert_eq!(session["applications"], used);
    assert_eq!(session["last_used_at"], begun, "noted once a minute");

    // Again within a minute, and then later.
    for (seconds, noted) in [(29, begun + 30), (31, begun + 90)] {
        service.clock.advance(seconds);
        let response = laptop.get(&service, &attempt.path()).await;
        let code = code_of(&response, &attempt);
        service.post(&credential, "exchange", exchange(&code)).await;
        let [session] = listed(&service, "").await.try_into().unwrap();
        assert_eq!(session["applications"][0]["last_token_at"], noted);
        assert_eq!(session["applications"].as_array().unwrap().len(), 1);
    }
    service.clock.advance(86_400);
    assert_eq!(
        listed(&service, "").await,
        Vec::<Value>::new(),
        "it ran out"
    );
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut expected = Vec::new();
    for turn in 0..5 {
        Browser::default()
            .sign_in(&service, "/login", (ANA, &password))
            .await;
        // Two begin in the same second.
        service.clock.advance(u64::from(turn != 2));
        expected = listed(&service, "").await;
    }
    let ids = |sessions: &[Value]| -> Vec<Value> {
        sessions.iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(expected.len(), 5);
    let times: Vec<_> = expected.iter().map(|one| one["since"].as_u64()).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "newest first");
    let (mut got, mut path) = (Vec::new(), "sessions?limit=2".to_owned());
    for expected_length in [2, 2, 1] {
        let (_, page) = service.over_socket(Method::GET, &path).await;
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), expected_length);
        got.extend(ids(items));
        let Some(next) = page["next"].as_str() else {
            assert_eq!(got.len(), 5);
            continue;
        };
        path = format!("sessions?limit=2&cursor={next}");
    }
    assert_eq!(got, ids(&expected));
}

/// Signs in with a form that was opened before.
async fn again(service: &Service, browser: &mut Browser, token: &str, who: (&str, &str)) {
    let fields = [("email", who.0), ("password", who.1), ("csrf_token", token)];
    let response = browser.post(service, "/login", &fields).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_in_where_one_is_signed_in_renews_the_session() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let form = browser.get(&service, "/login").await.text().await.unwrap();
    let token = between(&form, "csrf_token\" value=\"", "\"").to_owned();
    again(&service, &mut browser, &token, (ANA, &password)).await;
    let response = browser.get(&service, &attempt.path()).await;
    let code = code_of(&response, &attempt);
    let [first] = listed(&service, "").await.try_into().unwrap();

    service.clock.advance(10);
    again(&service, &mut browser, &token, (ANA, &password)).await;

    let [renewed] = listed(&service, "").await.try_into().unwrap();
    assert_eq!(
        (&renewed["id"], &renewed["since"]),
        (&first["id"], &first["since"])
    );
    assert_eq!(
        renewed["signed_in_at"],
        first["since"].as_u64().unwrap() + 10
    );
    assert_eq!(renewed["until"], first["until"].as_u64().unwrap() + 10);
    // B7: what another tab has just got is still good.
    let answer = service.post(&credential, "exchange", exchange(&code)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    browser.submit(&service, "/logout", &[]).await;
    assert_eq!(
        listed(&service, "").await,
        Vec::<Value>::new(),
        "none is left"
    );
}

#[tokio::test]
async fn b07_forms_that_one_browser_sends_at_once_make_one_session() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    let form = browser.get(&service, "/login").await.text().await.unwrap();
    let token = between(&form, "csrf_token\" value=\"", "\"").to_owned();
    let tabs = (browser.clone(), browser.clone(), browser.clone());
    let (mut one, mut two, mut three) = tabs;
    let who = (ANA, password.as_str());
    tokio::join!(
        again(&service, &mut one, &token, who),
        again(&service, &mut two, &token, who),
        again(&service, &mut three, &token, who),
    );
    assert_eq!(listed(&service, "").await.len(), 1);
    for tab in [&mut one, &mut two, &mut three] {
        let page = tab.get(&service, "/").await.text().await.unwrap();
        assert!(page.contains(ANA), "whichever cookie the browser keeps");
    }
    // Another browser, and another user, have sessions of their own.
    let mut other = Browser::default();
    other.sign_in(&service, "/login", who).await;
    assert_eq!(listed(&service, "").await.len(), 2);
}

#[tokio::test]
async fn a_renewed_session_never_gets_shorter() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({ "session_duration": "1h" })).await);
    let mut browser = Browser::default();
    let form = browser.get(&service, "/login").await.text().await.unwrap();
    let token = between(&form, "csrf_token\" value=\"", "\"").to_owned();
    again(&service, &mut browser, &token, (ANA, &password)).await;
    let [before] = listed(&service, "").await.try_into().unwrap();
    let fields = [
        ("email", ANA),
        ("password", &password),
        ("csrf_token", &token),
    ];
    browser.post(&service, &attempt.path(), &fields).await;
    let [after] = listed(&service, "").await.try_into().unwrap();
    assert_eq!(before["until"], after["until"]);
}
