//! Settings: keys, secrets of programs, every session.

mod groups;
mod secrets;

use reqwest::Method;
use serde_json::{Value, json};

use super::{administrator, page, read, signed_in, submit};
use crate::harness::Service;

const SETTINGS: &str = "/dashboard/settings";

/// The details of the newest event with a name.
async fn newest(service: &Service, event: &str) -> Value {
    let path = format!("audit?event={event}");
    let (_, events) = service.over_socket(Method::GET, &path).await;
    events["items"][0].clone()
}

async fn listed_keys(service: &Service) -> Vec<Value> {
    let (_, keys) = service.over_socket(Method::GET, "keys").await;
    keys["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn keys_are_rotated_and_refused_by_the_pages() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let path = format!("{SETTINGS}/keys");
    let before = listed_keys(&service).await;
    let signing = before[0]["kid"].as_str().unwrap().to_owned();
    let rotated = submit(&service, &mut browser, &format!("{path}/rotate"), &[]).await;
    let to = rotated.headers()["location"].to_str().unwrap().to_owned();
    let list = page(&service, &mut browser, &to).await;
    assert!(list.contains("A new key is published."), "{list}");
    assert_eq!(list.matches("<th scope=\"row\"").count(), 2, "{list}");
    assert!(
        list.contains(">published</span>") && list.contains(">signing</span>"),
        "{list}"
    );
    // One at a time.
    let again = submit(&service, &mut browser, &format!("{path}/rotate"), &[]).await;
    let (status, text) = read(again).await;
    assert_eq!(status, 409, "{text}");
    assert!(
        text.contains("is already published and signs soon"),
        "{text}"
    );

    let refuse = format!("{path}/{signing}/refuse");
    let asked = page(&service, &mut browser, &refuse).await;
    assert!(
        asked.contains("This key signs: everybody who is in now is out"),
        "{asked}"
    );
    let wrong = submit(&service, &mut browser, &refuse, &[("typed", "another")]).await;
    let (status, text) = read(wrong).await;
    assert_eq!(status, 422);
    assert!(text.contains("<title>Error: "), "{text}");
    let typed = [("typed", signing.as_str())];
    let refused = submit(&service, &mut browser, &refuse, &typed).await;
    assert_eq!(refused.status(), 303);
    let keys = listed_keys(&service).await;
    let state = keys.iter().find(|key| key["kid"] == signing.as_str());
    assert_eq!(state.unwrap()["state"], "refused");
    let gone = browser
        .get(&service, &format!("{path}/nothing/refuse"))
        .await;
    // Their own sign-in was signed by it, too.
    assert_eq!(gone.status(), 302);
}

#[tokio::test]
async fn every_session_ends_but_the_one_that_ends_them() {
    let service = Service::start().await;
    let wiki = service.wiki(json!({})).await;
    let mut ana = signed_in(&service, "ana@example.com", "none").await;
    let mut browser = administrator(&service).await;
    let path = format!("{SETTINGS}/sessions/end-every");
    let shown = page(&service, &mut browser, &format!("{SETTINGS}/sessions")).await;
    assert!(shown.contains(&format!("href=\"{path}\"")), "{shown}");
    let careless = submit(&service, &mut browser, &path, &[]).await;
    assert_eq!(careless.status(), 422);
    assert_eq!(ana.get(&service, "/sessions").await.status(), 200);

    let typed = [("typed", "every session")];
    let ended = submit(&service, &mut browser, &path, &typed).await;
    assert_eq!(ended.status(), 303);
    let to = ended.headers()["location"].to_str().unwrap().to_owned();
    assert_ne!(ana.get(&service, "/sessions").await.status(), 200);
    page(&service, &mut browser, &to).await;
    let made = service.listed("/revocations").await;
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(made[0]["fresh"], json!(true));
    assert_eq!(made[0]["subject"], json!(wiki), "{made:?}");
    let event = newest(&service, "revocation.made").await;
    assert_eq!(event["details"]["scope"], "every_session");
    assert_eq!(event["details"]["sessions"], 1);
    // The administrator, too, has to sign in again at the application.
    let mut viewer = signed_in(&service, "bo@example.com", "viewer").await;
    let shown = page(&service, &mut viewer, &format!("{SETTINGS}/sessions")).await;
    assert!(!shown.contains("end-every"), "{shown}");
}

#[tokio::test]
async fn what_the_file_sets_is_shown_with_where_it_is_changed() {
    let service =
        Service::start_with("[sessions]\nglobal_duration = \"7d\"\n[audit]\nretention = \"30d\"\n")
            .await;
    let mut browser = signed_in(&service, "bo@example.com", "viewer").await;
    let sessions = page(&service, &mut browser, &format!("{SETTINGS}/sessions")).await;
    assert!(sessions.contains("<dd>7d</dd>"), "{sessions}");
    assert!(sessions.contains("<code>[sessions]</code>"), "{sessions}");
    let about = page(&service, &mut browser, &format!("{SETTINGS}/about")).await;
    assert!(about.contains("kept for 30d"), "{about}");
    assert!(about.contains(env!("CARGO_PKG_VERSION")), "{about}");
    let providers = page(&service, &mut browser, &format!("{SETTINGS}/providers")).await;
    assert!(
        providers.contains("No identity provider is connected."),
        "{providers}"
    );
}

#[tokio::test]
async fn access_groups_are_listed_with_their_users_and_deleted_when_they_have_none() {
    let declared = "[[access_groups]]\nname = \"office\"\ninclude = [{ ip = \"10.0.0.0/8\" }]\n";
    let service = Service::start_with(declared).await;
    let staff = json!({ "include": [{ "email_domain": "example.com" }], "exclude": [{ "email": "eve@example.com" }] });
    let (status, said) = service.put("access-groups/staff", staff).await;
    assert_eq!(status, 200, "{said}");
    let policy =
        json!([{ "id": "a", "action": "allow", "include": [{ "access_group": "staff" }] }]);
    service.wiki(json!({ "policy": policy })).await;
    let mut browser = administrator(&service).await;
    let path = format!("{SETTINGS}/access-groups");
    let list = page(&service, &mut browser, &path).await;
    assert!(
        list.contains("<bdi>staff</bdi></th>") && list.contains("<bdi>office</bdi></th>"),
        "{list}"
    );
    assert!(
        list.contains("example.com") && list.contains("eve@example.com"),
        "{list}"
    );
    assert!(
        list.contains("<bdi>wiki</bdi></a>") && list.contains(">file</td>"),
        "{list}"
    );
    assert!(!list.contains("delete?name=staff"), "{list}");
    let delete = format!("{path}/delete?name=staff");
    let (status, asked) = read(submit(&service, &mut browser, &delete, &[]).await).await;
    assert_eq!(status, 409, "{asked}");
    let changes = json!({ "name": "wiki", "changes": { "policy": [] } });
    service.done("/applications/set", changes).await;
    let list = page(&service, &mut browser, &path).await;
    assert!(list.contains("delete?name=staff"), "{list}");
    let deleted = submit(&service, &mut browser, &delete, &[]).await;
    let to = deleted.headers()["location"].to_str().unwrap().to_owned();
    let list = page(&service, &mut browser, &to).await;
    assert!(
        list.contains("The access group was deleted.") && !list.contains("<bdi>staff</bdi></th>"),
        "{list}"
    );
}
