//! How soon a revocation acts. `make bench` measures it on a machine that does nothing else.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use portcullis_e2e::{ApplicationSettings, stand};

const GOAL: Duration = Duration::from_millis(250);
const REVOCATIONS: usize = 9;
/// Two workers of each Envoy, at two listeners.
const CONNECTIONS: usize = 8;

#[test]
fn b03_revocation_acts_in_every_worker_of_two_envoys_in_a_quarter_of_a_second() -> Result<()> {
    let stand = stand()?;
    ensure!(stand.envoys().count() == 2);
    let application = stand.application(&ApplicationSettings::default())?;
    let mut took = Vec::new();
    for _ in 0..REVOCATIONS {
        let user = stand.user()?;
        let browser = stand.sign_in(&user, &application)?;
        stand.admitted_by_workers(&browser, &application)?;

        let asked = Instant::now();
        stand.deployment.control.revoke_user(&user.email)?;
        // The last of these requests was refused by each worker.
        loop {
            let answers = stand.ask_workers(&browser, &application, "/api/time")?;
            ensure!(answers.len() == CONNECTIONS, "{} answers", answers.len());
            if answers.iter().all(|answer| answer.status != 200) {
                break;
            }
        }
        took.push(asked.elapsed());
        let reason = stand.refused_by_workers(&browser, &application)?;
        ensure!(reason == "session_revoked", "refused as {reason}");
    }
    took.sort_unstable();
    println!("from the command until the last worker refused: {took:?}");
    // The median: other tests use the machine too.
    ensure!(took[REVOCATIONS / 2] < GOAL, "{took:?}");
    Ok(())
}
