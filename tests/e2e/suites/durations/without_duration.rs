//! An application whose sessions have no duration.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::tokens::{token, unverified};
use portcullis_e2e::{ApplicationSettings, stand};

use super::sight::{page, script};

/// Longer than such a token is good for a navigation, shorter than for a script.
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn s04_without_duration_every_page_load_asks_the_team_domain_and_nobody_is_prompted() -> Result<()>
{
    let stand = stand()?;
    let settings = |session_duration| ApplicationSettings {
        session_duration,
        binding_cookie: true,
        ..ApplicationSettings::default()
    };
    let door = stand.application(&settings("24h"))?;
    let application = stand.application(&settings("0"))?;
    let mut browser = stand.sign_in(&stand.user()?, &door)?;
    let url = application.url("/");
    for round in 1..=2 {
        // Signed in at the door already: the way leads through the team domain, without a prompt.
        let first = page(&mut browser, &url)?;
        assert_eq!(first, "200 through the team domain", "round {round}");
        let (_, claims) = unverified(&token(&browser, &application)?.value)?;
        assert_eq!(claims["every_navigation"], true);
        let lives = claims["exp"].as_u64().zip(claims["iat"].as_u64());
        assert_eq!(lives.map(|(exp, iat)| exp - iat), Some(60));
        // The way back does not lead there again.
        wait::until("a page load to be led there again", LIMIT, || {
            let status = browser.navigate(&url)?.status;
            assert!(matches!(status, 200 | 302), "{status}");
            Ok((status == 302).then_some(()))
        })?;
        let of_script = script(&mut browser, &application.url("/api/time"))?;
        assert_eq!(of_script, "200", "a script has a minute");
    }
    Ok(())
}
