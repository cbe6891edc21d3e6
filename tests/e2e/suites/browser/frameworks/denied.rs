//! What a framework shows where the policy does not admit the user: signing in does not help, so
//! nothing leads there, and the user reads why.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::stand;
use serde_json::Value;

use super::Page;

const FEED_LIMIT: Duration = Duration::from_secs(10);
const TITLE: &str = "No access";

impl Page {
    /// The policy now admits another user, and the filter knows it.
    fn deny(&self) -> Result<()> {
        let other = self.stand.user()?.email;
        let name = &self.application.name;
        let arguments = ["application", "set", name, "--allow-email", &other];
        self.stand.deployment.control.command::<Value>(&arguments)?;
        wait::until("the filter to know the policy", FEED_LIMIT, || {
            let status = "fetch('/api/time').then((answer) => answer.status)";
            Ok((self.tab.run(status)? == 403).then_some(()))
        })
    }

    /// Fails unless the tab is still in the page that was opened.
    fn stayed(&self) -> Result<()> {
        assert_eq!(self.tab.location()?, self.url);
        assert_eq!(self.tab.run("window.kept")?, true);
        Ok(())
    }
}

#[test]
fn s20_and_b01_a_framework_shows_that_there_is_no_access() -> Result<()> {
    let frame = "<turbo-frame id=frame></turbo-frame>";
    let inertia = "<div id=app>first</div>";
    let out = "<div id=out></div>";
    for (framework, rest, shows) in [
        // It shows no error, but tells the page of it.
        ("htmx-2", out, "window.failed === 403"),
        (
            "htmx-4",
            out,
            "document.querySelector('#out h1')?.textContent.startsWith(TITLE) === true",
        ),
        (
            "inertia",
            inertia,
            "document.querySelector('dialog iframe')?.srcdoc.includes(TITLE) === true",
        ),
        (
            "turbo",
            frame,
            "document.querySelector('main h1')?.textContent.startsWith(TITLE) === true",
        ),
    ] {
        let path = stand()?.unique_path();
        let control = format!(
            "<a id=it href={path} hx-get={path} hx-target='#out' data-method=get \
             data-turbo-frame=frame>1</a>{rest}"
        );
        let page = Page::open(framework, &control, "")?;
        page.tab.run(
            "window.kept = true; addEventListener('htmx:responseError', (event) => \
             { window.failed = event.detail.xhr.status; })",
        )?;
        page.deny()?;
        page.tab.click("#it")?;
        page.tab
            .wait_for(&shows.replace("TITLE", &format!("'{TITLE}'")))?;
        if framework == "turbo" {
            assert_eq!(page.tab.run("window.kept")?, true, "shown, not loaded");
        } else {
            page.stayed()?;
        }
        let entry = page.stand.access_log_at(&page.application, &path)?;
        assert_eq!(
            (entry.status, entry.details.as_deref()),
            (403, Some("access.policy_denied")),
            "{framework}"
        );
    }
    Ok(())
}
