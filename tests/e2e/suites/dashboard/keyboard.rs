//! The main tasks with the keyboard alone, and without scripts: protect, admit, find out why somebody was
//! refused, revoke.

use anyhow::{Context, Result, bail};
use portcullis_demo::control::Allow;
use portcullis_e2e::chromium::{Tab, visitor};
use portcullis_e2e::{ApplicationSettings, stand};

use super::{at, sign_in_as};

/// Goes through the page with the Tab key until something has the focus.
fn go_to(tab: &Tab, selector: &str) -> Result<()> {
    const MOST: usize = 80;
    for _ in 0..MOST {
        tab.press("Tab")?;
        if tab.run(&format!("document.activeElement.matches(\"{selector}\")"))? == true {
            let ring = "getComputedStyle(document.activeElement).outlineStyle";
            if tab.run(ring)? == "none" {
                bail!("{selector} does not show that it has the focus");
            }
            return Ok(());
        }
    }
    bail!("the Tab key does not come to {selector}")
}

/// The same, and presses Enter.
pub fn press_at(tab: &Tab, selector: &str) -> Result<()> {
    go_to(tab, selector)?;
    tab.press("Enter")
}

fn write_at(tab: &Tab, selector: &str, text: &str) -> Result<()> {
    go_to(tab, selector)?;
    tab.write(text)
}

/// The reference that the page of a refusal says.
fn reference(tab: &Tab) -> Result<String> {
    let text = tab.text()?;
    let (_, rest) = text.split_once("Reference: ").context("no reference")?;
    let reference: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
    Ok(reference)
}

#[test]
fn somebody_protects_and_admits_with_the_keyboard_alone() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let tab = visitor.tab()?;
    sign_in_as("administrator", &tab)?;
    tab.switch_scripts_off()?;
    tab.open(&at(stand, "/applications"))?;
    tab.wait_for_heading("Applications")?;
    press_at(&tab, "main a.act")?;
    tab.wait_for_heading("Add an application")?;
    write_at(&tab, "#name", "by-keyboard")?;
    write_at(&tab, "#origins", "https://by-keyboard.example.com")?;
    write_at(&tab, "#addresses", "ana@example.com")?;
    press_at(&tab, "main form .acts button")?;
    tab.wait_for_heading("by-keyboard")?;
    press_at(&tab, "a[href$='/policies']")?;
    tab.wait_for_heading("Policies of by-keyboard")?;
    press_at(&tab, "button[value^='edit:']")?;
    tab.wait_for("document.querySelector('[name=include-values]') !== null")?;
    write_at(&tab, "[name=include-values]", "\nbo@example.com\n")?;
    press_at(&tab, "button[value=check]")?;
    tab.wait_for("document.querySelector('button[value=save]') !== null")?;
    press_at(&tab, "button[value=save]")?;
    tab.wait_for("document.querySelector('.notice.good') !== null")?;
    let text = tab.text()?;
    assert!(
        text.contains("ana@example.com") && text.contains("bo@example.com"),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_refusal_is_explained_and_tokens_are_revoked_with_the_keyboard_alone() -> Result<()> {
    let stand = stand()?;
    let closed = stand.application(&ApplicationSettings {
        allow: Allow::Emails(&["nobody@example.com"]),
        ..ApplicationSettings::default()
    })?;
    let (user, people, administrators) = (stand.user()?, visitor()?, visitor()?);
    let theirs = people.tab()?;
    theirs.open(&closed.url("/"))?;
    theirs.sign_in(&user)?;
    theirs.wait_for_heading("You have no access to")?;
    let reference = reference(&theirs)?;
    let tab = administrators.tab()?;
    sign_in_as("help-desk", &tab)?;
    tab.switch_scripts_off()?;
    tab.open(&at(stand, ""))?;
    tab.wait_for_heading("Home")?;
    write_at(&tab, "#find-everywhere", &reference)?;
    tab.press("Enter")?;
    tab.wait_for_heading("Audit log")?;
    press_at(&tab, "tbody th a")?;
    tab.wait_for("location.pathname.startsWith('/dashboard/audit/')")?;
    tab.wait_for("document.readyState === 'complete'")?;
    let text = tab.text()?;
    assert!(
        text.contains("policy_denied") && text.contains(&user.email),
        "{text}"
    );

    tab.open(&at(stand, &format!("/applications/{}", closed.audience)))?;
    tab.wait_for_heading(&closed.name)?;
    press_at(&tab, "a[href$='/revoke']")?;
    tab.wait_for_heading("Revoke existing tokens of")?;
    press_at(&tab, "main form button.danger")?;
    tab.wait_for_heading("Revoked")
}
