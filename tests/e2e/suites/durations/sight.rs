//! What a script and a person see of a session.

use anyhow::Result;
use portcullis_demo::browser::Browser;
use portcullis_demo::browser::form::Form;
use portcullis_demo::browser::response::Response;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::tokens::TOKEN_COOKIE;

/// What a script's request gets: `200`, `200 renewed`, or status and reason.
pub fn script(browser: &mut Browser, url: &str) -> Result<String> {
    let answer = browser.xhr(url)?;
    if answer.status == 200 {
        return Ok(good(&answer));
    }
    let refusal = Refusal::of(&answer)?;
    Ok(format!("{} {}", refusal.status, refusal.reason))
}

/// What a page load gets: as a script's, or where the team domain's redirects end.
pub fn page(browser: &mut Browser, url: &str) -> Result<String> {
    let answer = browser.navigate(url)?;
    if answer.status == 200 {
        return Ok(good(&answer));
    }
    let end = browser.follow(answer, None)?;
    let asks = Form::with_field(&end.text(), "password").is_some();
    Ok(match end.status {
        200 if asks => "form".to_owned(),
        200 if end.url.as_str() == url => "200 through the team domain".to_owned(),
        status => format!("{status} at {}", end.url),
    })
}

fn good(answer: &Response) -> String {
    let renewed = answer
        .set_cookies()
        .any(|line| line.starts_with(TOKEN_COOKIE));
    format!("200{}", if renewed { " renewed" } else { "" })
}
