//! Where the user wanted to go is never lost.

use anyhow::{Context, Result};
use portcullis_demo::browser::form::Form;
use portcullis_e2e::request::{Door, PROTOCOLS, Request};
use portcullis_e2e::{ApplicationSettings, stand};

use crate::login_attacks::steps::{callback_of, ensure_page, login_link, sign_in_to_callback};

/// The longest address to which a sign-in leads back.
const LONGEST: usize = 8_192;

#[test]
fn b07_a_hostname_with_a_final_dot_leads_to_the_origin_without_it() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let cookies: Vec<String> = browser
        .jar
        .of(&application.host)
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    let cookie = cookies.join("; ");
    let port = stand.deployment.port();
    let (dotted, unknown) = (
        format!("{}.:{port}", application.host),
        format!("x.{}.:{port}", application.host),
    );
    for protocol in PROTOCOLS {
        let ask = |authority: &str, request: Request| {
            let door = Door {
                authority,
                ..stand.door(&application)
            };
            door.ask(protocol, &request.with("cookie", &cookie))
        };
        let path = stand.unique_path();
        let target = format!("{path}?a=b&c=%2F");
        let moved = ask(&dotted, Request::navigation(&target))?;
        assert_eq!(moved.status, 302, "{protocol}");
        let there = application.url(&target);
        assert_eq!(moved.header("location"), Some(there.as_str()));
        let refused = ask(&dotted, Request::sub_request(&target))?;
        assert_eq!(refused.status, 400, "{protocol}");
        assert_eq!(stand.reached_origin(&path), 0, "{protocol}");
        let unknown = ask(&unknown, Request::navigation(&target))?;
        assert_eq!(unknown.status, 403, "{protocol}");
        assert_eq!(unknown.header("location"), None);
    }
    Ok(())
}

#[test]
fn b07_the_longest_address_is_returned_to_and_a_longer_one_says_so() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.browser()?;
    let start = "/x?q=";
    let longest = format!("{start}{}", "a".repeat(LONGEST - start.len()));
    let callback = sign_in_to_callback(&mut browser, &application.url(&longest), &stand.user()?)?;
    let answer = browser.navigate(callback.as_str())?;
    let expected = application.url(&longest);
    assert_eq!(answer.header("location"), Some(expected.as_str()));

    let longer = application.url(&format!("{longest}a"));
    assert_eq!(browser.navigate(&longer)?.status, 200, "with a session");
    let page = stand.browser()?.navigate(&longer)?;
    assert_eq!(page.status, 414);
    assert!(page.text().contains("This address is too long"));
    Ok(())
}

#[test]
fn b07_a_sign_in_in_another_browser_begins_again_at_its_page() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let (user, other_user) = (stand.user()?, stand.user()?);
    let url = application.url("/reports?year=2026");
    let mut one = stand.browser()?;
    let callback = sign_in_to_callback(&mut one, &url, &user)?;

    // Somebody finishes the sign-in of another browser: as themselves.
    let mut other = stand.browser()?;
    let page = other.navigate(callback.as_str())?;
    ensure_page(&page, 400, "state_unknown")?;
    let login = application.url(&login_link(&page)?);
    let callback = sign_in_to_callback(&mut other, &login, &other_user)?;
    let answer = other.navigate(callback.as_str())?;
    assert_eq!(answer.header("location"), Some(url.as_str()));
    let identity = other.xhr(&application.url("/.access/identity"))?;
    assert!(identity.text().contains(&other_user.email));

    // The first one has a session on the team domain, and needs no password again.
    let answer = one.navigate(&url)?;
    assert_eq!(answer.status, 302);
    let callback = callback_of(&mut one, &url)?;
    let answer = one.navigate(callback.as_str())?;
    assert_eq!(answer.header("location"), Some(url.as_str()));
    Ok(())
}

#[test]
fn b07_signing_out_leads_back_to_the_page() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    let logout = application.url("/.access/logout?return_to=%2Freports%3Fyear%3D2026");
    let page = browser.navigate(&logout)?;
    let form = Form::to(&page.text(), "2026").context("no form")?;
    let done = browser.submit(&page.url, &form)?;
    let link = "<a class=\"act\" href=\"/reports?year=2026\">Sign in again</a>";
    assert!(done.text().contains(link), "{}", done.text());
    Ok(())
}
