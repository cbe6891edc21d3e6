//! What is asked of each page of the dashboard.

use std::collections::BTreeSet;

/// A request for a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    /// The page, as the router names it.
    pub page: &'static str,
    /// What is asked of it; empty where there is nothing to ask.
    pub what: &'static str,
    /// The address below `/dashboard`, with words for what there is.
    pub address: &'static str,
    /// How many times the link to the next page is followed first, if there are so many.
    pub pages_on: usize,
}

/// Pages that stream, for which "how long" means nothing, and one that leads to a provider.
const NOT_VISITED: [&str; 4] = [
    "/api/openapi.json",
    "/audit/export",
    "/revocations/{version}/events",
    "/settings/providers/{id}/try",
];
/// What judges ten thousand people when somebody presses its button.
const JUDGES_EVERYBODY: &str = "everybody, judged";
/// Deep enough that reading and skipping would show.
const DEEP: usize = 60;

/// All visits.
pub(super) fn all() -> Vec<Visit> {
    let asked = ASKED.iter().map(|(page, what, address)| Visit {
        page,
        what,
        address,
        pages_on: 0,
    });
    let deep = ASKED_DEEP.iter().map(|(page, what, address)| Visit {
        page,
        what,
        address,
        pages_on: DEEP,
    });
    asked.chain(deep).collect()
}

/// The pages of the router that no visit goes to.
pub(super) fn left_out() -> BTreeSet<&'static str> {
    let rules = portcullis_control::dashboard::rules();
    let pages = rules.iter().filter(|rule| rule.method == "GET");
    let mut pages: BTreeSet<&str> = pages.map(|rule| rule.path).collect();
    for visited in all().iter().map(|visit| visit.page).chain(NOT_VISITED) {
        pages.remove(visited);
    }
    pages
}

impl Visit {
    /// Whether its time counts for the key of the report.
    pub fn counts(&self) -> bool {
        self.what != JUDGES_EVERYBODY
    }

    /// Page and question.
    pub fn name(&self) -> String {
        match (self.page, self.what) {
            ("", _) => "/".to_owned(),
            (page, "") => page.to_owned(),
            (page, what) => format!("{page} ({what})"),
        }
    }
}

/// Page, question, address.
const ASKED: &[(&str, &str, &str)] = &[
    ("", "", ""),
    ("/find", "nothing", "/find"),
    ("/find", "address", "/find?q={email}"),
    ("/find", "session", "/find?q={session}"),
    ("/find", "proxy", "/find?q={instance}"),
    ("/find", "version", "/find?q={old}"),
    ("/find", "reference", "/find?q=k7p2k7p2k7"),
    ("/applications", "", "/applications"),
    ("/applications/new", "", "/applications/new"),
    ("/applications/{audience}", "", "/applications/{audience}"),
    (
        "/applications/{audience}/delete",
        "",
        "/applications/{audience}/delete",
    ),
    (
        "/applications/{audience}/policies",
        "",
        "/applications/{audience}/policies",
    ),
    (
        "/applications/{audience}/policies/test",
        "",
        "/applications/{audience}/policies/test",
    ),
    (
        "/applications/{audience}/policies/test",
        "one user",
        "/applications/{audience}/policies/test?user={email}",
    ),
    (
        "/applications/{audience}/policies/test",
        JUDGES_EVERYBODY,
        "/applications/{audience}/policies/test?everybody=true",
    ),
    (
        "/applications/{audience}/revoke",
        "",
        "/applications/{audience}/revoke",
    ),
    (
        "/applications/{audience}/settings",
        "",
        "/applications/{audience}/settings",
    ),
    ("/administrators", "", "/administrators"),
    (
        "/administrators/change",
        "",
        "/administrators/change?user={email}",
    ),
    ("/sessions", "newest", "/sessions"),
    ("/sessions", "of an address", "/sessions?user={email}"),
    ("/sessions", "of an id", "/sessions?user={other}"),
    ("/sessions/{id}/end", "", "/sessions/{session}/end"),
    ("/users", "this month", "/users"),
    ("/users", "signed in now", "/users?show=now"),
    ("/users", "everybody", "/users?show=everybody"),
    ("/users", "one word", "/users?q=nakamura"),
    ("/users", "two words", "/users?q={name}"),
    ("/users", "address", "/users?q={email}"),
    ("/users", "one letter", "/users?q=a"),
    ("/users", "two letters", "/users?q=a+n"),
    ("/users", "word of all", "/users?q=example"),
    ("/users", "no hit", "/users?q=qqq"),
    ("/users/{id}", "1,000 sessions", "/users/{user}"),
    ("/users/{id}", "few sessions", "/users/{other}"),
    ("/users/revoke", "", "/users/revoke?id={user}&id={other}"),
    ("/users/{id}/disable", "", "/users/{user}/disable"),
    ("/users/{id}/enable", "", "/users/{disabled}/enable"),
    (
        "/users/{id}/revoke",
        "1,000 sessions",
        "/users/{user}/revoke",
    ),
    ("/proxies", "", "/proxies"),
    (
        "/proxies/one",
        "",
        "/proxies/one?credential={credential}&instance={instance}",
    ),
    (
        "/proxies/forget",
        "",
        "/proxies/forget?credential={credential}&instance={instance}",
    ),
    ("/revocations", "newest", "/revocations"),
    (
        "/revocations",
        "from the middle",
        "/revocations?below={old}",
    ),
    ("/revocations/{version}", "newest", "/revocations/{version}"),
    ("/revocations/{version}", "old", "/revocations/{old}"),
    ("/audit", "newest", "/audit"),
    ("/audit", "user", "/audit?user={email}"),
    ("/audit", "event", "/audit?event=sign_in.refused"),
    ("/audit", "group of events", "/audit?event=sign_in"),
    ("/audit", "rare event", "/audit?event=admin.backup_made"),
    (
        "/audit",
        "not these",
        "/audit?not_event=token.issued,session.refreshed",
    ),
    ("/audit", "application", "/audit?application=application-8"),
    ("/audit", "actor", "/audit?actor={email}"),
    ("/audit", "refused", "/audit?outcome=refused"),
    ("/audit", "address", "/audit?address=198.51.7.9"),
    ("/audit", "network", "/audit?address=198.51.7.0/24"),
    ("/audit", "reference", "/audit?reference=k7p2k7p2k7"),
    (
        "/audit",
        "a day",
        "/audit?since=2020-01-01&until=2040-01-01&outcome=refused",
    ),
    (
        "/audit",
        "application and event, nothing",
        "/audit?application=application-8&event=admin.backup_made",
    ),
    (
        "/audit",
        "user and network",
        "/audit?user={email}&address=203.0.113.0/24",
    ),
    ("/audit/{id}", "", "/audit/{event}"),
    ("/settings/sessions", "", "/settings/sessions"),
    (
        "/settings/sessions/end-every",
        "",
        "/settings/sessions/end-every",
    ),
    ("/settings/providers", "", "/settings/providers"),
    ("/settings/access-groups", "", "/settings/access-groups"),
    (
        "/settings/access-groups/edit",
        "",
        "/settings/access-groups/edit?name=group+1",
    ),
    (
        "/settings/access-groups/delete",
        "",
        "/settings/access-groups/delete?name=group+1",
    ),
    ("/settings/about", "", "/settings/about"),
    ("/api", "", "/api"),
    ("/api/{resource}", "", "/api/applications"),
    ("/settings/keys", "", "/settings/keys"),
    ("/settings/keys/rotate", "", "/settings/keys/rotate"),
    (
        "/settings/keys/{kid}/refuse",
        "",
        "/settings/keys/{kid}/refuse",
    ),
    (
        "/settings/filter-credentials",
        "",
        "/settings/filter-credentials",
    ),
    (
        "/settings/filter-credentials/make",
        "",
        "/settings/filter-credentials/make",
    ),
    (
        "/settings/filter-credentials/{id}/revoke",
        "",
        "/settings/filter-credentials/{credential}/revoke",
    ),
    ("/settings/admin-tokens", "", "/settings/admin-tokens"),
    (
        "/settings/admin-tokens/make",
        "",
        "/settings/admin-tokens/make",
    ),
    (
        "/settings/admin-tokens/{id}/revoke",
        "",
        "/settings/admin-tokens/bench1/revoke",
    ),
    ("/settings/service-tokens", "", "/settings/service-tokens"),
    (
        "/settings/service-tokens/make",
        "",
        "/settings/service-tokens/make",
    ),
    (
        "/settings/service-tokens/{id}/rotate",
        "",
        "/settings/service-tokens/bench1/rotate",
    ),
    (
        "/settings/service-tokens/{id}/disable",
        "",
        "/settings/service-tokens/bench1/disable",
    ),
    (
        "/settings/service-tokens/{id}/delete",
        "",
        "/settings/service-tokens/bench1/delete",
    ),
    (
        "/settings/service-tokens/{id}/enable",
        "",
        "/settings/service-tokens/bench0/enable",
    ),
];

/// The same, many pages on.
const ASKED_DEEP: &[(&str, &str, &str)] = &[
    ("/users", "this month, deep", "/users"),
    ("/users", "everybody, deep", "/users?show=everybody"),
    ("/users", "one letter, deep", "/users?q=a"),
    ("/sessions", "deep", "/sessions"),
    ("/revocations", "deep", "/revocations"),
    ("/audit", "deep", "/audit"),
    ("/audit", "event, deep", "/audit?event=sign_in.refused"),
    ("/audit", "refused, deep", "/audit?outcome=refused"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_dashboard_is_visited() {
        assert_eq!(left_out(), BTreeSet::new());
    }
}
