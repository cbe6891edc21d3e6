//! The groups of a person that an application gets to know: in its tokens and in its headers.

mod setting;

use std::sync::Arc;

use portcullis::filter::Effect;
use portcullis::protocol::base64url;
use portcullis::protocol::claims::{MAX_GROUPS_HEADER_BYTES, MAX_TOKEN_BYTES};
use portcullis::reply::header_list;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::AnyPool;
use tempfile::TempDir;

use crate::audit::scene::events;
use crate::browser::{Attempt, Browser, between, exchanged};
use crate::gate::{Gate, Kind};
use crate::harness::{Service, WIKI};
use crate::kill::json as command;
use crate::person::{self, Person, Seen};
use crate::replicas::replica::Replica;

const ANA: &str = "ana@example.com";
const HOUR: u64 = 60 * 60;

/// The provider `corp`, which is never asked.
fn configuration(directory: &TempDir) -> String {
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    format!(
        "[sign_in]\npasswords = true\n[sessions]\nglobal_duration = \"8h\"\n\
         [[identity_providers]]\nid = \"corp\"\nname = \"Corporate account\"\n\
         issuer = \"https://sso.example.com\"\nclient_id = \"portcullis\"\n\
         groups_claim = \"groups\"\nclient_secret_file = \"{}\"\n",
        secret.display()
    )
}

async fn service() -> Service {
    let directory = Arc::new(TempDir::new().unwrap());
    let toml = configuration(&directory);
    Service::start_in(directory, &toml).await.unwrap()
}

/// All sessions become such of a person whom `corp` has signed in, with these groups, as a re-check
/// with the provider would leave them.
async fn provider_says(database_url: &str, groups: &[String]) {
    let pool = AnyPool::connect(database_url).await.unwrap();
    let add = "INSERT INTO identities (id, user_id, provider_id, subject, email, email_normal, \
               email_believed, groups, claims, created_at, last_seen_at) \
               SELECT 'ana', id, 'corp', 'a-subject', email, email_normal, 1, '[]', '{}', 1, 1 \
               FROM users WHERE email = 'ana@example.com' ON CONFLICT (id) DO NOTHING";
    sqlx::query(add).execute(&pool).await.unwrap();
    let changed = sqlx::query("UPDATE sessions SET identity_id = 'ana', groups = $1")
        .bind(json!(groups).to_string())
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 1);
    pool.close().await;
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// 500 groups, as a provider names them.
fn many() -> Vec<String> {
    (0..500).map(|number| format!("team {number}")).collect()
}

/// As a policy names them.
fn qualified(groups: &[String]) -> Vec<String> {
    groups.iter().map(|name| format!("corp:{name}")).collect()
}

/// A policy that admits everybody, and names groups.
fn naming(groups: &[String]) -> Value {
    json!([{
        "id": "all", "action": "allow", "include": [{ "everyone": true }, { "group": groups }],
    }])
}

fn claims(token: &str) -> Value {
    let claims = base64url::decode(token.split('.').nth(1).unwrap().as_bytes());
    serde_json::from_slice(&claims.unwrap()).unwrap()
}

/// Ana's browser at a wiki with these settings, with the code of a sign-in.
struct Scene {
    service: Service,
    credential: String,
    audience: String,
    browser: Browser,
    code: String,
}

impl Scene {
    async fn new(settings: Value) -> Self {
        let service = service().await;
        let password = service.user(ANA).await;
        let audience = service.wiki(settings).await;
        let attempt = Attempt::at(&audience);
        let mut browser = Browser::default();
        Self {
            credential: service.credential(&[]).await,
            code: browser.code(&service, &attempt, (ANA, &password)).await,
            audience,
            browser,
            service,
        }
    }

    async fn provider_says(&self, groups: &[String]) {
        provider_says(&self.service.database_url, groups).await;
    }

    /// The token for the code, and its binding secret.
    async fn exchange(&self) -> (String, Value) {
        let answer = exchanged(&self.service, &self.credential, &self.code).await;
        let token = answer["token"].as_str().unwrap().to_owned();
        (token, answer["binding"].clone())
    }

    /// For each event with this name, whether it tells that groups were left out.
    async fn told_of_left_out(&self, name: &str) -> Vec<bool> {
        let told = events(&self.service, &format!("event={name}")).await;
        let told = told.iter();
        told.map(|event| event["details"]["groups_truncated"] == true)
            .collect()
    }

    async fn refresh(&self, (token, binding): &(String, Value)) -> Value {
        let body = json!({ "token": token, "binding_secret": binding, "origin": WIKI });
        let answer = self.service.post(&self.credential, "refresh", body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = answer.json().await.unwrap();
        claims(answer["token"].as_str().unwrap())
    }
}

#[tokio::test]
async fn a_token_names_those_groups_of_the_person_that_are_forwarded() {
    let forward = ["corp:ops", "corp:a,b", "corp:Küche", "corp:hr"];
    let settings = json!({ "forward_groups": forward, "header_tokens": true });
    let mut scene = Scene::new(settings).await;
    scene
        .provider_says(&names(&["Küche", "a,b", "hr", "secret"]))
        .await;
    let first = scene.exchange().await;
    let token = claims(&first.0);
    // In the order of the setting.
    assert_eq!(
        token["groups"],
        json!(["corp:a,b", "corp:Küche", "corp:hr"])
    );
    assert!(token.get("groups_truncated").is_none());

    // So does a token for scripts.
    let fields = [("application", scene.audience.as_str())];
    let page = scene
        .browser
        .submit(&scene.service, "/tokens", &fields)
        .await;
    let page = page.text().await.unwrap();
    let script = claims(between(&page, "spellcheck=\"false\">", "</textarea>"));
    assert_eq!(script["groups"], token["groups"]);

    // A refresh takes them as they are now, and so does one that is repeated.
    let again = scene.refresh(&first).await;
    assert_eq!(again["groups"], token["groups"]);
    assert_eq!(scene.refresh(&first).await["jti"], again["jti"]);
    scene.provider_says(&names(&["ops"])).await;
    let now = scene.refresh(&first).await;
    assert_eq!(now["groups"], json!(["corp:ops"]));
    scene.provider_says(&[]).await;
    assert_eq!(scene.refresh(&first).await["groups"], json!([]));
}

#[tokio::test]
async fn a_token_names_no_groups_where_none_are_forwarded() {
    for settings in [json!({}), json!({ "forward_groups": [] })] {
        let scene = Scene::new(settings).await;
        scene.provider_says(&names(&["it"])).await;
        let token = claims(&scene.exchange().await.0);
        assert!(token.get("groups").is_none(), "{token}");
    }
    // A password says nothing about groups: the person is in none.
    let scene = Scene::new(json!({ "forward_groups": ["corp:it"] })).await;
    assert_eq!(claims(&scene.exchange().await.0)["groups"], json!([]));
}

#[tokio::test]
async fn of_500_groups_as_many_as_fit_are_forwarded_and_the_token_says_so() {
    let groups = many();
    let all = qualified(&groups);
    let settings = json!({
        "forward_groups": "policy", "policy": naming(&all), "header_tokens": true,
    });
    let mut scene = Scene::new(settings).await;
    scene.provider_says(&groups).await;
    let first = scene.exchange().await;
    assert!(first.0.len() <= MAX_TOKEN_BYTES);
    let token = claims(&first.0);
    let sent: Vec<String> = serde_json::from_value(token["groups"].clone()).unwrap();
    assert_eq!(sent, all[..sent.len()]);
    assert_eq!(token["groups_truncated"], true);
    let bytes = |list: &[String]| header_list(list).len();
    assert!(bytes(&sent) <= MAX_GROUPS_HEADER_BYTES);
    assert!(bytes(&all[..=sent.len()]) > MAX_GROUPS_HEADER_BYTES);

    let fields = [("application", scene.audience.as_str())];
    let page = scene.browser.submit(&scene.service, "/tokens", &fields);
    assert_eq!(page.await.status(), StatusCode::OK);
    assert_eq!(scene.told_of_left_out("token.issued").await, [true, true]);

    // Somebody in few of them lacks none, wherever they stand.
    scene.provider_says(&names(&["team 499", "team 3"])).await;
    let token = scene.refresh(&first).await;
    assert_eq!(token["groups"], json!(["corp:team 3", "corp:team 499"]));
    assert!(token.get("groups_truncated").is_none());
    assert_eq!(scene.told_of_left_out("session.refreshed").await, [false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_whose_groups_were_left_out() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("portcullis.toml");
    let applications = format!(
        "[[applications]]\nname = \"wiki\"\norigins = [\"{WIKI}\"]\nforward_groups = \"policy\"\n\
         policy = [{{ id = \"all\", action = \"allow\", include = [{{ everyone = true }}, \
         {{ group = {} }}] }}]\n",
        json!(qualified(&many()))
    );
    std::fs::write(&file, configuration(&directory) + &applications).unwrap();
    let config = [("PORTCULLIS_CONFIG", file.to_str().unwrap())];
    let data = directory.path().join("data");
    let service = Replica::start(&data, &config);
    let run = |arguments: &[&str]| command(&data, arguments);
    let password = run(&["user", "add", ANA])["password"].clone();
    let wiki = run(&["application", "show", "wiki"]);
    assert_eq!(wiki["forward_groups"], "policy");
    let credential = run(&["filter-credential", "new"])["credential"].clone();
    let attempt = Attempt::at(wiki["audience"].as_str().unwrap());
    let signed_in = service.sign_in(&attempt, ANA, password.as_str().unwrap());
    let location = signed_in.await.location.unwrap();
    let database = format!("sqlite://{}", data.join("portcullis.db").display());
    provider_says(&database, &many()).await;
    let code = crate::browser::exchange(between(&location, "code=", "&"));
    let answer = service.call(credential.as_str().unwrap(), "exchange", &code);
    let token = claims(answer.await["token"].as_str().unwrap());
    let sent = token["groups"].as_array().unwrap().len();
    let log = service.end();
    let line = |text: &str| log.lines().find(|line| line.contains(text)).unwrap();
    // Once at the start for the administrator, and once for the person.
    assert!(line("of the 500 groups that the policy names").contains("application=\"wiki\""));
    let line = line("not all groups of the user fit");
    let numbers = format!("forwarded={sent} left_out={}", 500 - sent);
    for part in [
        "WARN",
        "application=\"wiki\"",
        &numbers,
        token["sub"].as_str().unwrap(),
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}
