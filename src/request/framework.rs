//! Page frameworks that send a page's requests and show the answers themselves.
//!
//! None of them shows a 401 to the user: a control of a page whose session has ended would do
//! nothing. Each has a way of its own to be led to another page.

use super::Head;
use crate::protocol::origin::Origin;

/// A page framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framework {
    /// htmx, which follows `HX-Redirect` with any status.
    Htmx,
    /// Inertia, which follows `X-Inertia-Location` with status 409.
    Inertia,
    /// Turbo, which shows an HTML page whole where `turbo-visit-control` says so.
    Turbo,
}

impl Framework {
    /// The framework that sent a request, by the header that it sets.
    ///
    /// A page of another origin cannot set it without a preflight.
    #[must_use]
    pub fn of(head: Head<'_>) -> Option<Self> {
        if head.says("hx-request", b"true") {
            Some(Self::Htmx)
        } else if head.says("x-inertia", b"true") {
            Some(Self::Inertia)
        } else if head.has("turbo-frame") || head.has("x-turbo-request-id") {
            Some(Self::Turbo)
        } else {
            None
        }
    }

    /// The framework to lead to another page, if a page of this origin sent the request.
    ///
    /// By Fetch Metadata. A browser without it sends `origin` with every request to another origin
    /// to which a page may add headers (Fetch Standard, "CORS request").
    #[must_use]
    pub fn to_lead(head: Head<'_>, origin: &Origin) -> Option<Self> {
        let same_origin = if head.has("sec-fetch-site") {
            head.only("sec-fetch-site") == Some(b"same-origin")
        } else {
            !head.has("origin") || head.only("origin") == Some(origin.to_string().as_bytes())
        };
        Self::of(head).filter(|framework| same_origin && !framework.leads_itself(head))
    }

    /// The page from which a request was sent, or else the page that it asked for.
    #[must_use]
    pub fn page<'a>(self, head: Head<'a>, origin: &Origin) -> Option<&'a str> {
        let target = || head.is_safe().then(|| asked_page(head))?;
        let referer = || referring_page(head, origin);
        match self {
            Self::Htmx => path_on(origin, head.only("hx-current-url")?),
            // A link of Inertia leads to the page that it asks for.
            Self::Inertia => target().or_else(referer),
            // A frame is a part of a page, and its address rarely that of a page.
            Self::Turbo => referer().or_else(target),
        }
    }

    /// Turbo loads a page that is no HTML without Turbo, so a link outside frames needs no help.
    fn leads_itself(self, head: Head<'_>) -> bool {
        self == Self::Turbo && !head.has("turbo-frame") && head.is_safe()
    }
}

/// The path and query that a request asks for. It has not been checked.
#[must_use]
pub fn asked_page(head: Head<'_>) -> Option<&str> {
    str::from_utf8(head.target()).ok()
}

/// The page of an origin from which a request was sent. It has not been checked.
#[must_use]
pub fn referring_page<'a>(head: Head<'a>, origin: &Origin) -> Option<&'a str> {
    path_on(origin, head.only("referer")?)
}

/// The path, query and fragment of an absolute address on an origin. It has not been checked.
fn path_on<'a>(origin: &Origin, address: &'a [u8]) -> Option<&'a str> {
    let address = str::from_utf8(address).ok()?;
    let path = address.strip_prefix(&origin.to_string())?;
    path.starts_with('/').then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::with_head;

    const ORIGIN: &str = "https://wiki.example:8443";

    fn page(fields: &[(&str, &str)]) -> Option<String> {
        let origin = ORIGIN.parse().unwrap();
        with_head(fields, |head| {
            let framework = Framework::to_lead(head, &origin)?;
            framework.page(head, &origin).map(str::to_owned)
        })
    }

    #[test]
    fn each_framework_is_known_by_its_header() {
        let of = |fields: &[(&str, &str)]| with_head(fields, Framework::of);
        for (header, framework) in [
            (("hx-request", "true"), Some(Framework::Htmx)),
            (("x-inertia", "true"), Some(Framework::Inertia)),
            (("turbo-frame", "messages"), Some(Framework::Turbo)),
            (("x-turbo-request-id", "1"), Some(Framework::Turbo)),
            (("hx-request", "false"), None),
            (("hx-boosted", "true"), None),
            (("x-inertia", ""), None),
            (("x-requested-with", "XMLHttpRequest"), None),
        ] {
            assert_eq!(of(&[header]), framework, "{header:?}");
        }
    }

    #[test]
    fn only_a_page_of_the_same_origin_is_led() {
        let led = |more: &[(&str, &str)]| {
            let fields = [&[(":method", "GET"), ("hx-request", "true")], more].concat();
            let origin = ORIGIN.parse().unwrap();
            with_head(&fields, |head| Framework::to_lead(head, &origin).is_some())
        };
        for own in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "same-origin"), ("origin", ORIGIN)],
            &[],
            &[("origin", ORIGIN)],
        ] {
            assert!(led(own), "{own:?}");
        }
        for other in [
            &[("sec-fetch-site", "same-site")][..],
            &[("sec-fetch-site", "cross-site"), ("origin", ORIGIN)],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "Same-Origin")],
            &[("sec-fetch-site", "same-origin, same-origin")],
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[("origin", "https://wiki.example")],
            &[("origin", "http://wiki.example:8443")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", ORIGIN), ("origin", "https://evil.example")],
        ] {
            assert!(!led(other), "{other:?}");
        }
    }

    #[test]
    fn the_page_is_of_the_same_origin() {
        let at = |url: &str| page(&[("hx-request", "true"), ("hx-current-url", url)]);
        for (url, path) in [
            ("https://wiki.example:8443/", "/"),
            ("https://wiki.example:8443/a?b=c#d", "/a?b=c#d"),
            ("https://wiki.example:8443//evil.example", "//evil.example"),
        ] {
            assert_eq!(at(url).as_deref(), Some(path), "{url}");
        }
        for url in [
            "",
            "/a",
            "//wiki.example:8443/a",
            "https://wiki.example:8443",
            "https://wiki.example/a",
            "http://wiki.example:8443/a",
            "https://evil.example/a",
            "https://wiki.example:84430/a",
            "https://wiki.example:8443.evil.example/a",
            "https://wiki.example:8443@evil.example/a",
            "https://user@wiki.example:8443/a",
            "https://wiki.example:8443\\@evil.example/a",
            "https:/\\wiki.example:8443/a",
            " https://wiki.example:8443/a",
            "javascript:alert(1)",
        ] {
            assert_eq!(at(url), None, "{url}");
        }
        let twice = ("hx-current-url", "https://wiki.example:8443/a");
        assert_eq!(page(&[("hx-request", "true"), twice, twice]), None);
    }

    #[test]
    fn each_framework_returns_to_a_page() {
        let (inertia, frame) = (("x-inertia", "true"), ("turbo-frame", "f"));
        let (get, post) = ((":method", "GET"), (":method", "POST"));
        let target = (":path", "/target");
        let referer = ("referer", "https://wiki.example:8443/page");
        let elsewhere = ("referer", "https://evil.example/page");
        for (fields, expected) in [
            ([inertia, get, target, referer], Some("/target")),
            ([inertia, post, target, referer], Some("/page")),
            ([inertia, post, target, elsewhere], None),
            ([frame, get, target, referer], Some("/page")),
            ([frame, get, target, elsewhere], Some("/target")),
            ([frame, post, target, referer], Some("/page")),
            ([frame, post, target, elsewhere], None),
        ] {
            assert_eq!(page(&fields).as_deref(), expected, "{fields:?}");
        }
        let link = [("x-turbo-request-id", "1"), get, target, referer];
        assert_eq!(page(&link), None, "Turbo loads the page itself");
        let form = [("x-turbo-request-id", "1"), post, target, referer];
        assert_eq!(page(&form).as_deref(), Some("/page"));
    }
}
