//! Global and application session against each other: at each instant what a script's request
//! and a page load get, and whether the person has to sign in.
//!
//! The filter core and the service share the clock, which the test moves. `table/idle.txt` says
//! what is expected of somebody who signed in and comes back after a while, `table/active.txt`
//! of somebody who never stops; a table that differs is printed whole.

mod policy;
pub mod scene;

use std::fmt::Write as _;
use std::time::Duration;

use crate::person::{Person, Scene, Seen};
use scene::{Setting, begin};

/// A page load every so many seconds: no divisor of any duration.
const EVERY_SECONDS: u64 = 7 * 60;

#[tokio::test]
async fn s05_s06_what_an_idle_person_gets_at_each_instant() {
    let expected = include_str!("table/idle.txt");
    let mut actual = String::new();
    let mut scene: Option<(Setting, Scene, Person, u64)> = None;
    for line in expected.lines() {
        let Some((setting, after)) = Setting::of_line(line) else {
            writeln!(actual, "{line}").unwrap();
            continue;
        };
        if scene.as_ref().is_none_or(|(of, ..)| *of != setting) {
            let (begun, person) = begin(&setting).await;
            scene = Some((setting, begun, person, 0));
        }
        let (setting, scene, person, elapsed) = scene.as_mut().unwrap();
        let after_seconds = humantime::parse_duration(&after).unwrap().as_secs();
        scene.service.clock.advance(after_seconds - *elapsed);
        *elapsed = after_seconds;
        // Each instant is seen by somebody who did nothing since they signed in.
        let script = text(&person.clone().asks(scene).await);
        let page = person.clone().opens(scene).await;
        let asked = matches!(page, Seen::Form(_));
        let asked = if asked { "yes" } else { "no" };
        let row = [
            setting.columns(),
            after,
            script,
            text(&page),
            asked.to_owned(),
        ];
        writeln!(actual, "{}", row.join(" | ")).unwrap();
    }
    compare(&actual, expected);
}

#[tokio::test]
async fn s05_s06_when_an_active_person_has_to_sign_in() {
    let expected = include_str!("table/active.txt");
    let mut actual = String::new();
    for line in expected.lines() {
        let Some((setting, during)) = Setting::of_line(line) else {
            writeln!(actual, "{line}").unwrap();
            continue;
        };
        let during_seconds = humantime::parse_duration(&during).unwrap().as_secs();
        let (mut scene, mut person) = begin(&setting).await;
        let mut asked = Vec::new();
        for visit in 1..=during_seconds / EVERY_SECONDS {
            scene.service.clock.advance(EVERY_SECONDS);
            if person.gets_in(&mut scene).await {
                let at = Duration::from_secs(visit * EVERY_SECONDS);
                asked.push(humantime::format_duration(at).to_string());
            }
        }
        let asked = match asked.is_empty() {
            true => "never".to_owned(),
            false => asked.join(", "),
        };
        let row = [setting.columns(), during, asked];
        writeln!(actual, "{}", row.join(" | ")).unwrap();
    }
    compare(&actual, expected);
}

#[tokio::test]
async fn s05_a_client_that_keeps_cookies_past_their_end_gains_the_leeway_only() {
    for refresh_in_request in ["never", "with_binding"] {
        let line = format!("1h | 8h | - | {refresh_in_request} | 0s");
        let (setting, _) = Setting::of_line(&line).unwrap();
        let (mut scene, mut person) = begin(&setting).await;
        person.wiki.forgets_nothing = true;
        scene.service.clock.advance(3600 + 29);
        assert_eq!(text(&person.clone().asks(&mut scene).await), "200");
        assert_eq!(text(&person.clone().opens(&mut scene).await), "200");
        scene.service.clock.advance(1);
        let script = text(&person.clone().asks(&mut scene).await);
        assert_eq!(script, "401 session_expired");
        assert_eq!(text(&person.opens(&mut scene).await), "form");
    }
}

fn text(seen: &Seen) -> String {
    match seen {
        Seen::Wiki {
            renewed,
            through_team_domain,
        } => {
            let way = match (renewed, through_team_domain) {
                (false, false) => "",
                (true, false) => " renewed",
                (false, true) => " through the team domain",
                (true, true) => " through the team domain, renewed",
            };
            format!("200{way}")
        }
        Seen::Form(_) => "form".to_owned(),
        Seen::TeamDomain(status) => format!("team domain {}", status.as_u16()),
        Seen::Filter(status, reason) => format!("{status} {reason}"),
    }
}

/// Columns may be padded at will.
fn compare(actual: &str, expected: &str) {
    let cells = |line: &str| -> Vec<String> { line.split('|').map(|c| c.trim().into()).collect() };
    let mut printed = String::new();
    let mut differs = false;
    for (actual, expected) in actual.lines().zip(expected.lines()) {
        if cells(actual) == cells(expected) {
            writeln!(printed, "  {expected}").unwrap();
        } else {
            differs = true;
            writeln!(printed, "- {expected}\n+ {actual}").unwrap();
        }
    }
    assert!(
        !differs,
        "the table (-) is not what happened (+):\n{printed}"
    );
}
