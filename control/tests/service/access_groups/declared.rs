//! Access groups of the configuration file beside those that administrators set.

use super::*;

fn file(domain: &str) -> String {
    format!("[[access_groups]]\nname = \"staff\"\ninclude = [{{ email_domain = \"{domain}\" }}]\n")
}

async fn groups(service: &Service) -> Vec<Value> {
    service.listed("/api/admin/v1/access-groups").await
}

#[tokio::test]
async fn a_declared_group_can_only_be_changed_in_the_file() {
    let service = Service::start_with(&file("example.com")).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    let before = groups(&service).await;
    assert_eq!(before[0]["declared"], true);
    let put = service.put(STAFF, of_domain("example.org")).await;
    let deleted = service.over_socket(Method::DELETE, STAFF).await;
    for (status, answer) in [put, deleted] {
        assert_eq!(
            (status, &answer["reason"]),
            (StatusCode::CONFLICT, &json!("declared"))
        );
        let detail = answer["detail"].as_str().unwrap();
        assert!(
            detail.contains("declared in the configuration file (`[[access_groups]]`)"),
            "{detail}"
        );
    }
    assert_eq!(groups(&service).await, before);
}

#[tokio::test]
async fn the_file_wins_over_a_group_of_the_same_name_and_its_policies_follow() {
    let service = Service::start().await;
    let credential = service.credential(&[]).await;
    set(&service, "staff", of_domain("example.com")).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    let before = rules(&service, &credential, "wiki").await;
    let service = service.restart(&file("example.org")).await;
    let now = &groups(&service).await[0];
    assert_eq!(
        (&now["declared"], &now["include"]),
        (&json!(true), &of_domain("example.org")["include"])
    );
    assert_ne!(rules(&service, &credential, "wiki").await, before);
    let events = service
        .listed("/api/admin/v1/audit?event=admin.access_group_changed")
        .await;
    assert_eq!(events[0]["actor"]["kind"], "system");
    assert_eq!(events[0]["details"]["declared"], true);
}

#[tokio::test]
async fn a_group_that_left_the_file_stays_where_a_policy_names_it_and_else_is_gone() {
    let both = format!(
        "{}[[access_groups]]\nname = \"unused\"\ninclude = [{{ everyone = true }}]\n",
        file("example.com")
    );
    let service = Service::start_with(&both).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    let credential = service.credential(&[]).await;
    let before = rules(&service, &credential, "wiki").await;
    let service = service.restart("").await;
    let left = groups(&service).await;
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&left[0]["name"], &left[0]["declared"]),
        (&json!("staff"), &json!(false))
    );
    assert_eq!(rules(&service, &credential, "wiki").await, before);
    // From now on administrators can change it.
    set(&service, "staff", of_domain("example.org")).await;
    assert_ne!(rules(&service, &credential, "wiki").await, before);
}

/// Earlier versions stored a group of the file in the policies alone.
#[tokio::test]
async fn a_group_that_only_a_policy_has_is_stored_by_the_next_start() {
    let service = Service::start_with(&file("example.com")).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    let forgotten = sqlx::query("DELETE FROM access_groups");
    forgotten.execute(&pool).await.unwrap();
    pool.close().await;
    let service = service.restart("").await;
    let found = &groups(&service).await[0];
    assert_eq!(
        (&found["name"], &found["include"]),
        (&json!("staff"), &of_domain("example.com")["include"])
    );
    let change = json!({ "name": "wiki", "changes": { "preflight": "origin" } });
    service.done("/applications/set", change).await;
}
