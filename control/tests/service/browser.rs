//! A browser with cookies, and the half of a filter that begins login attempts.

use std::collections::BTreeMap;

use portcullis::protocol::login::challenge;
use reqwest::{RequestBuilder, Response, Url};
use serde_json::json;

use crate::harness::{Service, WIKI};

pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Keeps cookies of the team domain.
#[derive(Default, Clone)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub headers: BTreeMap<&'static str, &'static str>,
}

/// A login attempt at an application.
#[derive(Clone)]
pub struct Attempt {
    pub app: String,
    pub origin: String,
    pub return_to: String,
    pub state: String,
    pub challenge: String,
}

impl Attempt {
    /// At [`WIKI`].
    pub fn at(audience: &str) -> Self {
        Self {
            app: audience.to_owned(),
            origin: WIKI.to_owned(),
            return_to: "/page?x=1".to_owned(),
            state: "0a1b2c3d.state".to_owned(),
            challenge: challenge(VERIFIER),
        }
    }

    pub fn path(&self) -> String {
        let mut url = Url::parse("http://x/login").unwrap();
        url.query_pairs_mut()
            .append_pair("app", &self.app)
            .append_pair("origin", &self.origin)
            .append_pair("return_to", &self.return_to)
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &self.challenge);
        format!("/login?{}", url.query().unwrap())
    }
}

impl Browser {
    pub async fn send(&mut self, request: RequestBuilder) -> Response {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let response = request
            .header("cookie", cookies.join("; "))
            .send()
            .await
            .unwrap();
        for line in response.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            for must in ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"] {
                assert!(line.contains(must), "{line}");
            }
            let (name, rest) = line.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{line}");
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    pub async fn get(&mut self, service: &Service, path: &str) -> Response {
        self.send(service.http.get(service.page(path))).await
    }

    /// Opens a page with a form, fills it, sends it.
    pub async fn submit(
        &mut self,
        service: &Service,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Response {
        let page = self.get(service, path).await.text().await.unwrap();
        let (_, content) = page.split_once("<main").unwrap();
        let action = unescape(between(content, "action=\"", "\""));
        let token = between(content, "name=\"csrf_token\" value=\"", "\"").to_owned();
        let mut form = vec![("csrf_token", token.as_str())];
        form.extend(fields);
        let request = service.http.post(service.page(&action)).form(&form);
        self.send(request).await
    }

    /// As [`Self::submit`], where the page with the form was opened earlier.
    pub async fn post(
        &mut self,
        service: &Service,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Response {
        let request = service.http.post(service.page(path)).form(fields);
        self.send(request).await
    }

    pub async fn sign_in(
        &mut self,
        service: &Service,
        path: &str,
        (email, password): (&str, &str),
    ) -> Response {
        let fields = [("email", email), ("password", password)];
        self.submit(service, path, &fields).await
    }

    /// Signs in at an attempt, and gives the code with which the browser is sent back.
    pub async fn code(
        &mut self,
        service: &Service,
        attempt: &Attempt,
        who: (&str, &str),
    ) -> String {
        let response = self.sign_in(service, &attempt.path(), who).await;
        code_of(&response, attempt)
    }
}

/// The code of a redirect to the callback, which is checked on the way.
pub fn code_of(response: &Response, attempt: &Attempt) -> String {
    let status = response.status().as_u16();
    assert!(matches!(status, 302 | 303), "{status}");
    let location = response.headers()["location"].to_str().unwrap();
    let callback = format!("{}/.access/callback?", attempt.origin);
    assert!(location.starts_with(&callback), "{location}");
    let url = Url::parse(location).unwrap();
    let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["state"], attempt.state);
    query["code"].clone()
}

/// The body of a good exchange.
pub fn exchange(code: &str) -> serde_json::Value {
    json!({ "code": code, "code_verifier": VERIFIER, "origin": WIKI })
}

/// The answer of a good exchange.
pub async fn exchanged(service: &Service, credential: &str, code: &str) -> serde_json::Value {
    let answer = service.post(credential, "exchange", exchange(code)).await;
    assert_eq!(answer.status(), reqwest::StatusCode::OK);
    answer.json().await.unwrap()
}

pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"))
        .1;
    rest.split_once(after).unwrap().0
}

/// What a browser makes of an attribute's value.
pub fn unescape(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}
