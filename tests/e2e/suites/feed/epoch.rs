//! Another life of the database, with other keys: sessions of the former end.

use anyhow::{Context, Result};
use portcullis_demo::wait;
use portcullis_e2e::feed_relay::{Conduct, Poll};
use serde_json::{Value, json};

use super::health::{Attacked, LIMIT};

const EPOCH: &str = "another-life";
/// As a restored database raises its version.
const RAISED: u64 = 1_000_000_000;

/// A snapshot of another epoch with the same application. The key is RFC 7517's example
/// (appendix A.1), for which there is no private key here.
fn other_life(poll: &Poll, application: &Value) -> Conduct {
    if poll.epoch == EPOCH {
        return Conduct::Send(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec());
    }
    Conduct::page(&json!({
        "epoch": EPOCH, "kind": "snapshot", "after": 0, "version": poll.after + RAISED,
        "next": null, "now": 1_795_450_380u64, "applications": {"put": [application]},
        "keys": {"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "another",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        }]},
    }))
}

#[test]
fn another_epoch_with_other_keys_ends_sessions_until_the_old_one_is_back() -> Result<()> {
    let attacked = Attacked::start("feed-epoch")?;
    let (stand, good) = (&attacked.stand, &attacked.good);
    let before = attacked.settled()?;
    let application = json!({
        "audience": attacked.application.audience, "name": attacked.application.name,
        "origins": [{"hostname": attacked.application.host, "port": stand.deployment.port()}],
        "binding": false,
        "cookie": {"http_only": true, "same_site": "lax", "partitioned": false},
    });
    attacked
        .relay
        .misbehave(move |poll| other_life(poll, &application));
    // Whether the key is still to come is waited for: two seconds, in each filter.
    wait::until("every worker to refuse", LIMIT, || {
        let answers = stand.ask_workers(good, &attacked.application, "/api/time")?;
        let refused = answers.iter().all(|answer| answer.status == 401);
        Ok(refused.then_some(()))
    })?;
    let reason = stand.refused_by_workers(good, &attacked.application)?;
    assert_eq!(reason, "key_unknown");
    assert!(attacked.health()?.version >= before.version + RAISED);

    attacked.relay.behave();
    wait::until("every worker to admit again", LIMIT, || {
        Ok(stand.admitted_by_workers(good, &attacked.application).ok())
    })
    .context("the old epoch is back")?;
    attacked.catches_up()?;
    assert_eq!(attacked.health()?.vms, before.vms);
    attacked.no_panic()
}
