//! Figures: sign-ins by day at an application, of today on Home, of one user.

use serde_json::json;
use sqlx::AnyPool;

use super::{administrator, page};
use crate::browser::{Attempt, Browser, exchanged};
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const BO: &str = "bo@example.com";

/// The wiki, which ana got into twice, with one sign-in; bo was refused. Its audience.
async fn scene(service: &Service) -> String {
    let policy = json!([{ "id": "ana", "action": "allow", "include": [{ "email": ANA }] }]);
    let audience = service.wiki(json!({ "policy": policy })).await;
    let credential = service.credential(&[]).await;
    let attempt = Attempt::at(&audience);
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    let code = browser.code(service, &attempt, (ANA, &password)).await;
    exchanged(service, &credential, &code).await;
    // Without a prompt.
    let again = browser.get(service, &attempt.path()).await;
    let code = crate::browser::code_of(&again, &attempt);
    exchanged(service, &credential, &code).await;
    let password = service.user(BO).await;
    let refused = Browser::default()
        .sign_in(service, &attempt.path(), (BO, &password))
        .await;
    assert_eq!(refused.status(), 403);
    audience
}

#[tokio::test]
async fn an_application_shows_who_got_in_and_who_was_refused_day_by_day() {
    let service = Service::start().await;
    let audience = scene(&service).await;
    let mut browser = administrator(&service).await;
    let overview = format!("/dashboard/applications/{audience}");
    let shown = page(&service, &mut browser, &overview).await;
    assert!(
        shown.contains("Got in, with a prompt or without: 2. Refused: 1."),
        "{shown}"
    );
    assert!(
        shown.contains("aria-label=\"30 days. Got in: 2. Refused: 1\""),
        "{shown}"
    );
    assert!(
        shown.contains("<rect class=\"admitted\"") && shown.contains("<rect class=\"refused\""),
        "{shown}"
    );
    // Behind the bars is the same as a table: one day.
    let (_, table) = shown.split_once("Sign-ins and refusals by day").unwrap();
    let (table, _) = table.split_once("</table>").unwrap();
    assert_eq!(table.matches("<th scope=\"row\">").count(), 1, "{table}");
    assert!(
        table.contains(">2</td>") && table.contains(">1</td>"),
        "{table}"
    );
    // The latest of the audit log, and the way to all of it.
    let (_, events) = shown.split_once("Latest in the audit log").unwrap();
    assert!(
        events.contains("sign_in.refused") && events.contains("application.added"),
        "{events}"
    );
    assert!(
        events.contains("href=\"/dashboard/audit?application=wiki\""),
        "{events}"
    );
    let list = page(&service, &mut browser, "/dashboard/applications").await;
    let (_, row) = list.split_once("<bdi>wiki</bdi></a></th>").unwrap();
    let (row, _) = row.split_once("</tr>").unwrap();
    assert!(
        row.contains("<td data-label=\"Last sign-in\"><time"),
        "{row}"
    );
    // Who was refused was not in.
    let nobody = json!({ "policy": [] });
    let git = service.application("git", "https://git.example.com", nobody);
    let path = Attempt::at(&git.await).path();
    let path = path.replace("wiki.example.com", "git.example.com");
    let refused = browser.get(&service, &path).await;
    assert_eq!(refused.status(), 403);
    let list = page(&service, &mut browser, "/dashboard/applications").await;
    assert!(
        list.contains("<td data-label=\"Last sign-in\">–</td>"),
        "{list}"
    );
}

#[tokio::test]
async fn home_has_the_figures_of_today_and_the_first_steps() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let before = page(&service, &mut browser, "/dashboard").await;
    assert!(
        before.contains("<dt>Got into applications</dt><dd>0</dd>"),
        "{before}"
    );
    let todo = before.matches("To do</span>").count();
    assert!(before.contains("Revoke your own session"), "{before}");
    scene(&service).await;
    let shown = page(&service, &mut browser, "/dashboard").await;
    for line in [
        // The administrator, ana and bo.
        "<dt>People who signed in</dt><dd>3</dd>",
        "<dt>Got into applications</dt><dd>2</dd>",
        "<dt>Were refused</dt><dd>1</dd>",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    // An application was added, and somebody got in.
    assert_eq!(shown.matches("To do</span>").count(), todo - 2, "{shown}");
}

#[tokio::test]
async fn a_refusal_says_by_which_reference_the_dashboard_finds_it() {
    let service = Service::start().await;
    let nobody = service.wiki(json!({ "policy": [] })).await;
    let mut administrator = administrator(&service).await;
    let password = service.user(BO).await;
    let mut browser = Browser::default();
    let id = "2f9c1d3e-77aa-4b0f-9d51-000000000001";
    browser.headers.insert("x-request-id", id);
    let path = Attempt::at(&nobody).path();
    let refused = browser.sign_in(&service, &path, (BO, &password)).await;
    let shown = refused.text().await.unwrap();
    assert!(shown.contains("Reference: 2f9c1d3e-7<"), "{shown}");
    let found = administrator
        .get(&service, "/dashboard/find?q=2f9c1d3e-7")
        .await;
    let to = found.headers()["location"].to_str().unwrap().to_owned();
    let list = page(&service, &mut administrator, &to).await;
    assert!(list.contains("sign_in.refused"), "{list}");
    // Pages of what is not there, and of the dashboard, say it too.
    for path in ["/nowhere", "/dashboard"] {
        let refused = browser.get(&service, path).await;
        let (status, shown) = super::read(refused).await;
        assert!(
            status >= 400 && shown.contains("Reference: 2f9c1d3e-7<"),
            "{shown}"
        );
    }
    let start = browser.get(&service, "/").await.text().await.unwrap();
    assert!(!start.contains("Reference"), "{start}");
}

#[tokio::test]
async fn a_user_shows_the_last_sign_ins_and_refusals() {
    let service = Service::start().await;
    scene(&service).await;
    let mut browser = administrator(&service).await;
    let users = service.listed("/users").await;
    let of = |email: &str| {
        let user = users.iter().find(|one| one["email"] == email).unwrap();
        format!("/dashboard/users/{}", user["id"].as_str().unwrap())
    };
    let bo = page(&service, &mut browser, &of(BO)).await;
    let (_, last) = bo.split_once("Last sign-ins and refusals").unwrap();
    let (last, _) = last.split_once("</section>").unwrap();
    assert!(
        last.contains("sign_in.refused") && last.contains("policy_denied"),
        "{last}"
    );
    assert!(last.contains("sign_in.succeeded"), "{last}");
    let ana = page(&service, &mut browser, &of(ANA)).await;
    let (_, last) = ana.split_once("Last sign-ins and refusals").unwrap();
    let (last, _) = last.split_once("</section>").unwrap();
    assert_eq!(
        last.matches("token.issued").count(),
        4,
        "twice in each of two rows: {last}"
    );
    assert!(!last.contains("user.added"), "{last}");
}

#[tokio::test]
async fn counts_are_kept_for_thirty_days_and_before_an_upgrade_they_come_from_the_audit_log() {
    let service = Service::start().await;
    let audience = scene(&service).await;
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    let counted = async || -> Vec<(i64, i64)> {
        sqlx::query_as("SELECT admitted, count FROM sign_in_counts WHERE audience = $1 ORDER BY 1")
            .bind(&audience)
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    assert_eq!(counted().await, [(0, 1), (1, 2)]);
    // The migration counts again what the audit log has.
    sqlx::query("DELETE FROM sign_in_counts")
        .execute(&pool)
        .await
        .unwrap();
    let migration = match service.database_url.starts_with("sqlite") {
        true => include_str!("../../../migrations/sqlite/0026_sign_in_counts.sql"),
        false => include_str!("../../../migrations/postgres/0026_sign_in_counts.sql"),
    };
    let (_, count) = migration.split_once("INSERT INTO").unwrap();
    let count = sqlx::AssertSqlSafe(format!(
        "INSERT INTO{}",
        count.trim_end().trim_end_matches(';')
    ));
    sqlx::query(count).execute(&pool).await.unwrap();
    assert_eq!(counted().await, [(0, 1), (1, 2)]);
    let now = service.clock.seconds();
    let tidy = async |days: u64| {
        let at = portcullis::time::UnixSeconds::new(now + days * 86_400);
        service.running.service.storage.tidy(at, at).await.unwrap();
    };
    tidy(29).await;
    assert_eq!(counted().await.len(), 2);
    tidy(30).await;
    assert!(counted().await.is_empty());
}
