//! Every page as axe-core judges it, in both themes and three widths, with pictures.

use anyhow::Result;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::judge::Judge;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::{Value, json};

use super::{at, sign_in_as};

/// The pages that need nothing: path, name of the picture, heading.
const PAGES: &[(&str, &str, &str)] = &[
    ("/applications/new", "application-new", "Add an application"),
    ("/find?q=nobody", "find", "Find"),
    ("/users", "users", "Users"),
    ("/users?q=nobody-at-all", "users-empty", "Users"),
    ("/sessions", "sessions", "Sessions"),
    ("/proxies", "proxies", "Proxies"),
    ("/revocations", "revocations", "Revocations"),
    ("/settings/sessions", "settings-sessions", "Sessions"),
    (
        "/settings/sessions/end-every",
        "end-every",
        "End every session?",
    ),
    ("/settings/providers", "settings-providers", "Providers"),
    (
        "/settings/access-groups",
        "settings-access-groups",
        "Access groups",
    ),
    (
        "/settings/service-tokens",
        "settings-service-tokens",
        "Service tokens",
    ),
    (
        "/settings/service-tokens/make",
        "service-token-make",
        "Make a service token",
    ),
    (
        "/settings/filter-credentials",
        "settings-filter-credentials",
        "Filter credentials",
    ),
    (
        "/settings/filter-credentials/make",
        "filter-credential-make",
        "Make a filter credential",
    ),
    ("/settings/keys", "settings-keys", "Keys"),
    (
        "/settings/keys/rotate",
        "key-rotate",
        "Rotate the signing key?",
    ),
    (
        "/settings/admin-tokens",
        "settings-admin-tokens",
        "Admin tokens",
    ),
    (
        "/settings/admin-tokens/make",
        "admin-token-make",
        "Make an admin token",
    ),
    ("/settings/about", "settings-about", "About"),
    ("/api", "api", "Admin API"),
    (
        "/api/applications",
        "api-applications",
        "Admin API: applications",
    ),
];

#[test]
fn pages_of_lists_and_settings_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let judge = Judge::new(visitor.tab()?)?;
    sign_in_as("administrator", &judge.tab)?;
    for (path, name, heading) in PAGES {
        judge.open_typed(&at(stand, path), &format!("dashboard-{name}"), heading)?;
    }
    // A form with mistakes.
    judge.tab.set_policy_aside(true)?;
    judge.tab.open(&at(stand, "/settings/admin-tokens/make"))?;
    judge.tab.click("main form button")?;
    judge.tab.wait_for("document.title.startsWith('Error: ')")?;
    judge.judge("dashboard-admin-token-refused", "Make an admin token")
}

#[test]
fn pages_of_one_thing_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    stand.sign_in(&user, &application)?;
    let control = &stand.deployment.control;
    let revoked = stand.user()?;
    let version = control.revoke_user(&revoked.email)?;
    let users: Value = control.command(&["user", "list"])?;
    let users = users["items"].as_array().cloned().unwrap_or_default();
    let found = users.iter().find(|one| one["email"] == json!(user.email));
    let id = found.and_then(|one| one["id"].as_str()).unwrap_or_default();

    let judge = Judge::new(visitor.tab()?)?;
    sign_in_as("administrator", &judge.tab)?;
    let page = |path: &str, name: &str, heading: &str| {
        judge.open_typed(&at(stand, path), &format!("dashboard-{name}"), heading)
    };
    page(&format!("/users/{id}"), "user", &user.email)?;
    page(
        &format!("/users/{id}/revoke"),
        "user-revoke",
        "Revoke session of",
    )?;
    page(&format!("/users/{id}/disable"), "user-disable", "Disable ")?;
    page(&format!("/revocations/{version}"), "revocation", "Revoked")?;
    let of = format!("/applications/{}", application.audience);
    page(&of, "application", &application.name)?;
    page(
        &format!("{of}/revoke"),
        "application-revoke",
        "Revoke existing tokens of",
    )?;
    page(
        &format!("{of}/delete"),
        "application-delete",
        "Delete the application",
    )?;
    page(&format!("{of}/policies"), "policies", "Policies of")?;
    let test = format!("{of}/policies/test?user={}", user.email);
    page(&test, "policy-tester", "Test the policy of")?;
    page(
        &format!("{of}/settings"),
        "application-settings",
        &application.name,
    )?;
    // Mistakes, and what a save would end.
    judge.tab.set_policy_aside(true)?;
    judge.tab.open(&at(stand, &format!("{of}/settings")))?;
    judge.tab.fill("#session_duration", "for ever")?;
    judge.tab.click(".acts button[value=save]")?;
    judge.tab.wait_for("document.title.startsWith('Error: ')")?;
    judge.judge("dashboard-application-settings-refused", &application.name)?;
    judge.tab.open(&at(stand, &format!("{of}/settings")))?;
    judge.tab.click("#binding_cookie")?;
    judge.tab.click(".acts button[value=save]")?;
    judge
        .tab
        .wait_for("document.querySelector('button[name=confirmed]') !== null")?;
    judge.judge("dashboard-application-settings-asks", &application.name)
}
