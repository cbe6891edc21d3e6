//! A control service that is stopped has said "no" to nobody.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::clock::{EXPIRY_LIMIT, StandWithClock};
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::sites::WITH_TEAM_DOMAIN;
use portcullis_e2e::tokens::{self, BINDING_COOKIE, TOKEN_COOKIE};
use portcullis_e2e::{ApplicationSettings, Stand, directories};

const DURATION: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(20);
const PAGE: &str = "<link rel=icon href='data:,'>\
    <script src=/.access/portcullis.js></script><body><textarea></textarea>";
const REFUSED: &str = "new Promise((done) => { const request = new XMLHttpRequest(); \
    request.open('GET', '/api/time'); \
    request.onload = () => done(request.status === 401); request.send(); })";
const MESSAGE: &str = "document.querySelector('portcullis-message')?.shadowRoot\
    .querySelector('p')?.innerText.startsWith('The sign-in service does not answer.') === true";

#[test]
fn b02_a_session_that_is_due_for_its_refresh_outlives_a_stopped_control_service() -> Result<()> {
    let clock = StandWithClock {
        stand: Stand::start(&directories::of_stand("stopped")?)?,
    };
    let settings = ApplicationSettings {
        session_duration: "10m",
        binding_cookie: true,
        ..ApplicationSettings::default()
    };
    let (application, user) = (clock.stand.application(&settings)?, clock.stand.user()?);
    let browser = clock.sign_in_about_to_expire(&user, &application, DURATION)?;
    let mut stand = clock.stand;
    let token = &tokens::token(&browser, &application)?.value;
    let binding = &tokens::binding(&browser, &application)?.value;
    let cookies = format!("Cookie: {TOKEN_COOKIE}={token}; {BINDING_COOKIE}={binding}\r\n");
    let request = application.sub_request("/api/time", &cookies);
    let without_binding = format!("Cookie: {TOKEN_COOKIE}={token}\r\n");
    let unbound = application.sub_request("/api/time", &without_binding);
    let mut connection = stand.connect(&application)?;
    wait::until("the session to expire", EXPIRY_LIMIT, || {
        let refusal = Refusal::of_answer(&connection.send(&unbound)?)?;
        Ok((refusal.reason == "session_expired").then_some(()))
    })?;

    stand.deployment.control.kill();
    for _ in 0..3 {
        let answer = connection.send(&request)?;
        let refusal = Refusal::of_answer(&answer)?;
        assert_eq!(
            (refusal.status, refusal.reason.as_str()),
            (503, "control_unavailable")
        );
        assert_eq!(answer.header("retry-after"), Some("3"));
    }
    stand.deployment.control.restart()?;
    wait::until("the session to be refreshed", LIMIT, || {
        let answer = connection.send(&request)?;
        assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
        Ok((answer.status == 200 && answer.header("set-cookie").is_some()).then_some(()))
    })
}

#[test]
fn s20_a_page_waits_for_a_stopped_control_service_and_then_signs_in_by_itself() -> Result<()> {
    let mut stand = Stand::start(&directories::of_stand("stopped-page")?)?;
    let application = stand.application(&ApplicationSettings {
        site: WITH_TEAM_DOMAIN,
        ..ApplicationSettings::default()
    })?;
    let (user, visitor) = (stand.user()?, visitor()?);
    let tab = visitor.tab()?;
    tab.take_any_certificate()?;
    let url = application.url(&stand.publish("", PAGE));
    tab.open(&url)?;
    tab.sign_in(&user)?;
    tab.arrive(&url)?;
    tab.fill("textarea", "An hour's work")?;
    // The session here ends; the sign-in on the team domain lives, but cannot be asked.
    stand
        .deployment
        .control
        .revoke_application(&application.name)?;
    tab.wait_for(REFUSED)?;
    stand.deployment.control.kill();

    let path = stand.unique_path();
    tab.run(&format!(
        "fetch('{path}', {{ method: 'POST', body: 'x' }})\
         .then((answer) => window.answer = answer.status); 0"
    ))?;
    tab.wait_for(MESSAGE)?;
    assert_eq!(stand.reached_origin(&path), 0);
    stand.deployment.control.restart()?;
    tab.wait_for("window.answer === 200")?;
    assert_eq!(stand.reached_origin(&path), 1, "sent once");
    assert_eq!(
        tab.run("document.querySelector('textarea').value")?,
        "An hour's work"
    );
    Ok(())
}
