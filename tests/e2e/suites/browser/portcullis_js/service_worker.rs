//! A service worker between the page and everything else: it passes 401s through.

use anyhow::Result;
use portcullis_e2e::sites::WITH_TEAM_DOMAIN;

use super::{AtWork, STRICT};

/// Fetches all again, navigations and frames among them, as many applications' workers do.
const REFETCHES_ALL: &str =
    "addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));";

#[test]
fn s20_a_page_with_a_service_worker_gets_its_answer() -> Result<()> {
    let at_work = AtWork::begin(WITH_TEAM_DOMAIN, STRICT)?;
    let AtWork { stand, tab, .. } = &at_work;
    let worker = stand.publish_script("", REFETCHES_ALL);
    tab.run(&format!(
        "navigator.serviceWorker.register('{worker}', {{ scope: '/' }}).then(() => true)"
    ))?;
    tab.wait_for(
        "navigator.serviceWorker.ready.then((worker) => worker.active.state === 'activated')",
    )?;
    let url = tab.location()?;
    tab.open(&url)?;
    tab.arrive(&url)?;
    assert_eq!(
        tab.run("navigator.serviceWorker.controller !== null")?,
        true
    );
    tab.run("document.querySelector('textarea').value = \"An hour's work\"")?;

    at_work.revoke()?;
    let path = stand.unique_path();
    let answer = at_work.fetch(&path, "{ method: 'POST', body: 'xyz' }")?;
    assert_eq!(answer["status"], 200);
    assert_eq!(answer["body"]["body_length"], 3);
    assert_eq!(stand.reached_origin(&path), 1, "sent once");
    assert_eq!(at_work.silent_logins()?, 1);
    assert_eq!(tab.violations()?, [""; 0]);
    at_work.ensure_undisturbed()
}
