//! Access groups that programs write: only over what they have read.

use reqwest::Method;
use serde_json::{Value, json};

use super::{sent, token};
use crate::harness::Service;

const STAFF: &str = "access-groups/staff";

fn of_domain(domain: &str) -> Value {
    json!({ "include": [{ "email_domain": domain }] })
}

#[tokio::test]
async fn an_access_group_is_written_only_over_what_was_read() {
    let service = Service::start().await;
    let token = token(&service, &["applications:read", "applications:write"]).await;
    let put = (token.as_str(), Method::PUT, STAFF);
    let (status, _, body) = sent(&service, put.clone(), &[], of_domain("a.example")).await;
    assert_eq!(
        (status, &body["reason"]),
        (428, &json!("precondition_required"))
    );
    let new = [("if-none-match", "*")];
    let (status, etag, body) = sent(&service, put.clone(), &new, of_domain("a.example")).await;
    assert_eq!((status, &body["changed"]), (200, &json!(true)), "{body}");
    let (status, _, body) = sent(&service, put.clone(), &new, of_domain("b.example")).await;
    assert_eq!((status, &body["reason"]), (409, &json!("name_taken")));
    let get = (token.as_str(), Method::GET, STAFF);
    let (_, of_read, read) = sent(&service, get, &[], json!({})).await;
    assert_eq!(of_read, etag);
    let (status, same, body) = sent(&service, put.clone(), &[("if-match", &etag)], read).await;
    assert_eq!(
        (status, &body["changed"], &same),
        (200, &json!(false), &etag)
    );
    let (_, now, _) = sent(
        &service,
        put.clone(),
        &[("if-match", &etag)],
        of_domain("b.example"),
    )
    .await;
    assert_ne!(now, etag);
    let (status, _, body) = sent(
        &service,
        put,
        &[("if-match", &etag)],
        of_domain("c.example"),
    )
    .await;
    assert_eq!(
        (status, &body["reason"]),
        (412, &json!("changed_meanwhile"))
    );
    assert_eq!(body["etag"], now);
}
