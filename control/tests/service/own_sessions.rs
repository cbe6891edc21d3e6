//! `/sessions`: people see and end their own sessions.

use reqwest::{Response, StatusCode};
use serde_json::json;

use crate::browser::{Attempt, Browser, between};
use crate::harness::Service;

const ANA: &str = "ana@example.com";

/// A browser in which a user signed in, that calls itself by a name.
async fn signed_in(service: &Service, name: &'static str, who: (&str, &str)) -> Browser {
    let mut browser = Browser::default();
    browser.headers.insert("user-agent", name);
    browser.sign_in(service, "/login", who).await;
    browser
}

async fn page(service: &Service, browser: &mut Browser) -> String {
    let response = browser.get(service, "/sessions").await;
    assert_eq!(response.status(), StatusCode::OK);
    response.text().await.unwrap()
}

/// The id of the session whose browser has a name, as its button holds it.
fn id_of(page: &str, name: &str) -> String {
    let (before, _) = page.split_once(&format!("\">{name}")).unwrap();
    let (_, id) = before.rsplit_once("<h2 id=\"s-").unwrap();
    id.split('"').next().unwrap().to_owned()
}

async fn end(service: &Service, browser: &mut Browser, what: &str) -> Response {
    browser.submit(service, "/sessions", &[("end", what)]).await
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn whoever_is_not_signed_in_comes_back_after_signing_in() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    let response = browser.get(&service, "/sessions").await;
    let login = location(&response).to_owned();
    assert_eq!(login, "/login?return_to=%2Fsessions");
    let response = browser.sign_in(&service, &login, (ANA, &password)).await;
    assert_eq!(location(&response), "/sessions");
    let landing = browser.get(&service, "/").await.text().await.unwrap();
    assert!(landing.contains("href=\"/sessions\""));
    // A sign-in leads to our own pages only.
    for elsewhere in [
        "//evil.example",
        "/sessions/../x",
        "https://evil.example/sessions",
    ] {
        let mut url = reqwest::Url::parse("http://x/login").unwrap();
        url.query_pairs_mut().append_pair("return_to", elsewhere);
        let path = format!("/login?{}", url.query().unwrap());
        let response = browser.get(&service, &path).await;
        assert_eq!(location(&response), "/", "{elsewhere}");
    }
}

#[tokio::test]
async fn b05_one_of_ones_own_sessions_is_ended_and_the_others_live() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let who = (ANA, password.as_str());
    let mut laptop = signed_in(&service, "laptop/1", who).await;
    let mut phone = signed_in(&service, "phone/1", who).await;
    let mut tablet = signed_in(&service, "tablet/1", who).await;
    let text = page(&service, &mut laptop).await;
    assert_eq!(text.matches("this browser</span>").count(), 1);
    assert!(text.find("laptop") < text.find("phone"), "this one first");
    for part in [
        "Address",
        "127.0.0.1",
        "Since",
        "Until",
        " UTC</time>",
        "End all others",
    ] {
        assert!(text.contains(part), "{part}");
    }

    let done = end(&service, &mut laptop, &id_of(&text, "phone")).await;

    let text = done.text().await.unwrap();
    assert!(text.contains("The session has ended.") && !text.contains("phone"));
    for (browser, status) in [
        (&mut laptop, StatusCode::FOUND),
        (&mut tablet, StatusCode::FOUND),
        (&mut phone, StatusCode::OK),
    ] {
        let response = browser.get(&service, &attempt.path()).await;
        assert_eq!(response.status(), status);
    }
    // No block: that is for administrators.
    let response = phone.sign_in(&service, &attempt.path(), who).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn browsers_that_look_alike_can_be_told_apart() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let who = (ANA, password.as_str());
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let older = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    signed_in(&service, older, who).await;
    service.clock.advance(3_600);
    signed_in(&service, "curl/8.14.1", who).await;
    let mut this = signed_in(&service, firefox, who).await;
    service.clock.advance(7_200);
    this.sign_in(&service, "/login?other_account=true", who)
        .await;
    let text = page(&service, &mut this).await;
    let headings: Vec<&str> = text
        .split("<h2 ")
        .skip(1)
        .map(|rest| between(rest, ">", "</h2>"))
        .collect();
    let numbered =
        |number: u8| format!("Firefox on Linux <span class=\"faint\">({number} of 2)</span>");
    let this_one = format!(
        "{} <span class=\"tag good\">this browser</span>",
        numbered(2)
    );
    assert_eq!(headings, [this_one.as_str(), "curl", &numbered(1)]);
    // Times for scripts to show in the reader's zone, and said to be in UTC where none run.
    assert!(text.contains("data-zone>Times are in UTC.</p>"));
    assert!(text.contains("/times.js\""));
    let (_, content) = text.split_once("<main").unwrap();
    let (this_one, others) = content.split_once("</li>").unwrap();
    for part in ["Since", "Last sign-in", "Last used", "Until", firefox] {
        assert!(this_one.contains(part), "no {part} in {this_one}");
    }
    assert!(others.contains(older) && !others.contains("Last sign-in"));
}

#[tokio::test]
async fn all_others_are_ended_at_once() {
    let service = Service::start().await;
    let (ana, bob) = (
        service.user(ANA).await,
        service.user("bob@example.com").await,
    );
    let mut of_bob = signed_in(&service, "bob/1", ("bob@example.com", &bob)).await;
    let mut others = Vec::new();
    for name in ["one/1", "two/1"] {
        others.push(signed_in(&service, name, (ANA, &ana)).await);
    }
    let mut this = signed_in(&service, "this/1", (ANA, &ana)).await;
    let done = end(&service, &mut this, "others")
        .await
        .text()
        .await
        .unwrap();
    assert!(done.contains("2 other sessions have ended."), "{done}");
    assert!(!done.contains("End all others"));
    for other in &mut others {
        let response = other.get(&service, "/sessions").await;
        assert_eq!(response.status(), StatusCode::FOUND);
    }
    page(&service, &mut of_bob).await;
    let text = page(&service, &mut this).await;
    // With nobody left, the button is gone; a page that was open still has it.
    let token = between(&text, "csrf_token\" value=\"", "\"");
    let fields = [("csrf_token", token), ("end", "others")];
    let done = this.post(&service, "/sessions", &fields).await;
    assert!(done.text().await.unwrap().contains("no other session"));
}

#[tokio::test]
async fn ending_this_session_signs_out() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = signed_in(&service, "this/1", (ANA, &password)).await;
    let old = browser.clone();
    let text = page(&service, &mut browser).await;
    let response = end(&service, &mut browser, &id_of(&text, "this")).await;
    assert_eq!(location(&response), "/");
    assert!(!browser.cookies.contains_key("__Host-access_session"));
    let response = old.clone().get(&service, "/sessions").await;
    assert_eq!(response.status(), StatusCode::FOUND, "nor with a copy");
}

#[tokio::test]
async fn nobody_ends_somebody_elses_session() {
    let service = Service::start().await;
    let (ana, bob) = (
        service.user(ANA).await,
        service.user("bob@example.com").await,
    );
    let mut of_ana = signed_in(&service, "ana/1", (ANA, &ana)).await;
    let mut of_bob = signed_in(&service, "bob/1", ("bob@example.com", &bob)).await;
    let id = id_of(&page(&service, &mut of_ana).await, "ana");
    let text = page(&service, &mut of_bob).await;
    assert!(!text.contains(ANA) && !text.contains(&id));
    end(&service, &mut of_bob, &id).await;
    page(&service, &mut of_ana).await;

    // Nor does another site.
    for (token, origin) in [("x", None), ("", Some("https://evil.example"))] {
        let fields = [("csrf_token", token), ("end", "others")];
        let mut request = service.http.post(service.page("/sessions")).form(&fields);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = of_ana.send(request).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
    let nobody = Browser::default();
    let text = page(&service, &mut of_ana).await;
    let token = between(&text, "csrf_token\" value=\"", "\"");
    let mut nobody = Browser {
        cookies: [(
            "__Host-access_signin".to_owned(),
            of_ana.cookies["__Host-access_signin"].clone(),
        )]
        .into(),
        ..nobody
    };
    let fields = [("csrf_token", token), ("end", &id)];
    let response = nobody.post(&service, "/sessions", &fields).await;
    assert!(location(&response).starts_with("/login"));
    page(&service, &mut of_ana).await;
}
