//! `/sessions` in Chromium.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::{ApplicationSettings, stand};

use super::list::sessions_of;

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn b05_people_end_their_other_session_on_their_own_page() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let other = stand.sign_in(&user, &application)?;
    stand.admitted_by_workers(&other, &application)?;
    let own_page = format!("{}/sessions", stand.deployment.team_domain());
    let tab = visitor.tab()?;
    // No user is signed in here yet: sign-in by the form, then back.
    tab.open(&own_page)?;
    tab.sign_in(&user)?;
    tab.arrive(&own_page)?;
    let text = tab.text()?;
    assert!(text.contains("Chromium on Linux"), "{text}");
    assert!(text.contains(&application.name), "{text}");
    tab.screenshot("own-sessions")?;
    // Times are in the reader's zone, and in UTC where no scripts run.
    tab.move_to_time_zone("Asia/Kolkata")?;
    tab.open(&own_page)?;
    tab.wait_for(
        "document.querySelector('[data-zone]').innerText \
         === 'Times are in your time zone, Asia/Calcutta.'",
    )?;
    let shown = "[...document.querySelectorAll('time')].every((time) => time.innerText === \
                 new Date(time.dateTime).toLocaleString(undefined, { dateStyle: 'medium', \
                 timeStyle: 'short', timeZone: 'Asia/Kolkata' }))";
    assert_eq!(tab.run(shown)?, true);
    assert_eq!(tab.violations()?, [""; 0]);
    assert_eq!(sessions_of(stand, &user)?.len(), 2);

    tab.click(".sessions li:not(.this) button")?;
    tab.wait_for(
        "document.querySelector('[role=status]')?.innerText === 'The session has ended.'",
    )?;

    let reason = stand.refused_by_workers(&other, &application)?;
    assert_eq!(reason, "session_revoked");
    tab.screenshot("own-sessions-one-ended")?;
    // The session of this browser continues, and ends by its own button.
    tab.open(&application.url("/"))?;
    tab.arrive(&application.url("/"))?;
    tab.open(&own_page)?;
    tab.click(".sessions .this button")?;
    tab.wait_for_heading("You are not signed in")?;
    assert!(sessions_of(stand, &user)?.is_empty());
    // Every worker hears of it within a moment, and which one answers is chance.
    wait::until("the application to ask for a sign-in", LIMIT, || {
        tab.open(&application.url("/"))?;
        tab.wait_for("document.readyState === 'complete'")?;
        Ok(tab.text()?.contains("Sign in").then_some(()))
    })
}
