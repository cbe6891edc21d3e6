//! Two configurations of the filter in one Envoy, with one `vm_id`.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;
use serde_json::json;

use super::scene::{LIMIT, Scene};

#[test]
fn two_configurations_follow_their_own_feeds_in_the_same_vms() -> Result<()> {
    let scene = Scene::start_as_shipped("one-fetcher-two")?;
    let stand = &scene.stand;
    let settings = ApplicationSettings::default();
    let (wiki, notes) = (stand.application(&settings)?, stand.application(&settings)?);
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &wiki)?;
    let other = stand.sign_in(&user, &notes)?;

    for relay in &scene.relays {
        relay.behave();
    }
    scene.add_changed("notes-only", |configuration| {
        configuration["audiences"] = json!([notes.audience]);
    })?;
    scene.wait_for("notes-only", 200, (&other, &notes))?;
    assert_eq!(scene.statuses("notes-only", &browser, &wiki)?, [403]);
    assert_eq!(scene.statuses("https", &browser, &wiki)?, [200]);

    stand.deployment.control.revoke_user(&user.email)?;
    for (listener, session, application) in [
        ("notes-only", &other, &notes),
        ("https", &browser, &wiki),
        ("https", &other, &notes),
    ] {
        scene.wait_for(listener, 401, (session, application))?;
    }
    for relay in &scene.relays {
        wait::until("two polls to wait", LIMIT, || {
            Ok((relay.most_open() >= 2).then_some(()))
        })?;
        ensure!(relay.most_open() == 2, "{} at once", relay.most_open());
        let seen = relay.seen();
        let names: BTreeSet<_> = seen.iter().map(|poll| &poll.instance).collect();
        ensure!(names.len() == 2, "{names:?}");
    }
    Ok(())
}
