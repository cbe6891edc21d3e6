//! A page of a single-page application, in Chromium, across the end of its session.

use std::time::Duration;

use anyhow::{Context, Result};
use portcullis_demo::wait;
use portcullis_e2e::chromium::{Tab, visitor};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::Value;

/// Three sessions of a second each, with the leeway for clocks.
const RENEWALS: usize = 2;
const LIMIT: Duration = Duration::from_secs(120);
/// Notes every answer, as `status`, or what went wrong.
const PAGE: &str = r#"<link rel=icon href='data:,'><body><script>
    window.answers = [];
    setInterval(async () => {
        try {
            const answer = await fetch("/api/time", { redirect: "manual" });
            answers.push(`${answer.type} ${answer.status}`);
        } catch (error) { answers.push(String(error)); }
    }, 1000);
</script>"#;

#[test]
fn b02_a_page_that_only_fetches_sees_no_401_and_no_redirect() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let settings = |session_duration| ApplicationSettings {
        session_duration,
        binding_cookie: true,
        ..ApplicationSettings::default()
    };
    // The global session lasts as long as a session where the sign-in began.
    let door = stand.application(&settings("24h"))?;
    let application = stand.application(&settings("1s"))?;
    let page = stand.publish("", PAGE);
    let tabs = [visitor.tab()?, visitor.tab()?, visitor.tab()?];
    tabs[0].open(&door.url("/"))?;
    tabs[0].sign_in(&stand.user()?)?;
    tabs[0].arrive(&door.url("/"))?;
    for tab in &tabs {
        tab.open(&application.url(&page))?;
        tab.arrive(&application.url(&page))?;
    }

    let mut token = visitor.cookie(&application.host, TOKEN_COOKIE)?.value;
    for renewal in 1..=RENEWALS {
        let what = format!("session {renewal} to be followed by another");
        token = wait::until(&what, LIMIT, || {
            let now = visitor.cookie(&application.host, TOKEN_COOKIE)?.value;
            Ok((now != token).then_some(now))
        })?;
    }
    for tab in &tabs {
        let answers = answers(tab)?;
        println!("{} answers", answers.len());
        assert!(answers.len() > 30, "{answers:?}");
        let others = answers.iter().filter(|answer| *answer != "basic 200");
        assert_eq!(others.count(), 0, "{answers:?}");
    }
    Ok(())
}

fn answers(tab: &Tab) -> Result<Vec<String>> {
    let answers = tab.run("window.answers")?;
    let answers = answers.as_array().context("the page is gone")?;
    Ok(answers
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect())
}
