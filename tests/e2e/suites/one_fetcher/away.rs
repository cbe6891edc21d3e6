//! Configured while the control service is away: the last snapshot is in the process.

use anyhow::Result;
use portcullis_e2e::ApplicationSettings;

use super::scene::Scene;

#[test]
fn a_listener_that_is_added_while_the_control_service_is_away_serves_at_once() -> Result<()> {
    let mut scene = Scene::start_as_shipped("one-fetcher-away")?;
    let stand = &scene.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    let (user, revoked) = (stand.user()?, stand.user()?);
    let browser = stand.sign_in(&user, &application)?;
    let former = stand.sign_in(&revoked, &application)?;
    stand.deployment.control.revoke_user(&revoked.email)?;
    stand.refused_by_workers(&former, &application)?;

    scene.stand.deployment.control.kill();
    for (name, timeout) in [("late", "3s"), ("later", "4s")] {
        scene.add_listener(name, timeout)?;
        assert_eq!(scene.statuses(name, &browser, &application)?, [200]);
        assert_eq!(scene.statuses(name, &former, &application)?, [401]);
    }
    scene.stand.deployment.control.restart()?;
    scene.stand.deployment.control.revoke_user(&user.email)?;
    for name in ["https", "late", "later"] {
        scene.wait_for(name, 401, (&browser, &application))?;
    }
    Ok(())
}
