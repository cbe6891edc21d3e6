//! HTTP/3 by the README's Envoy configuration, from a browser.

use anyhow::{Result, ensure};
use portcullis_demo::origin;
use portcullis_e2e::chromium::visitor_by_http3;
use serde_json::json;

use super::guide::{Guide, TEAM, WIKI};

/// How the page itself came, by the browser's own account.
const PROTOCOL: &str = "performance.getEntriesByType('navigation')[0].nextHopProtocol";

#[test]
fn a_browser_signs_in_and_is_served_by_http3() -> Result<()> {
    let guide = Guide::follow_with("readme-http3", origin::application(), &["--http3"])?;
    // Browsers that come over TCP learn of it.
    let answer = guide.signed_in()?.xhr(&guide.url("/api/echo"))?;
    let offer = format!("h3=\":{}\"; ma=86400", guide.port);
    assert_eq!(answer.header("alt-svc"), Some(offer.as_str()));

    let hosts = [WIKI, TEAM].map(|host| format!("{host}:{}", guide.port));
    let visitor = visitor_by_http3("chromium-http3", &hosts, &guide.certificates)?;
    let tab = visitor.tab()?;
    tab.open(&guide.url("/start"))?;
    // The team domain is served by HTTP/3 as well.
    tab.wait_for_heading("Sign in")?;
    assert_eq!(tab.run(PROTOCOL)?, json!("h3"), "{}", tab.location()?);
    tab.sign_in(&guide.user)?;
    tab.arrive(&guide.url("/start"))?;
    assert_eq!(tab.run(PROTOCOL)?, json!("h3"));
    let text = tab.text()?;
    ensure!(text.contains(&guide.user.email), "{text}");

    // Sub-requests are decided as over TCP.
    let status = "fetch('/api/echo', { headers: { 'x-requested-with': 'XMLHttpRequest' } }) \
                  .then((answer) => answer.status)";
    assert_eq!(tab.run(status)?, json!(200));
    guide.control.revoke_user(&guide.user.email)?;
    tab.wait_for(&format!("({status}).then((status) => status === 401)"))?;
    Ok(())
}
