//! Every call at least once, and every way to be refused.

use serde_json::{Value, json};

use super::checked::Checked;
use crate::admin_api::ANA;
use crate::applied::proxy::Proxy;
use crate::browser::Browser;
use crate::harness::Service;

const NONE: Value = Value::Null;
const PROVIDER: &str = "[sign_in]\npasswords = true\n\
                        [[identity_providers]]\nid = \"corp\"\nname = \"Corporate account\"\n\
                        issuer = \"https://id.example.com\"\nclient_id = \"portcullis\"\n\
                        groups_claim = \"groups\"\nemail_domains = [\"corp.example\"]\n";

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn every_call_answers_as_described() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a-client-secret").unwrap();
    let toml = format!("{PROVIDER}client_secret_file = {:?}\n", secret.path());
    let service = Service::start_with(&toml).await;
    let mut api = Checked::of(&service).await;
    api.check_examples();
    applications(&mut api).await;
    access_groups(&mut api).await;
    let proxy = Proxy::start(&service, "edge-1", "stale_after=60&then=deny").await;
    sessions(&service, &mut api).await;
    users(&mut api).await;
    secrets(&mut api).await;
    keys(&mut api).await;
    service_wide(&mut api, proxy.version).await;
    assert_eq!(api.without(200), [""; 0]);
}

async fn applications(api: &mut Checked<'_>) {
    let new = [("if-none-match", "*")];
    let wiki = api.example("put_application");
    let made = api.done("put_application", &["wiki"], &new, wiki).await;
    let shown = api.done("show_application", &["wiki"], &[], NONE).await;
    assert_eq!(made.etag, shown.etag);
    let change = api.example("change_application");
    let seen = [("if-match", shown.etag.as_str())];
    api.done("change_application", &["wiki"], &seen, change)
        .await;
    api.get("list_applications", &["?limit=1"]).await;
    let question = api.example("test_policy");
    api.done("test_policy", &["wiki"], &[], question).await;
    let fresh = api.example("revoke_application");
    api.done("revoke_application", &["wiki"], &[], fresh).await;
    let old = json!({ "origins": ["https://old.example.com"] });
    api.done("put_application", &["old"], &new, old).await;
    api.get("remove_application", &["old"]).await;
}

async fn access_groups(api: &mut Checked<'_>) {
    let new = [("if-none-match", "*")];
    let staff = api.example("put_access_group");
    let every = json!({ "include": [
        { "email": ["a@example.com", "b@example.com"] }, { "email_domain": "example.com" },
        { "group": "corp:staff" }, { "claim": { "name": "team", "value": "red" } },
        { "provider": "corp" }, { "amr": "mfa" },
    ], "exclude": [{ "email": ANA }] });
    api.done("put_access_group", &["staff"], &new, staff).await;
    api.done("put_access_group", &["everybody"], &new, every)
        .await;
    api.get("show_access_group", &["everybody"]).await;
    api.get("list_access_groups", &[]).await;
    api.get("delete_access_group", &["staff"]).await;
}

async fn sessions(service: &Service, api: &mut Checked<'_>) {
    let password = service.user("bob@example.com").await;
    let mut browser = Browser::default();
    let who = ("bob@example.com", password.as_str());
    browser.sign_in(service, "/login", who).await;
    let listed = api.get("list_sessions", &["?user=bob@example.com"]).await;
    let id = text(&listed["items"][0]["id"]);
    api.get("show_session", &[id]).await;
    api.get("end_session", &[id]).await;
}

async fn users(api: &mut Checked<'_>) {
    let ana = api.example("add_user");
    let ana = api.done("add_user", &[], &[], ana).await.body;
    let id = text(&ana["id"]);
    api.get("show_user", &[id]).await;
    api.get("list_users", &["?q=ana&state=out"]).await;
    api.get("revoke_user", &[id]).await;
    let ids = json!({ "ids": [id, "x"] });
    api.done("revoke_users", &[], &[], ids).await;
    api.get("disable_user", &[id]).await;
    api.get("enable_user", &[id]).await;
    let keep = api.example("set_password");
    api.done("set_password", &[id], &[], keep).await;
    let role = api.example("set_role");
    api.done("set_role", &[id], &[], role).await;
    let none = json!({ "role": "none" });
    api.done("set_role", &[id], &[], none).await;
    api.get("remove_user", &[id]).await;
}

async fn secrets(api: &mut Checked<'_>) {
    let edge = api.example("make_filter_credential");
    let edge = api
        .done("make_filter_credential", &[], &[], edge)
        .await
        .body;
    api.get("list_filter_credentials", &[]).await;
    api.get("revoke_filter_credential", &[text(&edge["id"])])
        .await;
    let backup = api.example("make_service_token");
    let backup = api.done("make_service_token", &[], &[], backup).await.body;
    let id = text(&backup["id"]);
    let grace = api.example("rotate_service_token");
    api.done("rotate_service_token", &[id], &[], grace).await;
    api.get("list_service_tokens", &[]).await;
    for call in ["disable", "enable", "delete"] {
        api.get(&format!("{call}_service_token"), &[id]).await;
    }
    let tokens = api.get("list_admin_tokens", &[]).await;
    // The one with which the description was asked for.
    let mut tokens = tokens["items"].as_array().unwrap().iter();
    let other = tokens.find(|one| one["scopes"] == json!(["users:read"]));
    let id = text(&other.unwrap()["id"]);
    api.get("revoke_admin_token", &[id]).await;
}

async fn keys(api: &mut Checked<'_>) {
    let request = api.example("rotate_keys");
    let next = api.done("rotate_keys", &[], &[], request).await.body;
    api.get("refuse_key", &[text(&next["kid"])]).await;
    api.get("list_keys", &[]).await;
    api.get("reseal_keys", &[]).await;
}

async fn service_wide(api: &mut Checked<'_>, version: u64) {
    let proxies = api.get("list_proxies", &[]).await;
    assert_eq!(proxies["items"][0]["instance"], "edge-1");
    let every = api.example("revoke_everything");
    api.done("revoke_everything", &[], &[], every).await;
    let list = api.get("list_revocations", &[]).await;
    assert!(list["items"].as_array().unwrap().len() > 1);
    api.get("show_revocation", &[&version.to_string()]).await;
    api.get("list_events", &["?order=oldest_first&limit=100"])
        .await;
    api.get("list_events", &["?format=jsonl"]).await;
    let providers = api.get("list_providers", &[]).await;
    assert_eq!(
        providers["items"][0]["email_domains"],
        json!(["corp.example"])
    );
    let settings = api.done("show_settings", &[], &[], NONE).await;
    let seen = [("if-match", settings.etag.as_str())];
    api.done("put_settings", &[], &seen, settings.body.clone())
        .await;
    let mut other = settings.body;
    other["sign_in"]["passwords"] = json!(false);
    assert_eq!(
        api.reason("put_settings", &[], &seen, other).await,
        "declared"
    );
    api.get("show_description", &[]).await;
}

#[tokio::test]
async fn every_refusal_is_as_described() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let mut api = Checked::of(&service).await;
    let any = [("if-match", "*")];
    let stale = [("if-match", "\"x\"")];
    let change = json!({ "session_duration": "12h" });
    let wrong = json!({ "session_duration": "5m", "origins": ["x"] });
    for (headers, body, reason) in [
        (&[][..], &change, "precondition_required"),
        (&stale[..], &change, "changed_meanwhile"),
        (&any[..], &wrong, "request_invalid"),
    ] {
        let (id, wiki) = ("change_application", &["wiki"]);
        assert_eq!(api.reason(id, wiki, headers, body.clone()).await, reason);
    }
    let new = [("if-none-match", "*")];
    let same = json!({ "origins": [crate::harness::WIKI] });
    assert_eq!(
        api.reason("put_application", &["wiki"], &new, same.clone())
            .await,
        "name_taken"
    );
    assert_eq!(
        api.reason("put_application", &["other"], &new, same).await,
        "place_taken"
    );
    assert_eq!(
        api.reason("show_user", &["x"], &[], NONE).await,
        "not_found"
    );
    assert_eq!(
        api.reason("list_sessions", &["?user=x"], &[], NONE).await,
        "not_found"
    );
    assert_eq!(
        api.reason("list_users", &["?limit=0"], &[], NONE).await,
        "request_invalid"
    );
    let user = json!({ "email": ANA });
    let once = [("idempotency-key", "k")];
    api.done("add_user", &[], &once, user.clone()).await;
    assert_eq!(
        api.reason("add_user", &[], &once, user.clone()).await,
        "already_made"
    );
    assert_eq!(api.reason("add_user", &[], &[], user).await, "email_taken");
    let long = json!({ "email": "x".repeat(20_000) });
    assert_eq!(api.reason("add_user", &[], &[], long).await, "too_large");
    let admin = service
        .done("/users", json!({ "email": "root@example.com" }))
        .await;
    let role = json!({ "email": "root@example.com", "role": "viewer" });
    service.done("/users/role", role).await;
    let id = text(&admin["id"]);
    assert_eq!(
        api.reason("disable_user", &[id], &[], NONE).await,
        "administrator_protected"
    );
    let statuses: Vec<u16> = api.seen.iter().map(|(_, status)| *status).collect();
    for status in [403, 404, 409, 412, 413, 422, 428] {
        assert!(statuses.contains(&status), "{status}");
    }
}
