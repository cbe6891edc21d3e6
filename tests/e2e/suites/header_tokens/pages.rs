//! `/device` and `/tokens` as a browser shows them.

use anyhow::{Context, Result};
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::header_tokens::{self, TokenCommand};
use portcullis_e2e::stand;

#[test]
fn s19_a_person_confirms_a_code_in_chromium() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (header_tokens::application(stand)?, stand.user()?);
    let mut command = TokenCommand::start(stand, &application.name)?;
    let address = command.address()?;

    let tab = visitor.tab()?;
    tab.open(&address)?;
    tab.sign_in(&user)?;
    tab.arrive(&address)?;
    tab.wait_for_heading(&format!("A token for {}?", application.name))?;
    let code = address.split_once('=').context("no code")?.1;
    let text = tab.text()?;
    for shown in [code, &application.name, &application.origin, &user.email] {
        assert!(text.contains(shown), "no {shown} in {text}");
    }
    tab.screenshot("device")?;
    tab.run("scrollTo(0, document.body.scrollHeight)")?;
    tab.screenshot("device-below")?;
    tab.click("button[value=confirm]")?;
    tab.wait_for_heading("Confirmed")?;

    let finished = command.finish()?;
    assert_eq!(finished.status, Some(0), "{finished:?}");
    let line = header_tokens::line(finished.stdout.trim());
    let request = application.sub_request("/api/time", &line);
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(answer.status, 200);
    }
    Ok(())
}

#[test]
fn s19_a_person_makes_a_token_in_chromium() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (header_tokens::application(stand)?, stand.user()?);
    let address = format!("{}/tokens", stand.deployment.team_domain());

    let tab = visitor.tab()?;
    tab.open(&address)?;
    tab.sign_in(&user)?;
    tab.arrive(&address)?;
    tab.screenshot("tokens")?;
    let audience = &application.audience;
    tab.run(&format!(
        "document.querySelector('select').value = '{audience}'"
    ))?;
    tab.click("main form button")?;
    tab.wait_for_heading(&format!("Your token for {}", application.name))?;
    tab.screenshot("token-made")?;
    tab.run("scrollTo(0, document.body.scrollHeight)")?;
    tab.screenshot("token-made-below")?;

    let token = tab.run("document.querySelector('textarea').value")?;
    visitor.allow_to_paste()?;
    tab.click("button[data-copy]")?;
    tab.wait_for("document.querySelector('[role=status]').innerText === 'Copied.'")?;
    assert_eq!(tab.run("navigator.clipboard.readText()")?, token);
    assert_eq!(tab.violations()?, [""; 0]);
    let line = header_tokens::line(token.as_str().context("no token")?);
    let request = application.sub_request("/api/time", &line);
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(answer.status, 200);
    }
    Ok(())
}
