//! HEAD is answered as GET, without the body (RFC 9110, section 9.3.2): on every path that the
//! router of the team domain lists, and of every call of the admin API.

use std::collections::BTreeSet;

use reqwest::{Method, Response};
use serde_json::json;

use crate::admin_api::description::{calls, document};
use crate::browser::{Attempt, Browser};
use crate::harness::Service;

const ANA: &str = "ana@example.com";
/// The routers.
const ROUTERS: [&str; 2] = [
    include_str!("../../src/team_domain.rs"),
    include_str!("../../src/health.rs"),
];

/// The paths that a router lists.
fn paths() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for source in ROUTERS {
        let before = paths.len();
        for call in source.split(".route(").skip(1) {
            let path = call.split('"').nth(1).unwrap();
            let path = path.replace("{name}", "wait.js");
            let path = path.replace("{id}", "x").replace("{kid}", "x");
            paths.insert(path);
        }
        assert!(
            paths.len() >= before + 2,
            "the router lists its paths otherwise"
        );
    }
    paths
}

/// What must not differ: the status, and the headers without what is drawn by lot.
fn seen(answer: &Response) -> (u16, Vec<(String, String)>) {
    let mut headers: Vec<_> = answer
        .headers()
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let value = match name.as_str() {
                "set-cookie" => value.split('=').next().unwrap_or_default().to_owned(),
                // The code in it is another one each time.
                "location" => value.split("code=").next().unwrap_or_default().to_owned(),
                _ => value,
            };
            (name.to_string(), value)
        })
        .collect();
    headers.sort();
    (answer.status().as_u16(), headers)
}

#[tokio::test]
async fn head_is_answered_as_get_on_every_path_of_the_team_domain() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser
        .sign_in(&service, &attempt.path(), (ANA, &password))
        .await;
    let cookies = browser.cookies.iter();
    let cookies: Vec<_> = cookies
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let cookies = cookies.join("; ");
    let mut paths = paths();
    let calls = calls(&document(&service).await);
    paths.extend(
        calls
            .iter()
            .map(|call| format!("/api/admin/v1/{}", call.url())),
    );
    paths.extend([
        attempt.path(),
        "/nothing".to_owned(),
        "/login?app=x".to_owned(),
    ]);
    for path in paths {
        for cookie in ["", cookies.as_str()] {
            let ask = async |method: Method| {
                let request = service.http.request(method, service.page(&path));
                request.header("cookie", cookie).send().await.unwrap()
            };
            let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
            let (mut expected, found) = (seen(&get), seen(&head));
            let body = get.bytes().await.unwrap();
            // A server may leave the length out of an answer to HEAD, and must not send another.
            let length = ("content-length".to_owned(), body.len().to_string());
            if !found.1.contains(&length) {
                expected.1.retain(|(name, _)| name != "content-length");
            }
            assert_eq!(found, expected, "{path}");
            assert!(head.bytes().await.unwrap().is_empty(), "{path}");
        }
    }
}
