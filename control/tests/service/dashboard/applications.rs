//! The list of applications.

use serde_json::json;

use super::{administrator, page};
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
            .split_once(&format!("<bdi>{name}</bdi></th>"))
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
