//! Revocation acts at once, everywhere. How soon, is only printed here: `make bench` measures it on
//! a machine that does nothing else.

use std::time::Instant;

use anyhow::{Result, ensure};
use portcullis_e2e::{ApplicationSettings, stand};

const REVOCATIONS: usize = 9;
/// Two workers of each Envoy, at two listeners.
const CONNECTIONS: usize = 8;

#[test]
fn b03_revocation_acts_in_every_worker_of_two_envoys_at_once() -> Result<()> {
    let stand = stand()?;
    ensure!(stand.envoys().count() == 2);
    let application = stand.application(&ApplicationSettings::default())?;
    let mut took = Vec::new();
    for _ in 0..REVOCATIONS {
        let user = stand.user()?;
        let browser = stand.sign_in(&user, &application)?;
        stand.admitted_by_workers(&browser, &application)?;
        let answers = stand.ask_workers(&browser, &application, "/api/time")?;
        ensure!(answers.len() == CONNECTIONS, "{} answers", answers.len());

        let asked = Instant::now();
        stand.deployment.control.revoke_user(&user.email)?;
        let reason = stand.refused_by_workers(&browser, &application)?;
        took.push(asked.elapsed());
        ensure!(reason == "session_revoked", "refused as {reason}");
    }
    took.sort_unstable();
    println!("from the command until the last worker refused: {took:?}");
    Ok(())
}
