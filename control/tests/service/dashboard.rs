//! The dashboard: pages of the team domain for people with a role.

mod access;
mod administrators;
mod api;
mod application_settings;
mod applications;
mod audit;
mod figures;
mod form;
mod fresh;
mod home;
mod once;
mod policies;
mod progress;
mod revocations;
mod roles;
mod sessions;
mod settings;
mod shell;
mod users;

use reqwest::{RequestBuilder, Response};
use serde_json::json;

use crate::browser::{Browser, between};
use crate::harness::Service;

pub const ROOT: &str = "admin@example.com";

/// A browser in which a new user with this role is signed in; without a role if it is `none`.
pub async fn signed_in(service: &Service, email: &str, role: &str) -> Browser {
    let password = service.user(email).await;
    if role != "none" {
        let wish = json!({ "email": email, "role": role });
        service.done("/users/role", wish).await;
    }
    let mut browser = Browser::default();
    let signed_in = browser.sign_in(service, "/login", (email, &password)).await;
    assert!(signed_in.status().is_redirection());
    browser
}

/// A browser in which an administrator is signed in.
pub async fn administrator(service: &Service) -> Browser {
    signed_in(service, ROOT, "administrator").await
}

/// A page that is there.
pub async fn page(service: &Service, browser: &mut Browser, path: &str) -> String {
    let response = browser.get(service, path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

/// A form as the browser itself says that it comes from our own page.
pub fn own_form(service: &Service, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let form = service.http.post(service.page(path)).form(fields);
    form.header("sec-fetch-site", "same-origin")
}

/// The status, and the text of the page.
pub async fn read(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.text().await.unwrap())
}

/// Opens a page, fills the form of its content, sends it.
pub async fn submit(
    service: &Service,
    browser: &mut Browser,
    path: &str,
    fields: &[(&str, &str)],
) -> Response {
    let page = page(service, browser, path).await;
    let (_, content) = page.split_once("<main").unwrap();
    let action = between(content, "action=\"", "\"").replace("&#38;", "&");
    let hidden = |name: &'static str| {
        let before = format!("name=\"{name}\" value=\"");
        (name, between(content, &before, "\""))
    };
    let mut form = vec![hidden("csrf_token"), hidden("once")];
    form.extend(fields);
    browser.send(own_form(service, &action, &form)).await
}
