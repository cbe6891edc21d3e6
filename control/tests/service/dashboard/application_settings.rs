//! Edit › Settings of an application.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sqlx::{AnyPool, AssertSqlSafe};

use super::form::Form;
use super::{administrator, page, read, signed_in};
use crate::browser::{Browser, between};
use crate::harness::Service;

fn path(audience: &str) -> String {
    format!("/dashboard/applications/{audience}/settings")
}

async fn opened(service: &Service, browser: &mut Browser, audience: &str) -> Form {
    Form::of(&page(service, browser, &path(audience)).await)
}

async fn stored(service: &Service) -> Value {
    let all = service.listed("/applications").await;
    all.into_iter().find(|one| one["name"] == "wiki").unwrap()
}

/// Sends the form, and confirms what it would end or open.
async fn save(service: &Service, browser: &mut Browser, form: Form) -> Response {
    let sent = form.send(service, browser).await;
    if sent.status() != 422 {
        return sent;
    }
    let asked = sent.text().await.unwrap();
    confirmed(&asked).send(service, browser).await
}

/// The form of a page that asks, with the button that confirms.
fn confirmed(asked: &str) -> Form {
    let value = between(asked, "name=\"confirmed\" value=\"", "\"");
    Form::of(asked).with("confirmed", value)
}

async fn version(service: &Service) -> u64 {
    service
        .running
        .service
        .storage
        .newest_version()
        .await
        .unwrap()
}

#[tokio::test]
async fn s18_each_cookie_setting_is_saved_and_nothing_else_changes() {
    let service = Service::start().await;
    let audience = service
        .wiki(json!({ "cors_origins": ["https://a.example"] }))
        .await;
    let mut browser = administrator(&service).await;
    let mut expected = stored(&service).await;
    let steps: [(&str, &str, Value); 4] = [
        ("http_only", "", json!(false)),
        ("same_site", "strict", json!("strict")),
        ("binding_cookie", "", json!(false)),
        ("session_duration", "12h", json!("12h")),
    ];
    for (name, typed, value) in steps {
        let form = opened(&service, &mut browser, &audience).await;
        let form = if typed.is_empty() {
            form.without(name)
        } else {
            form.with(name, typed)
        };
        let saved = save(&service, &mut browser, form).await;
        assert_eq!(saved.status(), 303, "{name}");
        let to = saved.headers()["location"].to_str().unwrap().to_owned();
        let shown = page(&service, &mut browser, &to).await;
        assert!(
            shown.contains("Saved. No proxy follows the feed."),
            "{shown}"
        );
        expected[name] = value;
        assert_eq!(stored(&service).await, expected, "{name}");
    }
    // What is sent back unchanged changes nothing.
    let before = version(&service).await;
    let form = opened(&service, &mut browser, &audience).await;
    let saved = form.send(&service, &mut browser).await;
    let to = saved.headers()["location"].to_str().unwrap().to_owned();
    let shown = page(&service, &mut browser, &to).await;
    assert!(shown.contains("Nothing differed"), "{shown}");
    assert_eq!(version(&service).await, before);
}

#[tokio::test]
async fn all_problems_are_shown_beside_their_fields_and_everything_typed_is_kept() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let mut browser = administrator(&service).await;
    let before = stored(&service).await;
    let form = opened(&service, &mut browser, &audience).await;
    let form = form
        .with("session_duration", "5m")
        .with("origins", "https://wiki.example.com\nhttp://\"<b>")
        .with("bypass", "no-slash");
    let (status, shown) = read(form.send(&service, &mut browser).await).await;
    assert_eq!(status, 422);
    assert!(shown.contains("<title>Error: "), "{shown}");
    for name in ["session_duration", "origins", "bypass"] {
        assert!(
            shown.contains(&format!("<a href=\"#{name}\">")),
            "{name}: {shown}"
        );
        assert!(
            shown.contains(&format!("id=\"wrong-{name}\"")),
            "{name}: {shown}"
        );
    }
    assert!(!shown.contains("<b>"), "{shown}");
    let again = Form::of(&shown);
    assert_eq!(again.value("session_duration"), Some("5m"));
    assert_eq!(
        again.value("origins"),
        Some("https://wiki.example.com\nhttp://\"<b>")
    );
    assert_eq!(again.value("bypass"), Some("no-slash"));
    assert_eq!(stored(&service).await, before);
}

#[tokio::test]
async fn what_ends_or_opens_something_is_said_first() {
    let service = Service::start().await;
    let settings = json!({ "binding_cookie": false, "header_tokens": true });
    let audience = service.wiki(settings).await;
    let mut browser = administrator(&service).await;
    let before = stored(&service).await;
    let form = opened(&service, &mut browser, &audience).await;
    let form = form
        .with("binding_cookie", "on")
        .without("header_tokens")
        .with("bypass", "GET /health\n/public/*");
    let (status, asked) = read(form.send(&service, &mut browser).await).await;
    assert_eq!(status, 422);
    assert!(asked.contains("Nothing was saved yet"), "{asked}");
    assert!(
        asked.contains("0 sessions are in now: the next page load brings a new token"),
        "{asked}"
    );
    assert!(
        asked.contains("scripts with such tokens stop working"),
        "{asked}"
    );
    assert!(
        asked.contains("Everybody reaches GET /health, /public/* without a session."),
        "{asked}"
    );
    assert_eq!(stored(&service).await, before);
    // A confirmation is one of these consequences, not of others.
    let confirmed = confirmed(&asked);
    let other = self::confirmed(&asked).with("bypass", "/");
    assert_eq!(other.send(&service, &mut browser).await.status(), 422);
    let saved = confirmed.send(&service, &mut browser).await;
    assert_eq!(saved.status(), 303);
    let now = stored(&service).await;
    assert_eq!(now["binding_cookie"], json!(true));
    // Whatever makes the application's pages less safe is said as well.
    let form = opened(&service, &mut browser, &audience).await;
    let form = form
        .with("bypass", "/public/*")
        .with(
            "origins",
            "https://wiki.example.com\nhttps://new.example.com",
        )
        .with("same_site", "none")
        .with("keep_override_headers", "on")
        .without("http_only");
    let (status, asked) = read(form.send(&service, &mut browser).await).await;
    assert_eq!(status, 422);
    for said in [
        "GET /health needs a session from now on",
        "The paths under Bypass are open to everybody at https://new.example.com, too.",
        "Scripts in the application&#39;s pages can read the token",
        "Pages of other sites can use the session",
        "Headers that replace the path reach the application",
    ] {
        assert!(asked.contains(said), "{said}: {asked}");
    }
    let public = json!({ "path": "/public", "match": "prefix", "methods": null });
    assert_eq!(now["bypass"][1], public, "{now}");
}

#[tokio::test]
async fn manifest_and_icons_are_added_and_nothing_is_saved() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let mut browser = administrator(&service).await;
    let before = stored(&service).await;
    let form = opened(&service, &mut browser, &audience).await;
    let form = form
        .with("bypass", "/health\nGET /favicon.ico")
        .with("act", "usual_paths");
    let (status, shown) = read(form.send(&service, &mut browser).await).await;
    assert_eq!(status, 422);
    let again = Form::of(&shown);
    let bypass = again.value("bypass").unwrap();
    assert!(
        bypass.starts_with("/health\nGET /favicon.ico\n"),
        "{bypass}"
    );
    assert_eq!(bypass.matches("/favicon.ico").count(), 1, "{bypass}");
    assert!(bypass.contains("GET /site.webmanifest"), "{bypass}");
    assert_eq!(stored(&service).await, before);
}

#[tokio::test]
async fn two_editors_lose_nothing() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let mut ana = administrator(&service).await;
    let mut bo = signed_in(&service, "bo@example.com", "administrator").await;
    let of_ana = opened(&service, &mut ana, &audience).await;
    let of_bo = opened(&service, &mut bo, &audience).await;
    let of_bo = of_bo
        .with("same_site", "strict")
        .with("session_duration", "2h");
    assert_eq!(of_bo.send(&service, &mut bo).await.status(), 303);
    // Both changed the duration; only ana the server, only bo SameSite.
    let of_ana = of_ana
        .with("session_duration", "3h")
        .with("upstream", "http://127.0.0.1:3000");
    let (status, asked) = read(of_ana.send(&service, &mut ana).await).await;
    assert_eq!(status, 409);
    assert!(
        asked.contains("The last change was by bo@example.com at "),
        "{asked}"
    );
    for text in [">24h<", ">3h<", ">2h<"] {
        assert!(asked.contains(text), "{text}: {asked}");
    }
    assert_eq!(stored(&service).await["session_duration"], "2h");
    let again = Form::of(&asked);
    assert_eq!(again.value("same_site"), Some("strict"));
    let theirs = Form::of(&asked).with("take.session_duration", "now");
    let saved = theirs.send(&service, &mut ana).await;
    assert_eq!(saved.status(), 303);
    let now = stored(&service).await;
    assert_eq!(now["session_duration"], "2h");
    assert_eq!(
        (&now["same_site"], &now["upstream"]),
        (&json!("strict"), &json!("http://127.0.0.1:3000"))
    );
    // The other choice.
    let yours = again.with("take.session_duration", "yours");
    let saved = yours.send(&service, &mut ana).await;
    let to = saved.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(stored(&service).await["session_duration"], "3h");
    let shown = page(&service, &mut ana, &to).await;
    assert!(
        shown.contains("What somebody else changed meanwhile was kept."),
        "{shown}"
    );
}

#[tokio::test]
async fn a_changed_duration_needs_a_recent_sign_in_and_other_settings_do_not() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let mut browser = administrator(&service).await;
    service.clock.advance(21 * 60);
    let form = opened(&service, &mut browser, &audience).await;
    let longer = form.with("session_duration", "30d");
    let (status, kept) = read(longer.send(&service, &mut browser).await).await;
    assert_eq!(status, 401);
    assert!(
        kept.contains("Reason: sign_in_too_old") && kept.contains("value=\"30d\""),
        "{kept}"
    );
    // So does what ends or opens something.
    let form = opened(&service, &mut browser, &audience).await;
    let opens = form.with("bypass", "/health");
    assert_eq!(opens.send(&service, &mut browser).await.status(), 401);
    let form = opened(&service, &mut browser, &audience).await;
    let other = form.with("same_site", "strict");
    assert_eq!(other.send(&service, &mut browser).await.status(), 303);
    assert_eq!(stored(&service).await["session_duration"], "24h");
}

#[tokio::test]
async fn a_double_click_saves_once_and_a_form_of_somebody_signed_out_is_kept() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let mut browser = administrator(&service).await;
    let form = opened(&service, &mut browser, &audience).await;
    let form = form.with("same_site", "strict");
    let first = form.send(&service, &mut browser).await;
    let saved = version(&service).await;
    let second = form.send(&service, &mut browser).await;
    assert_eq!(first.headers()["location"], second.headers()["location"]);
    assert_eq!(version(&service).await, saved);

    let form = opened(&service, &mut browser, &audience).await;
    let form = form.with("upstream", "http://127.0.0.1:3000");
    let who = json!({ "email": super::ROOT });
    service.done("/revocations/user", who).await;
    let (status, kept) = read(form.send(&service, &mut browser).await).await;
    assert_eq!(status, 401);
    assert!(kept.contains("value=\"http://127.0.0.1:3000\""), "{kept}");
}

#[tokio::test]
async fn a_database_that_fails_costs_nothing_that_was_typed() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let mut browser = administrator(&service).await;
    let before = stored(&service).await;
    let form = opened(&service, &mut browser, &audience).await;
    let form = form.with("same_site", "strict");
    let database = AnyPool::connect(&service.database_url).await.unwrap();
    let rename = async |from: &str, to: &str| {
        let rename = AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sqlx::raw_sql(rename).execute(&database).await.unwrap();
    };
    // In the write; and before anything is known of the person.
    for table in ["feed_log", "sessions"] {
        rename(table, "away").await;
        let (status, kept) = read(form.send(&service, &mut browser).await).await;
        rename("away", table).await;
        assert_eq!(status, 503, "{table}");
        assert!(kept.contains("Reason: unavailable"), "{kept}");
        assert!(
            kept.contains("name=\"same_site\" value=\"strict\""),
            "{kept}"
        );
        assert!(!kept.contains(table), "{kept}");
        assert_eq!(stored(&service).await, before);
    }
    assert_eq!(form.send(&service, &mut browser).await.status(), 303);
    assert_eq!(stored(&service).await["same_site"], "strict");
}

#[tokio::test]
async fn names_and_places_of_others_are_refused_beside_their_fields() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    service
        .application("git", "https://git.example.com", json!({}))
        .await;
    let mut browser = administrator(&service).await;
    let form = opened(&service, &mut browser, &audience).await;
    let (status, shown) = read(form.with("name", "git").send(&service, &mut browser).await).await;
    assert_eq!(status, 409);
    assert!(shown.contains("<a href=\"#name\">"), "{shown}");
    let form = opened(&service, &mut browser, &audience).await;
    let taken = form.with(
        "origins",
        "https://wiki.example.com\nhttps://git.example.com",
    );
    let (status, shown) = read(taken.send(&service, &mut browser).await).await;
    assert_eq!(status, 409);
    assert!(
        shown.contains("already belongs to the application `git`"),
        "{shown}"
    );
    assert!(shown.contains("<a href=\"#origins\">"), "{shown}");
}

#[tokio::test]
async fn a_viewer_and_a_declared_application_have_fields_to_read_only() {
    let declared = "[[applications]]\nname = \"git\"\norigins = [\"https://git.example.com\"]\n";
    let service = Service::start_with(declared).await;
    let audience = service.wiki(json!({})).await;
    let mut viewer = signed_in(&service, "bo@example.com", "viewer").await;
    let shown = page(&service, &mut viewer, &path(&audience)).await;
    assert!(!shown.contains(">Save</button>"), "{shown}");
    assert!(shown.contains(" readonly>"), "{shown}");
    let mut browser = administrator(&service).await;
    let all = service.listed("/applications").await;
    let git = all.iter().find(|one| one["name"] == "git").unwrap();
    let git = path(git["audience"].as_str().unwrap());
    let shown = page(&service, &mut browser, &git).await;
    assert!(
        shown.contains("The configuration file declares this application"),
        "{shown}"
    );
    assert!(!shown.contains(">Save</button>"), "{shown}");
    // The TOML is what the file would have.
    let toml = between(&shown, "[[applications]]", "</code>");
    let toml = toml.replace("&#34;", "\"");
    let copied = Service::start_with(&format!("[[applications]]{toml}")).await;
    let copied = copied.listed("/applications").await;
    let original = all.iter().find(|one| one["name"] == "git").unwrap();
    for (name, value) in original.as_object().unwrap() {
        assert!(
            name == "audience" || copied[0][name] == *value,
            "{name}: {copied:?}"
        );
    }
    let (_, events) = service
        .over_socket(Method::GET, "audit?event=application.changed")
        .await;
    assert_eq!(events["items"], json!([]));
}
