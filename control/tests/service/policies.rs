//! Policies with rules of every kind: what filters get, what is stored, and what `policy` says.

mod asked;

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser};
use crate::cli::{run, stderr};
use crate::harness::{Service, with_seal_of};

/// The wiki as the feed has it.
async fn in_feed(service: &Service, credential: &str) -> Value {
    let feed = service.http.get(service.call("feed"));
    let feed = feed.bearer_auth(credential).send().await.unwrap();
    let feed: Value = feed.json().await.unwrap();
    feed["applications"]["put"][0].clone()
}

async fn set(service: &Service, policy: Value) -> Value {
    let change = json!({ "name": "wiki", "changes": { "policy": policy } });
    service.done("/applications/set", change).await
}

#[tokio::test]
async fn s07_the_feed_has_the_request_part_of_every_rule() {
    let service = Service::start().await;
    service
        .wiki(json!({ "bypass": [{ "path": "/old" }] }))
        .await;
    let credential = service.credential(&[]).await;
    let policy = json!([
        { "id": "health", "action": "bypass", "include": [{ "path": ["/healthz", "/static/*"] }],
          "require": [{ "method": "GET" }] },
        { "id": "metrics", "action": "bypass", "include": [{ "path": "/metrics" }],
          "require": [{ "ip": ["10.0.0.0/8"] }] },
        { "id": "bots", "action": "block", "include": [{ "ip": ["10.1.0.0/16"] }] },
        { "id": "staff", "action": "allow",
          "include": [{ "email_domain": "example.com" }, { "ip": "192.0.2.0/24" }],
          "require": [{ "ip": ["10.0.0.0/15", "192.0.2.0/25"] }] },
        { "id": "rest", "action": "block", "include": [{ "everyone": true }] },
    ]);
    set(&service, policy).await;
    let wiki = in_feed(&service, &credential).await;
    assert_eq!(
        wiki["bypass"],
        json!([
            { "path": "/old", "match": "exact" },
            { "path": "/healthz", "match": "exact", "methods": ["GET"] },
            { "path": "/static", "match": "prefix", "methods": ["GET"] },
        ])
    );
    assert_eq!(
        wiki["bypass_from"],
        json!([{ "path": "/metrics", "match": "exact", "source_ranges": ["10.0.0.0/8"] }])
    );
    let ranges: Vec<&Value> = wiki["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["source_ranges"])
        .collect();
    assert_eq!(
        ranges,
        [
            &json!(["10.0.0.0/16", "192.0.2.0/25"]),
            &json!(["192.0.2.0/25"])
        ]
    );
    // Whoever is not blocked by address is told at sign-in.
    let password = service.user("carol@example.org").await;
    let attempt = Attempt::at(wiki["audience"].as_str().unwrap());
    let who = ("carol@example.org", password.as_str());
    let admitted = Browser::default()
        .sign_in(&service, &attempt.path(), who)
        .await;
    assert_eq!(admitted.status(), StatusCode::SEE_OTHER);
}

/// Written by the version before rules had actions.
#[tokio::test]
async fn a_policy_that_was_stored_before_is_read_and_rewritten_by_the_first_change() {
    let service = Service::start().await;
    let old = json!([{ "emails": ["ana@example.com"], "email_domains": [], "everyone": false,
        "session_duration_seconds": 3600 }]);
    service
        .wiki(json!({ "policy": [{ "emails": ["ana@example.com"], "session_duration": "1h" }] }))
        .await;
    let credential = service.credential(&[]).await;
    let today = in_feed(&service, &credential).await["rules"].clone();
    let pool = sqlx_pool(&service).await;
    let stored = async || -> Value {
        let (text,): (String,) = sqlx::query_as("SELECT definition FROM applications")
            .fetch_one(&pool)
            .await
            .unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let mut definition = stored().await;
    definition["policy"] = old.clone();
    // Settings of later versions are missing as well.
    definition
        .as_object_mut()
        .unwrap()
        .remove("escaped_slashes");
    sqlx::query("UPDATE applications SET definition = $1")
        .bind(definition.to_string())
        .execute(&pool)
        .await
        .unwrap();
    let service = service.restart("").await;
    // The rule has the same id: no token in use is replaced.
    assert_eq!(in_feed(&service, &credential).await["rules"], today);
    assert_eq!(stored().await["policy"], old);
    let change = json!({ "name": "wiki", "changes": { "preflight": "origin" } });
    service.done("/applications/set", change).await;
    let rule = json!({ "id": "rule-1", "action": "allow",
        "include": [{ "email": "ana@example.com" }], "session_duration": "1h" });
    assert_eq!(stored().await["policy"], json!({ "rules": [rule] }));
    assert_eq!(in_feed(&service, &credential).await["rules"], today);
}

async fn sqlx_pool(service: &Service) -> sqlx::AnyPool {
    sqlx::any::install_default_drivers();
    sqlx::AnyPool::connect(&service.database_url).await.unwrap()
}

#[tokio::test]
async fn a_bad_policy_changes_nothing() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let policy = json!([
        { "id": "a", "action": "allow", "include": [{ "group": "corp:x" }, { "path": "/x" }] },
        { "id": "b", "action": "service", "include": [{ "service_token": "nobodys" }] },
    ]);
    let change = json!({ "name": "wiki", "changes": { "policy": policy, "preflight": "origin" } });
    let (status, answer) = service.administer("/applications/set", change).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let paths: Vec<&Value> = answer["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["path"])
        .collect();
    assert_eq!(
        paths,
        [
            "policy[0].include[0].group",
            "policy[0].include[1].path",
            "policy[1].include[0].service_token"
        ]
    );
    let wiki = service
        .done("/applications/show", json!({ "name": "wiki" }))
        .await;
    assert_eq!(wiki["preflight"], "deny");
    assert_eq!(wiki["policy"][0]["include"][0]["everyone"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn b17_policy_show_set_and_test_say_who_is_admitted_and_why() {
    let service = Service::start_with(
        "[[access_groups]]\nname = \"office\"\ninclude = [{ ip = \"10.0.0.0/8\" }]\n",
    )
    .await;
    service.wiki(json!({})).await;
    let data = service.data_dir();
    let file = service.directory.path().join("policy.toml");
    let file_name = file.to_str().unwrap();
    std::fs::write(
        &file,
        r#"policy = [
  { id = "guests", action = "block", include = [{ email = "guest@example.com" }] },
  { id = "staff", action = "allow", include = [{ email_domain = "example.com" }], require = [{ amr = "mfa" }, { access_group = "office" }] },
]"#,
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let mut all = vec!["policy"];
        all.extend_from_slice(arguments);
        let output = run(&data, &all);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["set", "--application", "wiki", file_name]);
    let shown = run(&["show", "--application", "wiki"]);
    // What is shown can be set.
    std::fs::write(&file, &shown).unwrap();
    run(&["set", "--application", "wiki", file_name]);
    assert_eq!(run(&["show", "--application", "wiki"]), shown);
    let test = |arguments: &[&str]| {
        let mut all = vec!["test", "--application", "wiki"];
        all.extend_from_slice(arguments);
        let text = run(&all);
        all.push("--json");
        let json: Value = serde_json::from_str(&run(&all)).unwrap();
        (json, text)
    };
    let ana = ["--user", "ana@example.com", "--amr", "mfa", "--ip"];
    let (answer, text) = test(&[&ana[..], &["10.0.0.7"]].concat());
    assert_eq!(
        (&answer["admitted"], &answer["rule"]),
        (&json!(true), &json!("staff")),
        "{text}"
    );
    for part in [
        "guests",
        "include: nothing fits",
        "decides",
        "wiki: admitted",
        "10.0.0.0/8",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (answer, text) = test(&[&ana[..], &["192.0.2.7"]].concat());
    assert_eq!(
        (&answer["admitted"], &answer["rule"]),
        (&json!(false), &json!("staff")),
        "{text}"
    );
    assert!(
        text.contains("403 policy_denied; later rules are not asked"),
        "{text}"
    );
    let (answer, text) = test(&["--user", "guest@example.com"]);
    assert_eq!(
        (&answer["admitted"], &answer["rule"]),
        (&json!(false), &json!("guests")),
        "{text}"
    );
    let (answer, text) = test(&["--groups", "corp:x"]);
    assert_eq!(
        (&answer["admitted"], &answer["rule"]),
        (&json!(false), &Value::Null)
    );
    assert!(text.contains("no rule fits"), "{text}");
    let bad = crate::cli::run(
        &data,
        &["policy", "set", "--application", "wiki", "nowhere.toml"],
    );
    assert!(stderr(&bad).contains("nowhere.toml"));
}

#[tokio::test]
async fn a_changed_access_group_acts_in_every_policy_that_names_it() {
    let groups = |networks: &str, more: &str| {
        format!(
            "[[access_groups]]\nname = \"office\"\ninclude = [{{ ip = {networks} }}]\n\
             [[access_groups]]\nname = \"staff\"\ninclude = [{{ email_domain = \"example.com\" }}{more}]\n\
             [[applications]]\nname = \"declared\"\norigins = [\"https://declared.example.com\"]\n\
             policy = [{{ id = \"a\", action = \"allow\", include = [{{ access_group = \"staff\" }}] }}]\n"
        )
    };
    let service = Service::start_with(&groups("\"10.0.0.0/8\"", "")).await;
    service
        .wiki(json!({ "policy": [{ "id": "a", "action": "allow",
            "include": [{ "access_group": "staff" }], "require": [{ "access_group": "office" }] }] }))
        .await;
    let credential = service.credential(&[]).await;
    let rules = async |service: &Service| {
        let feed = service
            .http
            .get(service.call("feed"))
            .bearer_auth(&credential);
        let feed: Value = feed.send().await.unwrap().json().await.unwrap();
        let all = feed["applications"]["put"].as_array().unwrap().clone();
        let of = |name: &str| {
            let found = all.iter().find(|one| one["name"] == name).unwrap();
            found["rules"][0].clone()
        };
        (of("wiki"), of("declared"))
    };
    let (wiki, declared) = rules(&service).await;
    assert_eq!(wiki["source_ranges"], json!(["10.0.0.0/8"]));
    let service = service.restart(&groups("\"192.0.2.0/24\"", "")).await;
    let (moved, same) = rules(&service).await;
    // Addresses are checked by filters: no token is replaced for them.
    assert_eq!(moved["source_ranges"], json!(["192.0.2.0/24"]));
    assert_eq!((&moved["id"], &same), (&wiki["id"], &declared));
    let more = ", { email = \"guest@example.org\" }";
    let service = service.restart(&groups("\"192.0.2.0/24\"", more)).await;
    let (wider, declared_wider) = rules(&service).await;
    assert_ne!(wider["id"], wiki["id"]);
    assert_ne!(declared_wider["id"], declared["id"]);
    // A group that left the file is used as it was.
    let service = service.restart("").await;
    let shown = service
        .done("/applications/show", json!({ "name": "wiki" }))
        .await;
    assert_eq!(shown["policy"][0]["require"][0]["access_group"], "office");
    let change = json!({ "name": "wiki", "changes": { "preflight": "origin" } });
    service.done("/applications/set", change).await;
}

/// Each brings the groups into the same policies.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_at_once_all_start_when_an_access_group_changed() {
    let group = |network: &str| {
        format!("[[access_groups]]\nname = \"office\"\ninclude = [{{ ip = {network:?} }}]\n")
    };
    let service = Service::start_with(&group("10.0.0.0/8")).await;
    for number in 0..20 {
        let origin = format!("https://app{number}.example.com");
        let policy =
            json!([{ "id": "a", "action": "allow", "include": [{ "access_group": "office" }] }]);
        let settings = json!({ "policy": policy });
        service
            .application(&format!("app{number}"), &origin, settings)
            .await;
    }
    let start = async || {
        let directory = Arc::new(with_seal_of(&service.directory));
        let (url, clock) = (&service.database_url, Arc::clone(&service.clock));
        Service::start_beside(url, directory, &group("192.0.2.0/24"), clock, true).await
    };
    let started = futures_util::future::join_all((0..4).map(|_| start())).await;
    for replica in started {
        replica.unwrap();
    }
    let credential = service.credential(&[]).await;
    let feed = service.http.get(service.call("feed"));
    let feed = feed.bearer_auth(&credential).send().await.unwrap();
    let feed: Value = feed.json().await.unwrap();
    let all = feed["applications"]["put"].as_array().unwrap();
    assert_eq!(all.len(), 20);
    for one in all {
        let ranges = &one["rules"][0]["source_ranges"];
        assert_eq!(*ranges, json!(["192.0.2.0/24"]), "{one}");
    }
}
