//! The list of applications.

use reqwest::Method;
use serde_json::json;

use super::form::Form;
use super::{administrator, page, read, submit};
use crate::browser::{Attempt, Browser, code_of, exchanged};
use crate::harness::Service;

const PATH: &str = "/dashboard/applications";

#[tokio::test]
async fn an_empty_list_says_what_an_application_is() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let shown = page(&service, &mut browser, PATH).await;
    assert!(shown.contains("Nothing is protected yet."), "{shown}");
    assert!(
        shown.contains("portcullis-control application add"),
        "{shown}"
    );
}

#[tokio::test]
async fn applications_are_listed_by_name() {
    let declared = "[[applications]]\nname = \"git\"\norigins = [\"https://git.example.com\"]\n\
                    session_duration = \"12h\"\n";
    let service = Service::start_with(declared).await;
    let origins = json!(["https://wiki.example.com", "https://example.com/wiki"]);
    service.wiki(json!({ "origins": origins })).await;
    let mut browser = administrator(&service).await;
    let shown = page(&service, &mut browser, PATH).await;
    let row = |name: &str| {
        let (_, rest) = shown
            .split_once(&format!("<bdi>{name}</bdi></a></th>"))
            .unwrap();
        rest.split_once("</tr>").unwrap().0.to_owned()
    };
    let git = row("git");
    assert!(git.contains("<bdi>git.example.com</bdi>"), "{git}");
    assert!(
        git.contains(">12h</td>") && git.contains(">file</td>"),
        "{git}"
    );
    let wiki = row("wiki");
    assert!(
        wiki.contains("<bdi>wiki.example.com</bdi> <span class=\"faint\">+1</span>"),
        "{wiki}"
    );
    assert!(wiki.contains(">dashboard</td>"), "{wiki}");
    assert!(shown.find("<bdi>git</bdi>") < shown.find("<bdi>wiki</bdi>"));
}

#[tokio::test]
async fn a_hostile_name_stays_text() {
    let service = Service::start().await;
    service
        .wiki(json!({ "name": "<script>x</script>&\"'" }))
        .await;
    let mut browser = administrator(&service).await;
    let shown = page(&service, &mut browser, PATH).await;
    let name = "<bdi>&lt;script&gt;x&lt;/script&gt;&amp;&quot;&#39;</bdi>";
    assert!(shown.contains(name), "{shown}");
}

#[tokio::test]
async fn the_overview_says_both_durations_in_one_sentence() {
    let service = Service::start_with("[sessions]\nglobal_duration = \"7d\"\n").await;
    let audience = service.wiki(json!({ "session_duration": "24h" })).await;
    let mut browser = administrator(&service).await;
    let list = page(&service, &mut browser, PATH).await;
    let path = format!("{PATH}/{audience}");
    assert!(list.contains(&format!("<a href=\"{path}\">")), "{list}");
    let shown = page(&service, &mut browser, &path).await;
    let sentence =
        "People sign in once every 7d; in between, the session here renews itself every 24h.";
    assert!(shown.contains(sentence), "{shown}");
    assert!(shown.contains("SameSite Lax"), "{shown}");
    let gone = browser.get(&service, &format!("{PATH}/0")).await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn s08_existing_tokens_are_revoked_after_a_question() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let mut browser = administrator(&service).await;
    let path = format!("{PATH}/{audience}/revoke");
    let confirm = page(&service, &mut browser, &path).await;
    assert!(confirm.contains("Revoke existing tokens of <bdi>wiki</bdi>?"));
    // A new sign-in is demanded unless the administrator says otherwise.
    assert!(confirm.contains("value=\"sign_in\" checked"), "{confirm}");
    assert!(service.listed("/revocations").await.is_empty());
    for (then, fresh) in [("sign_in", true), ("come_back", false)] {
        let fields = [("then", then), ("note", "leaked log")];
        let response = submit(&service, &mut browser, &path, &fields).await;
        assert_eq!(response.status(), 303);
        let to = response.headers()["location"].to_str().unwrap().to_owned();
        let made = service.listed("/revocations").await;
        let newest = made.iter().max_by_key(|one| one["version"].as_u64());
        let newest = newest.unwrap();
        assert_eq!(newest["fresh"], json!(fresh), "{made:?}");
        assert_eq!(to, format!("/dashboard/revocations/{}", newest["version"]));
        let result = page(&service, &mut browser, &to).await;
        assert!(result.contains("<bdi>wiki</bdi>"), "{result}");
    }
    let wrong = submit(&service, &mut browser, &path, &[("then", "x")]).await;
    assert_eq!(wrong.status(), 400);
    let events = "audit?event=revocation.made";
    let (_, events) = service.over_socket(Method::GET, events).await;
    assert_eq!(events["items"][0]["details"]["note"], "leaked log");
}

#[tokio::test]
async fn an_application_is_added_and_deleted() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let list = page(&service, &mut browser, PATH).await;
    let new = format!("{PATH}/new");
    assert!(list.contains(&format!("href=\"{new}\"")), "{list}");
    let form = page(&service, &mut browser, &new).await;
    let form = Form::of(&form)
        .with("name", "wiki")
        .with(
            "origins",
            "https://wiki.example.com\nhttps://*.w.example.com",
        )
        .with("domains", "example.com\nno domain")
        .with("addresses", "ana@example.org\n<b>");
    let (status, wrong) = read(form.send(&service, &mut browser).await).await;
    assert_eq!(status, 422);
    for (field, kept) in [
        ("domains", "example.com\nno domain"),
        ("addresses", "ana@example.org\n<b>"),
    ] {
        assert!(
            wrong.contains(&format!("id=\"wrong-{field}\"")),
            "{field}: {wrong}"
        );
        assert_eq!(Form::of(&wrong).value(field), Some(kept));
    }
    assert!(service.listed("/applications").await.is_empty());
    let form = Form::of(&wrong)
        .with("domains", "example.com")
        .with("addresses", "ana@example.org");
    let added = form.send(&service, &mut browser).await;
    assert_eq!(added.status(), 303);
    let to = added.headers()["location"].to_str().unwrap().to_owned();
    let overview = page(&service, &mut browser, &to).await;
    assert!(overview.contains("The application was added"), "{overview}");
    assert!(
        overview.contains("<a href=\"https://wiki.example.com\""),
        "{overview}"
    );
    assert!(!overview.contains("<a href=\"https://*"), "{overview}");
    let stored = service.listed("/applications").await;
    let include = json!([{ "email_domain": "example.com" }, { "email": "ana@example.org" }]);
    assert_eq!(stored[0]["policy"][0]["include"], include, "{stored:?}");
    // A second one with the place of the first.
    let form = page(&service, &mut browser, &new).await;
    let form = Form::of(&form)
        .with("name", "git")
        .with("origins", "https://wiki.example.com")
        .with("who", "everyone");
    let (status, wrong) = read(form.send(&service, &mut browser).await).await;
    assert_eq!(status, 422);
    assert!(
        wrong.contains("already belongs to the application `wiki`"),
        "{wrong}"
    );

    let delete = to.split('?').next().unwrap().to_owned() + "/delete";
    let careless = submit(&service, &mut browser, &delete, &[("typed", "git")]).await;
    assert_eq!(careless.status(), 422);
    assert_eq!(service.listed("/applications").await.len(), 1);
    let fields = [("typed", "wiki"), ("note", "moved away")];
    let deleted = submit(&service, &mut browser, &delete, &fields).await;
    assert_eq!(deleted.status(), 303);
    assert!(service.listed("/applications").await.is_empty());
    let events = "audit?event=application.removed";
    let (_, events) = service.over_socket(Method::GET, events).await;
    assert_eq!(events["items"][0]["details"]["note"], "moved away");
}

#[tokio::test]
async fn who_is_in_now_is_counted_and_listed_until_the_tokens_end() {
    let service = Service::start().await;
    let audience = service.wiki(json!({ "session_duration": "1h" })).await;
    let credential = service.credential(&[]).await;
    let password = service.user("ana@example.com").await;
    let mut ana = Browser::default();
    let attempt = Attempt::at(&audience);
    let who = ("ana@example.com", password.as_str());
    let response = ana.sign_in(&service, &attempt.path(), who).await;
    let code = code_of(&response, &attempt);
    exchanged(&service, &credential, &code).await;
    let mut browser = administrator(&service).await;
    let path = format!("{PATH}/{audience}");
    let shown = page(&service, &mut browser, &path).await;
    let (_, people) = shown.split_once("id=\"in-now\"").unwrap();
    assert!(people.contains("<p>1 session.</p>"), "{people}");
    assert!(people.contains("<bdi>ana@example.com</bdi>"), "{people}");
    let list = page(&service, &mut browser, PATH).await;
    assert!(list.contains("<td data-label=\"In now\">1</td>"), "{list}");
    // Revoked tokens have ended, though the global session lives.
    let revoke = format!("{path}/revoke");
    submit(&service, &mut browser, &revoke, &[("then", "come_back")]).await;
    let shown = page(&service, &mut browser, &path).await;
    assert!(shown.contains("<p>Nobody.</p>"), "{shown}");
    // So have tokens that were not renewed.
    let response = ana.get(&service, &attempt.path()).await;
    exchanged(&service, &credential, &code_of(&response, &attempt)).await;
    let list = page(&service, &mut browser, PATH).await;
    assert!(list.contains("<td data-label=\"In now\">1</td>"), "{list}");
    service.clock.advance(61 * 60);
    let list = page(&service, &mut browser, PATH).await;
    assert!(list.contains("<td data-label=\"In now\">0</td>"), "{list}");
}

#[tokio::test]
async fn a_hostname_is_left_to_a_wildcard_only_if_that_is_agreed() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    service
        .application("all", "https://*.example.com", json!({}))
        .await;
    let mut browser = administrator(&service).await;
    let path = format!("{PATH}/{audience}/delete");
    let typed = [("typed", "wiki")];
    let (status, asked) = read(submit(&service, &mut browser, &path, &typed).await).await;
    assert_eq!(status, 409);
    assert!(asked.contains("name=\"agreed\""), "{asked}");
    assert_eq!(service.listed("/applications").await.len(), 2);
    let agreed = Form::of(&asked)
        .with("typed", "wiki")
        .with("agreed", "true");
    let deleted = agreed.send(&service, &mut browser).await;
    assert_eq!(deleted.status(), 303);
    assert_eq!(service.listed("/applications").await.len(), 1);
}
