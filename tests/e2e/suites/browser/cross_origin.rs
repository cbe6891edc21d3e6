//! Pages of another origin that ask an application.

use anyhow::Result;
use portcullis_demo::control::Allow;
use portcullis_e2e::chromium::{Tab, visitor};
use portcullis_e2e::{Application, ApplicationSettings, Stand, sites, stand};
use serde_json::{Value, json};

/// A fetch that needs no preflight, and one that does.
const SIMPLE: &str = "{ credentials: 'include' }";
const WITH_PREFLIGHT: &str =
    "{ credentials: 'include', method: 'PUT', headers: { 'content-type': 'application/json' } }";

#[test]
fn s20_and_b01_a_listed_origin_reads_the_401_and_signs_in_by_it() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (page, asked) = listed_and_asked(stand, "deny")?;
    let tab = at(stand, visitor.tab()?, &page)?;

    let answer = fetch(&tab, &asked.url("/api/time"), SIMPLE)?;
    assert_eq!(
        (&answer[0], &answer[1]),
        (&json!(401), &json!("no_session"))
    );
    let login = answer[2].as_str().unwrap_or_default().to_owned();
    assert_eq!(login, asked.url("/.access/login"));

    let back = stand.unique_path();
    tab.open(&format!("{login}?return_to={back}"))?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&asked.url(&back))
}

#[test]
fn s20_and_b01_a_listed_origin_reads_every_refusal() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (page, asked) = listed_and_asked(stand, "deny")?;
    let tab = at(stand, visitor.tab()?, &page)?;
    for (path, status, reason) in [
        ("/api/time", 401, "no_session"),
        ("/x/%2525252525", 400, "path_ambiguous"),
        ("/.access/nothing", 404, "endpoint_unknown"),
        ("/.access/callback?code=x&state=y", 400, "state_unknown"),
        ("/.access/identity", 401, "no_session"),
    ] {
        let mut answer = fetch(&tab, &asked.url(path), SIMPLE)?;
        if let Some(parts) = answer.as_array_mut() {
            parts.truncate(2);
        }
        assert_eq!(answer, json!([status, reason]), "{path}");
    }
    Ok(())
}

#[test]
fn b01_an_origin_that_is_not_listed_reads_nothing() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (_, asked) = listed_and_asked(stand, "deny")?;
    let page = open_site(stand)?;
    let tab = at(stand, visitor.tab()?, &page)?;
    let path = stand.unique_path();
    assert_eq!(fetch(&tab, &asked.url(&path), SIMPLE)?, json!("TypeError"));
    assert_eq!(stand.access_log_of(&path)?.status, 401, "asked and refused");
    Ok(())
}

#[test]
fn b01_a_preflight_gets_what_the_application_says() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    for (setting, status, details, sees) in [
        ("deny", 403, "access.preflight_denied", json!("TypeError")),
        (
            "answer",
            204,
            "access.preflight_answered",
            json!([401, "no_session"]),
        ),
        // This origin knows nothing of CORS, so the browser asks no further.
        ("origin", 200, "via_upstream", json!("TypeError")),
    ] {
        let (page, asked) = listed_and_asked(stand, setting)?;
        let tab = at(stand, visitor.tab()?, &page)?;
        let path = stand.unique_path();
        let mut answer = fetch(&tab, &asked.url(&path), WITH_PREFLIGHT)?;
        if let Some(parts) = answer.as_array_mut() {
            parts.truncate(2);
        }
        assert_eq!(answer, sees, "{setting}");
        let entry = stand.access_log_of(&path)?;
        assert_eq!(
            (
                entry.method.as_deref(),
                entry.status,
                entry.details.as_deref()
            ),
            (Some("OPTIONS"), status, Some(details)),
            "{setting}"
        );
        let reached = usize::from(setting == "origin");
        assert_eq!(stand.reached_origin(&path), reached, "{setting}");
    }
    Ok(())
}

/// A site, and an application whose 401s it may read.
fn listed_and_asked(stand: &Stand, preflight: &str) -> Result<(Application, Application)> {
    let page = open_site(stand)?;
    let asked = stand.application(&ApplicationSettings {
        allow: Allow::Everyone,
        options: &["--cors-origin", &page.origin, "--preflight", preflight],
        ..ApplicationSettings::default()
    })?;
    Ok((page, asked))
}

fn open_site(stand: &Stand) -> Result<Application> {
    stand.application(&ApplicationSettings {
        site: sites::OTHER,
        options: &["--bypass", "/*"],
        ..ApplicationSettings::default()
    })
}

fn at(stand: &Stand, tab: Tab, site: &Application) -> Result<Tab> {
    tab.open(&site.url(&stand.publish("", "<body>")))?;
    Ok(tab)
}

/// What a script makes of the answer: status, reason and login URL, or the error's name.
fn fetch(tab: &Tab, url: &str, options: &str) -> Result<Value> {
    tab.run(&format!(
        "fetch('{url}', {options}).then(async (answer) => {{ const body = await answer.json(); \
         return [answer.status, body.reason, body.login_url]; }}, (error) => error.name)"
    ))
}
