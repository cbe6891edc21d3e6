//! Many requests of one expired session at once.

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::clock::EXPIRY_LIMIT;
use portcullis_e2e::refresh_relay::Conduct;

use super::scene::{assert_renewed, held, scene, wait_for_active};

const MANY: usize = 50;
const WORKERS: usize = 2;

#[test]
fn b02_fifty_parallel_requests_over_http2_make_one_call() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let path = scene.stand().stand.unique_path();
    let request = expired
        .request("GET", &path)?
        .with("sec-fetch-mode", "cors");
    let requests = vec![request; MANY];

    // One connection is one worker's.
    let answers = held(scene, (&expired, 50), |stand| {
        stand.door(&expired.application).ask_at_once(&requests)
    })?;

    assert_eq!(answers.len(), MANY);
    answers.iter().for_each(assert_renewed);
    println!(
        "calls for {MANY} requests over HTTP/2: {}",
        scene.calls(&expired)
    );
    assert_eq!(scene.calls(&expired), 1);
    assert_eq!(scene.stand().stand.reached_origin(&path), MANY);
    let clock = scene.stand();
    wait::until("the refreshed requests to be counted", EXPIRY_LIMIT, || {
        let admin = clock.stand.deployment.envoy.admin();
        let counts = admin.stats(r"^wasmcustom\.portcullis\.refresh\.")?;
        let of = |name: &str| counts.get(&format!("wasmcustom.portcullis.refresh.{name}"));
        let all = of("refreshed").is_some_and(|count| *count >= 50);
        Ok((all && of("asked").is_some()).then_some(()))
    })
}

#[test]
fn b02_fifty_parallel_requests_over_http1_make_one_call_for_each_worker() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let path = scene.stand().stand.unique_path();
    let answers = held(scene, (&expired, 50), |stand| {
        let connections: Vec<_> = (0..MANY)
            .map(|_| expired.begin(stand, &path))
            .collect::<Result<_>>()?;
        connections
            .into_iter()
            .map(|mut connection| connection.read_answer())
            .collect()
    })?;

    answers.iter().for_each(assert_renewed);
    let calls = scene.calls(&expired);
    println!("calls for {MANY} requests over HTTP/1, {WORKERS} workers: {calls}");
    assert!((1..=WORKERS).contains(&calls), "{calls} calls");
    assert_eq!(scene.stand().stand.reached_origin(&path), MANY);
    Ok(())
}

#[test]
fn b02_clients_that_leave_while_they_wait_harm_nobody() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.alone();
    let (stand, relay) = (&clock.stand, &scene.relay);
    let origin = &expired.application.origin;
    let (left, stayed) = (stand.unique_path(), stand.unique_path());
    relay.conduct(origin, Conduct::Hold);
    // The first of each worker is the one for whom the call is made.
    let leaving: Vec<_> = (0..20)
        .map(|_| expired.begin(stand, &left))
        .collect::<Result<_>>()?;
    wait_for_active(stand, 20)?;
    let staying: Vec<_> = (0..20)
        .map(|_| expired.begin(stand, &stayed))
        .collect::<Result<_>>()?;
    wait_for_active(stand, 40)?;
    drop(leaving);
    wait_for_active(stand, 20)?;
    relay.conduct(origin, Conduct::Relay);

    for mut connection in staying {
        assert_renewed(&connection.read_answer()?);
    }
    assert!(scene.calls(&expired) <= WORKERS);
    assert_eq!(
        (stand.reached_origin(&left), stand.reached_origin(&stayed)),
        (0, 20)
    );
    Ok(())
}
