//! One spelling for one person, however their e-mail address is typed or was stored.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, code_of, exchanged};
use crate::cli::run;
use crate::harness::Service;

const SPELLINGS: [&str; 5] = [
    "eva@köln.example",
    "eva@ko\u{308}ln.example",
    "EVA@KÖLN.example",
    "eva@xn--kln-sna.example",
    "Eva@XN--KLN-SNA.example",
];

async fn signs_in(service: &Service, email: &str, password: &str) -> bool {
    let mut browser = Browser::default();
    let sent = browser.sign_in(service, "/login", (email, password)).await;
    browser.cookies.contains_key("__Host-access_session") && sent.status().as_u16() == 303
}

async fn refused(service: &Service, email: &str) -> Value {
    let (status, answer) = service
        .administer("/users", json!({ "email": email }))
        .await;
    assert!(status.is_client_error(), "{email:?}: {answer}");
    answer
}

async fn sql(service: &Service, statement: &str) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(statement).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn listed(service: &Service, id: &str) -> Value {
    let users = service.listed("/users").await;
    users.into_iter().find(|user| user["id"] == id).unwrap()
}

async fn added(service: &Service, email: &str) -> (String, String) {
    let user = service.done("/users", json!({ "email": email })).await;
    let text = |field: &str| user[field].as_str().unwrap().to_owned();
    (text("id"), text("password"))
}

#[tokio::test]
async fn a_person_signs_in_with_every_spelling_and_cannot_be_added_twice() {
    let service = Service::start().await;
    let (id, password) = added(&service, "eva@ko\u{308}ln.example").await;
    for spelling in SPELLINGS {
        assert!(signs_in(&service, spelling, &password).await, "{spelling}");
        assert_eq!(refused(&service, spelling).await["reason"], "email_taken");
    }
    let pasted = " eva@köln.example ";
    assert!(signs_in(&service, pasted, &password).await);
    assert!(!signs_in(&service, "eva@koln.example", &password).await);
    let zoe = service.user("zoe\u{308}@example.com").await;
    assert!(signs_in(&service, "zoë@example.com", &zoe).await);
    assert!(!signs_in(&service, "zoe@example.com", &zoe).await);
    assert_eq!(listed(&service, &id).await["email"], "eva@köln.example");
    let path = "users?user=eva@xn--kln-sna.example";
    let (_, found) = service.over_socket(reqwest::Method::GET, path).await;
    assert_eq!(found["items"][0]["id"], id.as_str(), "{found}");
    let revoked = service
        .done(
            "/revocations/user",
            json!({ "email": "eva@xn--kln-sna.example" }),
        )
        .await;
    assert_eq!(revoked["users"], 1);
}

#[tokio::test]
async fn addresses_that_deceive_are_refused_and_nothing_is_added() {
    let service = Service::start().await;
    let before = service.listed("/users").await.len();
    for (address, says) in [
        ("\u{202e}ana@example.com", "U+202E"),
        ("\u{200b}ana@example.com", "U+200B"),
        ("ana@exam\u{ad}ple.com", "U+00AD"),
        ("ａna@example.com", "U+FF41"),
        (&format!("{}@example.com", "Ⱥ".repeat(31)), "too long"),
    ] {
        let answer = refused(&service, address).await;
        assert!(answer.to_string().contains(says), "{answer}");
        let shown = answer.to_string();
        assert!(
            !shown.contains('\u{202e}') && !shown.contains('\u{200b}'),
            "{shown}"
        );
        let policy = json!({
            "name": "x", "origins": ["https://x.example.com"], "policy": [{ "emails": [address] }],
        });
        let (status, answer) = service.administer("/applications", policy).await;
        assert!(
            status.is_client_error() && answer.to_string().contains(says),
            "{answer}"
        );
    }
    assert_eq!(service.listed("/users").await.len(), before);
}

#[tokio::test]
async fn a_rule_in_one_spelling_admits_a_user_in_another() {
    let service = Service::start().await;
    let password = service.user("eva@xn--kln-sna.example").await;
    let credential = service.credential(&[]).await;
    for (name, policy) in [
        (
            "address",
            json!([{ "emails": ["Eva@ko\u{308}ln.example"] }]),
        ),
        ("domain", json!([{ "email_domains": ["KÖLN.example"] }])),
        (
            "ascii",
            json!([{ "email_domains": ["xn--kln-sna.example"] }]),
        ),
    ] {
        let origin = format!("https://{name}.example.com");
        let settings = json!({ "policy": policy });
        let mut attempt = Attempt::at(&service.application(name, &origin, settings).await);
        attempt.origin.clone_from(&origin);
        let mut browser = Browser::default();
        let who = ("eva@köln.example", password.as_str());
        let back = browser.sign_in(&service, &attempt.path(), who).await;
        let code = code_of(&back, &attempt);
        if name == "address" {
            let mut body = crate::browser::exchange(&code);
            body["origin"] = origin.into();
            let answer = service.post(&credential, "exchange", body).await;
            let answer: Value = answer.json().await.unwrap();
            let claims = crate::refresh::claims(answer["token"].as_str().unwrap());
            // As people read it: `/.access/identity` and the applications show it.
            assert_eq!(claims["email"], "eva@köln.example");
        }
    }
}

/// Two users of a database from before, whose addresses are one.
struct Before {
    service: Service,
    attempt: Attempt,
    credential: String,
    older: (String, String),
    newer: (String, String),
}

impl Before {
    /// The newer one has signed in, and has a token.
    async fn new() -> Self {
        let service = Service::start().await;
        let attempt = Attempt::at(&service.wiki(json!({})).await);
        let older = added(&service, "eva@a.example").await;
        service.clock.advance(10);
        let newer = added(&service, "eva@b.example").await;
        let mut browser = Browser::default();
        let who = ("eva@b.example", newer.1.as_str());
        let code = browser.code(&service, &attempt, who).await;
        let credential = service.credential(&[]).await;
        exchanged(&service, &credential, &code).await;
        let rename = |id: &str, email: &str| {
            format!("UPDATE users SET email = '{email}', email_normal = NULL WHERE id = '{id}'; ")
        };
        let renamed = rename(&older.0, "eva@köln.example");
        sql(
            &service,
            &(renamed + &rename(&newer.0, "eva@xn--kln-sna.example")),
        )
        .await;
        let mut before = Self {
            service,
            attempt,
            credential,
            older,
            newer,
        };
        before.service = before.service.restart("").await;
        before
    }
}

#[tokio::test]
async fn two_stored_users_who_turn_out_to_be_one_are_neither_lost_nor_joined() {
    let Before {
        service,
        older,
        newer,
        ..
    } = Before::new().await;
    assert_eq!(service.listed("/users").await.len(), 2);
    // The one who signed in last has the address.
    for spelling in SPELLINGS {
        assert!(signs_in(&service, spelling, &newer.1).await, "{spelling}");
        assert!(!signs_in(&service, spelling, &older.1).await, "{spelling}");
    }
    assert_eq!(
        listed(&service, &newer.0).await["address_problem"],
        Value::Null
    );
    let problem = &listed(&service, &older.0).await["address_problem"];
    assert!(
        problem.as_str().unwrap().contains("another user"),
        "{problem}"
    );
    // Settled once: a restart changes nothing.
    let service = service.restart("").await;
    assert!(!signs_in(&service, SPELLINGS[0], &older.1).await);
    // A new password by address is that of the one who can sign in.
    let set = json!({ "email": SPELLINGS[0] });
    let set = service.done("/users/password", set).await;
    assert_eq!(set["id"], newer.0.as_str());
    // An administrator settles it by id: an address could mean either.
    let both = json!({ "email": SPELLINGS[0] });
    let (status, refused) = service.administer("/users/remove", both).await;
    assert_eq!(
        (status.as_u16(), &refused["reason"]),
        (409, &json!("several_users"))
    );
    assert_eq!(service.listed("/users").await.len(), 2);
    service
        .done("/users/remove", json!({ "email": newer.0 }))
        .await;
    assert!(signs_in(&service, SPELLINGS[0], &older.1).await);
    assert_eq!(
        listed(&service, &older.0).await["address_problem"],
        Value::Null
    );
}

#[tokio::test]
async fn a_revocation_by_address_reaches_both_users_who_have_it() {
    let Before {
        service,
        attempt,
        credential,
        newer,
        ..
    } = Before::new().await;
    let mut browser = Browser::default();
    let who = (SPELLINGS[0], newer.1.as_str());
    let code = browser.code(&service, &attempt, who).await;
    let token = exchanged(&service, &credential, &code).await;
    let revoke = json!({ "email": SPELLINGS[0] });
    let revoked = service.done("/revocations/user", revoke).await;
    assert_eq!(revoked["users"], 2);
    let body = json!({
        "token": token["token"], "binding_secret": token["binding"],
        "origin": crate::harness::WIKI,
    });
    let answer = service.post(&credential, "refresh", body).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_stored_address_that_is_refused_now_signs_nobody_in_and_can_be_removed() {
    let service = Service::start().await;
    let (id, password) = added(&service, "ana@example.com").await;
    let stored = "\u{200b}ana@example.com";
    let rename =
        format!("UPDATE users SET email = '{stored}', email_normal = NULL WHERE id = '{id}'");
    sql(&service, &rename).await;
    let service = service.restart("").await;
    assert!(!signs_in(&service, stored, &password).await);
    assert!(!signs_in(&service, "ana@example.com", &password).await);
    let problem = listed(&service, &id).await["address_problem"].to_string();
    assert!(problem.contains("U+200B"), "{problem}");
    let (_, other) = added(&service, "ana@example.com").await;
    assert!(signs_in(&service, "ana@example.com", &other).await);
    let removed = service
        .done("/users/remove", json!({ "email": stored }))
        .await;
    assert_eq!(removed["users"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_scripts_are_shown_to_administrators() {
    let service = Service::start().await;
    let data = service.data_dir();
    let text = |arguments: &[&str]| {
        let output = run(&data, arguments);
        assert!(output.status.success(), "{}", crate::cli::stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    // With a Cyrillic `а`.
    let fake = "аna@example.com";
    let added = text(&["user", "add", fake]);
    assert!(
        added.contains("mixes Cyrillic and Latin letters"),
        "{added}"
    );
    text(&["user", "add", "ana@example.com"]);
    text(&["user", "add", "zoë@köln.example"]);
    let list = text(&["user", "list"]);
    assert_eq!(list.matches("[Cyrillic+Latin]").count(), 1, "{list}");
    let list: Value = serde_json::from_str(&text(&["user", "list", "--json"])).unwrap();
    let mixed: Vec<_> = list["items"].as_array().unwrap().iter().collect();
    for user in mixed {
        let expected = if user["email"] == fake {
            json!(["Cyrillic", "Latin"])
        } else {
            json!([])
        };
        assert_eq!(user["mixed_scripts"], expected, "{user}");
    }
    let add = [
        "application",
        "add",
        "x",
        "--origin",
        "https://x.example.com",
    ];
    let application = text(&[&add[..], &["--allow-email", fake]].concat());
    assert!(application.contains("[Cyrillic+Latin]"), "{application}");
    assert!(
        application.contains("some of which look alike"),
        "{application}"
    );
    assert!(text(&["application", "show", "x"]).contains("[Cyrillic+Latin]"));
}

#[tokio::test]
async fn any_address_can_be_typed_into_the_sign_in_field() {
    let service = Service::start().await;
    let page = Browser::default().get(&service, "/login").await;
    let page = page.text().await.unwrap();
    let field = crate::browser::between(&page, "<input id=\"email\"", ">");
    for attribute in [
        "type=\"text\"",
        "inputmode=\"email\"",
        "autocomplete=\"username\"",
    ] {
        assert!(field.contains(attribute), "{field}");
    }
}
