//! Where a server behind Envoy is away, people get a page that says so, in the filter's look.

use anyhow::{Context, Result};
use portcullis::reply::page::STYLE;
use portcullis_demo::browser::Browser;
use portcullis_demo::origin;

use super::guide::Guide;

#[test]
fn a_server_that_is_away_has_a_page() -> Result<()> {
    let mut guide = Guide::follow("readme-away", origin::application())?;
    let mut signed_in = guide.signed_in()?;

    guide.origin.take().context("the application runs")?;
    let page = signed_in.open(&guide.url("/page"))?;
    assert_eq!(page.status, 503);
    assert!(
        page.text().contains("The application does not answer"),
        "{}",
        page.text()
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    // Envoy reads `%` in the page as the beginning of a command.
    assert!(page.text().contains(STYLE), "{}", page.text());

    guide.control.kill();
    let mut stranger = Browser::new(&guide.certificates.authority)?;
    let page = stranger.open(&guide.url("/page"))?;
    assert_eq!(page.status, 503, "{}", page.url);
    assert!(
        page.url.host_str() == Some(super::guide::TEAM),
        "{}",
        page.url
    );
    assert!(
        page.text().contains("Sign-in is not available"),
        "{}",
        page.text()
    );
    assert!(
        page.header("content-security-policy")
            .is_some_and(|csp| csp.contains("default-src 'none'"))
    );
    assert!(!page.text().contains("upstream connect error"));
    Ok(())
}
