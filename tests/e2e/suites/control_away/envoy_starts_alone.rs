//! An Envoy that starts while the control service is away admits no request, and recovers by itself.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::{ApplicationSettings, Stand, directories};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn nobody_gets_in_before_the_first_feed() -> Result<()> {
    let mut stand = Stand::start(&directories::of_stand("alone")?)?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;

    stand.deployment.control.kill();
    stand.restart_envoy()?;
    let path = stand.unique_path();
    for answer in stand.ask_workers(&browser, &application, &path)? {
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(String::from_utf8_lossy(&answer.body).contains("not_ready"));
    }
    assert_eq!(stand.reached_origin(&path), 0);

    stand.deployment.control.restart()?;
    wait::until("every worker to admit", LIMIT, || {
        Ok(stand.admitted_by_workers(&browser, &application).ok())
    })
}
