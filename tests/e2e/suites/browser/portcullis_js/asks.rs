//! Where sign-in without a prompt is impossible, the page says so and continues after sign-in.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::sites::{APPLICATIONS, WITH_TEAM_DOMAIN};
use serde_json::json;

use super::{AtWork, MESSAGE, MESSAGE_LINK, STRICT, fetching};

const WINDOW_LIMIT: Duration = Duration::from_secs(10);
const LOOK_LIMIT: Duration = Duration::from_secs(10);

#[test]
fn s20_a_page_of_another_site_says_so_and_goes_on_after_sign_in() -> Result<()> {
    let at_work = AtWork::begin(APPLICATIONS, STRICT)?;
    let AtWork {
        tab, application, ..
    } = &at_work;
    at_work.visitor.delete_cookies()?;
    at_work.wait_for_end()?;
    let path = at_work.stand.unique_path();
    let call = fetching(&path, "{ method: 'POST', body: 'x' }");
    tab.run(&format!(
        "{call}.then((answer) => window.answer = answer); 0"
    ))?;
    tab.wait_for(&format!("document.querySelector('{MESSAGE}') !== null"))?;
    tab.screenshot("session-ended-message")?;
    assert_eq!(at_work.stand.reached_origin(&path), 0);

    tab.click(MESSAGE_LINK)?;
    let beside = wait::until("the tab for signing in", WINDOW_LIMIT, || {
        Ok(at_work.visitor.opened_by(tab).ok())
    })?;
    beside.sign_in(&at_work.user)?;
    beside.arrive(&application.url("/"))?;
    tab.come_back()?;
    tab.wait_for("window.answer?.status === 200")?;
    assert_eq!(at_work.stand.reached_origin(&path), 1, "sent once");
    assert_eq!(tab.violations()?, [""; 0]);
    at_work.ensure_undisturbed()
}

#[test]
fn s20_coming_back_without_signing_in_changes_nothing() -> Result<()> {
    let at_work = AtWork::begin(APPLICATIONS, STRICT)?;
    let tab = &at_work.tab;
    at_work.revoke()?;
    tab.run("fetch('/api/time').then((answer) => window.answer = answer.status); 0")?;
    tab.wait_for(&format!("document.querySelector('{MESSAGE}') !== null"))?;
    let probe = ("/.access/identity", "access.session_revoked");
    let probes = || {
        at_work
            .stand
            .count_in_access_log(&at_work.application, probe)
    };
    let before = probes()?;
    tab.run("dispatchEvent(new Event('focus'))")?;
    wait::until("the script to look", LOOK_LIMIT, || {
        Ok((probes()? > before).then_some(()))
    })?;
    assert_eq!(tab.run("window.answer ?? null")?, json!(null));
    assert_eq!(
        tab.run(&format!("document.querySelectorAll('{MESSAGE}').length"))?,
        1
    );
    Ok(())
}

#[test]
fn s20_a_page_may_say_it_in_its_own_way() -> Result<()> {
    let at_work = AtWork::begin(APPLICATIONS, STRICT)?;
    at_work.tab.run(
        "addEventListener('portcullis:expired', (event) => { \
         window.told = event.detail; event.preventDefault(); }); 0",
    )?;
    at_work.revoke()?;
    let answer = at_work.fetch("/api/time", "{}")?;
    assert_eq!(answer["status"], 401);
    assert_eq!(answer["body"]["reason"], "session_revoked");
    let login = at_work.application.url("/.access/login");
    assert_eq!(at_work.tab.run("told.login_url")?, login);
    at_work.ensure_undisturbed()
}

#[test]
fn s20_a_page_whose_policy_forbids_frames_asks_at_once() -> Result<()> {
    let policy = STRICT.replace("frame-src 'self'; ", "");
    let at_work = AtWork::begin(WITH_TEAM_DOMAIN, &policy)?;
    at_work.revoke()?;
    at_work.tab.run("fetch('/api/time'); 0")?;
    at_work
        .tab
        .wait_for(&format!("document.querySelector('{MESSAGE}') !== null"))?;
    let violations = at_work.tab.violations()?;
    assert!(
        violations
            .iter()
            .all(|found| found.starts_with("frame-src")),
        "{violations:?}"
    );
    Ok(())
}
