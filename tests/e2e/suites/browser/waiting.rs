//! The sign-in form, left open: for longer than its login attempt, or until another tab has signed
//! in. Every tab ends at its own place, with the fragment.

use super::sign_in::at_once;
use anyhow::{Context, Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::chromium::{LIMIT, SIGN_IN, Tab, Visitor, visitor};
use portcullis_e2e::clock::stand_with_clock;
use portcullis_e2e::{Application, ApplicationSettings, stand};

const GLOBAL_COOKIE: &str = "__Host-access_session";
const TABS: usize = 20;
/// Longer than an attempt lives.
const ELEVEN_MINUTES: i64 = 660;

/// A tab at the form, on its way to a place of its own.
struct Waiting {
    tab: Tab,
    place: String,
}

impl Waiting {
    fn open(visitor: &Visitor, application: &Application, number: usize) -> Result<Self> {
        let place = application.url(&format!("/page-{number}?q=a\\b#section-{number}"));
        let tab = visitor.tab()?;
        tab.open(&place)?;
        tab.wait_for_heading("Sign in")?;
        Ok(Self { tab, place })
    }

    /// The address bar shows the place as the filter wrote it.
    fn arrive(&self) -> Result<()> {
        self.tab.arrive(&self.place.replace('\\', "%5C"))
    }

    /// How often the form has asked whether another tab has signed in.
    fn checks(&self) -> Result<u64> {
        let count = "performance.getEntriesByType('resource')\
            .filter((one) => one.name.includes('/login/check')).length";
        self.tab.run(count)?.as_u64().context("no number")
    }
}

#[test]
fn b07_tabs_that_wait_go_on_by_themselves_when_one_has_signed_in() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let settings = ApplicationSettings::default();
    let applications = [stand.application(&settings)?, stand.application(&settings)?];
    let tabs = (0..6)
        .map(|number| Waiting::open(&visitor, &applications[number % 2], number))
        .collect::<Result<Vec<_>>>()?;
    tabs[0].tab.screenshot("waiting_at_the_form")?;
    tabs[3].tab.sign_in(&stand.user()?)?;
    tabs.iter().try_for_each(Waiting::arrive)
}

/// A browser that starts again loads all its tabs at once, before any of them has a cookie.
#[test]
fn b07_twenty_tabs_restored_at_once_come_to_their_places_by_one_sign_in() -> Result<()> {
    let stand = stand()?;
    for who_signs_in in [0, TABS / 2] {
        let (visitor, user) = (visitor()?, stand.user()?);
        let application = stand.application(&ApplicationSettings::default())?;
        let pages: Vec<(Tab, String)> = (0..TABS)
            .map(|number| {
                let place = application.url(&format!("/page-{number}?q={number}#part-{number}"));
                Ok((visitor.tab()?, place))
            })
            .collect::<Result<_>>()?;
        at_once(&pages, |(tab, place)| {
            tab.open(place)?;
            tab.wait_for_heading("Sign in")
        })?;
        pages[who_signs_in].0.sign_in(&user)?;
        for (tab, place) in &pages {
            tab.arrive(place)?;
        }
        let cookies = visitor.cookies()?;
        let attempts = cookies
            .iter()
            .filter(|cookie| cookie.name.starts_with("__Host-access_login_"));
        assert_eq!(attempts.count(), 0, "every attempt is over");
    }
    Ok(())
}

/// The form of a sign-in that is over, as in a copy of its tab: sent once more, it leads to the
/// place as well.
#[test]
fn b07_a_second_submission_of_the_form_leads_to_the_place() -> Result<()> {
    let (stand, visitor, user) = (stand()?, visitor()?, stand()?.user()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let first = Waiting::open(&visitor, &application, 0)?;
    let copy = visitor.tab()?;
    // It does not go on by itself.
    copy.switch_scripts_off()?;
    copy.open(&first.tab.location()?)?;
    copy.fill_in(&user)?;
    first.tab.sign_in(&user)?;
    first.arrive()?;
    copy.click(SIGN_IN)?;
    // Without scripts a form loses the fragment.
    let place = application.url("/page-0?q=a%5Cb");
    copy.arrive(&place)
}

/// Another tab may have said nothing: without scripts, or since this one was asleep.
#[test]
fn b07_a_tab_that_is_shown_again_goes_on() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let waits = Waiting::open(&visitor, &application, 0)?;
    let silent = Waiting::open(&visitor, &application, 1)?;
    silent.tab.fill_in(&stand.user()?)?;
    silent.tab.switch_scripts_off()?;
    silent.tab.click(SIGN_IN)?;
    wait::until("the other tab to sign in", LIMIT, || {
        let session = visitor.cookie(portcullis_demo::deployment::TEAM_HOST, GLOBAL_COOKIE);
        Ok(session.ok())
    })?;
    waits
        .tab
        .run("document.dispatchEvent(new Event('visibilitychange'))")?;
    waits.arrive()
}

#[test]
fn b07_without_scripts_a_tab_goes_on_at_its_next_submission() -> Result<()> {
    let (stand, visitor, user) = (stand()?, visitor()?, stand()?.user()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let first = Waiting::open(&visitor, &application, 0)?;
    let mut others = Vec::new();
    for number in 1..3 {
        let tab = visitor.tab()?;
        tab.switch_scripts_off()?;
        let place = application.url(&format!("/page-{number}"));
        tab.open(&place)?;
        tab.wait_for_heading("Sign in")?;
        others.push(Waiting { tab, place });
    }
    first.tab.sign_in(&user)?;
    first.arrive()?;
    others[0].tab.sign_in(&user)?;
    others[0].arrive()?;
    others[1].tab.click("noscript a")?;
    others[1].arrive()
}

/// What is typed next would land in another page.
#[test]
fn b07_a_tab_in_which_somebody_types_goes_on_afterwards() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let typing = Waiting::open(&visitor, &application, 0)?;
    let other = Waiting::open(&visitor, &application, 1)?;
    typing.tab.come_back()?;
    typing.tab.wait_for("document.hasFocus()")?;
    typing.tab.run(
        "window.typing = setInterval(() => \
         document.querySelector('#password').dispatchEvent(new Event('input', { bubbles: true })), 50)",
    )?;
    let before = typing.checks()?;
    let user = stand.user()?;
    // Without a click, which would move the focus.
    other.tab.run(&format!(
        "document.querySelector('#email').value = '{}'; \
         document.querySelector('#password').value = '{}'; \
         document.querySelector('{SIGN_IN}').click()",
        user.email, user.password
    ))?;
    other.arrive()?;
    wait::until("the form to be told so", LIMIT, || {
        Ok((typing.checks()? >= before + 2).then_some(()))
    })?;
    let location = typing.tab.location()?;
    ensure!(location.contains("/login?"), "it went on to {location}");
    typing.tab.run("clearInterval(window.typing)")?;
    typing.arrive()
}

#[test]
fn b07_a_form_open_for_eleven_minutes_signs_in_to_its_place() -> Result<()> {
    let clock = stand_with_clock()?;
    let visitor = visitor()?;
    let application = clock.stand.application(&ApplicationSettings::default())?;
    let user = clock.stand.user()?;
    let place = application.url("/reports?year=2026#chapter-3");
    let tab = visitor.tab()?;
    tab.take_any_certificate()?;
    clock.shift(-ELEVEN_MINUTES)?;
    tab.open(&place)?;
    tab.fill_in(&user)?;
    clock.shift(0)?;
    // As the browser does after ten of them.
    visitor.delete_cookies()?;
    tab.click(SIGN_IN)?;
    tab.arrive(&place)
}
