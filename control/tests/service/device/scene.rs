//! A command line beside a person's browser.

use portcullis::protocol::base64url;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{ANA, GRANT};
use crate::browser::Browser;
use crate::harness::Service;

/// A service with the wiki, which takes tokens of scripts, and Ana, who is signed in.
pub struct Scene {
    pub service: Service,
    pub browser: Browser,
    pub audience: String,
    pub password: String,
}

impl Scene {
    pub async fn new(settings: Value) -> Self {
        let service = Service::start().await;
        let mut wiki = json!({ "header_tokens": true });
        for (field, value) in settings.as_object().unwrap() {
            wiki[field] = value.clone();
        }
        let audience = service.wiki(wiki).await;
        let password = service.user(ANA).await;
        let mut browser = Browser::default();
        browser.sign_in(&service, "/login", (ANA, &password)).await;
        Self {
            service,
            browser,
            audience,
            password,
        }
    }

    /// What a command line asks.
    pub async fn authorize(&self, application: &str) -> Response {
        let form = [
            ("client_id", "portcullis-control"),
            ("application", application),
        ];
        self.post("/device_authorization", &form).await
    }

    /// Both codes of a new request for the wiki.
    pub async fn codes(&self) -> (String, String) {
        let response = self.authorize("wiki").await;
        assert_eq!(response.status(), StatusCode::OK);
        let answer: Value = response.json().await.unwrap();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("device_code"), text("user_code"))
    }

    pub async fn poll(&self, device_code: &str) -> Result<String, String> {
        let form = [
            ("grant_type", GRANT),
            ("client_id", "portcullis-control"),
            ("device_code", device_code),
        ];
        let response = self.post("/token", &form).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        if response.status().is_success() {
            let answer: Value = response.json().await.unwrap();
            assert_eq!(answer["token_type"], "Bearer");
            return Ok(answer["access_token"].as_str().unwrap().to_owned());
        }
        Err(error(response).await)
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.service.http.post(self.service.page(path)).form(form);
        request.send().await.unwrap()
    }

    /// Opens the page of a code and presses a button; what the page then says.
    pub async fn press(&mut self, user_code: &str, answer: &str) -> (StatusCode, String) {
        let path = format!("/device?user_code={user_code}");
        let fields = [("user_code", user_code), ("answer", answer)];
        let response = self.browser.submit(&self.service, &path, &fields).await;
        (response.status(), response.text().await.unwrap())
    }

    /// Sends the form without its page, as a browser does that has it open already.
    pub async fn press_again(&mut self, user_code: &str) -> StatusCode {
        let request = form_that_is_open(&self.service, user_code);
        self.browser.send(request).await.status()
    }

    pub async fn confirm(&mut self, user_code: &str) {
        let (status, page) = self.press(user_code, "confirm").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("<h1>Confirmed</h1>"), "{page}");
    }

    pub async fn page(&mut self, path: &str) -> (StatusCode, String) {
        let response = self.browser.get(&self.service, path).await;
        (response.status(), response.text().await.unwrap())
    }
}

/// The confirmation, sent from a page that was opened before.
pub fn form_that_is_open(service: &Service, user_code: &str) -> RequestBuilder {
    let form = [
        ("user_code", user_code),
        ("answer", "confirm"),
        ("csrf_token", ""),
    ];
    let request = service.http.post(service.page("/device")).form(&form);
    request.header("sec-fetch-site", "same-origin")
}

/// The `error` of an answer, which has the shape that OAuth clients expect.
pub async fn error(response: Response) -> String {
    assert!(!response.status().is_success());
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = response.json().await.unwrap();
    assert!(!body["error_description"].as_str().unwrap().is_empty());
    body["error"].as_str().unwrap().to_owned()
}

pub fn claims(token: &str) -> Value {
    let claims = base64url::decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}
