//! Turbo, whose frames are parts of a page that load by themselves.

use anyhow::Result;
use portcullis_e2e::stand;

use super::{Page, STRICT, script};

/// What Turbo does with an answer that it cannot put into a frame.
const FRAME: &str = "<turbo-frame id=frame><p>fetched</p></turbo-frame>";

fn frame(late: &str, good: &str) -> String {
    format!(
        "<turbo-frame id=frame><p>first</p></turbo-frame>\
         <a id=good href={good} data-turbo-frame=frame>1</a> \
         <a id=late href={late} data-turbo-frame=frame>2</a>\
         <form id=form method=post action={late} data-turbo-frame=frame><button>3</button></form>\
         <a id=drive href={late}>4</a>\
         <form id=own method=post action={late}><button>5</button></form>"
    )
}

/// A page with a frame that works, after the session has ended.
fn page() -> Result<(Page, String)> {
    let stand = stand()?;
    let (good, late) = (stand.publish("", FRAME), stand.unique_path());
    let page = Page::open("turbo", &frame(&late, &good), "?q=1")?;
    page.works("#good", ("turbo-frame", "fetched"))?;
    page.sign_out()?;
    Ok((page, late))
}

#[test]
fn s20_and_b01_a_turbo_frame_leads_to_the_sign_in_and_back() -> Result<()> {
    for control in ["#late", "#form button"] {
        let (page, late) = page()?;
        page.tab.click(control)?;
        page.was_answered(&late, 401)?;
        page.sign_in_and_return_to(&page.url)?;
        page.works("#good", ("turbo-frame", "fetched"))?;
    }
    Ok(())
}

#[test]
fn s20_and_b01_a_turbo_form_leads_to_the_sign_in_and_back() -> Result<()> {
    let (page, late) = page()?;
    page.tab.click("#own button")?;
    page.was_answered(&late, 401)?;
    page.sign_in_and_return_to(&page.url)
}

#[test]
fn s20_and_b01_a_turbo_link_leads_to_the_sign_in_and_to_its_page() -> Result<()> {
    let (page, late) = page()?;
    page.tab.click("#drive")?;
    page.sign_in_and_return_to(&page.application.url(&late))
}

#[test]
fn s20_turbo_notices_nothing_where_portcullis_js_signs_in_without_a_prompt() -> Result<()> {
    let stand = stand()?;
    let turbo = stand.publish_script("", &script("turbo")?);
    let good = stand.publish("", FRAME);
    let strict = STRICT.replace("connect-src", "frame-src 'self'; connect-src");
    let html = format!(
        "{strict}<body>{}<script src=/.access/portcullis.js></script><script src={turbo}></script>",
        frame(&good, &good)
    );
    let page = Page::open_html(&html, "")?;
    let control = &page.stand.deployment.control;
    control.revoke_application(&page.application.name)?;
    page.works("#good", ("turbo-frame", "fetched"))?;
    assert_eq!(page.tab.location()?, page.url);
    Ok(())
}

#[test]
fn pages_of_the_filter_are_no_part_of_a_turbo_page() -> Result<()> {
    let page = Page::open("turbo", "<a id=out href=/.access/logout>Sign out</a>", "")?;
    page.tab.run("window.kept = true")?;
    page.tab.click("#out")?;
    page.tab.wait_for_heading("Sign out?")?;
    page.tab.wait_for("window.kept === undefined")?;
    assert_eq!(page.tab.violations()?, [""; 0]);
    page.tab.click("button")?;
    page.tab.wait_for_heading("You are signed out")
}
