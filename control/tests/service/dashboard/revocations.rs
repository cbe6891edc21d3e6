//! The pages of revocations and of proxies.

use serde_json::json;

use super::{administrator, page, signed_in, submit};
use crate::applied::proxy::{ALLOW, ANA, DENY, Proxy, revoke};
use crate::browser::between;
use crate::harness::Service;

fn path(version: u64) -> String {
    format!("/dashboard/revocations/{version}")
}

#[tokio::test]
async fn b06_the_page_names_the_proxy_that_lacks_a_revocation() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut browser = administrator(&service).await;
    let mut quick = Proxy::start(&service, "edge-1", DENY).await;
    let mut slow = Proxy::start(&service, "edge-<7>", DENY).await;
    quick.poll(0).await;
    slow.poll(0).await;
    let version = revoke(&service).await;
    quick.poll(0).await;
    quick.poll(0).await;
    let shown = page(&service, &mut browser, &path(version)).await;
    assert!(
        shown.contains("<title>Revoked ana@example.com, Revocations – Portcullis</title>"),
        "{shown}"
    );
    assert!(shown.contains("Applied by 1 of 2 proxies."), "{shown}");
    assert!(
        shown.contains("<bdi>edge-&lt;7&gt;</bdi></strong> <span class=\"said\">was last heard "),
        "{shown}"
    );
    assert!(
        shown.contains("It has not applied this version yet."),
        "{shown}"
    );
    assert!(shown.contains(">Look again</a>"), "{shown}");
    assert!(shown.contains("They have to sign in again"), "{shown}");
    let row = shown.split_once("<bdi>edge-1</bdi></th>").unwrap().1;
    let row = row.split_once("</tr>").unwrap().0;
    assert!(row.contains(" ms</td>"), "{row}");

    // The page waits for what comes within a second.
    slow.poll(0).await;
    let path = path(version);
    let (shown, ()) = tokio::join!(page(&service, &mut browser, &path), async {
        slow.poll(0).await;
    });
    assert!(
        shown.contains("Applied by all: 2 of 2 proxies, "),
        "{shown}"
    );
    assert!(!shown.contains("Look again"), "{shown}");
}

#[tokio::test]
async fn a_proxy_that_stopped_is_said_with_until_when_it_may_let_people_in() {
    let service = Service::start().await;
    service.user(ANA).await;
    let denies = Proxy::start(&service, "denies", DENY).await;
    let allows = Proxy::start(&service, "allows", ALLOW).await;
    let version = revoke(&service).await;
    service.clock.advance(60);
    let mut browser = administrator(&service).await;
    let shown = page(&service, &mut browser, &path(version)).await;
    let said = |proxy: &Proxy<'_>| {
        let name = format!("<bdi>{}</bdi></strong>", proxy.instance);
        let (_, text) = shown.split_once(&name).unwrap();
        text.split_once("</li>").unwrap().0.to_owned()
    };
    let denies = said(&denies);
    assert!(denies.contains("was last heard 1m"), "{denies}");
    assert!(denies.contains(" UTC (another 4m "), "{denies}");
    assert!(denies.contains("then it refuses everybody."), "{denies}");
    assert!(
        denies.contains("/dashboard/proxies/forget?credential=")
            && denies.contains("&#38;instance=denies\""),
        "{denies}"
    );
    let allows = said(&allows);
    assert!(allows.contains("until somebody stops it"), "{allows}");
}

#[tokio::test]
async fn a_version_that_does_not_exist_has_no_page() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    for version in ["0", "999999", "x", "-1", "18446744073709551615"] {
        let path = format!("/dashboard/revocations/{version}");
        let answer = browser.get(&service, &path).await;
        assert_eq!(answer.status(), 404, "{version}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_gone_is_listed_first_and_forgotten_by_the_page() {
    let service = Service::start().await;
    service.user(ANA).await;
    Proxy::start(&service, "edge-<8>", ALLOW).await;
    let version = revoke(&service).await;
    service.clock.advance(60);
    let mut live = Proxy::start(&service, "a-live-one", DENY).await;
    live.poll(0).await;
    let mut browser = administrator(&service).await;
    let list = "/dashboard/proxies";
    let shown = page(&service, &mut browser, list).await;
    let name = "<bdi>edge-&lt;8&gt;</bdi></a></th>";
    assert!(shown.find(name) < shown.find("<bdi>a-live-one</bdi></a></th>"));
    let row = shown.split_once(name).unwrap().1;
    let row = row.split_once("</tr>").unwrap().0;
    assert!(row.contains(">unknown</span>"), "{row}");
    assert!(row.contains("until somebody stops it"), "{row}");
    assert!(row.contains(">goes on</td>"), "{row}");
    assert!(row.contains(" behind</span>"), "{row}");
    let forget = between(row, "<a href=\"/dashboard/proxies/forget", "\"");
    let forget = format!("/dashboard/proxies/forget{}", forget.replace("&#38;", "&"));
    assert!(forget.ends_with("&instance=edge-%3C8%3E"), "{forget}");
    // Another credential has a proxy of the same name, which stays.
    let mut other = Proxy::start(&service, "edge-<8>", DENY).await;
    other.poll(0).await;

    let mut help_desk = signed_in(&service, "bo@example.com", "help_desk").await;
    let seen = page(&service, &mut help_desk, list).await;
    assert!(seen.contains(name) && !seen.contains("Forget"), "{seen}");

    let one = page(&service, &mut browser, &forget.replace("/forget?", "/one?")).await;
    assert!(
        one.contains(">unknown</span>") && one.contains(" behind: "),
        "{one}"
    );
    let asked = page(&service, &mut browser, &forget).await;
    assert!(
        asked.contains("Forget <bdi>edge-&lt;8&gt;</bdi>?"),
        "{asked}"
    );
    let sent = submit(&service, &mut browser, &forget, &[]).await;
    assert_eq!(sent.status(), 303);
    let done = sent.headers()["location"].to_str().unwrap().to_owned();
    let shown = page(&service, &mut browser, &done).await;
    assert!(shown.contains("The proxy was forgotten."), "{shown}");
    assert_eq!(shown.matches(name).count(), 1, "{shown}");
    let shown = page(&service, &mut browser, &path(version)).await;
    assert!(shown.contains("Applied by all: 2 of 2 proxies"), "{shown}");
    let again = browser.get(&service, &forget).await;
    assert_eq!(again.status(), 404);
}

#[tokio::test]
async fn revocations_are_listed_newest_first_page_by_page() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let list = "/dashboard/revocations";
    let shown = page(&service, &mut browser, list).await;
    assert!(shown.contains("Nothing is revoked."), "{shown}");
    let mut versions = Vec::new();
    for number in 0..52 {
        let email = format!("user{number}@example.com");
        service.user(&email).await;
        let revoked = service
            .done("/revocations/user", json!({ "email": email }))
            .await;
        versions.push(revoked["version"].as_u64().unwrap());
    }
    let link = |version: &u64| format!("href=\"/dashboard/revocations/{version}\"");
    let (old, new) = versions.split_at(2);
    let shown = page(&service, &mut browser, list).await;
    assert!(new.iter().all(|version| shown.contains(&link(version))));
    assert!(!old.iter().any(|version| shown.contains(&link(version))));
    assert!(shown.find("user51@") < shown.find("user50@"));
    assert!(shown.contains("<td data-label=\"Applied\">0 of 0</td>"));
    // The control socket did it.
    let by = "data-label=\"By whom\"><bdi>";
    assert_eq!(shown.matches(by).count(), 50, "{shown}");
    let (_, next) = shown.split_once("/dashboard/revocations?below=").unwrap();
    let (below, _) = next.split_once('"').unwrap();
    let next = format!("{list}?below={below}");
    let shown = page(&service, &mut browser, &next).await;
    assert!(old.iter().all(|version| shown.contains(&link(version))));
    assert!(!new.iter().any(|version| shown.contains(&link(version))));
    assert!(!shown.contains(">Next</a>"), "{shown}");
    let wrong = browser
        .get(&service, "/dashboard/revocations?below=x")
        .await;
    assert_eq!(wrong.status(), 400);
    let revoke = format!(
        "/dashboard/applications/{}/revoke",
        service.wiki(json!({})).await
    );
    let by_page = submit(&service, &mut browser, &revoke, &[("then", "sign_in")]).await;
    let newest = by_page.headers()["location"].to_str().unwrap().to_owned();
    let newest = page(&service, &mut browser, &newest).await;
    let by = "<dt>By whom</dt><dd><bdi>admin@example.com</bdi></dd>";
    assert!(newest.contains(by), "{newest}");
}
