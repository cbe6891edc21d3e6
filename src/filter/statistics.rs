//! The names of all counters and gauges. Every one exists from the start, at zero: a rate then sees
//! the first event, and an alert finds what it is about.
//!
//! `docs/OPERATIONS.md` explains each.

use crate::reason::Refusal;

/// What became of requests.
const VERDICTS: [&str; 7] = [
    "continue", "bypass", "pass", "report", "redirect", "answer", "refuse",
];
/// What the control service said to calls, besides those for the feed.
const CONTROL: [&str; 4] = ["done", "refused", "unavailable", "unreadable"];
/// Calls for new tokens, what became of the requests that waited, and requests that did not.
const REFRESHES: [&str; 6] = [
    "asked",
    "refreshed",
    "refused",
    "failed",
    "remembered",
    "crowded",
];
/// Calls for pairs of service tokens, and what became of requests that show one.
const SERVICES: [&str; 6] = [
    "asked",
    "admitted",
    "malformed",
    "refused",
    "failed",
    "crowded",
];
/// Where signatures were checked.
const SIGNATURES: [&str; 2] = ["host", "pure"];
/// The feed's counters.
const FEED_COUNTERS: [&str; 1] = ["errors"];
/// The feed's gauges.
const GAUGES: [&str; 3] = ["version", "age_seconds", "entries"];

/// Why no session could be judged.
const UNAVAILABLE: [&str; 2] = ["not_ready", "stale"];
/// Why an address leads nowhere, or cannot be returned to.
const NOWHERE: [&str; 8] = [
    "host_invalid",
    "unknown_host",
    "connection_invalid",
    "path_ambiguous",
    "path_escaped_slash",
    "no_application",
    "trailing_dot",
    "address_too_long",
];
/// Replies to preflights.
const PREFLIGHTS: [&str; 2] = ["preflight_answered", "preflight_denied"];
/// The other replies.
const REPLIES: [&str; 26] = [
    // Of the login and its callback.
    "login",
    "silent_login",
    "code_for_frame",
    "signed_in",
    "prefetch",
    "code_missing",
    "code_unknown",
    "code_mismatch",
    "state_missing",
    "state_unknown",
    "session_ended",
    "login_required",
    "access_denied",
    "user_blocked",
    "login_loop",
    "control_unavailable",
    // Of the other endpoints.
    "endpoint_unknown",
    "identity",
    "script",
    "ready",
    "logout_page",
    "logout_cross_site",
    "signed_out",
    "no_session_to_end",
    // Of requests that cannot be served.
    "too_many_streams",
    "internal",
];
/// Why a request under way is cut, besides [`UNAVAILABLE`].
const CUTS: [Refusal; 7] = [
    Refusal::KeyUnknown,
    Refusal::TokenNotForHere,
    Refusal::NotYetValid,
    Refusal::SessionExpired,
    Refusal::BindingMissing,
    Refusal::SessionRevoked,
    Refusal::PolicyDenied,
];

/// The groups of counters, each with its names.
fn groups() -> [(&'static str, Vec<&'static str>); 9] {
    let refusals = || Refusal::ALL.iter().map(|refusal| refusal.as_str());
    let reported = || {
        let besides = UNAVAILABLE.into_iter().chain(NOWHERE).chain(PREFLIGHTS);
        refusals().chain(besides)
    };
    let cut = CUTS.iter().map(|refusal| refusal.as_str());
    [
        ("verdict", VERDICTS.to_vec()),
        ("reason", reported().chain(REPLIES).collect()),
        ("reported", reported().collect()),
        ("cut", cut.chain(UNAVAILABLE).collect()),
        ("control", CONTROL.to_vec()),
        ("refresh", REFRESHES.to_vec()),
        ("service", SERVICES.to_vec()),
        ("signature", SIGNATURES.to_vec()),
        ("feed", FEED_COUNTERS.to_vec()),
    ]
}

/// The names of all counters.
pub fn counters() -> impl Iterator<Item = String> {
    groups().into_iter().flat_map(|(group, names)| {
        let named = move |name| format!("portcullis.{group}.{name}");
        names.into_iter().map(named)
    })
}

/// The names of all gauges.
pub fn gauges() -> impl Iterator<Item = String> {
    GAUGES.iter().map(|name| format!("portcullis.feed.{name}"))
}

/// Whether a counter is listed here.
pub(super) fn is_listed(group: &str, name: &str) -> bool {
    let mut groups = groups().into_iter();
    groups.any(|(known, names)| known == group && names.contains(&name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../docs/OPERATIONS.md");

    /// The first two cells of each row of a table under a heading, without backquotes.
    fn rows(heading: &str) -> Vec<(String, String)> {
        let section = PAGE.split_once(&format!("\n### {heading}\n")).unwrap().1;
        let section = section.split("\n#").next().unwrap();
        let cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
        cells
            .map(|row| {
                let mut cells = row.split(" | ").map(|cell| cell.replace('`', ""));
                (cells.next().unwrap(), cells.next().unwrap())
            })
            .collect()
    }

    #[test]
    fn troubleshooting_has_an_entry_for_every_reason_and_for_no_other() {
        let page = include_str!("../../docs/TROUBLESHOOTING.md");
        let (_, section) = page.split_once("\n## Reasons of the filter\n").unwrap();
        let section = section.split("\n## ").next().unwrap();
        let (table, good) = section.split_once("\nThese are not refusals: ").unwrap();
        let good = good.split_once(". ").unwrap().0.split(',');
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
        let entries = rows.map(|row| row.split('`').next().unwrap());
        let mut documented = BTreeSet::new();
        for reason in entries.chain(good.map(|word| word.trim().trim_matches('`'))) {
            assert!(documented.insert(reason), "{reason} has two entries");
        }
        let reasons: BTreeSet<_> = groups()
            .into_iter()
            .filter(|(group, _)| ["reason", "reported", "cut"].contains(group))
            .flat_map(|(_, names)| names)
            .collect();
        assert_eq!(documented, reasons);
    }

    #[test]
    fn b17_the_documentation_lists_every_statistic_and_no_other() {
        let mut documented = BTreeSet::new();
        for (name, _) in rows("The filter's statistics") {
            assert!(documented.insert(name.clone()), "{name} is listed twice");
        }
        for (reason, groups) in rows("Reasons") {
            for group in groups.split(", ") {
                let name = format!("portcullis.{group}.{reason}");
                assert!(documented.insert(name.clone()), "{name} is listed twice");
            }
        }
        let made: BTreeSet<String> = counters().chain(gauges()).collect();
        let missing: Vec<_> = made.difference(&documented).collect();
        let unknown: Vec<_> = documented.difference(&made).collect();
        assert!(missing.is_empty(), "not documented: {missing:?}");
        assert!(unknown.is_empty(), "there are no such: {unknown:?}");
    }
}
