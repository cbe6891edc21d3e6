//! `session list`.

use std::net::IpAddr;

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_e2e::{ApplicationSettings, Stand, stand, tokens};
use serde_json::Value;

/// A user's sessions, as the CLI lists them.
pub fn sessions_of(stand: &Stand, user: &User) -> Result<Vec<Value>> {
    let control = &stand.deployment.control;
    let list: Value = control.command(&["session", "list", "--user", &user.email])?;
    let items = list["items"].as_array().context("no items")?;
    Ok(items.clone())
}

/// The id of a browser's global session.
pub fn id_of(browser: &Browser) -> Result<String> {
    let (_, claims) = tokens::unverified(&tokens::session(browser)?.value)?;
    let id = claims["sid"].as_str().context("no sid")?;
    Ok(id.to_owned())
}

#[test]
fn s12_the_session_list_shows_browsers_addresses_and_applications() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (one, two) = (stand.application(&settings)?, stand.application(&settings)?);
    let user = stand.user()?;
    let mut laptop = stand.sign_in(&user, &one)?;
    assert_eq!(laptop.open(&two.url("/"))?.status, 200);
    let phone = stand.sign_in(&user, &two)?;

    let sessions = sessions_of(stand, &user)?;

    assert_eq!(sessions.len(), 2);
    for (browser, applications) in [(&laptop, vec![&one, &two]), (&phone, vec![&two])] {
        let id = id_of(browser)?;
        let session = sessions.iter().find(|session| session["id"] == id);
        let session = session.context("not listed")?;
        assert_eq!(session["user"], user.email.as_str());
        // Of clients on its own machine, Envoy says that machine's address.
        let address = session["address"].as_str().unwrap_or_default();
        address.parse::<IpAddr>()?;
        assert!(!session["browser"].as_str().unwrap_or_default().is_empty());
        let used = session["applications"].as_array().context("no list")?;
        let mut names: Vec<_> = used.iter().filter_map(|one| one["name"].as_str()).collect();
        names.sort_unstable();
        let mut expected: Vec<_> = applications.iter().map(|one| one.name.as_str()).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert!(session["since"].as_u64() < session["until"].as_u64());
        let (_, claims) = tokens::unverified(&tokens::session(browser)?.value)?;
        assert_eq!(session["until"], claims["exp"]);
    }
    Ok(())
}
