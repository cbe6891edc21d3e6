//! A user whom the policy no longer admits, with an active session.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::browser::Browser;
use portcullis_demo::control::{Allow, User};
use portcullis_demo::wait;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use serde_json::Value;

use super::sight::script;

/// Until filters know of a changed policy.
const FEED_LIMIT: Duration = Duration::from_secs(10);

fn wiki(stand: &Stand, admitted: &User, bound: bool) -> Result<Application> {
    stand.application(&ApplicationSettings {
        binding_cookie: bound,
        allow: Allow::Emails(&[&admitted.email]),
        ..ApplicationSettings::default()
    })
}

fn admit(stand: &Stand, application: &Application, user: &User) -> Result<()> {
    let arguments = ["application", "set", &application.name];
    let allow = ["--allow-email", &user.email];
    let control = &stand.deployment.control;
    control.command::<Value>(&[&arguments[..], &allow].concat())?;
    Ok(())
}

fn until_refused(browser: &mut Browser, application: &Application) -> Result<String> {
    wait::until("the filter to know the policy", FEED_LIMIT, || {
        let seen = script(browser, &application.url("/api/time"))?;
        Ok((seen != "200").then_some(seen))
    })
}

#[test]
fn s07_a_removed_user_is_refused_by_the_team_domain_and_told_so() -> Result<()> {
    let stand = stand()?;
    let (ana, bob) = (stand.user()?, stand.user()?);
    let application = wiki(stand, &ana, false)?;
    let mut browser = stand.sign_in(&ana, &application)?;
    admit(stand, &application, &bob)?;
    let seen = until_refused(&mut browser, &application)?;
    assert_eq!(seen, "401 session_expired", "the rule is gone");
    let page = browser.open(&application.url("/"))?;
    assert_eq!(page.status, 403);
    let team_domain = stand.deployment.team_domain();
    assert!(page.url.as_str().starts_with(&team_domain), "{}", page.url);
    for said in ["You have no access to", &application.name, &ana.email] {
        assert!(page.text().contains(said), "{}", page.text());
    }
    // A user who is admitted again returns without a prompt.
    admit(stand, &application, &ana)?;
    let url = application.url("/");
    wait::until("the filter to know the policy", FEED_LIMIT, || {
        let page = browser.open(&url)?;
        Ok((page.status == 200 && page.url.as_str() == url).then_some(()))
    })
}

#[test]
fn b02_s07_a_removed_user_is_refused_inside_the_request_with_a_way_on() -> Result<()> {
    let stand = stand()?;
    let (ana, bob) = (stand.user()?, stand.user()?);
    let application = wiki(stand, &ana, true)?;
    let mut browser = stand.sign_in(&ana, &application)?;
    admit(stand, &application, &bob)?;
    let seen = until_refused(&mut browser, &application)?;
    assert_eq!(seen, "403 policy_denied");
    let page = browser.open(&application.url("/"))?;
    assert_eq!(
        (page.status, page.url.as_str()),
        (403, application.url("/").as_str())
    );
    assert!(page.text().contains("/.access/login"), "{}", page.text());
    Ok(())
}

#[test]
fn s07_a_removed_user_can_go_on_with_another_account_in_chromium() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (ana, bob) = (stand.user()?, stand.user()?);
    let application = wiki(stand, &ana, true)?;
    let url = application.url("/");
    let tab = visitor.tab()?;
    tab.open(&url)?;
    tab.sign_in(&ana)?;
    tab.arrive(&url)?;
    admit(stand, &application, &bob)?;
    wait::until("the filter to know the policy", FEED_LIMIT, || {
        let status = tab.run("fetch('/api/time').then((answer) => answer.status)")?;
        Ok((status == 403).then_some(()))
    })?;
    // The filter refuses inside the request, and leads to who can say more.
    tab.open(&url)?;
    tab.wait_for_heading("No access")?;
    tab.screenshot("removed_at_the_application")?;
    tab.click("a[href*='/.access/login']")?;
    tab.wait_for_heading("You have no access to")?;
    tab.screenshot("removed_at_the_team_domain")?;
    assert!(tab.text()?.contains(&ana.email));
    tab.click("a[href*='other_account']")?;
    tab.sign_in(&bob)?;
    tab.arrive(&url)
}
