//! The form of an access group.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::form::Form;
use super::super::{administrator, page, read, signed_in};
use crate::browser::{Attempt, Browser, exchanged};
use crate::harness::Service;

const LIST: &str = "/dashboard/settings/access-groups";
const NEW: &str = "/dashboard/settings/access-groups/edit";
const STAFF: &str = "/dashboard/settings/access-groups/edit?name=staff";

async fn staff(service: &Service) -> Value {
    let (_, group) = service
        .over_socket(Method::GET, "access-groups/staff")
        .await;
    group
}

async fn set(service: &Service, domain: &str) {
    let group = json!({ "include": [{ "email_domain": domain }] });
    let (status, said) = service.put("access-groups/staff", group).await;
    assert!(status.is_success(), "{said}");
}

/// Presses a button of the first form of a page that was answered.
async fn press(service: &Service, browser: &mut Browser, form: Form, what: &str) -> (u16, String) {
    read(form.with("do", what).send(service, browser).await).await
}

#[tokio::test]
async fn a_group_is_made_without_scripts_and_with_all_mistakes_at_once() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let list = page(&service, &mut browser, LIST).await;
    assert!(list.contains(&format!("href=\"{NEW}\"")), "{list}");
    let form = page(&service, &mut browser, NEW).await;
    // Conditions are added by buttons, and what was typed stays.
    let form = Form::of(&form)
        .with("id", "st/aff")
        .with("add-include", "email");
    let (status, shown) = press(&service, &mut browser, form, "add-condition:include").await;
    assert_eq!(status, 200);
    assert!(
        shown.contains("id=\"include-0\"") && shown.contains("autofocus"),
        "{shown}"
    );
    let form = Form::of(&shown)
        .with("include-values", "ana@example.com\nno address")
        .with("add-exclude", "group");
    assert_eq!(form.value("id"), Some("st/aff"));
    let (_, shown) = press(&service, &mut browser, form, "add-condition:exclude").await;
    let form = Form::of(&shown).with("exclude-values", "nobody:x");
    let (status, wrong) = press(&service, &mut browser, form, "check").await;
    assert_eq!(status, 422);
    assert!(wrong.contains("<title>Error: "), "{wrong}");
    for (field, what) in [
        ("id", "without &#39;/&#39;"),
        ("include-0", "no address"),
        ("exclude-0", "nobody"),
    ] {
        assert!(
            wrong.contains(&format!("<li><a href=\"#{field}\">")),
            "{field}: {wrong}"
        );
        assert!(
            wrong.contains(&format!("id=\"wrong-{field}\"")),
            "{field}: {wrong}"
        );
        assert!(wrong.contains(what), "{what}: {wrong}");
    }
    let form = Form::of(&wrong)
        .with("id", "staff")
        .with("include-values", "ana@example.com\nbo@example.com");
    let (_, shown) = press(&service, &mut browser, form, "drop-condition:exclude:0").await;
    let (status, asked) = press(&service, &mut browser, Form::of(&shown), "check").await;
    assert_eq!(status, 200);
    assert!(asked.contains("No policy names it"), "{asked}");
    let (_, groups) = service.over_socket(Method::GET, "access-groups").await;
    assert_eq!(groups["items"], json!([]), "nothing is saved yet");
    let saved = Form::of(&asked).with("do", "save").with("note", "the team");
    let saved = saved.send(&service, &mut browser).await;
    assert_eq!(saved.status(), 303);
    let to = saved.headers()["location"].to_str().unwrap().to_owned();
    let list = page(&service, &mut browser, &to).await;
    assert!(list.contains("The access group was saved."), "{list}");
    assert!(
        list.contains("<a href=\"/dashboard/settings/access-groups/edit?name=staff\">Edit"),
        "{list}"
    );
    let emails = json!(["ana@example.com", "bo@example.com"]);
    assert_eq!(
        staff(&service).await["include"],
        json!([{ "email": emails }])
    );
    let events = service
        .over_socket(Method::GET, "audit?event=admin.access_group_added")
        .await;
    assert_eq!(events.1["items"][0]["details"]["note"], "the team");
    // The name is taken.
    let form = page(&service, &mut browser, NEW).await;
    let form = Form::of(&form)
        .with("id", "staff")
        .with("add-include", "email");
    let (status, taken) = press(&service, &mut browser, form, "check").await;
    assert_eq!(status, 422);
    assert!(
        taken.contains("is the name of another access group"),
        "{taken}"
    );
}

#[tokio::test]
async fn saving_says_first_who_loses_access_and_acts_in_every_policy() {
    let service = Service::start().await;
    set(&service, "example.com").await;
    let policy =
        json!([{ "id": "a", "action": "allow", "include": [{ "access_group": "staff" }] }]);
    let audience = service.wiki(json!({ "policy": policy })).await;
    let credential = service.credential(&[]).await;
    let password = service.user("bo@example.com").await;
    let mut bo = Browser::default();
    let attempt = Attempt::at(&audience);
    let code = bo
        .code(&service, &attempt, ("bo@example.com", &password))
        .await;
    exchanged(&service, &credential, &code).await;
    let mut browser = administrator(&service).await;
    let form = Form::of(&page(&service, &mut browser, STAFF).await);
    assert_eq!(form.value("include-values"), Some("example.com"));
    let form = form.with("include-values", "example.org");
    let (_, asked) = press(&service, &mut browser, form, "check").await;
    assert!(asked.contains("<bdi>wiki</bdi></a></h3>"), "{asked}");
    assert!(
        asked.contains("1 person who is in now would lose access"),
        "{asked}"
    );
    assert!(asked.contains("<bdi>bo@example.com</bdi>"), "{asked}");
    let saved = Form::of(&asked)
        .with("do", "save")
        .send(&service, &mut browser)
        .await;
    let to = saved.headers()["location"].to_str().unwrap().to_owned();
    let list = page(&service, &mut browser, &to).await;
    assert!(
        list.contains("Every policy that names it now uses the new conditions."),
        "{list}"
    );
    let refused = bo.get(&service, &attempt.path()).await;
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn where_rules_have_durations_a_change_needs_a_recent_sign_in() {
    let service = Service::start().await;
    set(&service, "example.com").await;
    let mut browser = administrator(&service).await;
    let save = async |browser: &mut Browser, domain: &str| {
        let form = Form::of(&page(&service, browser, STAFF).await);
        let form = form.with("include-values", domain);
        let (_, asked) = press(&service, browser, form, "check").await;
        let form = Form::of(&asked).with("do", "save");
        form.send(&service, browser).await.status().as_u16()
    };
    service.clock.advance(3_600);
    let group = json!([{ "access_group": "staff" }]);
    let rule = json!({ "id": "a", "action": "allow", "include": group });
    service.wiki(json!({ "policy": [rule] })).await;
    assert_eq!(save(&mut browser, "example.org").await, 303);
    let rule = json!({ "id": "a", "action": "allow", "include": group, "session_duration": "1h" });
    let changes = json!({ "name": "wiki", "changes": { "policy": [rule] } });
    service.done("/applications/set", changes).await;
    assert_eq!(save(&mut browser, "example.net").await, 401);
    let now = staff(&service).await;
    assert_eq!(now["include"], json!([{ "email_domain": "example.org" }]));
}

#[tokio::test]
async fn two_editors_lose_nothing() {
    let service = Service::start().await;
    set(&service, "example.com").await;
    let mut browser = administrator(&service).await;
    let form = Form::of(&page(&service, &mut browser, STAFF).await);
    let form = form.with("include-values", "example.org");
    let (_, asked) = press(&service, &mut browser, form, "check").await;
    set(&service, "example.net").await;
    let save = |page: &str| Form::of(page).with("do", "save");
    let (status, both) = read(save(&asked).send(&service, &mut browser).await).await;
    assert_eq!(status, 409);
    assert!(both.contains("was changed while you edited it"), "{both}");
    assert!(
        both.contains("example.net") && both.contains(">example.org</textarea>"),
        "{both}"
    );
    assert_eq!(
        staff(&service).await["include"],
        json!([{ "email_domain": "example.net" }])
    );
    let saved = save(&both).send(&service, &mut browser).await;
    assert_eq!(saved.status(), 303);
    assert_eq!(
        staff(&service).await["include"],
        json!([{ "email_domain": "example.org" }])
    );
}

#[tokio::test]
async fn declared_groups_and_other_roles_get_no_form() {
    let declared = "[[access_groups]]\nname = \"office\"\ninclude = [{ ip = \"10.0.0.0/8\" }]\n";
    let service = Service::start_with(declared).await;
    set(&service, "example.com").await;
    let mut browser = administrator(&service).await;
    let office = format!("{NEW}?name=office");
    let away = browser.get(&service, &office).await;
    assert_eq!(away.status(), 302);
    assert_eq!(away.headers()["location"], LIST);
    // A form that names it all the same gets no further.
    let group = "{\"id\":\"office\",\"include\":[{\"ip\":\"10.1.0.0/16\"}]}";
    for press in ["check", "save"] {
        let form = Form::of(&page(&service, &mut browser, NEW).await).with("id", "office");
        let form = form.with("group", group).with("do", press);
        let away = form.send(&service, &mut browser).await;
        assert_eq!(away.status(), 303, "{press}");
        assert_eq!(away.headers()["location"], LIST);
    }
    let none = browser.get(&service, &format!("{NEW}?name=nobody")).await;
    assert_eq!(none.status(), 404);
    let mut viewer = signed_in(&service, "vi@example.com", "viewer").await;
    assert_eq!(viewer.get(&service, STAFF).await.status(), 403);
    let list = page(&service, &mut viewer, LIST).await;
    assert!(!list.contains("access-groups/edit"), "{list}");
}
