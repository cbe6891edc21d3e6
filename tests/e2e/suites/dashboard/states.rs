//! Pages in their states, as axe-core judges them: the audit log, proxies, editing, questions.

use anyhow::{Context, Result};
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::judge::Judge;
use portcullis_e2e::{ApplicationSettings, stand};

use super::{at, sign_in_as};

/// The target of the first link of the content that fits a selector.
fn link(judge: &Judge, selector: &str) -> Result<String> {
    let href = format!("document.querySelector('main {selector}')?.href");
    let href = judge.tab.run(&href)?;
    let href = href.as_str().with_context(|| format!("no {selector}"))?;
    Ok(href.to_owned())
}

#[test]
fn the_audit_log_is_accessible_also_when_it_is_empty_or_refused() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let judge = Judge::new(visitor.tab()?)?;
    let user = sign_in_as("administrator", &judge.tab)?;
    let of_user = format!("/audit?user={}", user.email);
    judge.open_typed(&at(stand, &of_user), "dashboard-audit", "Audit log")?;
    judge.tab.open(&at(stand, &of_user))?;
    let entry = link(&judge, "tbody th a")?;
    judge.open_typed(&entry, "dashboard-audit-entry", "")?;
    for (path, name) in [
        (
            "/audit?user=nobody%40example.com&event=key.rotated",
            "empty",
        ),
        ("/audit?since=yesterday&address=x", "refused"),
    ] {
        let name = format!("dashboard-audit-{name}");
        judge.open_typed(&at(stand, path), &name, "Audit log")?;
    }
    Ok(())
}

#[test]
fn questions_about_proxies_and_sessions_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let judge = Judge::new(visitor.tab()?)?;
    let user = sign_in_as("administrator", &judge.tab)?;
    judge.tab.open(&at(stand, "/proxies"))?;
    let proxy = link(&judge, "tbody th a")?;
    judge.open_typed(&proxy, "dashboard-proxy", "")?;
    let forget = proxy.replace("/proxies/one?", "/proxies/forget?");
    judge.open_typed(&forget, "dashboard-proxy-forget", "Forget")?;
    judge.tab.open(&at(stand, "/sessions"))?;
    let end = link(&judge, "a[href$=\"/end\"]")?;
    judge.open_typed(&end, "dashboard-session-end", "End ")?;
    // Several users at once.
    judge.tab.set_policy_aside(true)?;
    judge
        .tab
        .open(&at(stand, &format!("/users?q={}", user.email)))?;
    judge.tab.click("tbody input[type=checkbox]")?;
    judge.tab.click("main .acts button")?;
    judge.judge("dashboard-users-revoke", "Revoke session of")
}

#[test]
fn editing_policies_and_access_groups_is_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let judge = Judge::new(visitor.tab()?)?;
    sign_in_as("administrator", &judge.tab)?;
    let policies = at(
        stand,
        &format!("/applications/{}/policies", application.audience),
    );
    judge.tab.set_policy_aside(true)?;
    judge.tab.open(&policies)?;
    judge.tab.click("button[value='add:allow']")?;
    judge.tab.click("button[value='add-condition:include']")?;
    judge.judge("dashboard-policies-edit", "Policies of")?;
    judge.tab.click("button[value=check]")?;
    judge.tab.wait_for("document.title.startsWith('Error: ')")?;
    judge.judge("dashboard-policies-refused", "Policies of")?;
    judge.tab.fill("#id", "staff")?;
    judge.tab.fill("#include-0", "ana@example.com")?;
    judge.tab.click("button[value=check]")?;
    judge
        .tab
        .wait_for("document.querySelector('button[value=save]') !== null")?;
    judge.judge("dashboard-policies-check", "Policies of")?;

    judge.tab.open(&at(stand, "/settings/access-groups"))?;
    judge.tab.click("main a.act")?;
    judge.tab.wait_for_heading("Add an access group")?;
    judge.tab.click("button[value='add-condition:include']")?;
    judge.judge("dashboard-access-group", "Add an access group")?;
    judge.tab.click("button[value=check]")?;
    judge.tab.wait_for("document.title.startsWith('Error: ')")?;
    judge.judge("dashboard-access-group-refused", "Add an access group")?;
    judge.tab.fill("#id", "e2e-looks")?;
    judge.tab.fill("#include-0", "ana@example.com")?;
    judge.tab.click("button[value=check]")?;
    judge
        .tab
        .wait_for("document.querySelector('button[value=save]') !== null")?;
    judge.judge("dashboard-access-group-check", "Add an access group")
}
