//! Pages in their states, as axe-core judges them: the audit log, proxies, editing, questions.

use anyhow::{Context, Result};
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::judge::Judge;
use portcullis_e2e::{ApplicationSettings, stand};

use super::{at, sign_in_as};

/// A property of the first element of the content that fits a selector: `href`, `innerText`.
fn first(judge: &Judge, selector: &str, property: &str) -> Result<String> {
    let found = format!("document.querySelector('main {selector}')?.{property}");
    let found = judge.tab.run(&found)?;
    let found = found.as_str().with_context(|| format!("no {selector}"))?;
    Ok(found.to_owned())
}

#[test]
fn the_audit_log_is_accessible_also_when_it_is_empty_or_refused() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let judge = Judge::new(visitor.tab()?)?;
    let user = sign_in_as("administrator", &judge.tab)?;
    let of_user = format!("/audit?user={}", user.email);
    judge.open_typed(&at(stand, &of_user), "dashboard-audit", "Audit log")?;
    judge.tab.open(&at(stand, &of_user))?;
    let (entry, event) = (
        first(&judge, "tbody th a", "href")?,
        first(&judge, "tbody .tag", "innerText")?,
    );
    judge.open_typed(&entry, "dashboard-audit-entry", &event)?;
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
    let (proxy, name) = (
        first(&judge, "tbody th a", "href")?,
        first(&judge, "tbody th a", "innerText")?,
    );
    judge.open_typed(&proxy, "dashboard-proxy", &name)?;
    let forget = proxy.replace("/proxies/one?", "/proxies/forget?");
    judge.open_typed(&forget, "dashboard-proxy-forget", "Forget")?;
    judge.tab.open(&at(stand, "/sessions"))?;
    let end = first(&judge, "a[href$=\"/end\"]", "href")?;
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

/// Adds a condition, and judges the form with it, with mistakes, and when it says what saving would do.
fn judge_editing(judge: &Judge, (picture, heading, name): (&str, &str, &str)) -> Result<()> {
    let tab = &judge.tab;
    tab.click("button[value='add-condition:include']")?;
    tab.wait_for("document.querySelector('#include-0') !== null")?;
    judge.judge(&format!("dashboard-{picture}-edit"), heading)?;
    tab.click("button[value=check]")?;
    tab.wait_for("document.title.startsWith('Error: ')")?;
    judge.judge(&format!("dashboard-{picture}-refused"), heading)?;
    tab.fill("#id", name)?;
    tab.fill("#include-0", "ana@example.com")?;
    tab.click("button[value=check]")?;
    tab.wait_for("document.querySelector('button[value=save]') !== null")?;
    judge.judge(&format!("dashboard-{picture}-check"), heading)
}

#[test]
fn editing_policies_and_access_groups_is_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let judge = Judge::new(visitor.tab()?)?;
    sign_in_as("administrator", &judge.tab)?;
    judge.tab.set_policy_aside(true)?;
    let path = format!("/applications/{}/policies", application.audience);
    judge.tab.open(&at(stand, &path))?;
    judge.tab.click("button[value='add:allow']")?;
    judge
        .tab
        .wait_for("document.querySelector('#id') !== null")?;
    judge_editing(&judge, ("policies", "Policies of", "staff"))?;

    judge.tab.open(&at(stand, "/settings/access-groups"))?;
    judge.tab.click("main a.act")?;
    judge.tab.wait_for_heading("Add an access group")?;
    let group = ("access-group", "Add an access group", "e2e-looks");
    judge_editing(&judge, group)
}
