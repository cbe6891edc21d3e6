//! Pages that do without the script.

use anyhow::Result;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::json;

#[test]
fn s20_without_the_script_a_page_reads_from_the_401_what_to_do() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let page = application.url(&stand.publish("", "<body><textarea></textarea>"));
    let tab = visitor.tab()?;
    tab.open(&page)?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&page)?;
    let control = &stand.deployment.control;
    control.revoke_application(&application.name)?;
    tab.wait_for("fetch('/api/time').then((answer) => answer.status === 401)")?;
    let answer = tab.run(
        "fetch('/api/time').then(async (answer) => { const { reason, login_url } = \
         await answer.json(); return [answer.headers.get('content-type'), reason, login_url, \
         answer.redirected]; })",
    )?;
    let login = application.url("/.access/login");
    assert_eq!(
        answer,
        json!(["application/problem+json", "session_revoked", login, false])
    );
    Ok(())
}
