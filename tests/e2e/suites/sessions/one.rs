//! `revoke session`.

use anyhow::Result;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::Value;

use super::list::{id_of, sessions_of};

#[test]
fn b05_one_session_is_revoked_and_the_other_lives() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (one, two) = (stand.application(&settings)?, stand.application(&settings)?);
    let user = stand.user()?;
    let mut laptop = stand.sign_in(&user, &one)?;
    assert_eq!(laptop.open(&two.url("/"))?.status, 200);
    let phone = stand.sign_in(&user, &one)?;
    for application in [&one, &two] {
        stand.admitted_by_workers(&laptop, application)?;
    }

    let id = id_of(&laptop)?;
    let control = &stand.deployment.control;
    control.command::<Value>(&["revoke", "session", &id])?;

    for application in [&one, &two] {
        let reason = stand.refused_by_workers(&laptop, application)?;
        assert_eq!(reason, "session_revoked");
    }
    stand.admitted_by_workers(&phone, &one)?;
    let left = sessions_of(stand, &user)?;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["id"], id_of(&phone)?);

    // A navigation leads to a prompt, and the same user may answer it at once.
    let page = laptop.sign_in(&one.url("/"), &user)?;
    assert_eq!((page.status, page.url.as_str()), (200, &*one.url("/")));
    stand.admitted_by_workers(&laptop, &one)
}
