//! Chromium on two hostnames of one application.

use anyhow::Result;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::stand;
use portcullis_e2e::tokens::{BINDING_COOKIE, TOKEN_COOKIE};

use super::previews;

/// What the page's own call gets.
const CALL: &str = "fetch('/api/time').then((answer) => answer.status)";

#[test]
fn a_user_signs_in_on_each_hostname_and_each_has_a_session_of_its_own() -> Result<()> {
    let (stand, visitor, previews) = (stand()?, visitor()?, previews()?);
    let (one, two) = (previews.at("one"), previews.at("two"));
    let (user, tab) = (stand.user()?, visitor.tab()?);

    let url = one.url("/page?x=1");
    tab.open(&url)?;
    tab.sign_in(&user)?;
    tab.arrive(&url)?;
    assert_eq!(tab.run(CALL)?, 200);
    let value = |host: &str, name| visitor.cookie(host, name).map(|cookie| cookie.value);
    for name in [TOKEN_COOKIE, BINDING_COOKIE] {
        assert!(value(&two.host, name).is_err(), "kept on its host");
    }

    // The sign-in on the team domain serves the other hostname too, without a prompt.
    let url = two.url("/page?x=2");
    tab.open(&url)?;
    tab.arrive(&url)?;
    assert_eq!(tab.run(CALL)?, 200);
    for name in [TOKEN_COOKIE, BINDING_COOKIE] {
        let (ones, twos) = (value(&one.host, name)?, value(&two.host, name)?);
        assert_ne!(ones, twos, "{name}");
    }
    for cookie in visitor.cookies()? {
        assert!(!cookie.domain.starts_with('.'), "{cookie:?}");
    }

    // Signing out on one ends both.
    tab.open(&one.url("/.access/logout"))?;
    tab.click("button")?;
    tab.wait_for_heading("You are signed out")?;
    let url = two.url("/page?x=3");
    tab.open(&url)?;
    tab.wait_for_heading("Sign in")
}

#[test]
fn an_application_that_names_a_hostname_has_it_for_itself() -> Result<()> {
    let (stand, visitor, previews) = (stand()?, visitor()?, previews()?);
    let exact = stand.application_on(&previews.at("exact").host, &Default::default())?;
    let (user, tab) = (stand.user()?, visitor.tab()?);
    tab.open(&previews.at("one").url("/"))?;
    tab.sign_in(&user)?;
    tab.arrive(&previews.at("one").url("/"))?;

    tab.open(&exact.url("/"))?;
    tab.arrive(&exact.url("/"))?;
    let identity = tab.run("fetch('/.access/identity').then((answer) => answer.json())")?;
    assert_eq!(identity["application"], exact.name);
    assert_eq!(identity["audience"], exact.audience);
    Ok(())
}
