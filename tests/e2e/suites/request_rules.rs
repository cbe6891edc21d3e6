//! The request part of a policy: where requests come from, judged by Envoy's filter on each of them.

use std::time::Instant;

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use portcullis_e2e::request::Request;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Application, ApplicationSettings, Stand, directories, stand};
use serde_json::Value;

use crate::open_streams::stream::{cookies, open_in_every_worker, until_all_cut};

/// Replaces the policy by these rules, in TOML.
fn set_policy(stand: &Stand, application: &Application, rules: &str) -> Result<()> {
    let directory = directories::of_stand("policies")?;
    std::fs::create_dir_all(&directory)?;
    let file = directory.join(format!("{}.toml", application.name));
    std::fs::write(&file, format!("policy = [{rules}]"))?;
    let file = file.to_str().context("a path that is no text")?;
    let arguments = ["policy", "set", "--application", &application.name, file];
    let _: Value = stand.deployment.control.command(&arguments)?;
    Ok(())
}

fn everyone_from(networks: &str) -> String {
    format!(
        r#"{{ id = "all", action = "allow", include = [{{ everyone = true }}], require = [{{ ip = {networks} }}] }}"#
    )
}

/// Until a page's script gets this status.
fn until_status(browser: &mut Browser, url: &str, status: u16) -> Result<()> {
    wait::until("the changed policy", REVOCATION_LIMIT, || {
        Ok((browser.xhr(url)?.status == status).then_some(()))
    })
}

#[test]
fn s07_a_running_session_is_refused_from_other_networks_and_admitted_again() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    let url = application.url(&stand.unique_path());
    until_status(&mut browser, &url, 200)?;
    set_policy(
        stand,
        &application,
        &everyone_from(r#"["192.0.2.0/24", "2001:db8::/32"]"#),
    )?;
    until_status(&mut browser, &url, 403)?;
    let refused = browser.xhr(&url)?;
    let refused: Value = serde_json::from_str(&refused.text())?;
    assert_eq!(refused["reason"], "policy_denied");
    // Nobody is sent to sign in, which would not help.
    let page = browser.navigate(&url)?;
    assert_eq!((page.status, page.header("location")), (403, None));
    // A client cannot choose its address.
    let claimed = Request::sub_request("/")
        .with("cookie", cookies(&browser, &application))
        .with("x-forwarded-for", "192.0.2.7")
        .with("x-real-ip", "192.0.2.7");
    let answer = stand
        .connect(&application)?
        .send(&claimed.http1(application.authority()))?;
    assert_eq!(answer.status, 403);
    set_policy(
        stand,
        &application,
        &everyone_from(r#"["127.0.0.0/8", "::1"]"#),
    )?;
    // The same session, without another sign-in.
    until_status(&mut browser, &url, 200)
}

#[test]
fn s07_b04_streams_from_other_networks_are_cut_in_every_worker() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let mine = cookies(&browser, &application);
    let mut open = Vec::new();
    for envoy in stand.envoys() {
        open.extend(open_in_every_worker(stand, envoy, &application, &mine)?);
    }
    let changed = Instant::now();
    set_policy(stand, &application, &everyone_from(r#""192.0.2.0/24""#))?;
    println!("cut within {:?}", until_all_cut(&mut open, changed)?);
    Ok(())
}

#[test]
fn s07_a_bypass_is_open_from_its_networks_alone() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let (path, other) = (stand.unique_path(), stand.unique_path());
    let bypass = |path: &str, networks: &str| {
        format!(
            r#"{{ id = "b{}", action = "bypass", include = [{{ path = "{path}" }}], require = [{{ ip = "{networks}" }}] }},"#,
            networks.len()
        )
    };
    let rules = bypass(&path, "127.0.0.0/8") + &bypass(&other, "192.0.2.0/24");
    set_policy(stand, &application, &rules)?;
    let mut stranger = stand.browser()?;
    until_status(&mut stranger, &application.url(&path), 200)?;
    assert_eq!(stranger.xhr(&application.url(&other))?.status, 401);
    assert_eq!(stand.reached_origin(&other), 0);
    let claimed = Request::sub_request(&other).with("x-forwarded-for", "192.0.2.7");
    let answer = stand
        .connect(&application)?
        .send(&claimed.http1(application.authority()))?;
    assert_eq!(answer.status, 401);
    Ok(())
}
