//! What a browser says of a request besides its URL (W3C Fetch Metadata Request Headers).

use reqwest::blocking::RequestBuilder;
use url::Url;

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A top-level navigation.
pub(super) fn navigation(request: RequestBuilder, site: &str) -> RequestBuilder {
    request
        .header("accept", HTML)
        .header("upgrade-insecure-requests", "1")
        .header("sec-fetch-site", site)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-user", "?1")
        .header("sec-fetch-dest", "document")
}

/// A `fetch()` of the page's own origin.
pub(super) fn same_origin_fetch(request: RequestBuilder) -> RequestBuilder {
    request
        .header("accept", "*/*")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "cors")
        .header("sec-fetch-dest", "empty")
}

/// `sec-fetch-site` of the last request of a redirect chain: the worst relation of any request
/// in it to the page that began it.
pub(super) fn site(initiator: Option<&Url>, chain: &[Url]) -> &'static str {
    let Some(initiator) = initiator else {
        return "none";
    };
    if chain.iter().all(|url| url.origin() == initiator.origin()) {
        "same-origin"
    } else if chain.iter().all(|url| url.host() == initiator.host()) {
        "same-site"
    } else {
        // `localhost` counts as a top-level domain, so each name under it is a site of its own.
        "cross-site"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_as_far_as_its_farthest_request() {
        let url = |text: &str| Url::parse(text).unwrap();
        let page = url("https://team.localhost:8443/login");
        let own = url("https://team.localhost:8443/x");
        let port = url("https://team.localhost:1/x");
        let other = url("https://wiki.localhost:8443/");
        assert_eq!(site(None, std::slice::from_ref(&other)), "none");
        assert_eq!(site(Some(&page), std::slice::from_ref(&own)), "same-origin");
        assert_eq!(site(Some(&page), &[own.clone(), port]), "same-site");
        assert_eq!(site(Some(&page), &[own.clone(), other, own]), "cross-site");
    }
}
