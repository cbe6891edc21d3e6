//! The pages that people see, judged by axe-core: in light and dark, on a wide and on a narrow
//! screen.

use anyhow::Result;
use portcullis_demo::control::{Allow, User};
use portcullis_e2e::chromium::{SIGN_IN, visitor};
use portcullis_e2e::judge::Judge;
use portcullis_e2e::{ApplicationSettings, header_tokens, stand};

#[test]
fn pages_of_the_team_domain_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (header_tokens::application(stand)?, stand.user()?);
    let closed = stand.application(&ApplicationSettings {
        allow: Allow::Emails(&["nobody@example.com"]),
        ..ApplicationSettings::default()
    })?;
    let other = stand.sign_in(&user, &application)?;
    let judge = Judge::new(visitor.tab()?)?;
    let at = |path: &str| format!("{}{path}", stand.deployment.team_domain());
    judge.open(&at("/"), "start-signed-out", "You are not signed in")?;
    judge.open(&at("/logout"), "logout-signed-out", "You are not signed in")?;
    judge.open(&at("/nothing"), "not-found", "Page not found")?;
    judge.open(
        &at("/login?app=x"),
        "broken-link",
        "This link does not work",
    )?;
    judge.open(&application.url("/"), "sign-in", "Sign in")?;
    let wrong = User {
        password: "wrong".to_owned(),
        ..user.clone()
    };
    judge.tab.fill_in(&wrong)?;
    judge.tab.click(SIGN_IN)?;
    judge
        .tab
        .wait_for("document.querySelector('[role=alert]') !== null")?;
    judge.judge("sign-in-again", "Sign in")?;
    let focused = "document.activeElement.id";
    assert_eq!(judge.tab.run(focused)?, "password", "the empty field");
    judge.tab.sign_in(&user)?;
    judge.tab.arrive(&application.url("/"))?;

    judge.open(&at("/"), "launcher", "Your applications")?;
    judge.open(&at("/sessions"), "sessions", "Your sessions")?;
    judge.open(&at("/password"), "password", "Change your password")?;
    judge.open(&at("/device"), "device-code", "A token for a command line")?;
    judge.open(&at("/logout"), "logout", "Sign out?")?;
    judge.open(&closed.url("/"), "no-access", "You have no access to")?;
    judge.open(&at("/tokens"), "tokens", "Tokens for scripts")?;
    judge.tab.click("main form button")?;
    judge.judge("token-made", "Your token for")?;

    stand.deployment.control.revoke_user(&user.email)?;
    stand.refused_by_workers(&other, &application)?;
    judge.tab.open(&application.url("/"))?;
    // Again: a slow browser may take as long as the block lasts.
    stand.deployment.control.revoke_user(&user.email)?;
    judge.tab.sign_in(&user)?;
    judge.judge("blocked", "You cannot sign in right now")
}

#[test]
fn pages_of_the_filter_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (
        stand.application(&ApplicationSettings::default())?,
        stand.user()?,
    );
    let judge = Judge::new(visitor.tab()?)?;
    let at = |path: &str| application.url(path);
    let logout = at("/.access/logout");
    judge.open(&logout, "filter-signed-out", "You are not signed in here")?;
    let callback = at("/.access/callback?code=x&state=y");
    judge.open(
        &callback,
        "filter-attempt",
        "This sign-in cannot be finished",
    )?;
    judge.tab.open(&at("/"))?;
    judge.tab.sign_in(&user)?;
    judge.tab.arrive(&at("/"))?;
    judge.open(&logout, "filter-logout", "Sign out?")?;
    judge.open(
        &at("/.access/nothing"),
        "filter-not-found",
        "Page not found",
    )?;
    judge.open(
        &at("/%25252525252f"),
        "filter-ambiguous",
        "This address does not work",
    )
}
