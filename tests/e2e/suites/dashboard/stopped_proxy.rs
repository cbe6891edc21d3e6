//! A proxy that was stopped: the pages name it, and say until when it may let people in.

use anyhow::Result;
use portcullis_demo::envoy::DRAIN;
use portcullis_demo::wait;
use portcullis_e2e::chromium::{LIMIT, visitor_trusting};
use portcullis_e2e::{Stand, bootstrap, directories};
use serde_json::Value;

use super::{at, sign_in_at};

/// The state and the name of each proxy, in the order of states.
fn proxies(stand: &Stand) -> Result<Vec<(String, String)>> {
    let list: Value = stand.deployment.control.command(&["proxy", "list"])?;
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |proxy: &Value| (text(&proxy["state"]), text(&proxy["instance"]));
    let mut proxies: Vec<_> = items.iter().map(one).collect();
    proxies.sort();
    Ok(proxies)
}

/// Waits until the proxies are in these states; their names, in the order of states.
fn wait_for(stand: &Stand, expected: [&str; 2]) -> Result<Vec<String>> {
    wait::until(&format!("proxies to be {expected:?}"), LIMIT, || {
        let (states, names): (Vec<_>, Vec<_>) = proxies(stand)?.into_iter().unzip();
        Ok((states == expected).then_some(names))
    })
}

#[test]
fn b06_a_stopped_proxy_is_named_until_it_is_forgotten() -> Result<()> {
    let directory = directories::of_stand("dashboard-stopped")?;
    let mut stand = Stand::start_two(&directory, DRAIN, |yaml, _| {
        bootstrap::with_quiet_listener(yaml)
    })?;
    wait_for(&stand, ["live", "live"])?;
    let authority = stand.deployment.certificates.authority.clone();
    let administrators = visitor_trusting("chromium-stopped", &authority)?;
    let tab = administrators.tab()?;
    sign_in_at(&stand, "administrator", &tab)?;
    let victim = stand.user()?;
    stand.second_envoy()?.process().kill();
    let names = wait_for(&stand, ["live", "unknown"])?;

    tab.open(&at(&stand, &format!("/users?q={}", victim.email)))?;
    tab.click("tbody a[href$='/revoke']")?;
    tab.wait_for_heading("Revoke session of")?;
    tab.click("main form button.danger")?;
    tab.wait_for_heading("Revoked")?;
    tab.wait_for("document.querySelector('h2').innerText === 'Applied by 1 of 2 proxies.'")?;
    let text = tab.text()?;
    assert!(
        text.contains("It may let people in by what it has until "),
        "{text}"
    );
    assert!(text.contains("then it refuses everybody."), "{text}");
    let named = tab.run("document.querySelector('.missing strong').innerText")?;
    assert_eq!(named, names[1].as_str());
    let revocation = tab.location()?;
    // Another tab follows it live, and is not touched.
    let watching = administrators.tab()?;
    watching.open(&revocation)?;
    watching.wait_for("document.querySelector('h2').innerText === 'Applied by 1 of 2 proxies.'")?;
    tab.click(".missing a")?;
    tab.wait_for_heading("Forget ")?;
    tab.click("main form button.danger")?;
    tab.wait_for_heading("Proxies")?;
    watching.wait_for(
        "document.querySelector('h2').innerText.startsWith('Applied by all: 1 of 1 proxy') \
         && document.querySelector('.missing').hidden",
    )?;
    // It connects to this service alone, and keeps to its policy.
    assert_eq!(watching.violations()?, [""; 0]);
    tab.open(&revocation)?;
    tab.wait_for(
        "document.querySelector('h2').innerText.startsWith('Applied by all: 1 of 1 proxy')",
    )?;
    assert_eq!(tab.violations()?, [""; 0]);
    // It comes back by itself.
    stand.restart_second_envoy()?;
    wait_for(&stand, ["live", "live"])?;
    Ok(())
}
