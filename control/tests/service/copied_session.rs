//! Whoever copied a cookie or a token gains nothing when its owner signs in again: what was copied
//! ends when it would have ended.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, code_of, exchanged};
use crate::harness::{Service, WIKI, problem};
use crate::person::Seen;
use crate::refresh::{claims, forbidden};
use crate::table::scene::{Setting, begin};

const ANA: &str = "ana@example.com";
const HOUR: u64 = 3600;

/// Ana is signed in for 8 hours, and has a token of the wiki.
struct At {
    service: Service,
    attempt: Attempt,
    credential: String,
    password: String,
    owner: Browser,
    first: Value,
}

impl At {
    async fn new() -> Self {
        let service = Service::start_with("[sessions]\nglobal_duration = \"8h\"\n").await;
        let password = service.user(ANA).await;
        let wiki = json!({ "session_duration": "1h" });
        let mut at = Self {
            attempt: Attempt::at(&service.wiki(wiki).await),
            credential: service.credential(&[]).await,
            owner: Browser::default(),
            first: Value::Null,
            service,
            password,
        };
        at.first = at.sign_in().await;
        at
    }

    /// The owner signs in, and gets a token.
    async fn sign_in(&mut self) -> Value {
        let login = format!("{}&other_account=true", self.attempt.path());
        let who = (ANA, self.password.as_str());
        let back = self.owner.sign_in(&self.service, &login, who).await;
        self.exchange(&code_of(&back, &self.attempt)).await
    }

    async fn exchange(&self, code: &str) -> Value {
        exchanged(&self.service, &self.credential, code).await
    }

    /// What the first token's binding secret and a token of its line are good for.
    async fn refresh(&self, answer: &Value) -> Response {
        let body = json!({
            "token": answer["token"], "binding_secret": self.first["binding"], "origin": WIKI,
        });
        self.service.post(&self.credential, "refresh", body).await
    }
}

/// The number in a token's claim.
fn number(answer: &Value, claim: &str) -> u64 {
    let claims = claims(answer["token"].as_str().unwrap());
    claims[claim].as_u64().unwrap()
}

#[tokio::test]
async fn a_copied_token_that_is_only_refreshed_ends_with_the_sign_in_that_it_proves() {
    let mut at = At::new().await;
    let end = number(&at.first, "session_exp");
    at.service.clock.advance(7 * HOUR);
    let again = at.sign_in().await;
    assert_eq!(number(&again, "session_exp"), end + 7 * HOUR, "renewed");
    at.service.clock.advance(HOUR / 2);

    let copied = at.refresh(&at.first).await;

    assert_eq!(copied.status(), StatusCode::OK);
    let copied: Value = copied.json().await.unwrap();
    assert_eq!(copied["session_exp"], end);
    let times = (number(&copied, "session_exp"), number(&copied, "exp"));
    assert_eq!(times, (end, end));
    at.service.clock.advance(HOUR / 2);
    for token in [&at.first, &copied] {
        let refused = problem(at.refresh(token).await).await;
        assert_eq!(refused, forbidden("session_ended"));
    }
}

#[tokio::test]
async fn a_copied_cookie_of_the_team_domain_ends_with_the_sign_in_that_it_proves() {
    let mut at = At::new().await;
    let mut thief = at.owner.clone();
    let end = number(&at.first, "session_exp");
    at.service.clock.advance(7 * HOUR);
    at.sign_in().await;
    at.service.clock.advance(HOUR / 2);

    let back = thief.get(&at.service, &at.attempt.path()).await;

    let copied = at.exchange(&code_of(&back, &at.attempt)).await;
    let times = (number(&copied, "session_exp"), number(&copied, "exp"));
    assert_eq!(times, (end, end));
    for proof in ["auth_time", "auth_ver"] {
        assert_eq!(number(&copied, proof), number(&at.first, proof), "{proof}");
    }
    at.service.clock.advance(HOUR / 2);
    let form = thief.get(&at.service, &at.attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "the form");
    let back = at.owner.get(&at.service, &at.attempt.path()).await;
    code_of(&back, &at.attempt);
}

#[tokio::test]
async fn s06_whoever_signed_in_again_goes_on_without_a_prompt() {
    let (setting, _) = Setting::of_line("8h | 1h | - | with_binding | 0s").unwrap();
    let (mut scene, mut person) = begin(&setting).await;
    scene.service.clock.advance(7 * HOUR);
    let login = "/login?other_account=true";
    let who = (scene.email, scene.password.as_str());
    let signed_in = person.team.sign_in(&scene.service, login, who).await;
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    let inside = Seen::Wiki {
        renewed: true,
        through_team_domain: false,
    };
    assert_eq!(person.asks(&mut scene).await, inside);
    scene.service.clock.advance(HOUR + 60);
    let refused = person.asks(&mut scene).await;
    assert!(matches!(refused, Seen::Filter(401, _)), "{refused:?}");
    let through = Seen::Wiki {
        renewed: false,
        through_team_domain: true,
    };
    assert_eq!(person.opens(&mut scene).await, through);
    scene.service.clock.advance(2 * HOUR);
    assert_eq!(person.asks(&mut scene).await, inside);
}
