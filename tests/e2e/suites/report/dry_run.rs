//! Nothing is refused, everything is counted, and good sessions are treated as ever.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::origin::echo::Echo;
use portcullis_demo::wait;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};

const LIMIT: Duration = Duration::from_secs(10);

fn change(yaml: String) -> Result<String> {
    let changed = yaml.replace("mode: enforce", "mode: report");
    ensure!(changed != yaml, "the bootstrap says nothing of its mode");
    bootstrap::with_quiet_listener(changed)
}

fn reported(stand: &Stand) -> Result<BTreeMap<String, u64>> {
    let admin = stand.deployment.envoy.admin();
    admin.stats(r"^wasmcustom\.portcullis\.reported\.")
}

#[test]
fn b14_a_dry_run_refuses_nothing_and_counts_what_it_would_have_refused() -> Result<()> {
    let stand = Stand::start_changed(&directories::of_stand("report")?, change)?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let user = stand.user()?;
    let nobody = stand.browser()?;
    let path = stand.unique_path();

    let answers = stand.ask_workers(&nobody, &application, &path)?;
    for answer in &answers {
        assert_eq!(answer.status, 200);
        let echo: Echo = serde_json::from_slice(&answer.body)?;
        assert_eq!(echo.value("x-access-user-email"), None);
    }
    assert_eq!(stand.reached_origin(&path), answers.len());
    let many = u64::try_from(answers.len())?;
    wait::until("the refusals to be counted", LIMIT, || {
        let count = reported(&stand)?
            .get("wasmcustom.portcullis.reported.no_session")
            .copied();
        Ok((count >= Some(many)).then_some(()))
    })?;

    let mut browser = stand.browser()?;
    let page = browser.sign_in(&application.url("/.access/login"), &user)?;
    assert_eq!(page.status, 200);
    let answer = browser.fetch(&application.url("/api/echo"))?;
    let echo: Echo = answer.json()?;
    let email = echo.value("x-access-user-email").context("no identity")?;
    assert_eq!(email, user.email);
    assert!(echo.values("cookie").is_empty(), "our cookies are gone");
    Ok(())
}
