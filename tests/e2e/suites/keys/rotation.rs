//! Rotations under load, to every algorithm; then refusals.

use std::time::Instant;

use anyhow::{Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::{Application, ApplicationSettings, Stand};

use super::super::open_streams::stream::{ALL, cookies, open_in_every_worker, until_all_cut};
use super::load::Load;
use super::scene::{Scene, kid};

#[test]
fn b16_no_request_is_refused_while_keys_rotate_under_load() -> Result<()> {
    let scene = Scene::start("keys-rotate", 3)?;
    let stand = &scene.stand;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let (user, other) = (stand.user()?, stand.user()?);
    let first = stand.sign_in(&user, &application)?;
    let mut keys = vec![kid(&first, &application)?];
    let mine = cookies(&first, &application);
    let mut open = Vec::new();
    for envoy in stand.envoys() {
        open.extend(open_in_every_worker(stand, envoy, &application, &mine)?);
    }
    let load = Load {
        stand,
        application: &application,
        signed_in: &first,
        user: &other,
    };

    let requests = load.during(|outcome| {
        for algorithm in ["rs256", "eddsa", "es256"] {
            let new = scene.publish(algorithm)?;
            outcome.between_sign_ins(|| scene.pass_time())?;
            scene.until_signs(&new)?;
            outcome.more()?;
            let browser = stand.sign_in(&user, &application)?;
            ensure!(kid(&browser, &application)? == new, "not signed by {new}");
            stand.admitted_by_workers(&browser, &application)?;
            keys.push(new);
        }
        Ok(())
    })?;
    println!("{requests}, none of which failed");

    // Nobody noticed: the first token and its streams are as good as before.
    stand.admitted_by_workers(&first, &application)?;
    // Of each three one is of events, which come by themselves.
    for connection in open.iter_mut().step_by(ALL.len()) {
        ensure!(!connection.read_some()?.is_empty(), "a stream was cut");
    }
    for (number, kid) in keys.iter().enumerate() {
        let last = number + 1 == keys.len();
        let expected = if last { "signing" } else { "accepted" };
        ensure!(scene.state(kid)? == expected, "{number}");
    }
    Ok(())
}

#[test]
fn b16_a_refused_key_ends_its_sessions_and_streams_in_every_worker() -> Result<()> {
    let scene = Scene::start("keys-refuse", 1)?;
    let stand = &scene.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    let (user, other) = (stand.user()?, stand.user()?);
    let before = stand.sign_in(&user, &application)?;
    let old = kid(&before, &application)?;
    let new = scene.rotate("rs256")?;
    let after = stand.sign_in(&other, &application)?;
    ensure!(kid(&after, &application)? == new);
    let (mut olds, mut news) = (Vec::new(), Vec::new());
    for envoy in stand.envoys() {
        let old = cookies(&before, &application);
        olds.extend(open_in_every_worker(stand, envoy, &application, &old)?);
        let new = cookies(&after, &application);
        news.extend(open_in_every_worker(stand, envoy, &application, &new)?);
    }

    let refused = Instant::now();
    scene.refuse(&old)?;

    println!(
        "old key: cut within {:?}",
        until_all_cut(&mut olds, refused)?
    );
    // Nothing is waited for any more.
    ensure_refused(stand, &before, &application)?;
    stand.admitted_by_workers(&after, &application)?;
    for connection in news.iter_mut().step_by(ALL.len()) {
        ensure!(
            !connection.read_some()?.is_empty(),
            "a stream of another key was cut"
        );
    }

    let refused = Instant::now();
    let answer = scene.refuse(&new)?;

    println!(
        "signing key: cut within {:?}",
        until_all_cut(&mut news, refused)?
    );
    ensure_refused(stand, &after, &application)?;
    // The team domain asks for the password again, and another key signs.
    for (user, mut browser) in [(user, before), (other, after)] {
        let page = browser.open(&application.url("/"))?;
        ensure!(page.url.path() == "/login", "{}", page.url);
        let page = browser.sign_in(&application.url("/"), &user)?;
        ensure!(page.status == 200, "{}", page.status);
        ensure!(answer["now_signs"] == kid(&browser, &application)?.as_str());
        stand.admitted_by_workers(&browser, &application)?;
    }
    Ok(())
}

fn ensure_refused(stand: &Stand, browser: &Browser, application: &Application) -> Result<()> {
    for answer in stand.ask_workers(browser, application, "/api/time")? {
        ensure!(answer.status == 401, "{}", answer.status);
        ensure!(Refusal::of_answer(&answer)?.reason == "key_unknown");
    }
    Ok(())
}
