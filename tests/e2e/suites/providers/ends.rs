//! The provider says no: somebody presses its own logout button, or its administrator removes a
//! person. Pages that lie open lose their access without being touched.

use anyhow::{Result, ensure};
use portcullis_e2e::chromium::{Tab, Visitor};
use serde_json::Value;

use super::{BOARD, HOST, LOGIN, Scene, WAYS, identity, scene, sign_in_there};

/// Opens a page of an application. There is a session, or this sign-in begins one.
fn open_page(
    scene: &Scene,
    visitor: &Visitor,
    host: &str,
    sign_in: impl FnOnce(&Tab) -> Result<()>,
) -> Result<Tab> {
    let page = format!("{}/page", scene.deployment.origin_of(host));
    let tab = visitor.tab()?;
    tab.open(&page)?;
    sign_in(&tab)?;
    tab.arrive(&page)?;
    tab.lie_open()?;
    Ok(tab)
}

/// Signs in with a provider whose form is about to show.
fn with(way: &str, name: &str) -> impl FnOnce(&Tab) -> Result<()> {
    move |tab| {
        tab.wait_for_heading("Sign in")?;
        tab.click(way)?;
        sign_in_there(tab, name)
    }
}

/// The one event of a provider about a user in the audit log.
fn event_about(scene: &Scene, email: &str) -> Result<Value> {
    let list = [
        "audit",
        "list",
        "--event",
        "provider.event",
        "--user",
        email,
    ];
    let mut answer: Value = scene.deployment.control.command(&list)?;
    let events = answer["items"].as_array_mut();
    let events = events.map(std::mem::take).unwrap_or_default();
    ensure!(events.len() == 1, "{events:?}");
    Ok(events.into_iter().next().unwrap_or_default())
}

#[test]
fn b09_the_providers_own_logout_button_ends_the_sessions_of_pages_that_lie_open() -> Result<()> {
    let scene = scene()?;
    let (visitor, bystander) = (scene.visitor()?, scene.visitor()?);
    let wiki = open_page(scene, &visitor, HOST, with(WAYS, "iris"))?;
    let board = open_page(scene, &visitor, BOARD, |_| Ok(()))?;
    let unharmed = open_page(scene, &bystander, HOST, with(WAYS, "jonas"))?;

    let other = visitor.tab()?;
    other.open(&scene.provider.logout_page())?;
    other.click("button[name=logout]")?;
    other.wait_for_heading("Sign-out Success")?;

    for page in [&wiki, &board] {
        page.loses_access()?;
    }
    let event = event_about(scene, "iris@example.com")?;
    assert_eq!(event["reason"], "back_channel_logout", "{event}");
    assert_eq!(event["actor"]["kind"], "provider", "{event}");
    assert_eq!(event["actor"]["id"], "corp", "{event}");
    assert_eq!(event["details"]["sessions"], 1, "{event}");
    // A new page leads to the sign-in here, and then to that of the provider.
    other.open(&scene.url("/page"))?;
    other.wait_for_heading("Sign in")?;
    other.click(WAYS)?;
    other.wait_for(&format!("document.querySelector('{LOGIN}') !== null"))?;
    // Somebody else has not noticed.
    unharmed.is_untouched()?;
    assert_eq!(identity(&unharmed)?["email"], "jonas@example.com");
    Ok(())
}

#[test]
fn b09_a_person_whom_the_provider_removes_loses_access_at_the_next_recheck() -> Result<()> {
    let scene = scene()?;
    let visitor = scene.visitor()?;
    let way = "#ways a[href^='/login/checked?']";
    let page = open_page(scene, &visitor, HOST, with(way, "karl"))?;
    scene.provider.set_disabled("karl", true)?;
    page.loses_access()?;
    let event = event_about(scene, "karl@example.com")?;
    assert_eq!(event["reason"], "recheck_refused", "{event}");
    let other = visitor.tab()?;
    other.open(&scene.url("/page"))?;
    other.wait_for_heading("Sign in")
}
