//! How many calls programs cause.

use std::fs;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use portcullis_demo::wait;
use portcullis_e2e::request::Request;
use portcullis_e2e::service_tokens::{ServiceToken, application_for};
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Stand, stand};

use super::admitted_everywhere;

const MANY: usize = 50;
/// Another address of this machine.
const FLOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// How many tokens the control service has issued to a service token.
fn issued(stand: &Stand, token: &ServiceToken) -> Result<usize> {
    let log = fs::read_to_string(stand.deployment.control.log())?;
    let of_it = format!("service_token=\"{}\"", token.id);
    let lines = log.lines().filter(|line| line.contains(&of_it));
    Ok(lines
        .filter(|line| line.contains("application token issued to a service token"))
        .count())
}

/// Calls that were refused for a reason.
fn refused(stand: &Stand, why: &str) -> Result<u64> {
    let series = format!("portcullis_control_services_refused_total{{why=\"{why}\"}} ");
    let metrics = stand.deployment.control.metrics()?;
    let value = metrics.lines().find_map(|line| line.strip_prefix(&series));
    Ok(value.context("no such metric")?.parse()?)
}

/// Waits until every worker knows what was changed before, without showing the token that is counted.
fn wait_for_feed(stand: &Stand) -> Result<()> {
    let other = ServiceToken::make(stand)?;
    let later = application_for(stand, &other)?;
    admitted_everywhere(stand, &later, &other)
}

#[test]
fn s19_fifty_requests_at_once_make_one_call() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    wait_for_feed(stand)?;
    let path = stand.unique_path();
    let request = token.shown_in(Request::new("GET", &path));
    // One connection is one worker's.
    let answers = stand.door(&application).ask_at_once(&vec![request; MANY])?;
    assert_eq!(answers.len(), MANY);
    for answer in &answers {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(stand.reached_origin(&path), MANY);
    assert_eq!(issued(stand, &token)?, 1);
    Ok(())
}

#[test]
fn s19_a_flood_of_wrong_pairs_makes_few_calls_and_harms_no_good_one() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let before = refused(stand, "unknown")?;
    let path = stand.unique_path();
    let wrong = |number: usize| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        let id = portcullis::protocol::base64url::encode(&id);
        Request::new("GET", &path)
            .with("x-access-client-id", format!("{id}.service"))
            .with("x-access-client-secret", &token.client_secret)
    };
    let mut statuses = Vec::new();
    for round in 0..10 {
        let mut requests: Vec<_> = (0..50).map(|number| wrong(50 * round + number)).collect();
        requests.push(token.shown_in(Request::new("GET", "/api/time")));
        // From a network of its own, which leaves calls for the other tests.
        let door = stand.door(&application);
        let mut answers = door.ask_at_once_from(FLOOD, &requests)?;
        let good = answers.pop().context("no answers")?;
        assert_eq!(good.status, 200, "a program that is known is not harmed");
        statuses.extend(answers.iter().map(|answer| answer.status));
    }
    let calls = refused(stand, "unknown")? - before;
    let of = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    println!(
        "{} wrong pairs, {calls} calls, {} refused, {} crowded",
        statuses.len(),
        of(401),
        of(503)
    );
    assert_eq!(of(401) + of(503), statuses.len());
    assert_eq!(of(401) as u64, calls);
    // Of each of two workers a client has 16 at once and 5 a second.
    assert!(calls < 250, "{calls} calls");
    assert!(of(503) > 0, "no bound was reached");
    assert_eq!(stand.reached_origin(&path), 0);
    // A new program gets in meanwhile.
    let new = ServiceToken::make(stand)?;
    let open = application_for(stand, &new)?;
    admitted_everywhere(stand, &open, &new)
}

#[test]
fn s19_the_statistics_tell_of_services() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let half = Request::new("GET", "/").with("x-access-client-id", &token.client_id);
    stand.door(&application).ask_at_once(&[half])?;
    wait::until("the requests to be counted", REVOCATION_LIMIT, || {
        let admin = stand.deployment.envoy.admin();
        let counts = admin.stats(r"^wasmcustom\.portcullis\.service\.")?;
        let of = |name: &str| {
            let count = counts.get(&format!("wasmcustom.portcullis.service.{name}"));
            count.copied().unwrap_or_default()
        };
        let all = of("asked") > 0 && of("admitted") > 0 && of("malformed") > 0;
        Ok(all.then_some(()))
    })
}
