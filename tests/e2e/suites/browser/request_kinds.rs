//! What browsers really send without a session, and what comes back: the table of
//! `decisions.md` 5, by the requests that Chromium makes and not by headers of our own.

mod table;

use std::fmt::Write;

use anyhow::{Context, Result};
use portcullis_e2e::access_log::Entry;
use portcullis_e2e::chromium::{Tab, visitor};
use portcullis_e2e::{Application, ApplicationSettings, Stand, sites, stand};
use serde_json::Value;

use table::{Answer, ROWS, Site};

/// The application's pages that open without a session.
const OPEN: &str = "/open";

#[test]
fn b01_what_chromium_sends_without_a_session_gets_what_the_table_says() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, other) = (guarded(stand)?, other_site(stand)?);
    let page = stand.publish(OPEN, "<link rel=icon href='data:,'><body>");
    let tab = visitor.tab()?;

    let mut lines = String::new();
    let mut wrong = Vec::new();
    for row in ROWS {
        let path = stand.unique_path();
        tab.open(&match row.from {
            Site::Itself => application.url(&page),
            Site::Another => other.url(&page),
        })?;
        let sees = send(&tab, row.script, &application.url(&path))
            .with_context(|| format!("{} by {}", row.kind, row.sent_by))?;
        let entry = stand.access_log_of(&path)?;
        line(&mut lines, (row.kind, row.sent_by), &entry, &sees)?;
        let (status, details) = row.answer.logged();
        if (entry.status, entry.details.as_deref()) != (status, Some(details)) || sees != row.sees {
            wrong.push(row.sent_by);
        }
        assert_eq!(stand.reached_origin(&path), 0, "{}", row.sent_by);
    }
    println!("{lines}");
    assert!(
        wrong.is_empty(),
        "not as the table says: {wrong:?}\n{lines}"
    );
    Ok(())
}

#[test]
fn b01_a_manifest_without_a_session_gets_401() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = guarded(stand)?;
    let path = stand.unique_path();
    let page = stand.publish(OPEN, &format!("<link rel=manifest href='{path}'><body>"));
    let tab = visitor.tab()?;
    tab.open(&application.url(&page))?;
    tab.fetch_manifest()?;
    expect(stand, &path, Answer::Unauthorized)
}

#[test]
fn b01_a_navigation_that_a_service_worker_fetches_again_is_one() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let worker = stand.publish_script(
        "",
        "addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));",
    );
    let application = stand.application(&ApplicationSettings {
        options: &["--bypass", "/open/*", &worker],
        ..ApplicationSettings::default()
    })?;
    let page = stand.publish(OPEN, "<body>");
    let tab = visitor.tab()?;
    tab.open(&application.url(&page))?;
    tab.run(&format!(
        "navigator.serviceWorker.register('{worker}', {{ scope: '/' }})\
         .then(() => navigator.serviceWorker.ready).then((worker) => worker.active.state)"
    ))?;
    tab.wait_for(
        "navigator.serviceWorker.ready.then((worker) => worker.active.state === 'activated')",
    )?;

    let path = stand.unique_path();
    tab.open(&application.url(&path))?;
    expect(stand, &path, Answer::Redirect)?;
    tab.sign_in(&stand.user()?)?;
    tab.wait_for(&format!("location.pathname === '{path}'"))?;
    assert!(tab.text()?.contains(r#""sec-fetch-dest","empty""#));
    Ok(())
}

/// An application with pages that open without a session, to send from.
fn guarded(stand: &Stand) -> Result<Application> {
    stand.application(&ApplicationSettings {
        options: &["--bypass", "/open/*"],
        ..ApplicationSettings::default()
    })
}

/// A site that requires no session.
fn other_site(stand: &Stand) -> Result<Application> {
    stand.application(&ApplicationSettings {
        site: sites::OTHER,
        options: &["--bypass", "/*"],
        ..ApplicationSettings::default()
    })
}

fn send(tab: &Tab, script: &str, url: &str) -> Result<String> {
    let url = Value::from(url);
    let sees = tab.run(&format!("((URL) => {script})({url})"))?;
    Ok(sees.as_str().unwrap_or_default().to_owned())
}

fn expect(stand: &Stand, path: &str, answer: Answer) -> Result<()> {
    let entry = stand.access_log_of(path)?;
    let (status, details) = answer.logged();
    assert_eq!(
        (entry.status, entry.details.as_deref()),
        (status, Some(details)),
        "{entry:?}"
    );
    Ok(())
}

fn line(
    lines: &mut String,
    (kind, sent_by): (&str, &str),
    entry: &Entry,
    sees: &str,
) -> Result<()> {
    let details = entry.details.as_deref().unwrap_or("-");
    let status = entry.status;
    writeln!(
        lines,
        "| {kind:<17} | {sent_by:<33} | {status} {details:<24} | {sees:<14} |"
    )?;
    Ok(())
}
