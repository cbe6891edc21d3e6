//! The audit log as a file.

use portcullis_control::audit::{Event, EventName, Subject};
use serde_json::{Value, json};

use super::super::{administrator, page, signed_in};
use super::{add, from, link, store};
use crate::harness::Service;

#[tokio::test]
async fn an_export_has_every_event_of_the_filter_once_and_in_order() {
    let service = Service::start().await;
    let mut browser = signed_in(&service, "vi@example.com", "viewer").await;
    let mut stored = Vec::new();
    for number in 0..1_100 {
        stored.push(store(&service, &number.to_string()).await);
    }
    let list = page(
        &service,
        &mut browser,
        "/dashboard/audit?event=key.rotated&actor=test",
    )
    .await;
    let lines = link(&list, "JSON lines").unwrap();
    let answer = browser.get(&service, &lines).await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/x-ndjson");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"audit.jsonl\""
    );
    assert_eq!(header("cache-control"), "no-store");
    let text = answer.text().await.unwrap();
    let ids = text.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["id"].as_u64().unwrap()
    });
    assert_eq!(ids.collect::<Vec<_>>(), stored);

    let table = link(&list, "CSV").unwrap();
    let table = browser.get(&service, &table).await.text().await.unwrap();
    assert_eq!(table.lines().count(), 1_101);
    assert!(table.starts_with("id,time,event,"), "{table}");

    let token = json!({ "name": "t", "scopes": ["audit:read"] });
    let token = service.done("/admin-tokens", token).await;
    let url = service.page("/api/admin/v1/audit?event=key.rotated&actor=test&format=jsonl");
    let call = service
        .http
        .get(url)
        .bearer_auth(token["token"].as_str().unwrap());
    assert_eq!(call.send().await.unwrap().text().await.unwrap(), text);
    let wrong = browser
        .get(&service, "/dashboard/audit/export?format=xml")
        .await;
    assert_eq!(wrong.status(), 400);
}

#[tokio::test]
async fn a_spreadsheet_does_not_run_what_others_wrote() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let name = "=HYPERLINK(\"https://evil.example\",\"x\")\r\n+2";
    let event = Event::new(
        EventName::PolicyChanged,
        &from("192.0.2.7", ""),
        Subject::none(),
    );
    let event = event
        .of_user("@u", "-x")
        .at(name)
        .rule("+1")
        .reason("plain");
    add(&service, event).await;
    let path = "/dashboard/audit/export?event=policy&format=csv";
    let table = browser.get(&service, path).await.text().await.unwrap();
    let (_, row) = table.split_once("\r\n").unwrap();
    let defused = "'=HYPERLINK(\"\"https://evil.example\"\",\"\"x\"\")\r\n'+2";
    assert!(
        row.contains(&format!(
            ",'@u,'-x,\"{defused}\",192.0.2.7,test/1,'+1,plain,"
        )),
        "{row}"
    );
    let shown = page(&service, &mut browser, "/dashboard/audit?event=policy").await;
    assert!(
        shown.contains("<bdi>=HYPERLINK(&quot;https://evil.example&quot;"),
        "{shown}"
    );
}
