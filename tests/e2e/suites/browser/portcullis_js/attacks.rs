//! Pages of others that would use the login without a prompt for themselves.

use anyhow::Result;
use portcullis_e2e::sites::{OTHER, WITH_TEAM_DOMAIN};
use portcullis_e2e::{Application, ApplicationSettings, Stand};
use serde_json::json;

use super::{AtWork, STRICT};

/// Frames an address, and keeps what it says.
const FRAMES_IT: &str = "window.heard = []; \
    addEventListener('message', (event) => heard.push(event.data)); \
    const frame = document.createElement('iframe'); frame.src = URL; \
    const loaded = new Promise((done) => { frame.onload = () => done(true); }); \
    document.body.append(frame); return loaded;";

#[test]
fn a_page_of_somebody_else_begins_nothing_and_hears_nothing() -> Result<()> {
    let at_work = AtWork::begin(WITH_TEAM_DOMAIN, STRICT)?;
    let stand = at_work.stand;
    for site in [OTHER, WITH_TEAM_DOMAIN] {
        let page = open_page(stand, site)?;
        let tab = at_work.visitor.tab()?;
        tab.open(&page.url(&stand.publish("", "<body>")))?;
        for path in [
            "/.access/login?prompt=none",
            "/.access/callback?error=login_required&state=x",
            "/.access/callback?code=x&state=x",
        ] {
            let url = at_work.application.url(path);
            let loaded = tab.run(&format!("(() => {{ const URL = '{url}'; {FRAMES_IT} }})()"))?;
            assert_eq!(loaded, true, "{path}");
            assert_eq!(tab.run("heard")?, json!([]), "{site}: {path}");
        }
        let cookies = at_work.visitor.cookies()?;
        let attempts = cookies
            .iter()
            .filter(|cookie| cookie.name.starts_with("__Host-access_login_"));
        assert_eq!(attempts.count(), 0, "{site}");
    }
    assert_eq!(at_work.silent_logins()?, 0);
    Ok(())
}

fn open_page(stand: &Stand, site: &str) -> Result<Application> {
    stand.application(&ApplicationSettings {
        site,
        options: &["--bypass", "/*"],
        ..ApplicationSettings::default()
    })
}
