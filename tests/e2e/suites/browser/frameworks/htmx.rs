//! htmx, which sends requests by `XMLHttpRequest` (2) or `fetch` (4).

use anyhow::Result;

use super::{Page, STRICT, script};
use portcullis_e2e::stand;

const VERSIONS: [&str; 2] = ["htmx-2", "htmx-4"];

/// A page with a control that works, and one that is used after the session has ended.
fn page(version: &str, method: &str) -> Result<(Page, String)> {
    let stand = stand()?;
    let (good, late) = (stand.publish("", "<p>fetched</p>"), stand.unique_path());
    let body = format!(
        "<button id=good hx-get={good} hx-target='#out'>1</button>\
         <button id=late hx-{method}={late} hx-target='#out'>2</button><div id=out></div>"
    );
    let page = Page::open(version, &body, "?q=%2F%2Fx&r#part")?;
    page.works("#good", ("#out", "fetched"))?;
    page.sign_out()?;
    Ok((page, late))
}

#[test]
fn s20_and_b01_an_htmx_page_leads_to_the_sign_in_and_back() -> Result<()> {
    for version in VERSIONS {
        for method in ["get", "post"] {
            let (page, late) = page(version, method)?;
            page.tab.click("#late")?;
            page.was_answered(&late, 401)?;
            page.sign_in_and_return_to(&page.url)?;
            page.works("#good", ("#out", "fetched"))?;
        }
    }
    Ok(())
}

#[test]
fn s20_htmx_notices_nothing_where_portcullis_js_signs_in_without_a_prompt() -> Result<()> {
    let stand = stand()?;
    let htmx = stand.publish_script("", &script("htmx-4")?);
    let good = stand.publish("", "<p>fetched</p>");
    let strict = STRICT.replace("connect-src", "frame-src 'self'; connect-src");
    let html = format!(
        "{strict}<body><button id=good hx-get={good} hx-target='#out'>1</button><div id=out></div>\
         <script src=/.access/portcullis.js></script><script src={htmx}></script>"
    );
    let page = Page::open_html(&html, "")?;
    let control = &page.stand.deployment.control;
    control.revoke_application(&page.application.name)?;
    page.works("#good", ("#out", "fetched"))?;
    assert_eq!(page.tab.location()?, page.url);
    Ok(())
}
