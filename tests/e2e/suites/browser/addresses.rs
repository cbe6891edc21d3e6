//! Addresses with letters beyond ASCII, typed as people type them.

use anyhow::{Context, Result};
use portcullis_demo::control::User;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::Value;

#[test]
fn an_address_in_unicode_is_typed_and_the_origin_gets_one_spelling() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let unique = stand.user()?.email;
    let number = unique.split(['-', '@']).nth(1).context("no number")?;
    let user = stand
        .deployment
        .control
        .add_user(&format!("ZOË-{number}@xn--kln-sna.example"))?;
    let shown = format!("zoë-{number}@köln.example");
    assert_eq!(user.email, shown);
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    // With a combining diaeresis, as some keyboards type it.
    tab.sign_in(&User {
        email: format!("zoe\u{308}-{number}@KÖLN.example"),
        ..user
    })?;
    tab.arrive(&application.url("/"))?;
    let identity = tab.run("fetch('/.access/identity').then((answer) => answer.json())")?;
    assert_eq!(identity["email"], shown.as_str());
    let echo = tab.run("fetch('/api/echo').then((answer) => answer.json())")?;
    let encoded = format!("zo%C3%AB-{number}@k%C3%B6ln.example");
    let headers = echo["headers"].as_array().context("no headers")?;
    let is_email = |header: &&Value| header[0] == "x-access-user-email";
    let emails: Vec<_> = headers.iter().filter(is_email).collect();
    assert_eq!(emails.len(), 1, "{echo}");
    assert_eq!(emails[0][1], encoded.as_str());
    Ok(())
}
