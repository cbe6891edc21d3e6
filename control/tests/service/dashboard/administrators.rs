//! My Team › Administrators.

use reqwest::StatusCode;

use super::{ROOT, administrator, own_form, page, read, signed_in};
use crate::harness::Service;

const LIST: &str = "/dashboard/administrators";
const CHANGE: &str = "/dashboard/administrators/change";
const LISTS: &str = "[dashboard]\nadministrators = { emails = [\"dora@example.com\"] }\n";

#[tokio::test]
async fn it_shows_who_has_which_role_and_by_what() {
    let service = Service::start_with(LISTS).await;
    let mut browser = administrator(&service).await;
    signed_in(&service, "ana@example.com", "help_desk").await;
    let shown = page(&service, &mut browser, LIST).await;
    let row = |name: &str| {
        let (_, rest) = shown
            .split_once(&format!("<bdi>{name}</bdi></th>"))
            .unwrap();
        rest.split_once("</tr>").unwrap().0.to_owned()
    };
    assert!(
        row("ana@example.com").contains(">help desk</td>"),
        "{shown}"
    );
    assert!(row(ROOT).contains(">administrator</td>"), "{shown}");
    let listed = row("dora@example.com");
    assert!(
        listed.contains(">address</td>") && listed.contains(">administrator</td>"),
        "{listed}"
    );
    assert!(shown.contains("can be changed there only"), "{shown}");
    // A viewer sees it, and no way to change it.
    let mut viewer = signed_in(&service, "bo@example.com", "viewer").await;
    let shown = page(&service, &mut viewer, LIST).await;
    assert!(shown.contains("<bdi>ana@example.com</bdi>"), "{shown}");
    assert!(!shown.contains(CHANGE), "{shown}");
}

#[tokio::test]
async fn a_role_is_given_by_the_page() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let mut ana = signed_in(&service, "ana@example.com", "none").await;
    let fields = [("user", " Ana@example.com "), ("role", "viewer")];
    let saved = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let list = saved.headers()["location"].to_str().unwrap().to_owned();
    let shown = page(&service, &mut browser, &list).await;
    assert!(shown.contains("The role was changed."), "{shown}");
    page(&service, &mut ana, "/dashboard").await;
    // A notice is chosen by a code, never taken from the address.
    let other = page(&service, &mut browser, &format!("{LIST}?done=<b>x</b>")).await;
    assert!(
        !other.contains("class=\"notice") && !other.contains("<b>x"),
        "{other}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_what_was_typed() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    for (user, role, message) in [
        (
            "eve@example.com",
            "viewer",
            "Nobody with this address or id",
        ),
        (ROOT, "", "Choose a role."),
        (
            ROOT,
            "viewer",
            "This is the last administrator who can sign in.",
        ),
    ] {
        let fields = [("user", user), ("role", role)];
        let refused = browser.send(own_form(&service, CHANGE, &fields)).await;
        let (status, shown) = read(refused).await;
        assert_eq!(status, 422);
        assert!(shown.contains("<title>Error: "), "{shown}");
        assert_eq!(shown.matches(message).count(), 2, "{shown}");
        assert!(shown.contains(&format!("value=\"{user}\"")), "{shown}");
        if !role.is_empty() {
            assert!(
                shown.contains("<option value=\"viewer\" selected>"),
                "{shown}"
            );
        }
    }
}
