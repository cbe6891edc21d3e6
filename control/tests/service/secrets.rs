//! No secret in the log, at any level.

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, VERIFIER, between, code_of, exchange};
use crate::harness::WIKI;
use crate::kill::{Process, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_session_leaves_no_secret_in_the_log() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let process = Process::start(&data);
    let user = json(&data, &["user", "add", "ana@example.com"]);
    let add = [
        "application",
        "add",
        "wiki",
        "--origin",
        WIKI,
        "--allow-everyone",
    ];
    let wiki = json(&data, &add);
    let credential = json(&data, &["filter-credential", "new"]);
    let credential = credential["credential"].as_str().unwrap();
    let run: Value =
        serde_json::from_slice(&std::fs::read(data.join("run.json")).unwrap()).unwrap();
    let http = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();

    let attempt = Attempt::at(wiki["audience"].as_str().unwrap());
    let url = format!(
        "http://{}{}",
        run["listen"].as_str().unwrap(),
        attempt.path()
    );
    let password = user["password"].as_str().unwrap();
    let (signed_in, form) = sign_in(&http, &url, password).await;
    let code = code_of(&signed_in, &attempt);
    let session = signed_in.headers()["set-cookie"].to_str().unwrap();
    let call = |name: &str, body: Value| {
        let url = format!(
            "http://{}/api/filter/v1/{name}",
            run["filters"].as_str().unwrap()
        );
        http.post(url).bearer_auth(credential).json(&body).send()
    };
    let answer: Value = call("exchange", exchange(&code))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let body = json!({ "token": answer["token"], "binding_secret": answer["binding"] });
    assert_eq!(
        call("logout", body).await.unwrap().status(),
        StatusCode::NO_CONTENT
    );

    let set = json(&data, &["user", "passwd", "ana@example.com"]);
    let new_password = set["password"].as_str().unwrap();

    process.signal("-TERM");
    let (_, _, logged) = process.end();
    assert!(logged.contains("application token issued") && logged.contains("DEBUG"));
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    for secret in [
        password,
        new_password,
        &signature(credential),
        &form.cookie,
        &form.csrf_token,
        &code,
        &signature(between(session, "=", ";")),
        &signature(answer["token"].as_str().unwrap()),
        answer["binding"].as_str().unwrap(),
        VERIFIER,
    ] {
        assert!(
            secret.len() > 20 && !logged.contains(secret),
            "{secret} was logged"
        );
    }
}

struct SignInForm {
    cookie: String,
    csrf_token: String,
}

async fn sign_in(http: &Client, url: &str, password: &str) -> (Response, SignInForm) {
    let page = http.get(url).send().await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
    let pair = cookie.split(';').next().unwrap();
    let page = page.text().await.unwrap();
    let csrf_token = between(&page, "name=\"csrf_token\" value=\"", "\"").to_owned();
    let fields = [
        ("email", "ana@example.com"),
        ("password", password),
        ("csrf_token", &csrf_token),
    ];
    let sent = http.post(url).header("cookie", pair).form(&fields).send();
    let form = SignInForm {
        cookie: between(&cookie, "=", ";").to_owned(),
        csrf_token: csrf_token.clone(),
    };
    (sent.await.unwrap(), form)
}
