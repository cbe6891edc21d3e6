//! The admin API's pages: they say what the description says.

use serde_json::Value;

use super::{page, signed_in};
use crate::admin_api::description::{calls, document};
use crate::harness::Service;

const MOST_BYTES: usize = 60 * 1024;

/// The text of a page, without tags.
fn text(page: &str) -> String {
    let parts = page.split('<').filter_map(|part| part.split_once('>'));
    let text: String = parts.map(|(_, text)| text).collect();
    let text = text.replace("&#34;", "\"").replace("&#39;", "'");
    text.replace("&#60;", "<").replace("&#62;", ">")
}

/// Every text and name below a part of the description.
fn words<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("description" | "summary", Value::String(text)) => found.push(text),
                    ("properties", Value::Object(fields)) => {
                        found.extend(fields.keys().map(String::as_str));
                        fields.values().for_each(|field| words(field, found));
                    }
                    _ => words(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_pages_say_all_that_the_description_says() {
    let service = Service::start().await;
    let mut viewer = signed_in(&service, "ana@example.com", "viewer").await;
    let document = document(&service).await;
    let index = page(&service, &mut viewer, "/dashboard/api").await;
    assert!(index.len() <= MOST_BYTES, "{}", index.len());
    for call in calls(&document) {
        let resource = call.operation["tags"][0].as_str().unwrap();
        let path = format!("/dashboard/api/{resource}");
        assert!(
            index.contains(&format!("{path}#{}\"", call.id)),
            "{}",
            call.id
        );
        let page = page(&service, &mut viewer, &path).await;
        assert!(page.len() <= MOST_BYTES, "{path}: {}", page.len());
        let shown = text(&page);
        let heading = format!("{} /api/admin/v1/{}", call.method, call.path);
        assert!(shown.contains(&heading), "{heading}");
        let mut expected: Vec<&str> = call.scopes.iter().map(String::as_str).collect();
        for parameter in call.operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            expected.extend(["name", "description"].map(|part| parameter[part].as_str().unwrap()));
        }
        expected.push(call.operation["summary"].as_str().unwrap());
        for word in expected {
            assert!(shown.contains(&word.replace('`', "")), "{path}: {word}");
        }
        // Every link within the page leads somewhere.
        for target in page.split("href=\"#").skip(1) {
            let target = target.split('"').next().unwrap();
            assert!(
                page.contains(&format!("id=\"{target}\"")),
                "{path}: {target}"
            );
        }
    }
    let mut pages = vec![index.clone()];
    for tag in document["tags"].as_array().unwrap() {
        let path = format!("/dashboard/api/{}", tag["name"].as_str().unwrap());
        pages.push(page(&service, &mut viewer, &path).await);
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let marker = format!("id=\"schema-{name}\"");
        let explains = pages.iter().find(|page| page.contains(&marker));
        let explains = explains.unwrap_or_else(|| panic!("no page explains {name}"));
        let (shown, mut expected) = (text(explains), Vec::new());
        words(schema, &mut expected);
        for word in expected {
            assert!(shown.contains(&word.replace('`', "")), "{name}: {word}");
        }
    }
}

#[tokio::test]
async fn the_document_can_be_downloaded_without_a_token() {
    let service = Service::start().await;
    let mut viewer = signed_in(&service, "ana@example.com", "viewer").await;
    let given = viewer.get(&service, "/dashboard/api/openapi.json").await;
    assert!(given.headers().contains_key("content-disposition"));
    let given: Value = given.json().await.unwrap();
    assert_eq!(given, document(&service).await);
}
