//! One judgement for every way to a token: the same facts, asked about by an exchange, a refresh,
//! the page that makes tokens for scripts, and a command line's poll.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{AnyPool, AssertSqlSafe};

use crate::browser::{Attempt, code_of, exchange, exchanged};
use crate::device::Scene;
use crate::harness::WIKI;

/// What one way to a token answers. A page or a command line is told less than a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Token,
    /// A filter's reason.
    Reason(&'static str),
    /// A person is sent to the sign-in; a command line hears that its session has ended.
    SessionEnded,
    SignInRequired,
    /// No application that admits the user.
    NotAdmitted,
}

use Answer::{NotAdmitted, Reason, SessionEnded, SignInRequired, Token};

/// What changed after the user signed in at the application.
enum Change {
    Nothing,
    Stored(&'static str),
    Settings(fn() -> Value),
    Both(&'static str, fn() -> Value),
}

struct Row {
    fact: &'static str,
    change: Change,
    exchange: Answer,
    refresh: Answer,
    page: Answer,
    command_line: Answer,
}

const SIGN_IN_DEMANDED: &str = "INSERT INTO revocations (scope, subject, audience, version, fresh, expires_at) \
     SELECT 'application', applications.audience, '', feed_state.version + 1, 1, 0 \
     FROM applications, feed_state";

const ROWS: [Row; 10] = [
    Row {
        fact: "everything is good",
        change: Change::Nothing,
        exchange: Token,
        refresh: Token,
        page: Token,
        command_line: Token,
    },
    Row {
        fact: "the session has ended",
        change: Change::Stored("DELETE FROM sessions"),
        // Its codes end with it.
        exchange: Reason("code_unknown"),
        refresh: Reason("session_ended"),
        page: SessionEnded,
        command_line: SessionEnded,
    },
    Row {
        fact: "the session has expired",
        change: Change::Stored("UPDATE sessions SET expires_at = 1"),
        exchange: Reason("session_ended"),
        refresh: Reason("session_ended"),
        page: SessionEnded,
        command_line: SessionEnded,
    },
    Row {
        fact: "the user is disabled",
        change: Change::Stored("UPDATE users SET disabled = 1"),
        exchange: Reason("session_ended"),
        refresh: Reason("session_ended"),
        page: SessionEnded,
        command_line: SessionEnded,
    },
    Row {
        fact: "the user is blocked",
        change: Change::Stored("UPDATE users SET blocked_until = 9999999999"),
        exchange: Reason("user_blocked"),
        refresh: Reason("user_blocked"),
        page: SessionEnded,
        command_line: SessionEnded,
    },
    Row {
        fact: "the application is gone",
        change: Change::Stored("UPDATE applications SET gone = 1"),
        exchange: Reason("origin_unknown"),
        refresh: Reason("origin_unknown"),
        page: NotAdmitted,
        command_line: NotAdmitted,
    },
    Row {
        fact: "the policy does not admit the user",
        change: Change::Settings(not_admitted),
        exchange: Reason("policy_denied"),
        refresh: Reason("policy_denied"),
        page: NotAdmitted,
        command_line: NotAdmitted,
    },
    Row {
        fact: "a new sign-in is demanded",
        change: Change::Stored(SIGN_IN_DEMANDED),
        exchange: Reason("login_required"),
        refresh: Reason("login_required"),
        page: SignInRequired,
        // A command line cannot sign in: its person goes to the page, which says so.
        command_line: NotAdmitted,
    },
    Row {
        fact: "a new sign-in is demanded of a user whom the policy does not admit",
        change: Change::Both(SIGN_IN_DEMANDED, not_admitted),
        exchange: Reason("login_required"),
        refresh: Reason("login_required"),
        // Signing in again would lead nowhere.
        page: NotAdmitted,
        command_line: NotAdmitted,
    },
    Row {
        fact: "a new sign-in is demanded where there are no tokens for scripts",
        change: Change::Both(SIGN_IN_DEMANDED, without_header_tokens),
        exchange: Reason("login_required"),
        refresh: Reason("login_required"),
        page: NotAdmitted,
        command_line: NotAdmitted,
    },
];

fn not_admitted() -> Value {
    json!({ "policy": [{ "emails": ["bob@example.com"] }] })
}

fn without_header_tokens() -> Value {
    json!({ "header_tokens": false })
}

#[tokio::test]
async fn the_same_facts_get_the_same_answer_everywhere() {
    for row in ROWS {
        let mut ways = Ways::new().await;
        ways.apply(&row.change).await;
        let answers = [
            ("exchange", ways.exchange().await, row.exchange),
            ("refresh", ways.refresh().await, row.refresh),
            ("page", ways.page().await, row.page),
            ("command line", ways.command_line().await, row.command_line),
        ];
        for (way, answer, expected) in answers {
            assert_eq!(answer, expected, "{way}: {}", row.fact);
        }
    }
}

/// A user who is signed in, with a code to exchange, a token to refresh, and a command line whose
/// request is confirmed.
struct Ways {
    scene: Scene,
    credential: String,
    code: String,
    token: Value,
    device_code: String,
}

impl Ways {
    async fn new() -> Self {
        let mut scene = Scene::new(json!({})).await;
        let credential = scene.service.credential(&[]).await;
        let attempt = Attempt::at(&scene.audience);
        let mut codes = Vec::new();
        for _ in 0..2 {
            let back = scene.browser.get(&scene.service, &attempt.path()).await;
            codes.push(code_of(&back, &attempt));
        }
        let token = exchanged(&scene.service, &credential, &codes[0]).await;
        let (device_code, user_code) = scene.codes().await;
        scene.confirm(&user_code).await;
        Self {
            scene,
            credential,
            code: codes.swap_remove(1),
            token,
            device_code,
        }
    }

    async fn apply(&self, change: &Change) {
        match change {
            Change::Nothing => {}
            Change::Stored(sql) => self.store(sql).await,
            Change::Settings(settings) => self.set(settings()).await,
            Change::Both(sql, settings) => {
                self.store(sql).await;
                self.set(settings()).await;
            }
        }
    }

    async fn store(&self, sql: &'static str) {
        let pool = AnyPool::connect(&self.scene.service.database_url).await;
        let pool = pool.unwrap();
        sqlx::query(AssertSqlSafe(sql))
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
    }

    async fn set(&self, settings: Value) {
        let change = json!({ "name": "wiki", "changes": settings });
        self.scene.service.done("/applications/set", change).await;
    }

    async fn exchange(&self) -> Answer {
        let call = exchange(&self.code);
        let service = &self.scene.service;
        filter_answer(service.post(&self.credential, "exchange", call).await).await
    }

    async fn refresh(&self) -> Answer {
        let call = json!({
            "token": self.token["token"],
            "binding_secret": self.token["binding"],
            "origin": WIKI,
        });
        let service = &self.scene.service;
        filter_answer(service.post(&self.credential, "refresh", call).await).await
    }

    async fn page(&mut self) -> Answer {
        let form = [
            ("application", self.scene.audience.as_str()),
            ("csrf_token", ""),
        ];
        let service = &self.scene.service;
        let request = service.http.post(service.page("/tokens")).form(&form);
        // The form was opened before the change.
        let request = request.header("sec-fetch-site", "same-origin");
        let response = self.scene.browser.send(request).await;
        match response.status() {
            StatusCode::OK => Token,
            StatusCode::SEE_OTHER => SessionEnded,
            StatusCode::FORBIDDEN if response.text().await.unwrap().contains("Sign in again") => {
                SignInRequired
            }
            StatusCode::FORBIDDEN => NotAdmitted,
            other => panic!("{other}"),
        }
    }

    async fn command_line(&self) -> Answer {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "portcullis-control"),
            ("device_code", &self.device_code),
        ];
        let response = self.scene.post("/token", &form).await;
        if response.status() == StatusCode::OK {
            return Token;
        }
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["error"], "access_denied");
        let description = answer["error_description"].as_str().unwrap();
        match (
            description.contains("session"),
            description.contains("policy"),
        ) {
            (true, false) => SessionEnded,
            (false, true) => NotAdmitted,
            _ => panic!("{description}"),
        }
    }
}

async fn filter_answer(response: Response) -> Answer {
    if response.status() == StatusCode::OK {
        return Token;
    }
    let problem: Value = response.json().await.unwrap();
    let known = ROWS.iter().flat_map(|row| [row.exchange, row.refresh]);
    let mut same =
        known.filter(|one| matches!(one, Reason(reason) if problem["reason"] == *reason));
    same.next().unwrap_or_else(|| panic!("{problem}"))
}
