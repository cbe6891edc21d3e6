//! What a token for scripts leaves behind: nothing that opens anything.

use anyhow::{Context, Result};
use portcullis_demo::browser::Method;
use portcullis_e2e::header_tokens::{self, line};
use portcullis_e2e::stand;
use serde_json::Value;

#[test]
fn no_token_and_no_device_code_is_in_a_log_or_the_database() -> Result<()> {
    let stand = stand()?;
    let application = header_tokens::application(stand)?;
    let (mut browser, made) = header_tokens::sign_in_and_make(stand, &stand.user()?, &application)?;
    let team_domain = stand.deployment.team_domain();
    let post = |path: &str, form: Vec<(&str, &str)>| {
        let url = format!("{team_domain}{path}");
        let answer = stand
            .browser()?
            .request(Method::POST, &url, |r| r.form(&form))?;
        answer.json::<Value>()
    };
    let client = ("client_id", "portcullis-control");
    let asked = post(
        "/device_authorization",
        vec![client, ("application", &application.name)],
    )?;
    let text = |name: &str| asked[name].as_str().context("no code");
    let (device_code, address) = (text("device_code")?, text("verification_uri_complete")?);
    let page = browser.open(address)?;
    header_tokens::answer(&mut browser, &page, "confirm")?;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let answer = post(
        "/token",
        vec![client, ("grant_type", grant), ("device_code", device_code)],
    )?;
    let fetched = answer["access_token"].as_str().context("no token")?;
    let path = stand.unique_path();
    for token in [&made, fetched] {
        let request = application.sub_request(&path, &line(token));
        for answer in stand.workers.each(|worker| worker.send(&request))? {
            assert_eq!(answer.status, 200);
        }
    }
    stand.ensure_kept_nowhere(&[&made, fetched, device_code], &path)
}
