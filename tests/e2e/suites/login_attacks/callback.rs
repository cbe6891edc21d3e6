//! Invalid callbacks: they sign no user in, and the code that they carry is invalidated.

use anyhow::{Context, Result};
use portcullis_demo::browser::Method;
use portcullis_e2e::table::Table;
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::unharmed::Vms;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use url::Url;

use super::steps::{
    callback_of, ensure_page, ensure_signed_in, forget_session, parameter, sign_in_to_callback,
    with_parameter,
};

/// What is changed in the callback's URL.
#[derive(Clone, Copy)]
enum Change {
    Without(&'static str),
    To(&'static str, &'static str),
    /// The parameter a second time, with this value.
    Twice(&'static str, &'static str),
    /// The last character of a parameter another one.
    Spoilt(&'static str),
    Long(&'static str, usize),
    /// The state of an attempt in another browser.
    ForeignState,
}

use Change::{ForeignState, Long, Spoilt, To, Twice, Without};

/// What is sent, the reason, and whether the genuine code came along and must be burnt.
#[rustfmt::skip] // One row a line.
const ROWS: [(&str, Change, &str, bool); 19] = [
    ("no state", Without("state"), "state_missing", true),
    ("an empty state", To("state", ""), "state_unknown", true),
    ("another state", Spoilt("state"), "state_unknown", true),
    ("an unknown state", To("state", "00000000.AAAA"), "state_unknown", true),
    ("a state without an id", To("state", ".AAAA"), "state_unknown", true),
    ("a state that is no text", To("state", "%ff%fe"), "state_missing", true),
    ("a state that ends within an escape", To("state", "%2"), "state_missing", true),
    ("the state twice", Twice("state", "x"), "state_missing", true),
    ("a long state", Long("state", 5000), "state_unknown", true),
    ("the state of another browser", ForeignState, "state_unknown", true),
    ("no code", Without("code"), "code_missing", false),
    ("an empty code", To("code", ""), "code_missing", false),
    ("a code with a line end", To("code", "a%0d%0aSet-Cookie:%20a=b"), "code_missing", false),
    ("a code with a NUL", To("code", "a%00"), "code_missing", false),
    ("a code that is no text", To("code", "%ff"), "code_missing", false),
    ("a long code", Long("code", 257), "code_missing", false),
    ("the code twice", Twice("code", "x"), "code_missing", false),
    ("an unknown code", To("code", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "code_unknown", false),
    ("another code", Spoilt("code"), "code_unknown", false),
];

fn changed(stand: &Stand, application: &Application, url: &Url, change: Change) -> Result<String> {
    Ok(match change {
        Without(name) => with_parameter(url, name, None),
        To(name, value) => with_parameter(url, name, Some(value)),
        Twice(name, value) => format!("{url}&{name}={value}"),
        Long(name, length) => with_parameter(url, name, Some(&"a".repeat(length))),
        Spoilt(name) => {
            let mut value = parameter(url, name)?;
            // Not the very last, whose bits may not all count.
            let at = value.len() - 3;
            let other = if value.as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            value.replace_range(at..=at, other);
            with_parameter(url, name, Some(&value))
        }
        ForeignState => {
            let mut other = stand.browser()?;
            let foreign = sign_in_to_callback(&mut other, &application.url("/"), &stand.user()?)?;
            with_parameter(url, "state", Some(&parameter(&foreign, "state")?))
        }
    })
}

#[test]
fn callbacks_with_something_wrong_sign_nobody_in() -> Result<()> {
    let stand = stand()?;
    let vms = Vms::of(&stand.deployment.envoy)?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    let columns = ["sent", "came back", "the genuine callback after it"];
    let mut table = Table::new("callback", &columns);
    for (what, change, reason, burnt) in ROWS {
        forget_session(&mut browser, &application);
        let genuine = callback_of(&mut browser, &application.url("/x"))?;
        let url = changed(stand, &application, &genuine, change)?;

        let answer = browser.navigate(&url)?;
        ensure_page(&answer, 400, reason).with_context(|| what.to_owned())?;
        assert!(browser.jar.find(&application.host, TOKEN_COOKIE).is_none());

        let after = browser.navigate(genuine.as_str())?;
        if burnt {
            ensure_page(&after, 400, "code_unknown").with_context(|| what.to_owned())?;
        } else {
            ensure_signed_in(&after).with_context(|| what.to_owned())?;
        }
        table.row(&[
            what,
            &format!("{}, {reason}", answer.status),
            &after.status.to_string(),
        ]);
    }
    table.print()?;
    vms.ensure_same()
}

#[test]
fn a_code_of_another_application_is_refused_and_burnt() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (one, other) = (stand.application(&settings)?, stand.application(&settings)?);
    let mut browser = stand.sign_in(&stand.user()?, &one)?;
    forget_session(&mut browser, &one);
    let of_one = callback_of(&mut browser, &one.url("/"))?;
    let of_other = callback_of(&mut browser, &other.url("/"))?;

    // The browser's own attempt at the one application, with the code of the other.
    let code = parameter(&of_other, "code")?;
    let answer = browser.navigate(&with_parameter(&of_one, "code", Some(&code)))?;
    ensure_page(&answer, 400, "code_mismatch")?;
    // The whole callback at the other's origin.
    let elsewhere = of_one.as_str().replacen(&one.origin, &other.origin, 1);
    ensure_page(&browser.navigate(&elsewhere)?, 400, "state_unknown")?;

    for callback in [&of_other, &of_one] {
        let answer = browser.navigate(callback.as_str())?;
        ensure_page(&answer, 400, "code_unknown").with_context(|| callback.path().to_owned())?;
    }
    for application in [&one, &other] {
        assert!(browser.jar.find(&application.host, TOKEN_COOKIE).is_none());
    }
    Ok(())
}

#[test]
fn a_callback_that_was_used_signs_nobody_in_again() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.browser()?;
    let url = application.url("/");
    let callback = sign_in_to_callback(&mut browser, &url, &stand.user()?)?;
    ensure_signed_in(&browser.navigate(callback.as_str())?)?;

    // By the back button, or by an attacker who found it in a history or a log.
    let again = browser.navigate(callback.as_str())?;
    ensure_page(&again, 400, "state_unknown")?;
    let mut finder = stand.browser()?;
    ensure_page(&finder.navigate(callback.as_str())?, 400, "state_unknown")?;

    assert_eq!(
        browser.xhr(&url)?.status,
        200,
        "the session itself continues"
    );
    assert_eq!(finder.xhr(&url)?.status, 401);
    Ok(())
}

#[test]
fn a_prefetch_or_post_of_the_callback_exchanges_nothing() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.browser()?;
    let callback = sign_in_to_callback(&mut browser, &application.url("/"), &stand.user()?)?;

    for (method, name, value, status) in [
        (Method::GET, "sec-purpose", "prefetch", 401),
        (Method::GET, "purpose", "prefetch", 401),
        (Method::POST, "sec-fetch-mode", "navigate", 404),
        (Method::PUT, "accept", "*/*", 404),
    ] {
        let answer = browser.request(method, callback.as_str(), |request| {
            request.header(name, value)
        })?;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_eq!(answer.set_cookies().count(), 0);
    }

    ensure_signed_in(&browser.navigate(callback.as_str())?)?;
    Ok(())
}
