//! Every request of the table, with sessions that are bad for different reasons, and a good one.

use std::time::Duration;

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use portcullis_e2e::clock::{EXPIRY_LIMIT, stand_with_clock};
use portcullis_e2e::connection::Answer;
use portcullis_e2e::request::{PROTOCOLS, Protocol};
use portcullis_e2e::table::Table;
use portcullis_e2e::tokens::{BINDING_COOKIE, TOKEN_COOKIE};
use portcullis_e2e::unharmed::Vms;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use url::Url;

use super::expected::Given;
use super::requests::{Kind, ROWS, Row, described, request};

/// HTTP/2 has no `upgrade` (RFC 9113, section 8.2.2).
fn exists(row: Row, protocol: Protocol) -> bool {
    row.3 != Kind::WebSocket || protocol == Protocol::Http1
}

fn cookies(browser: &Browser, application: &Application) -> Result<String> {
    let url = Url::parse(&application.url("/"))?;
    Ok(browser.jar.header(&url).unwrap_or_default())
}

/// Sends every row with these cookies, and fails with all that is wrong.
fn refused(
    stand: &Stand,
    application: &Application,
    (reason, cookies): (&str, &str),
    table: &mut Table,
) -> Result<()> {
    let path = stand.unique_path();
    let mut wrong = Vec::new();
    for row in ROWS {
        let request = match cookies {
            "" => request(row, &path),
            cookies => request(row, &path).with("cookie", cookies),
        };
        for protocol in PROTOCOLS.into_iter().filter(|one| exists(row, *one)) {
            let sent = format!("{} ({protocol})", described(row));
            let answer = stand
                .ask(application, protocol, &request)
                .context(sent.clone())?;
            let given = Given {
                stand,
                application,
                reason,
                answer: &answer,
            };
            if let Err(error) = given.check(row.3) {
                wrong.push(format!("{sent}: {error:#}; {answer:?}"));
            }
            table.row(&[
                &row.0.to_string(),
                &format!("{:?}", row.3),
                reason,
                &sent,
                &given.shown(),
            ]);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        stand.reached_origin(&path),
        0,
        "refused, but also let through"
    );
    Ok(())
}

fn table(name: &'static str) -> Table {
    Table::new(name, &["row", "kind", "session", "sent", "came back"])
}

#[test]
fn every_kind_is_refused_in_its_own_way() -> Result<()> {
    let stand = stand()?;
    let vms = Vms::of(&stand.deployment.envoy)?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let mut table = table("kinds");
    refused(stand, &application, ("no_session", ""), &mut table)?;
    let forged = format!("{TOKEN_COOKIE}=a.b.c");
    refused(
        stand,
        &application,
        ("token_malformed", &forged),
        &mut table,
    )?;

    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    let binding = browser.jar.remove(&application.host, BINDING_COOKIE);
    let unbound = cookies(&browser, &application)?;
    refused(
        stand,
        &application,
        ("binding_missing", &unbound),
        &mut table,
    )?;

    browser.jar.insert(binding.context("no binding cookie")?);
    stand
        .deployment
        .control
        .revoke_application(&application.name)?;
    stand.refused_by_workers(&browser, &application)?;
    let revoked = cookies(&browser, &application)?;
    refused(
        stand,
        &application,
        ("session_revoked", &revoked),
        &mut table,
    )?;
    table.print()?;
    vms.ensure_same()
}

#[test]
fn every_kind_is_refused_in_its_own_way_when_the_session_has_expired() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand = &clock.stand;
    // Without a binding cookie a session is not refreshed inside the request.
    let application = stand.application(&ApplicationSettings {
        session_duration: "10m",
        ..ApplicationSettings::default()
    })?;
    let duration = Duration::from_secs(600);
    let mut browser = clock.sign_in_about_to_expire(&stand.user()?, &application, duration)?;
    wait::until("the session to expire", EXPIRY_LIMIT, || {
        let answer = browser.xhr(&application.url("/api/time"))?;
        Ok((answer.status != 200).then_some(()))
    })?;
    let expired = cookies(&browser, &application)?;
    let mut table = table("kinds-expired");
    refused(
        stand,
        &application,
        ("session_expired", &expired),
        &mut table,
    )?;
    table.print()
}

#[test]
fn every_kind_but_a_preflight_goes_on_with_a_good_session() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let cookies = cookies(&browser, &application)?;
    for row in ROWS {
        let path = stand.unique_path();
        let request = request(row, &path).with("cookie", &cookies);
        let protocols: Vec<Protocol> = PROTOCOLS
            .into_iter()
            .filter(|one| exists(row, *one))
            .collect();
        let answers: Vec<Answer> = protocols
            .iter()
            .map(|protocol| stand.ask(&application, *protocol, &request))
            .collect::<Result<_>>()?;
        let (status, reached) = match row.3 {
            Kind::Preflight => (403, 0),
            _ => (200, protocols.len()),
        };
        for answer in answers {
            assert_eq!(answer.status, status, "{}", described(row));
        }
        assert_eq!(stand.reached_origin(&path), reached, "{}", described(row));
    }
    Ok(())
}
