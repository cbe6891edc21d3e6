//! A revocation that comes while a new token is on its way wins.

use anyhow::Result;
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::bootstrap::QUIET;
use portcullis_e2e::connection::Connection;
use portcullis_e2e::refresh_relay::Conduct;
use portcullis_e2e::refusal::Refusal;

use super::scene::{scene, wait_for_active};

const WAITING: usize = 16;

#[test]
fn b02_a_revocation_during_the_call_refuses_all_who_wait() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.alone();
    let (stand, deployment) = (&clock.stand, &clock.stand.deployment);
    let other = stand.application(&ApplicationSettings::default())?;
    let witness = stand.sign_in(&expired.user, &other)?;
    let path = stand.unique_path();
    // Where the witness can tell that each worker knows of the revocation.
    let port = deployment.envoy.admin().listener(QUIET)?.port();
    let host = &expired.application.host;
    scene
        .relay
        .conduct(&expired.application.origin, Conduct::Hold);
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let authority = &deployment.certificates.authority;
        let mut connection = Connection::open(port, host, authority)?;
        connection.write(&expired.sub_request(&path)?)?;
        waiting.push(connection);
    }
    wait_for_active(stand, u64::try_from(WAITING)?)?;
    scene.relay.wait_until_held(&expired.application.origin)?;

    deployment.control.revoke_user(&expired.user.email)?;
    assert_eq!(
        stand.refused_by_workers(&witness, &other)?,
        "session_revoked"
    );
    scene
        .relay
        .conduct(&expired.application.origin, Conduct::Relay);

    let mut revoked = 0;
    for mut connection in waiting {
        let refusal = Refusal::of_answer(&connection.read_answer()?)?;
        // The other worker's call may have come after the revocation: the service refused it.
        match (refusal.status, refusal.reason.as_str()) {
            (401, "session_revoked") => revoked += 1,
            (401, "session_expired") => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(revoked > 0);
    let refusal = stand.refused_by_workers(&expired.browser, &expired.application)?;
    assert_eq!(refusal, "session_expired");
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}
