//! From the sign-in to the first pages.

use anyhow::Result;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::judge::Judge;
use portcullis_e2e::{ApplicationSettings, stand};

use super::{at, sign_in_as};

#[test]
fn somebody_with_a_role_signs_in_and_sees_the_applications() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let tab = visitor.tab()?;
    // The sign-in leads back to the page, which says what is missing.
    tab.open(&at(stand, "/applications"))?;
    tab.sign_in(&user)?;
    tab.wait_for_heading("You have no access to the dashboard")?;
    assert!(tab.text()?.contains(&user.email));
    stand
        .deployment
        .control
        .give_role(&user.email, "administrator")?;
    tab.open(&at(stand, "/applications"))?;
    tab.wait_for_heading("Applications")?;
    let text = tab.text()?;
    assert!(text.contains(&application.name), "{text}");
    assert!(text.contains("administrator"), "{text}");
    assert_eq!(tab.violations()?, [""; 0]);
    // The choice of a theme stays.
    tab.click("footer button[value=dark]")?;
    tab.wait_for("document.documentElement.dataset.theme === 'dark'")?;
    tab.arrive(&at(stand, "/applications"))?;
    let paper = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(tab.run(paper)?, "rgb(18, 22, 29)");
    tab.click("footer button[value=system]")?;
    tab.wait_for("document.documentElement.dataset.theme === undefined")?;
    // Without scripts all of it is there as well.
    tab.switch_scripts_off()?;
    tab.open(&at(stand, "/administrators"))?;
    tab.wait_for_heading("Administrators")?;
    assert!(tab.text()?.contains(&user.email));
    tab.click(".person button")?;
    tab.wait_for("location.pathname === '/logout'")?;
    tab.open(&at(stand, ""))?;
    tab.wait_for_heading("Sign in")
}

#[test]
fn a_role_is_given_in_the_page() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let tab = visitor.tab()?;
    sign_in_as("administrator", &tab)?;
    let other = stand.user()?;
    tab.open(&at(stand, "/administrators"))?;
    tab.click("main a.act")?;
    tab.wait_for_heading("Give a role")?;
    tab.click("main form button")?;
    tab.wait_for("document.activeElement.getAttribute('role') === 'alert'")?;
    tab.fill("#user", &other.email)?;
    tab.run("document.querySelector('#role').value = 'help_desk'")?;
    tab.click("main form button")?;
    tab.wait_for_heading("Administrators")?;
    let text = tab.text()?;
    assert!(text.contains("The role was changed."), "{text}");
    assert!(text.contains(&other.email), "{text}");
    Ok(())
}

#[test]
fn pages_of_the_dashboard_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let judge = Judge::new(visitor.tab()?)?;
    sign_in_as("administrator", &judge.tab)?;
    let page =
        |path: &str, name: &str, heading: &str| judge.open_typed(&at(stand, path), name, heading);
    page("", "dashboard-home", "Home")?;
    page("/applications", "dashboard-applications", "Applications")?;
    page(
        "/administrators",
        "dashboard-administrators",
        "Administrators",
    )?;
    page("/administrators/change", "dashboard-role", "Give a role")?;
    judge.tab.set_policy_aside(true)?;
    judge.tab.open(&at(stand, "/administrators/change"))?;
    judge.tab.click("main form button")?;
    judge.tab.wait_for("document.title.startsWith('Error: ')")?;
    judge.judge("dashboard-role-refused", "Give a role")
}
