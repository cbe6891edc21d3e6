//! Inertia, whose links load a page as JSON and show it in place.

use anyhow::Result;
use http::HeaderName;
use portcullis_e2e::stand;
use serde_json::json;

use super::Page;

const X_INERTIA: HeaderName = HeaderName::from_static("x-inertia");

#[test]
fn s20_and_b01_an_inertia_page_leads_to_the_sign_in_and_to_the_link() -> Result<()> {
    let (page, target) = page("get")?;
    page.tab.click("#late")?;
    page.was_answered(&target, 409)?;
    // A link leads to the page that it asks for.
    page.sign_in_and_return_to(&page.application.url(&target))
}

#[test]
fn s20_and_b01_an_inertia_form_leads_to_the_sign_in_and_back() -> Result<()> {
    let (page, target) = page("post")?;
    page.tab.click("#late")?;
    page.was_answered(&target, 409)?;
    page.sign_in_and_return_to(&page.url)
}

/// A page with a link that works, and one that is used after the session has ended.
fn page(method: &str) -> Result<(Page, String)> {
    let stand = stand()?;
    let fetched = json!({ "component": "fetched", "props": {}, "url": "/", "version": null });
    let here = stand.publish_json(&fetched, (X_INERTIA, "true"));
    let target = stand.unique_path();
    let body = format!(
        "<a id=good data-method=get href={here}>1</a> \
         <a id=late data-method={method} href={target}>2</a><div id=app>first</div>"
    );
    let page = Page::open("inertia", &body, "")?;
    page.works("#good", ("#app", "fetched"))?;
    page.tab.open(&page.url)?;
    page.sign_out()?;
    Ok((page, target))
}
