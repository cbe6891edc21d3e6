//! It guards an application, and a restart finds everything as it was.

use std::fs;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::get;
use portcullis_demo::origin::{self, Origin};
use portcullis_demo::ports::free_port;
use portcullis_demo::wait;
use serde_json::json;

use super::command::{END_LIMIT, Try, directory};

fn application(origin: &Origin) -> String {
    format!("wiki=http://{}", origin.address())
}

/// Browsers resolve names under `localhost` themselves, as does the one of this test.
#[test]
fn an_application_is_guarded_with_one_command() -> Result<()> {
    let origin = Origin::start(origin::application())?;
    let data = directory("try-one")?;
    let port = free_port()?;
    let trial = Try::start(&data, port, &[application(&origin)])?;
    let wiki = format!("https://wiki.localhost:{port}");
    assert_eq!(trial.text("/applications/0/address")?, wiki);
    assert_eq!(trial.text("/user")?, "you@example.com");

    let mut browser = trial.browser()?;
    let answer = browser.xhr(&format!("{wiki}/api/echo"))?;
    assert_eq!(answer.status, 401, "{}", answer.text());
    let page = browser.sign_in(&format!("{wiki}/start"), &trial.user()?)?;
    assert_eq!((page.status, page.url.path()), (200, "/start"));
    assert!(page.text().contains("you@example.com"), "{}", page.text());

    trial.control(&["revoke", "user", "you@example.com", "--wait"])?;
    let answer = browser.xhr(&format!("{wiki}/api/echo"))?;
    assert_eq!(answer.status, 401, "{}", answer.text());
    trial.interrupt()
}

#[test]
fn a_restart_keeps_user_password_session_and_authority() -> Result<()> {
    let origin = Origin::start(origin::application())?;
    let other = Origin::start(Router::new().fallback(get(async || "the other server")))?;
    let data = directory("try-two")?;
    let port = free_port()?;
    let wiki = format!("https://wiki.localhost:{port}/api/echo");

    let first = Try::start(&data, port, &[application(&origin)])?;
    let mut browser = first.browser()?;
    let page = browser.sign_in(&wiki, &first.user()?)?;
    assert_eq!(page.status, 200, "{}", page.text());
    first.control(&["application", "set", "wiki", "--session-duration", "1h"])?;
    let authority = fs::read(first.text("/certificate_authority")?)?;
    let (user, said) = (first.user()?, first.said.clone());
    let certificate = fs::read(data.join(format!("try-{port}/certificate.pem")))?;
    first.interrupt()?;

    // Another server for the same application, and another application.
    let chat = format!("chat=http://{}", other.address());
    let wiki_at_other = application(&other);
    let second = Try::start(&data, port, &[wiki_at_other, chat.clone()])?;
    assert_eq!(second.user()?, user);
    assert_eq!(fs::read(second.text("/certificate_authority")?)?, authority);
    let anew = fs::read(data.join(format!("try-{port}/certificate.pem")))?;
    assert_ne!(anew, certificate);
    // The browser knows nothing new, neither of authorities nor of sessions.
    let answer = wait::until("the filter to have the feed", END_LIMIT, || {
        let answer = browser.xhr(&wiki)?;
        Ok((answer.status != 503).then_some(answer))
    })?;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "the other server")
    );
    let list = second.control(&["application", "list", "--json"])?;
    let list: serde_json::Value = serde_json::from_slice(&list.stdout)?;
    let items = list.get("items").and_then(|items| items.as_array());
    let wiki_now = items
        .and_then(|items| items.iter().find(|item| item["name"] == "wiki"))
        .context("no wiki")?;
    assert_eq!(wiki_now["session_duration"], json!("1h"));
    second.interrupt()?;

    // Applications of earlier starts are served without being named.
    let third = Try::start(&data, port, &[])?;
    assert_eq!(third.said["applications"].as_array().map(Vec::len), Some(2));
    assert_eq!(third.said["password"], said["password"]);
    let page = browser.open(&format!("https://chat.localhost:{port}/"))?;
    assert_eq!(
        (page.status, page.text().as_str()),
        (200, "the other server")
    );
    third.interrupt()
}

#[test]
fn a_password_that_was_changed_is_not_shown() -> Result<()> {
    let origin = Origin::start(origin::application())?;
    let data = directory("try-pw")?;
    let port = free_port()?;
    let first = Try::start(&data, port, &[application(&origin)])?;
    first.interrupt()?;
    let file = data.join(format!("try-{port}/account.json"));
    let kept = fs::read_to_string(&file)?;
    let mut changed: serde_json::Value = serde_json::from_str(&kept)?;
    changed["password"] = json!("not theirs any more");
    fs::write(&file, changed.to_string())?;
    let second = Try::start(&data, port, &[application(&origin)])?;
    assert_eq!(second.said["password"], json!(null));
    second.interrupt()
}
