//! Session fixation: a session that an attacker puts into a victim's browser never becomes the
//! victim's. (That other sites sign nobody in is tested with the forms of the sign-in.)

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, exchanged};
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const EVE: &str = "eve@example.com";
const SESSION: &str = "__Host-access_session";

/// The account of a browser at the wiki; `None` if it is asked to sign in.
async fn account(service: &Service, credential: &str, browser: &mut Browser) -> Option<String> {
    let audience = service.listed("/applications").await[0]["audience"].clone();
    let attempt = Attempt::at(audience.as_str().unwrap());
    let response = browser.get(service, &attempt.path()).await;
    if response.status() == StatusCode::OK {
        return None;
    }
    let code = crate::browser::code_of(&response, &attempt);
    let answer = exchanged(service, credential, &code).await;
    let token = answer["token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap().as_bytes();
    let claims = portcullis::protocol::base64url::decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    Some(claims["email"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_planted_session_never_becomes_the_victims() {
    let service = Service::start().await;
    let (ana, eve) = (service.user(ANA).await, service.user(EVE).await);
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let credential = service.credential(&[]).await;
    let mut attacker = Browser::default();
    attacker.code(&service, &attempt, (EVE, &eve)).await;
    let planted = attacker.cookies[SESSION].clone();

    // The victim signs in, with the attacker's session and form cookie in the browser.
    let mut victim = Browser {
        cookies: attacker.cookies.clone(),
        ..Browser::default()
    };
    let path = attempt.path() + "&other_account=true";
    let fields = [("email", ANA), ("password", ana.as_str())];
    let page = victim.submit(&service, &path, &fields).await;
    assert!(page.status().is_redirection(), "{}", page.status());

    assert_ne!(victim.cookies[SESSION], planted);
    let of_victim = account(&service, &credential, &mut victim).await;
    assert_eq!(of_victim.as_deref(), Some(ANA));
    // The attacker's cookie is the attacker's, or nobody's.
    attacker.cookies.insert(SESSION.to_owned(), planted);
    let of_attacker = account(&service, &credential, &mut attacker).await;
    assert_ne!(of_attacker.as_deref(), Some(ANA));
    let (_, sessions) = service
        .over_socket(Method::GET, "sessions?user=ana@example.com")
        .await;
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_made_up_session_is_not_adopted() {
    let service = Service::start().await;
    let ana = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    for planted in ["x", "e30.e30.e30", &"A".repeat(4_000)] {
        let mut victim = Browser::default();
        victim
            .cookies
            .insert(SESSION.to_owned(), planted.to_owned());
        victim.code(&service, &attempt, (ANA, &ana)).await;
        assert_ne!(victim.cookies[SESSION], planted);
        // What was planted opens nothing afterwards either.
        let mut attacker = Browser::default();
        attacker
            .cookies
            .insert(SESSION.to_owned(), planted.to_owned());
        let page = attacker.get(&service, &attempt.path()).await;
        assert_eq!(page.status(), StatusCode::OK, "asked to sign in");
    }
}
