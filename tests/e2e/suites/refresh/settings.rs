//! The cookies of a refresh follow the application's settings of now, not those of the login.

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::clock::EXPIRY_LIMIT;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::Protocol;
use portcullis_e2e::tokens::{self, BINDING_COOKIE};
use serde_json::Value;

use super::scene::{assert_renewed, scene, set_cookies};

#[test]
fn s14_s17_cookies_of_a_refresh_follow_changed_settings() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.stand();
    let secret = &tokens::binding(&expired.browser, &expired.application)?.value;
    for (options, of_token, of_both) in [
        (
            ["true", "strict", "false"],
            "; HttpOnly",
            "; SameSite=Strict; Secure; Path=/",
        ),
        (
            ["false", "none", "true"],
            "",
            "; SameSite=None; Partitioned; Secure; Path=/",
        ),
        (
            ["true", "lax", "false"],
            "; HttpOnly",
            "; SameSite=Lax; Secure; Path=/",
        ),
    ] {
        let [http_only, same_site, partitioned] = options;
        let name = expired.application.name.as_str();
        clock.stand.deployment.control.command::<Value>(&[
            "application",
            "set",
            name,
            "--http-only",
            http_only,
            "--same-site",
            same_site,
            "--partitioned",
            partitioned,
        ])?;
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let request = expired.request("GET", "/api/echo")?;
            let answer = clock.stand.ask(&expired.application, protocol, &request)?;
            assert_renewed(&answer);
            let cookies = set_cookies(&answer);
            let attributes = |line: &str| line.split_once(';').map(|(_, rest)| format!(";{rest}"));
            let (token, age) = attributes(&cookies[0])
                .and_then(|all| Some((all.rsplit_once("; Max-Age=")?.0.to_owned(), all)))
                .unwrap_or_default();
            assert_eq!(token, format!("{of_token}{of_both}"));
            // Until the global session ends, which began ten minutes ago and lasts a day.
            let age: u32 = age.rsplit('=').next().unwrap_or_default().parse()?;
            assert!((85_000..86_400).contains(&age), "{age}");
            let bound = format!("{BINDING_COOKIE}={secret}; HttpOnly{of_both}; Max-Age={age}");
            assert_eq!(cookies[1], bound);
        }
    }
    Ok(())
}

#[test]
fn b02_what_everybody_might_keep_is_kept_by_nobody_where_it_brings_cookies() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.stand();
    let path = clock.stand.publish_to_keep("<body>");
    let mut connection = clock.stand.connect(&expired.application)?;
    let answer = connection.send(&expired.sub_request(&path)?)?;
    assert_renewed(&answer);

    let cookies = set_cookies(&answer);
    let pairs = cookies.iter().filter_map(|line| line.split(';').next());
    let line = format!("Cookie: {}\r\n", pairs.collect::<Vec<_>>().join("; "));
    let answer = connection.send(&expired.application.sub_request(&path, &line))?;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=600"));
    Ok(())
}

#[test]
fn b02_the_identity_endpoint_refreshes_too() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.stand();
    let answer = expired
        .begin(&clock.stand, "/.access/identity")?
        .read_answer()?;
    assert_renewed(&answer);
    let told: Value = serde_json::from_slice(&answer.body)?;
    assert_eq!(told["email"], expired.user.email.as_str());
    Ok(())
}

#[test]
fn s15_turning_the_binding_on_refuses_and_refreshes_no_token_without_one() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired_at(&ApplicationSettings {
        options: &["--refresh-in-request", "always"],
        ..ApplicationSettings::default()
    })?;
    let clock = scene.stand();
    let stand = &clock.stand;
    let good = stand.sign_in(&stand.user()?, &expired.application)?;
    // Unbound, it is refreshed where the application says `always`.
    let request = expired.sub_request("/api/time")?;
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!((answer.status, set_cookies(&answer).len()), (200, 1));
    }
    let asked = scene.calls(&expired);

    let name = expired.application.name.as_str();
    let set = ["application", "set", name, "--binding-cookie", "true"];
    stand.deployment.control.command::<Value>(&set)?;
    let reason = stand.refused_by_workers(&good, &expired.application)?;
    assert_eq!(reason, "binding_missing");
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(Refusal::of_answer(&answer)?.reason, "session_expired");
    }
    assert_eq!(scene.calls(&expired), asked, "no call was made");

    // Its owner comes back through the team domain, bound.
    let mut browser = expired.browser;
    wait::until(
        "the shipped listener to want a binding",
        EXPIRY_LIMIT,
        || {
            let page = browser.open(&expired.application.url("/"))?;
            assert_eq!(page.status, 200);
            Ok(tokens::binding(&browser, &expired.application)
                .ok()
                .map(drop))
        },
    )
}
