//! No secret in the log, at any level.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_control::system::clock::{Clock as _, SystemClock};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, VERIFIER, between, code_of, exchange};
use crate::harness::WIKI;
use crate::kill::{Process, json};
use crate::openid_provider::{ACCESS_TOKEN, CLIENT_ID, OpenIdProvider, SECRET, TOKEN, USERINFO};

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

#[tokio::test(flavor = "multi_thread")]
async fn b09_a_sign_in_with_a_provider_leaves_no_secret_in_the_log() {
    const SECRETS: [&str; 3] = [
        "the-code-at-the-callback",
        "the-refresh-token-of-ana",
        "the-code-that-is-refused",
    ];
    let [good_code, refresh_token, bad_code] = SECRETS;
    let provider = OpenIdProvider::start().await;
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let (secret, file) = (
        directory.path().join("secret"),
        directory.path().join("control.toml"),
    );
    std::fs::write(&secret, SECRET).unwrap();
    let toml = format!(
        "[[identity_providers]]\nid = \"corp\"\nname = \"Corp\"\nissuer = \"{}\"\n\
         client_id = \"{CLIENT_ID}\"\nclient_secret_file = {secret:?}\n",
        provider.issuer
    );
    std::fs::write(&file, toml).unwrap();
    let config = [("PORTCULLIS_CONFIG", file.to_str().unwrap())];
    let process = Process::start_with(&data, &config);
    let add = ["application", "add", "wiki", "--origin", WIKI];
    let wiki = json(&data, &[&add[..], &["--allow-everyone"]].concat());
    let run: Value =
        serde_json::from_slice(&std::fs::read(data.join("run.json")).unwrap()).unwrap();
    let listen = run["listen"].as_str().unwrap();
    let path = Attempt::at(wiki["audience"].as_str().unwrap()).path();
    let begin = format!("http://{listen}{}", path.replace("/login?", "/login/corp?"));
    let http = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();

    let mut secrets: Vec<String> = SECRETS.map(str::to_owned).to_vec();
    secrets.extend([SECRET, ACCESS_TOKEN].map(str::to_owned));
    for code in [good_code, bad_code] {
        let mut browser = Browser::default();
        let sent = browser.send(http.get(&begin)).await;
        let url = reqwest::Url::parse(sent.headers()["location"].to_str().unwrap()).unwrap();
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        let now = SystemClock.now_seconds().get();
        // Without the address, so that the UserInfo endpoint is asked.
        let token = provider.id_token(now, &query["nonce"]).without("email");
        let key = Arc::clone(&provider.script().keys[0]);
        let id_token = token.signed(&key);
        provider.script().userinfo =
            json!({ "sub": "ana", "email": "ana@example.com", "email_verified": true });
        let issued = json!({
            "access_token": ACCESS_TOKEN,
            "id_token": id_token,
            "refresh_token": refresh_token,
        });
        provider
            .script()
            .grants
            .insert(good_code.to_owned(), issued);
        secrets.extend(browser.cookies.values().cloned());
        let answer = [
            ("code", code),
            ("state", &query["state"]),
            ("iss", &provider.issuer),
        ];
        let callback = format!("http://{listen}/callback/corp");
        browser.send(http.get(callback).query(&answer)).await;
        secrets.extend(browser.cookies.values().cloned());
        secrets.push(provider.last(TOKEN).form["code_verifier"].clone());
        secrets.extend([query["state"].clone(), query["nonce"].clone()]);
        secrets.push(id_token.rsplit('.').next().unwrap().to_owned());
    }
    assert_eq!(provider.count(USERINFO), 1);

    process.signal("-TERM");
    let (_, _, logged) = process.end();
    for part in ["signed in", "provider_refused", "invalid_grant"] {
        assert!(logged.contains(part), "no {part} in {logged}");
    }
    for secret in secrets {
        assert!(secret.len() > 10, "{secret}");
        assert!(!logged.contains(&secret), "{secret} was logged");
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
