//! A revoked user cannot log in for a while, and is told so.

use std::time::Instant;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::stand::{LOGIN_BLOCK, REVOCATION_LIMIT};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{ApplicationSettings, stand};

#[test]
fn s13_a_revoked_user_is_shown_an_error_until_the_block_ends() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    stand.sign_in(&user, &application)?;
    let url = application.url("/");

    let revoked = Instant::now();
    stand.deployment.control.revoke_user(&user.email)?;

    let mut browser = stand.browser()?;
    let page = browser.sign_in(&url, &user)?;
    assert_eq!(page.status, 403);
    assert!(
        page.url
            .as_str()
            .starts_with(&stand.deployment.team_domain()),
        "at {}",
        page.url
    );
    let text = page.text();
    assert!(text.contains("You cannot sign in right now"), "{text}");
    assert!(text.contains("You can try again at "), "{text}");
    assert!(browser.jar.find(&application.host, TOKEN_COOKIE).is_none());

    wait::until("the block to end", LOGIN_BLOCK + REVOCATION_LIMIT, || {
        Ok(stand.sign_in(&user, &application).ok().map(drop))
    })?;
    // Times are whole seconds: a block may end up to one early.
    assert!(revoked.elapsed().as_secs() + 1 >= LOGIN_BLOCK.as_secs());
    Ok(())
}
