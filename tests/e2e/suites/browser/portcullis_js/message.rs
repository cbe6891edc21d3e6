//! The message of `portcullis.js`: it looks like the other pages whatever the page's own style
//! says, covers nothing for good, and can be dismissed.

use anyhow::Result;
use portcullis_e2e::sites::APPLICATIONS;
use serde_json::{Value, json};

use super::{AtWork, MESSAGE, MESSAGE_BUTTON, STRICT};

/// The message's box.
const BOX: &str = "document.querySelector('portcullis-message').shadowRoot.querySelector('div')";

/// A page of this kind, tall and with a style that would spoil anything that it reaches, where the
/// session has ended and the message shows.
fn with_message() -> Result<AtWork> {
    let at_work = AtWork::begin(APPLICATIONS, STRICT)?;
    let tab = &at_work.tab;
    tab.run(
        "const sheet = new CSSStyleSheet(); sheet.replaceSync('* { color: red !important; \
         background: lime !important; font: 40px serif !important; display: block } \
         portcullis-message, div, a { display: none !important; position: static !important }'); \
         document.adoptedStyleSheets = [sheet]; \
         document.body.append(Object.assign(document.createElement('p'), \
         { style: 'height: 3000px' }), Object.assign(document.createElement('button'), \
         { id: 'last', textContent: 'Last' })); 0",
    )?;
    at_work.revoke()?;
    tab.run("fetch('/api/time').then((answer) => window.answer = answer.status); 0")?;
    tab.wait_for(&format!(
        "document.querySelector('{MESSAGE}')?.shadowRoot.querySelector('button') != null"
    ))?;
    Ok(at_work)
}

#[test]
fn s20_the_message_looks_the_same_in_every_page() -> Result<()> {
    let at_work = with_message()?;
    let tab = &at_work.tab;
    for (screen, scheme, ground) in [
        ((1280, 800), "light", "rgb(255, 255, 255)"),
        ((360, 640), "dark", "rgb(28, 34, 44)"),
    ] {
        tab.look(screen, scheme)?;
        let style = |property: &str| tab.run(&format!("getComputedStyle({BOX}).{property}"));
        assert_eq!(style("backgroundColor")?, ground);
        assert_eq!(style("fontSize")?, "16px");
        assert_eq!(style("position")?, "fixed");
        let inside = "(({ left, right, bottom }) => left >= 0 && bottom <= innerHeight \
                      && right <= document.documentElement.clientWidth)";
        assert_eq!(
            tab.run(&format!("{inside}({BOX}.getBoundingClientRect())"))?,
            true
        );
        tab.screenshot(&format!("message-{scheme}"))?;
    }
    assert_eq!(tab.violations()?, [""; 0], "no exception in the policy");
    Ok(())
}

#[test]
fn s20_the_message_hides_nothing_from_the_keyboard() -> Result<()> {
    let at_work = with_message()?;
    let tab = &at_work.tab;
    tab.run("document.querySelector('#last').focus(); 0")?;
    let apart = format!(
        "document.querySelector('#last').getBoundingClientRect().bottom \
         <= {BOX}.getBoundingClientRect().top"
    );
    tab.wait_for(&apart)?;
    // From the last thing in the page, the next ones are in the message.
    tab.press("Tab")?;
    let focused = "document.activeElement.shadowRoot?.activeElement?.textContent";
    assert_eq!(tab.run(focused)?, "Sign in (new tab)");
    tab.press("Escape")?;
    tab.wait_for(&format!("document.querySelector('{MESSAGE}') === null"))?;
    assert_eq!(
        tab.run("document.documentElement.style.scrollPaddingBottom")?,
        ""
    );
    Ok(())
}

#[test]
fn s20_a_message_that_was_dismissed_stays_away() -> Result<()> {
    let at_work = with_message()?;
    let tab = &at_work.tab;
    assert_eq!(tab.run("window.answer ?? null")?, Value::Null, "it waits");
    tab.click(MESSAGE_BUTTON)?;
    tab.wait_for("window.answer === 401")?;
    let again = at_work
        .tab
        .run("fetch('/api/time').then(({ status }) => status)")?;
    assert_eq!(again, json!(401));
    at_work.ensure_undisturbed()
}
