//! `policy/test` of the admin API.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::harness::{Service, problem};
use crate::provider_sign_in::{Scene, Settings};

const ANA: &str = "ana@example.com";

/// The answer to a question about the wiki, with a token of these scopes.
async fn ask(service: &Service, scopes: &[&str], question: &Value) -> Response {
    let token = json!({ "name": "t", "scopes": scopes });
    let token = service.done("/admin-tokens", token).await;
    let url = service.page("/api/admin/v1/applications/wiki/policy/test");
    let request = service.http.post(url).json(question);
    let token = token["token"].as_str().unwrap();
    request.bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn who_may_not_read_sessions_learns_nothing_of_a_users_sign_in() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let about_ana = json!({ "user": ANA, "ip": "10.0.0.7" });
    let refused = ask(&service, &["applications:read"], &about_ana).await;
    assert_eq!(problem(refused).await, (403, "scope_missing".to_owned()));
    let refused = ask(&service, &["sessions:read"], &about_ana).await;
    assert_eq!(problem(refused).await, (403, "scope_missing".to_owned()));
    let both = ["applications:read", "sessions:read"];
    let answered = ask(&service, &both, &about_ana).await;
    assert_eq!(answered.status(), StatusCode::OK);
    // About somebody who is made up, there is nothing to learn.
    let made_up = json!({ "groups": ["corp:it"] });
    let answered = ask(&service, &["applications:read"], &made_up).await;
    assert_eq!(answered.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_a_provider_said_at_the_newest_sign_in_counts_unless_it_is_given() {
    let policy = json!([
        { "id": "engineers", "action": "allow", "include": [{ "group": "corp:engineering" }],
          "require": [{ "claim": { "name": "department", "value": "it" } }, { "amr": "mfa" },
                      { "provider": "corp" }] },
        { "id": "everybody", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let scene = Scene::with(Settings {
        corp: "groups_claim = \"groups\"\nclaims = [\"department\"]",
        wiki: json!({ "policy": policy }),
        ..Settings::default()
    })
    .await;
    let sign_in = async |groups: Value| {
        let change = |token: crate::openid_provider::keys::Token| {
            token
                .with("groups", groups.clone())
                .with("department", json!("it"))
                .with("amr", json!(["pwd", "mfa"]))
        };
        let mut browser = Browser::default();
        let back = scene.sign_in(&mut browser, "corp", change).await;
        assert!(back.status().is_redirection());
        scene.service.clock.advance(1);
    };
    let asked = async |question: Value| -> Value {
        let scopes = ["applications:read", "sessions:read"];
        let answer = ask(&scene.service, &scopes, &question).await;
        answer.json().await.unwrap()
    };
    // Nothing is known of a person who never signed in.
    let answer = asked(json!({ "user": ANA })).await;
    assert_eq!(answer["rule"], "everybody", "{answer}");
    sign_in(json!(["sales"])).await;
    sign_in(json!(["engineering", "sales"])).await;
    let answer = asked(json!({ "user": ANA })).await;
    assert_eq!(answer["rule"], "engineers", "{answer}");
    let known = json!({
        "user": ANA, "provider": "corp", "groups": ["corp:engineering", "corp:sales"],
        "claims": { "department": ["it"] }, "amr": ["pwd", "mfa"],
    });
    assert_eq!(answer["asked"], known);
    for instead in [
        json!({ "groups": ["corp:sales"] }),
        json!({ "claims": {} }),
        json!({ "amr": ["pwd"] }),
        json!({ "provider": "partner" }),
    ] {
        let mut question = json!({ "user": ANA });
        for (field, value) in instead.as_object().unwrap() {
            question[field] = value.clone();
        }
        let answer = asked(question).await;
        assert_eq!(answer["rule"], "everybody", "{instead}");
    }
}

#[tokio::test]
async fn a_question_about_a_program_and_a_person_at_once_is_refused() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let scopes = ["applications:read", "sessions:read"];
    for person in [
        json!({ "user": ANA }),
        json!({ "provider": "corp" }),
        json!({ "groups": [] }),
        json!({ "claims": {} }),
        json!({ "amr": ["mfa"] }),
    ] {
        let mut question = json!({ "service_token": "ci" });
        for (field, value) in person.as_object().unwrap() {
            question[field] = value.clone();
        }
        let refused = ask(&service, &scopes, &question).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let refused: Value = refused.json().await.unwrap();
        let field = person.as_object().unwrap().keys().next().unwrap();
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(field.as_str()), "{field} in {detail}");
        let body = json!({ "application": "wiki", "question": question });
        let (status, refused) = service.administer("/policies/test", body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused["reason"], "request_invalid");
    }
    let question = json!({ "service_token": "ci", "ip": "10.0.0.7" });
    let answered = ask(&service, &scopes, &question).await;
    assert_eq!(answered.status(), StatusCode::OK);
}
