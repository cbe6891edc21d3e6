//! The page of one revocation.

use super::{administrator, page};
use crate::applied::proxy::{ALLOW, ANA, DENY, Proxy, revoke};
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
        shown.contains("<bdi>edge-&lt;7&gt;</bdi></strong> was last heard "),
        "{shown}"
    );
    assert!(
        shown.contains("It has not applied this version yet."),
        "{shown}"
    );
    assert!(shown.contains(">Look again</a>"), "{shown}");
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
        denies.contains("portcullis-control proxy forget"),
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
