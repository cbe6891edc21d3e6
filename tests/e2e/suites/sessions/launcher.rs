//! The start page of the team domain in Chromium.

use anyhow::Result;
use portcullis_demo::control::Allow;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::{ApplicationSettings, stand};

#[test]
fn the_start_page_leads_to_the_applications_that_admit_the_user() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (user, other) = (stand.user()?, stand.user()?);
    let mine = stand.application(&ApplicationSettings {
        allow: Allow::Emails(&[&user.email]),
        ..ApplicationSettings::default()
    })?;
    let theirs = stand.application(&ApplicationSettings {
        allow: Allow::Emails(&[&other.email]),
        ..ApplicationSettings::default()
    })?;
    let start = format!("{}/", stand.deployment.team_domain());
    let tab = visitor.tab()?;
    tab.open(&start)?;
    tab.wait_for_heading("You are not signed in")?;
    tab.click("a.act")?;
    tab.sign_in(&user)?;
    tab.arrive(&start)?;
    tab.wait_for_heading("Your applications")?;
    let text = tab.text()?;
    assert!(text.contains(&mine.name) && text.contains("Signed in until"));
    assert!(!text.contains(&theirs.name) && !text.contains(&theirs.host));
    tab.screenshot("launcher")?;

    // No prompt on the way.
    tab.click(&format!(".applications a[href='{}']", mine.url("/")))?;
    tab.arrive(&mine.url("/"))
}
