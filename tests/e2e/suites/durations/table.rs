//! Sessions that began in the past, a few seconds before their end and just after it.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::wait;
use portcullis_e2e::clock::{EXPIRY_LIMIT, LEEWAY, StandWithClock, stand_with_clock};
use portcullis_e2e::table::Table;
use portcullis_e2e::{Application, ApplicationSettings};

use super::sight::{page, script};

/// What is left when the user signs in: enough to see the session good.
const LEFT: Duration = Duration::from_secs(8);
const QUARTER: Duration = Duration::from_secs(15 * 60);

/// A pair of durations, and what they lead to.
struct Row {
    global: &'static str,
    application: &'static str,
    /// The rule's own, if it has one.
    rule: Option<&'static str>,
    /// Whether tokens are bound, and so refreshed inside requests.
    bound: bool,
    /// When something ends.
    end: Duration,
    /// What a script then gets, and a page load.
    then: [&'static str; 2],
}

/// The global session's end is the cookie's, which browsers delete on time; the application's
/// comes with the leeway for clocks.
const ROWS: [Row; 6] = [
    Row {
        global: "24h",
        application: "15m",
        rule: None,
        bound: false,
        end: QUARTER.saturating_add(LEEWAY),
        then: ["401 session_expired", "200 through the team domain"],
    },
    Row {
        global: "24h",
        application: "15m",
        rule: None,
        bound: true,
        end: QUARTER.saturating_add(LEEWAY),
        then: ["200 renewed", "200 renewed"],
    },
    Row {
        global: "15m",
        application: "15m",
        rule: None,
        bound: true,
        end: QUARTER,
        then: ["401 no_session", "form"],
    },
    Row {
        global: "15m",
        application: "24h",
        rule: None,
        bound: true,
        end: QUARTER,
        then: ["401 no_session", "form"],
    },
    Row {
        global: "24h",
        application: "24h",
        rule: Some("15m"),
        bound: false,
        end: QUARTER.saturating_add(LEEWAY),
        then: ["401 session_expired", "200 through the team domain"],
    },
    Row {
        global: "15m",
        application: "1m",
        rule: Some("24h"),
        bound: true,
        end: QUARTER,
        then: ["401 no_session", "form"],
    },
];

/// A user who signed in in the past.
struct Visit {
    row: Row,
    browser: Browser,
    application: Application,
}

#[test]
fn s04_s05_s06_sessions_end_as_their_durations_say() -> Result<()> {
    let clock = stand_with_clock()?;
    let user = clock.stand.user()?;
    let mut visits = Vec::new();
    for row in ROWS {
        visits.push(Visit::begin(&clock, &user, row)?);
    }
    let columns = ["global", "application", "rule", "bound", "script", "page"];
    let mut table = Table::new("durations", &columns);
    for visit in &mut visits {
        let [script, page] = visit.end(&user)?;
        let bound = if visit.row.bound { "yes" } else { "no" };
        let row = &visit.row;
        let rule = row.rule.unwrap_or("-");
        table.row(&[row.global, row.application, rule, bound, &script, &page]);
        assert_eq!([script.as_str(), page.as_str()], row.then);
    }
    table.print()
}

impl Visit {
    /// Signs in so that [`LEFT`] is left, and sees the session good.
    fn begin(clock: &StandWithClock, user: &User, row: Row) -> Result<Self> {
        let of_rule = ["--allow-session-duration", row.rule.unwrap_or_default()];
        let settings = |session_duration, options| ApplicationSettings {
            session_duration,
            binding_cookie: row.bound,
            options,
            ..ApplicationSettings::default()
        };
        let options: &[&str] = if row.rule.is_some() { &of_rule } else { &[] };
        let door = clock.stand.application(&settings(row.global, &[]))?;
        let application = clock
            .stand
            .application(&settings(row.application, options))?;
        let ago = row.end.saturating_sub(LEFT);
        let mut browser = clock.sign_in_before(ago, user, (&door, &application))?;
        assert_eq!(script(&mut browser, &application.url("/api/time"))?, "200");
        assert_eq!(page(&mut browser, &application.url("/"))?, "200");
        Ok(Self {
            row,
            browser,
            application,
        })
    }

    /// What a script and a page load get after the end; if the form shows, the user signs in again.
    fn end(&mut self, user: &User) -> Result<[String; 2]> {
        let (browser, url) = (&mut self.browser, self.application.url("/"));
        let cookies = browser.jar.clone();
        let script = wait::until("the session to end", EXPIRY_LIMIT, || {
            let seen = script(browser, &self.application.url("/api/time"))?;
            Ok((seen != "200").then_some(seen))
        })?;
        // The page load finds what the script's request found.
        browser.jar = cookies;
        let page = page(browser, &url)?;
        if page == "form" {
            let back = browser.sign_in(&url, user)?;
            assert_eq!((back.status, back.url.as_str()), (200, url.as_str()));
        }
        Ok([script, page])
    }
}
