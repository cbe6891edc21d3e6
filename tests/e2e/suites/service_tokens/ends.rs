//! How a service token's access ends, and how its secret is replaced.

use std::time::Instant;

use anyhow::{Result, ensure};
use portcullis_demo::envoy::Envoy;
use portcullis_e2e::bootstrap::QUIET;
use portcullis_e2e::connection::Connection;
use portcullis_e2e::request::Request;
use portcullis_e2e::service_tokens::{ServiceToken, application_for};
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Application, Stand, stand};

use super::{admitted_everywhere, refused_everywhere};

/// All of so many at one of two workers are less likely than one in a thousand.
const WEBSOCKETS: usize = 10;

/// A WebSocket of a program.
fn websocket(
    stand: &Stand,
    envoy: &Envoy,
    application: &Application,
    token: &ServiceToken,
) -> Result<Connection> {
    let request = token.shown_in(
        Request::new("GET", "/ws")
            .with("upgrade", "websocket")
            .with("connection", "Upgrade")
            .with("sec-websocket-version", "13")
            .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    );
    let port = envoy.admin().listener(QUIET)?.port();
    let authority = &stand.deployment.certificates.authority;
    let mut connection = Connection::open(port, &application.host, authority)?;
    connection.write(&request.http1(application.authority()))?;
    let answer = connection.read_head()?;
    ensure!(answer.status == 101, "{}", answer.status);
    Ok(connection)
}

#[test]
fn s19_disabling_and_deleting_act_at_once_in_every_worker_also_on_open_websockets() -> Result<()> {
    let stand = stand()?;
    for how in ["disable", "delete"] {
        let (token, other) = (ServiceToken::make(stand)?, ServiceToken::make(stand)?);
        let application = application_for(stand, &token)?;
        let spared = application_for(stand, &other)?;
        admitted_everywhere(stand, &application, &token)?;
        admitted_everywhere(stand, &spared, &other)?;
        let mut open = Vec::new();
        for envoy in stand.envoys() {
            for _ in 0..WEBSOCKETS {
                open.push(websocket(stand, envoy, &application, &token)?);
            }
        }
        let since = Instant::now();
        token.change(stand, how)?;
        let answered = since.elapsed();
        for connection in &mut open {
            while !connection.read_some()?.is_empty() {
                ensure!(since.elapsed() < REVOCATION_LIMIT, "a WebSocket is open");
            }
        }
        println!(
            "{how}: answered after {answered:?}, the last WebSocket cut after {:?}",
            since.elapsed()
        );
        refused_everywhere(stand, &application, &token)?;
        admitted_everywhere(stand, &spared, &other)?;
    }
    Ok(())
}

#[test]
fn s19_an_enabled_service_token_works_again() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    // Nothing asks in between, so no filter remembers a refusal.
    token.change(stand, "disable")?;
    token.change(stand, "enable")?;
    admitted_everywhere(stand, &application, &token)
}

#[test]
fn s19_a_new_secret_and_the_one_before_work_and_no_older_one() -> Result<()> {
    let stand = stand()?;
    let first = ServiceToken::make(stand)?;
    let application = application_for(stand, &first)?;
    admitted_everywhere(stand, &application, &first)?;
    let second = first.rotated(stand)?;
    assert_eq!(second.client_id, first.client_id);
    assert_ne!(second.client_secret, first.client_secret);
    admitted_everywhere(stand, &application, &second)?;
    admitted_everywhere(stand, &application, &first)?;
    let third = second.rotated(stand)?;
    refused_everywhere(stand, &application, &first)?;
    admitted_everywhere(stand, &application, &second)?;
    admitted_everywhere(stand, &application, &third)
}

#[test]
fn s19_a_rule_that_is_taken_away_ends_the_access() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let everyone = serde_json::json!([
        { "id": "people", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let control = &stand.deployment.control;
    control.set_policy(&application.name, &everyone)?;
    let request = application.sub_request("/api/time", &token.lines());
    portcullis_demo::wait::until("all workers to refuse", REVOCATION_LIMIT, || {
        let answers = stand.workers.each(|worker| worker.send(&request))?;
        let all = answers.iter().all(|answer| answer.status == 403);
        Ok(all.then_some(()))
    })
}
