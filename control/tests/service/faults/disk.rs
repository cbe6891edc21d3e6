//! A full or read-only disk: everything that cannot be done says why, nothing is half written, and
//! filters go on.

use std::time::Instant;

use portcullis::protocol::feed::FeedPage;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{Faults, rows};
use crate::browser::{Attempt, Browser, code_of, exchange, exchanged};
use crate::cli::program;
use crate::harness::{Service, WIKI};
use crate::kill::{Process, json as json_of};

const ANA: &str = "ana@example.com";

/// The fault, what administrators are told, and what everybody else is told.
const FAULTS: [(&str, &str, &str); 2] = [
    (
        "full",
        "the disk of the database is full",
        "the disk of the control service is full",
    ),
    (
        "readonly",
        "the database cannot be written",
        "the control service cannot write its database",
    ),
];

/// A user, an application, a filter that polls, a token and an unused code.
struct Scene {
    service: Service,
    password: String,
    audience: String,
    credential: String,
    refresh: Value,
    code: String,
    position: String,
}

impl Scene {
    async fn new(faults: &Faults) -> Self {
        let service = faults.start("").await.unwrap();
        let password = service.user(ANA).await;
        let audience = service.wiki(json!({})).await;
        let credential = service.credential(&[]).await;
        let attempt = Attempt::at(&audience);
        let mut browser = Browser::default();
        let who = (ANA, password.as_str());
        let code = browser.code(&service, &attempt, who).await;
        let answer = exchanged(&service, &credential, &code).await;
        let refresh = json!({
            "token": answer["token"], "binding_secret": answer["binding"], "origin": WIKI,
        });
        let response = browser.get(&service, &attempt.path()).await;
        let code = code_of(&response, &attempt);
        let mut scene = Self {
            service,
            password,
            audience,
            credential,
            refresh,
            code,
            position: String::new(),
        };
        let page: FeedPage = scene.poll().await.json().await.unwrap();
        scene.position = format!("&epoch={}&after={}", page.epoch, page.version);
        scene
    }

    async fn poll(&self) -> Response {
        let query = "?instance=one&stale_after=300&then=deny&wait=0";
        let url = self.service.call("feed") + query + &self.position;
        let request = self.service.http.get(url).bearer_auth(&self.credential);
        request.send().await.unwrap()
    }

    async fn ready(&self) -> (StatusCode, String) {
        let url = self.service.page("/readyz");
        let answer = self.service.http.get(url).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// What cannot be done now, each with the text that says why.
    async fn refusals(&self) -> Vec<(&'static str, StatusCode, String)> {
        let service = &self.service;
        let mut refusals = Vec::new();
        let path = Attempt::at(&self.audience).path();
        let mut browser = Browser::default();
        let who = (ANA, self.password.as_str());
        let page = browser.sign_in(service, &path, who).await;
        refusals.push(("sign-in", page.status(), page.text().await.unwrap()));
        for (what, body) in [
            ("exchange", exchange(&self.code)),
            ("refresh", self.refresh.clone()),
        ] {
            let answer = service.post(&self.credential, what, body).await;
            refusals.push((what, answer.status(), answer.text().await.unwrap()));
        }
        let form = [("client_id", "portcullis-control"), ("application", "wiki")];
        let url = service.page("/device_authorization");
        let answer = service.http.post(url).form(&form).send().await.unwrap();
        refusals.push(("device code", answer.status(), answer.text().await.unwrap()));
        refusals
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_or_read_only_is_said_and_nothing_is_half_written() {
    let test = "faults::disk::a_disk_that_is_full_or_read_only_is_said_and_nothing_is_half_written";
    let Some(faults) = Faults::here(test, "") else {
        return;
    };
    let scene = Scene::new(&faults).await;
    scene
        .service
        .done(
            "/applications/set",
            json!({ "name": "wiki", "changes": { "header_tokens": true } }),
        )
        .await;
    assert_eq!(scene.poll().await.status(), StatusCode::OK);
    for (fault, for_administrators, for_others) in FAULTS {
        let before = rows(&faults.database()).await;
        faults.set(fault);

        for path in ["/revocations/user", "/users/disable", "/users/remove"] {
            let (status, answer) = scene
                .service
                .administer(path, json!({ "email": ANA }))
                .await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            let text = answer["error"].as_str().unwrap();
            assert!(text.contains(for_administrators), "{fault} {path}: {text}");
        }
        for (what, status, text) in scene.refusals().await {
            assert_eq!(
                status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{fault} {what}: {text}"
            );
            assert!(text.contains(for_others), "{fault} {what}: {text}");
        }
        let (status, text) = scene.ready().await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains(for_administrators), "{fault}: {text}");
        let (alive, _) = scene.service.over_socket(Method::GET, "users").await;
        assert_eq!(alive, StatusCode::OK, "what is only read");
        // Filters go on.
        assert!(scene.poll().await.status().is_success(), "{fault}");

        faults.set("");
        assert_eq!(
            rows(&faults.database()).await,
            before,
            "{fault}: half written"
        );
        let begun = Instant::now();
        while scene.ready().await.0 != StatusCode::OK {
            assert!(begun.elapsed().as_secs() < 60, "{fault}: never ready again");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        scene
            .service
            .done("/users", json!({ "email": format!("{fault}@example.com") }))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_data_directory_alone_is_said_and_overcome() {
    let test = "faults::disk::a_full_disk_of_the_data_directory_alone_is_said_and_overcome";
    let Some(faults) = Faults::here(test, "data") else {
        return;
    };
    let scene = Scene::new(&faults).await;
    faults.set("full");
    let revoked = scene
        .service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    let begun = Instant::now();
    loop {
        let (status, text) = scene.ready().await;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let expected = "the disk of the data directory is full";
            assert!(text.contains(expected), "{text}");
            break;
        }
        assert!(begun.elapsed().as_secs() < 60, "not said");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    faults.set("");
    while scene.ready().await.0 != StatusCode::OK {
        assert!(begun.elapsed().as_secs() < 120, "never ready again");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let noted = std::fs::read(scene.service.data_dir().join("database.json")).unwrap();
    let noted: Value = serde_json::from_slice(&noted).unwrap();
    assert_eq!(noted["version"], revoked["version"]);
}

#[test]
fn the_command_line_and_the_log_say_that_the_disk_is_full() {
    let root = tempfile::TempDir::new().unwrap();
    let faults = Faults {
        root: root.path().to_owned(),
    };
    let data = root.path().join("files/data");
    std::fs::create_dir_all(data.parent().unwrap()).unwrap();
    let variables = faults.variables("");
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.to_str().unwrap()))
        .collect();
    let process = Process::start_with(&data, &variables);
    json_of(&data, &["user", "add", ANA]);
    faults.set("full");
    let revoke = program(&data, &["revoke", "user", ANA]).output().unwrap();
    assert_eq!(revoke.status.code(), Some(1));
    let error = String::from_utf8_lossy(&revoke.stderr).into_owned();
    assert!(
        error.contains("the disk of the database is full"),
        "{error}"
    );
    faults.set("");
    json_of(&data, &["revoke", "user", ANA]);
    process.signal("-TERM");
    let (_, _, log) = process.end();
    assert!(
        log.contains("the disk of the database is full"),
        "not in the log"
    );
}
