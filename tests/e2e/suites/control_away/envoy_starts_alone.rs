//! An Envoy that starts while the control service is away admits no request, and recovers by itself.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::{ApplicationSettings, Stand, directories};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn nobody_gets_in_before_the_first_feed() -> Result<()> {
    let mut stand = Stand::start(&directories::of_stand("alone")?)?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;

    stand.deployment.control.kill();
    stand.restart_envoy()?;
    let path = stand.unique_path();
    for answer in stand.ask_workers(&browser, &application, &path)? {
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(String::from_utf8_lossy(&answer.body).contains("not_ready"));
    }
    assert_eq!(stand.reached_origin(&path), 0);

    // People see a page that loads again by itself, with scripts or without.
    let visitor = visitor()?;
    let (tab, without_scripts) = (visitor.tab()?, visitor.tab()?);
    without_scripts.switch_scripts_off()?;
    for tab in [&tab, &without_scripts] {
        tab.take_any_certificate()?;
        tab.open(&application.url("/page?x=1"))?;
        tab.wait_for_heading("Not available right now")?;
    }
    tab.wait_for("/tries again in \\d+ s/.test(document.body.innerText)")?;
    tab.screenshot("not-ready")?;
    // Ever more rarely: the third time not before three seconds.
    tab.wait_for(
        "+sessionStorage.getItem('portcullis.tries').split(' ')[0] >= 3 \
         && /in [3-9] s/.test(document.body.innerText)",
    )?;
    assert!(without_scripts.text()?.contains("tries again by itself"));

    stand.deployment.control.restart()?;
    for tab in [&tab, &without_scripts] {
        tab.wait_for_heading("Sign in")?;
    }
    tab.sign_in(&user)?;
    tab.arrive(&application.url("/page?x=1"))?;
    wait::until("every worker to admit", LIMIT, || {
        Ok(stand.admitted_by_workers(&browser, &application).ok())
    })
}
