//! Whose duration counts: of the application, of the rule that admits, of the configuration; and
//! what `0` does.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, code_of, exchanged};
use crate::cli::program;
use crate::harness::{Service, WIKI};
use crate::refresh::{claims, forbidden};

const ANA: &str = "ana@example.com";
const HOUR: u64 = 3600;

/// A service where somebody signs in at the wiki.
struct At {
    service: Service,
    attempt: Attempt,
    credential: String,
    password: String,
    browser: Browser,
}

impl At {
    async fn new(sessions: &str, wiki: Value) -> Self {
        let service = Service::start_with(&format!("[sessions]\n{sessions}\n")).await;
        let password = service.user(ANA).await;
        Self {
            attempt: Attempt::at(&service.wiki(wiki).await),
            credential: service.credential(&[]).await,
            browser: Browser::default(),
            service,
            password,
        }
    }

    async fn sign_in(&mut self) -> Value {
        let who = (ANA, self.password.as_str());
        let code = self.browser.code(&self.service, &self.attempt, who).await;
        self.exchange(&code).await
    }

    async fn exchange(&self, code: &str) -> Value {
        exchanged(&self.service, &self.credential, code).await
    }

    async fn refresh(&self, answer: &Value) -> Value {
        let body = json!({
            "token": answer["token"], "binding_secret": answer["binding"], "origin": WIKI,
        });
        let answer = self.service.post(&self.credential, "refresh", body).await;
        answer.json().await.unwrap()
    }

    async fn change(&self, changes: Value) {
        let change = json!({ "name": "wiki", "changes": changes });
        self.service.done("/applications/set", change).await;
    }
}

/// Seconds from a token's issue to its end, and to that of its global session.
fn lives(answer: &Value) -> (u64, u64) {
    let claims = claims(answer["token"].as_str().unwrap());
    let number = |name: &str| claims[name].as_u64().unwrap();
    assert_eq!(answer["session_exp"], claims["session_exp"]);
    (
        number("exp") - number("iat"),
        number("session_exp") - number("iat"),
    )
}

fn every_navigation(answer: &Value) -> Value {
    claims(answer["token"].as_str().unwrap())["every_navigation"].clone()
}

#[tokio::test]
async fn s04_whose_duration_counts() {
    let rule = |duration: &str| json!([{ "everyone": true, "session_duration": duration }]);
    let two = json!([
        { "emails": [ANA], "session_duration": "20m" },
        { "everyone": true, "session_duration": "10h" },
    ]);
    let without = json!([{ "emails": [ANA] }, { "everyone": true, "session_duration": "1h" }]);
    let everyone = json!([{ "everyone": true }]);
    for (global, application, policy, expected) in [
        ("", "2h", &everyone, (2 * HOUR, 2 * HOUR)),
        ("30d", "30d", &everyone, (720 * HOUR, 720 * HOUR)),
        ("15m", "15m", &everyone, (900, 900)),
        ("1h", "8h", &everyone, (HOUR, HOUR)),
        ("8h", "1h", &everyone, (HOUR, 8 * HOUR)),
        ("8h", "1h", &rule("2h"), (2 * HOUR, 8 * HOUR)),
        ("8h", "2h", &rule("1h"), (HOUR, 8 * HOUR)),
        ("1h", "2h", &rule("8h"), (HOUR, HOUR)),
        ("", "2h", &rule("1h"), (HOUR, HOUR)),
        ("", "2h", &rule("3h"), (3 * HOUR, 3 * HOUR)),
        ("", "2h", &two, (1200, 1200)),
        ("", "2h", &without, (2 * HOUR, 2 * HOUR)),
        ("", "0", &everyone, (60, 24 * HOUR)),
        ("", "2h", &rule("0"), (60, 24 * HOUR)),
        ("", "0", &rule("2h"), (2 * HOUR, 2 * HOUR)),
        ("1h", "0", &everyone, (60, HOUR)),
        ("0", "1h", &everyone, (60, 60)),
        ("0", "0", &everyone, (60, 60)),
    ] {
        let sessions = match global {
            "" => String::new(),
            duration => format!("global_duration = \"{duration}\""),
        };
        let wiki = json!({ "session_duration": application, "policy": policy });
        let mut at = At::new(&sessions, wiki).await;
        let answer = at.sign_in().await;
        let row = format!("global {global:?}, application {application}, {policy}");
        assert_eq!(lives(&answer), expected, "{row}");
        // A refresh at once judges the same.
        assert_eq!(lives(&at.refresh(&answer).await), expected, "{row}");
    }
}

#[tokio::test]
async fn s04_a_sign_in_without_application_lasts_a_day() {
    let mut at = At::new("", json!({ "session_duration": "1h" })).await;
    let who = (ANA, at.password.as_str());
    let signed_in = at.browser.sign_in(&at.service, "/login", who).await;
    assert_eq!(signed_in.headers()["location"], "/");
    let back = at.browser.get(&at.service, &at.attempt.path()).await;
    let answer = at.exchange(&code_of(&back, &at.attempt)).await;
    assert_eq!(lives(&answer), (HOUR, 24 * HOUR));
}

#[tokio::test]
async fn the_duration_of_now_counts_at_a_refresh() {
    let mut at = At::new(
        "global_duration = \"8h\"",
        json!({ "session_duration": "1h" }),
    )
    .await;
    let answer = at.sign_in().await;
    at.change(json!({ "session_duration": "2h" })).await;
    let answer_2h = at.refresh(&answer).await;
    assert_eq!(lives(&answer_2h), (2 * HOUR, 8 * HOUR));
    at.change(json!({ "policy": [{ "everyone": true, "session_duration": "0" }] }))
        .await;
    let answer_0 = at.refresh(&answer).await;
    assert_eq!(lives(&answer_0), (60, 8 * HOUR));
    assert_eq!(every_navigation(&answer_0), true);
}

#[tokio::test]
async fn a_session_without_duration_says_so_and_others_do_not() {
    let mut at = At::new(
        "global_duration = \"8h\"",
        json!({ "session_duration": "0" }),
    )
    .await;
    assert_eq!(every_navigation(&at.sign_in().await), true);
    at.change(json!({ "session_duration": "15m" })).await;
    let back = at.browser.get(&at.service, &at.attempt.path()).await;
    let answer = at.exchange(&code_of(&back, &at.attempt)).await;
    assert_eq!(every_navigation(&answer), Value::Null);
    // The global session lives: nobody was asked again for the second one.
    at.change(json!({ "session_duration": "0" })).await;
    at.service.clock.advance(8 * HOUR - 30);
    let back = at.browser.get(&at.service, &at.attempt.path()).await;
    let answer = at.exchange(&code_of(&back, &at.attempt)).await;
    assert_eq!(lives(&answer), (30, 30), "never past the global session");
}

#[tokio::test]
async fn s04_a_refresh_without_duration_opens_no_navigation() {
    let mut at = At::new(
        "global_duration = \"8h\"",
        json!({ "session_duration": "0" }),
    )
    .await;
    let answer = at.sign_in().await;
    at.service.clock.advance(45);
    let refreshed = at.refresh(&answer).await;
    let of = |answer: &Value| claims(answer["token"].as_str().unwrap());
    let (old, new) = (of(&answer), of(&refreshed));
    // The filter takes the token for a navigation within ten seconds of `iat`.
    assert_eq!(new["iat"], old["iat"]);
    assert_eq!(new["exp"], old["exp"].as_u64().unwrap() + 45);
}

#[tokio::test]
async fn s05_without_global_duration_every_login_asks() {
    let mut at = At::new("global_duration = \"0\"", json!({})).await;
    let answer = at.sign_in().await;
    for path in [at.attempt.path(), "/login".to_owned()] {
        let form = at.browser.get(&at.service, &path).await;
        assert_eq!(form.status(), StatusCode::OK, "{path}");
        assert!(form.text().await.unwrap().contains("name=\"password\""));
    }
    at.sign_in().await;
    // The first one ends as well, whatever is asked for it.
    at.service.clock.advance(60);
    let body = json!({
        "token": answer["token"], "binding_secret": answer["binding"], "origin": WIKI,
    });
    let refused = at.service.post(&at.credential, "refresh", body).await;
    assert_eq!(
        crate::harness::problem(refused).await,
        forbidden("session_ended")
    );
}

#[tokio::test]
async fn a_duration_that_cannot_be_changes_nothing() {
    let at = At::new("", json!({ "session_duration": "2h" })).await;
    for changes in [
        json!({ "session_duration": "14m" }),
        json!({ "session_duration": "31d" }),
        json!({ "policy": [{ "everyone": true, "session_duration": "14m" }] }),
        json!({ "policy": [{ "everyone": true, "session_duration": "" }] }),
        json!({ "policy": [{ "everyone": true, "session_durations": "1h" }] }),
    ] {
        let body = json!({ "name": "wiki", "changes": changes });
        let (status, answer) = at.service.administer("/applications/set", body).await;
        assert!(status.is_client_error(), "{status} {answer}");
    }
    let storage = &at.service.running.service.storage;
    let wiki = storage.application_named("wiki").await.unwrap().unwrap();
    assert_eq!(wiki.definition.session_duration_seconds, 2 * HOUR);
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_the_command_line_sets_both_durations_of_an_application() {
    let service = Service::start().await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| {
        let output = program(&data, arguments).arg("--json").output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout)
            .map_err(|_| String::from_utf8(output.stderr).unwrap())
    };
    let add = ["application", "add", "wiki", "--origin", WIKI];
    let durations = ["--session-duration", "8h", "--allow-session-duration", "0"];
    let alone = run(&[&add[..], &durations].concat()).unwrap_err();
    assert!(alone.contains("--allow-email"), "{alone}");
    let allow = ["--allow-email", ANA, "--allow-domain", "example.org"];
    let wiki = run(&[&add[..], &durations, &allow].concat()).unwrap();
    assert_eq!(wiki["session_duration"], "8h");
    assert_eq!(wiki["policy"][0]["session_duration"], "0s");
    // What is shown can be given back, and no rule has one by itself.
    let set = ["application", "set", "wiki", "--session-duration", "0s"];
    let wiki = run(&[&set[..], &["--allow-everyone"]].concat()).unwrap();
    assert_eq!(wiki["session_duration"], "0s");
    assert_eq!(wiki["policy"][0].get("session_duration"), None);
}
