//! People in a browser whose session is due for its refresh while the control service hangs or
//! answers nonsense: they keep their place, their form and their page.

use anyhow::Result;
use portcullis_e2e::chromium::{Tab, Visitor, visitor};
use portcullis_e2e::refresh_relay::Conduct;
use portcullis_e2e::tokens::{self, BINDING_COOKIE, TOKEN_COOKIE};

use super::scene::{Expired, scene};

const MESSAGE: &str = "document.querySelector('portcullis-message')?.shadowRoot\
    .querySelector('p')?.innerText.startsWith('The sign-in service does not answer.') === true";
const DISMISS: &str = "portcullis-message >>> button";

/// A page of something else than the control service.
fn nonsense() -> Conduct {
    let page = "<html>Internal Server Error</html>";
    let answer = format!(
        "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{page}",
        page.len()
    );
    Conduct::Send(answer.into_bytes())
}

/// A visitor with the expired session, and their tab.
fn at(expired: &Expired) -> Result<(Visitor, Tab)> {
    let visitor = visitor()?;
    let host = &expired.application.host;
    let binding = tokens::binding(&expired.browser, &expired.application)?;
    visitor.set_cookie(host, BINDING_COOKIE, &binding.value)?;
    expire_again(&visitor, expired)?;
    let tab = visitor.tab()?;
    tab.take_any_certificate()?;
    Ok((visitor, tab))
}

/// Puts the expired token in the place of the one that a refresh has brought.
fn expire_again(visitor: &Visitor, expired: &Expired) -> Result<()> {
    let token = tokens::token(&expired.browser, &expired.application)?;
    visitor.set_cookie(&expired.application.host, TOKEN_COOKIE, &token.value)
}

#[test]
fn b07_a_page_waits_at_its_address_until_the_control_service_answers() -> Result<()> {
    let scene = scene()?;
    for conduct in [Conduct::Hold, nonsense()] {
        let expired = scene.expired()?;
        let (_visitor, tab) = at(&expired)?;
        let clock = scene.stand();
        let page = clock.stand.publish("", "<h1>Notes</h1>");
        let url = expired.application.url(&format!("{page}?x=1#y"));
        scene.relay.conduct(&expired.application.origin, conduct);
        tab.open(&url)?;
        tab.wait_for_heading("Not available right now")?;
        tab.wait_for("/tries again in \\d+ s/.test(document.body.innerText)")?;
        tab.screenshot("session-cannot-be-renewed")?;
        assert_eq!(tab.location()?, url);
        scene
            .relay
            .conduct(&expired.application.origin, Conduct::Relay);
        tab.wait_for_heading("Notes")?;
        assert_eq!(tab.location()?, url);
    }
    Ok(())
}

#[test]
fn b07_a_form_is_not_lost_while_the_control_service_hangs() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let (visitor, tab) = at(&expired)?;
    let clock = scene.stand();
    let origin = &expired.application.origin;
    let target = clock.stand.unique_path();
    let form = format!(
        "<form method=post action='{target}'><input name=text><button>Send</button></form>"
    );
    let page = clock.stand.publish("", &form);
    tab.open(&expired.application.url(&page))?;
    tab.arrive(&expired.application.url(&page))?;
    expire_again(&visitor, &expired)?;
    scene.relay.conduct(origin, Conduct::Hold);
    tab.fill("input", "An hour's work")?;
    tab.click("button")?;
    tab.wait_for_heading("Not available right now")?;
    assert!(tab.text()?.contains("is not lost"));
    tab.wait_for("/looks every few seconds/.test(document.body.innerText)")?;
    tab.screenshot("form-waits")?;
    assert_eq!(clock.stand.reached_origin(&target), 0);

    scene.relay.conduct(origin, Conduct::Relay);
    tab.wait_for("/You can send it now/.test(document.body.innerText)")?;
    assert_eq!(clock.stand.reached_origin(&target), 0, "nothing by itself");
    // The button loads the page again. Chromium then asks for confirmation, which it cannot do
    // without a window; this is the reload of somebody who confirms.
    assert_eq!(
        tab.run("document.querySelector('button').innerText")?,
        "Send it again"
    );
    tab.reload()?;
    tab.wait_for("document.body.innerText.includes('\"method\":\"POST\"')")?;
    assert!(tab.text()?.contains("\"body_length\":"), "{}", tab.text()?);
    assert_eq!(clock.stand.reached_origin(&target), 1, "sent once");
    Ok(())
}

/// A page with the script, in which somebody has typed.
const PAGE: &str = "<link rel=icon href='data:,'>\
    <script src=/.access/portcullis.js></script><body><textarea></textarea>";

#[test]
fn s20_calls_of_a_page_wait_until_the_control_service_answers() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let (visitor, tab) = at(&expired)?;
    let clock = scene.stand();
    let origin = &expired.application.origin;
    let page = expired.application.url(&clock.stand.publish("", PAGE));
    tab.open(&page)?;
    tab.arrive(&page)?;
    tab.fill("textarea", "An hour's work")?;
    expire_again(&visitor, &expired)?;
    scene.relay.conduct(origin, Conduct::Hold);
    let path = clock.stand.unique_path();
    let calls = "Promise.all([1, 2, 3].map((number) => \
         fetch(`PATH?${number}`, { method: 'POST', body: 'x' }).then((answer) => answer.status)))\
         .then((statuses) => window.statuses = statuses); 0";
    tab.run(&calls.replace("PATH", &path))?;
    tab.wait_for(MESSAGE)?;
    tab.screenshot("page-waits-for-the-control-service")?;
    assert_eq!(clock.stand.reached_origin(&path), 0);
    scene.relay.conduct(origin, Conduct::Relay);
    tab.wait_for("JSON.stringify(window.statuses) === '[200,200,200]'")?;
    assert_eq!(clock.stand.reached_origin(&path), 3, "each once");
    let left = "document.querySelectorAll('iframe, portcullis-message').length";
    assert_eq!(tab.run(left)?, 0, "the script cleans up");
    assert_eq!(
        tab.run("document.querySelector('textarea').value")?,
        "An hour's work"
    );
    Ok(())
}

#[test]
fn s20_a_page_may_stop_waiting_or_say_so_itself() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let (visitor, tab) = at(&expired)?;
    let clock = scene.stand();
    let page = expired.application.url(&clock.stand.publish("", PAGE));
    tab.open(&page)?;
    tab.arrive(&page)?;
    expire_again(&visitor, &expired)?;
    scene.relay.conduct(&expired.application.origin, nonsense());

    // The page says it in its own way, and gets the answer at once.
    tab.run(
        "addEventListener('portcullis:unavailable', (event) => { \
         window.told = event.detail; event.preventDefault(); }, { once: true }); 0",
    )?;
    let answer = "fetch('/api/time').then(async (answer) => \
         `${answer.status} ${(await answer.json()).reason}`)";
    assert_eq!(tab.run(answer)?, "503 control_unavailable");
    assert_eq!(tab.run("told.reason")?, "control_unavailable");

    // A message that is dismissed ends the wait.
    tab.run(&format!("{answer}.then((said) => window.said = said); 0"))?;
    tab.wait_for(MESSAGE)?;
    tab.click(DISMISS)?;
    tab.wait_for("window.said === '503 control_unavailable'")?;
    Ok(())
}
