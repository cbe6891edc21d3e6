//! What a service token opens, and what is left of it.

use anyhow::{Context, Result};
use portcullis_demo::origin::echo::Echo;
use portcullis_demo::wait;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::service_tokens::{ServiceToken, application_for};
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::tokens::{TOKEN_COOKIE, unverified};
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::{Value, json};

use super::admitted_everywhere;

#[test]
fn s19_a_service_token_opens_its_application_in_its_own_name() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    for protocol in PROTOCOLS {
        // Whatever else a program sends does not count, and does not reach the origin.
        let request = token
            .shown_in(Request::navigation("/api/echo"))
            .with("cookie", format!("a=1; {TOKEN_COOKIE}=nonsense"))
            .with("x-access-token", "nonsense")
            .with("x-access-user-email", "root@example.com");
        let answer = stand.ask(&application, protocol, &request)?;
        assert_eq!(answer.status, 200, "{protocol}");
        assert_eq!(answer.header("set-cookie"), None);
        let echo: Echo = serde_json::from_slice(&answer.body)?;
        assert_eq!(
            echo.value("x-access-user-id"),
            Some(token.subject().as_str())
        );
        assert_eq!(echo.value("cookie"), Some("a=1"));
        for absent in [
            "x-access-client-id",
            "x-access-client-secret",
            "x-access-user-email",
            "x-access-token",
        ] {
            assert!(echo.values(absent).is_empty(), "{absent}: {echo:?}");
        }
        let seen = echo.value("x-access-jwt-assertion").context("no token")?;
        let (_, claims) = unverified(seen)?;
        let number = |name: &str| claims[name].as_u64().context("no number");
        assert_eq!(claims["sub"], token.subject());
        assert_eq!(claims["sid"], token.subject());
        assert_eq!(
            (&claims["use"], &claims["email"]),
            (&json!("header"), &json!(""))
        );
        assert!(number("exp")? - number("iat")? <= 15 * 60);

        // The token that an application sees opens nothing by itself.
        let replayed = Request::sub_request("/").with("x-access-token", seen);
        let answer = stand.ask(&application, protocol, &replayed)?;
        assert_eq!(answer.status, 401);
        let cookie = format!("{TOKEN_COOKIE}={seen}");
        let replayed = Request::sub_request("/").with("cookie", cookie);
        let answer = stand.ask(&application, protocol, &replayed)?;
        assert_eq!(Refusal::of_answer(&answer)?.reason, "token_not_for_here");
    }
    let identity = token.shown_in(Request::new("GET", "/.access/identity"));
    let answer = stand.ask(&application, PROTOCOLS[0], &identity)?;
    let identity: Value = serde_json::from_slice(&answer.body)?;
    assert_eq!(identity["sub"], token.subject());
    assert_eq!(identity["email"], Value::Null);
    Ok(())
}

#[test]
fn s19_a_token_taken_from_a_service_is_no_script_either() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = stand.application(&ApplicationSettings {
        options: &["--header-tokens", "true"],
        ..ApplicationSettings::default()
    })?;
    let rules = json!([token.rule()]);
    stand
        .deployment
        .control
        .set_policy(&application.name, &rules)?;
    admitted_everywhere(stand, &application, &token)?;
    let request = token.shown_in(Request::sub_request("/api/echo"));
    let answer = stand.ask(&application, PROTOCOLS[0], &request)?;
    let echo: Echo = serde_json::from_slice(&answer.body)?;
    let seen = echo.value("x-access-jwt-assertion").context("no token")?;
    for (name, value) in [
        ("x-access-token", seen.to_owned()),
        ("authorization", format!("Bearer {seen}")),
    ] {
        let replayed = Request::sub_request("/").with(name, value);
        let answer = stand.ask(&application, PROTOCOLS[0], &replayed)?;
        assert_eq!(answer.status, 401, "{name}");
        assert_eq!(Refusal::of_answer(&answer)?.reason, "token_not_for_here");
    }
    Ok(())
}

#[test]
fn s19_no_secret_is_left_in_a_log_or_the_database() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let path = stand.unique_path();
    let (mut mistyped, mut wrong) = (token.clone(), token.clone());
    mistyped.client_secret.replace_range(10..11, "~");
    // Of the right form, so that the control service gets it.
    wrong.client_secret = ServiceToken::make(stand)?.client_secret;
    for (token, status) in [(&token, 200), (&mistyped, 401), (&wrong, 401)] {
        let request = application.sub_request(&path, &token.lines());
        for answer in stand.workers.each(|worker| worker.send(&request))? {
            assert_eq!(answer.status, status);
        }
    }
    // Without prefix and checksum, as a careless log would have it.
    let shown = [&token, &mistyped, &wrong].map(|token| &token.client_secret[4..40]);
    stand.ensure_kept_nowhere(&shown, &path)?;
    // It would be found: ids may be logged, and are.
    let ids = stand.ensure_kept_nowhere(&[&token.id], &path);
    ids.expect_err("a token's id is in the log");
    Ok(())
}

#[test]
fn s19_no_rule_for_people_admits_a_service_token() -> Result<()> {
    let stand = stand()?;
    let (token, other) = (ServiceToken::make(stand)?, ServiceToken::make(stand)?);
    let everyone = stand.application(&ApplicationSettings::default())?;
    let for_other = application_for(stand, &other)?;
    admitted_everywhere(stand, &for_other, &other)?;
    for application in [&everyone, &for_other] {
        let path = stand.unique_path();
        for protocol in PROTOCOLS {
            let request = token.shown_in(Request::navigation(&path));
            let answer = stand.ask(application, protocol, &request)?;
            assert_eq!(answer.status, 403, "{protocol}");
            assert_eq!(Refusal::of_answer(&answer)?.reason, "policy_denied");
        }
        assert_eq!(stand.reached_origin(&path), 0);
    }
    Ok(())
}

#[test]
fn s19_the_rules_networks_are_asked_on_every_request() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let mut rule = token.rule();
    for (networks, status) in [("192.0.2.0/24", 403), ("127.0.0.0/8", 200)] {
        rule["require"] = json!([{ "ip": [networks] }]);
        let control = &stand.deployment.control;
        control.set_policy(&application.name, &json!([rule]))?;
        let request = application.sub_request("/api/time", &token.lines());
        wait::until("all workers to know the networks", REVOCATION_LIMIT, || {
            let answers = stand.workers.each(|worker| worker.send(&request))?;
            let all = answers.iter().all(|answer| answer.status == status);
            Ok(all.then_some(()))
        })?;
    }
    Ok(())
}
