//! Many tokens under unknown keys.

use std::time::{Duration, Instant};

use anyhow::Result;
use portcullis::protocol::base64url;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::Request;
use portcullis_e2e::tokens::{self, TOKEN_COOKIE, unverified};
use portcullis_e2e::unharmed::Vms;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::json;

/// More than the filter remembers (64), fewer than Envoy takes at once on one connection (100).
const AT_ONCE: usize = 90;
const ROUNDS: usize = 4;
/// Each waits two seconds for a feed that may bring its key, until the memory is full: the first
/// round waits, the later ones hardly.
const LIMIT: Duration = Duration::from_secs(8);

/// Tokens that differ by their key id alone.
fn tokens(genuine: &str, round: usize) -> Result<Vec<String>> {
    let (mut header, _) = unverified(genuine)?;
    let rest = genuine.split_once('.').map(|(_, rest)| rest);
    let rest = rest.unwrap_or_default();
    Ok((0..AT_ONCE)
        .map(|number| {
            header["kid"] = json!(format!("flood-{round}-{number}"));
            let header = base64url::encode(header.to_string().as_bytes());
            format!("{header}.{rest}")
        })
        .collect())
}

#[test]
fn a_flood_of_unknown_keys_delays_nobody_else() -> Result<()> {
    let stand = stand()?;
    let vms = Vms::of(&stand.deployment.envoy)?;
    let application = stand.application(&ApplicationSettings::default())?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let genuine = tokens::token(&browser, &application)?.value.clone();
    let path = stand.unique_path();
    let door = stand.door(&application);

    let began = Instant::now();
    for round in 0..ROUNDS {
        let requests: Vec<Request> = tokens(&genuine, round)?
            .iter()
            .map(|token| {
                let cookie = format!("{TOKEN_COOKIE}={token}");
                Request::sub_request(&path).with("cookie", cookie)
            })
            .collect();
        for answer in door.ask_at_once(&requests)? {
            let refusal = Refusal::of_answer(&answer)?;
            assert_eq!(
                (refusal.status, refusal.reason.as_str()),
                (401, "key_unknown")
            );
        }
        // Who holds a good session waits for none of them.
        let asked = Instant::now();
        stand.admitted_by_workers(&browser, &application)?;
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{:?}",
            asked.elapsed()
        );
    }

    assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    assert_eq!(stand.reached_origin(&path), 0);
    vms.ensure_same()
}
