//! Pages for people: short and self-contained. They fetch nothing, and run at most one script.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Reply;
use crate::request::kind::RequestKind;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6778;--paper:#f4f6f9;--card:#fff;--line:#d9dfe8;--act:#1f5fbf;--on:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf2;--soft:#a3aebd;--paper:#12161d;--card:#1b212b;--line:#303947;--act:#8ab4ff;--on:#0d1420}}\
*{box-sizing:border-box}body{margin:0;padding:max(1.5rem,14vh) 1.5rem 1.5rem;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}\
main{max-width:26rem;margin:0 auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}\
h1{margin:0 0 .75rem;font-size:1.35rem;line-height:1.25}p{margin:0 0 .75rem}\
.act{display:inline-block;margin-top:.5rem;padding:.6rem 1.1rem;border:0;border-radius:.45rem;background:var(--act);color:var(--on);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}\
.act:focus-visible{outline:3px solid var(--act);outline-offset:3px}\
.why{margin:1.5rem 0 0;color:var(--soft);font-size:.85rem}";

/// Copies the fragment of this page's address to its link: browsers keep fragments through
/// redirects, but a page that leads elsewhere by itself would lose it.
const SCRIPT: &str = "\
const a=document.querySelector('a.act');a.href+=location.hash;if('go' in a.dataset)location.replace(a.href)";

/// Turbo loads a page with this as a document of its own, and does not put it into another page.
const ALONE: &str = "<meta name=\"turbo-visit-control\" content=\"reload\">";

/// A page that tells a person something.
#[derive(Debug, Clone)]
pub struct MessagePage<'a> {
    /// Heading and title.
    pub title: &'a str,
    sentences: Vec<&'a str>,
    action: Option<Action<'a>>,
    in_frames: bool,
    keeps_fragment: bool,
}

#[derive(Debug, Clone)]
enum Action<'a> {
    Link { href: &'a str, label: &'a str },
    NewWindow { href: &'a str, label: &'a str },
    Post { href: &'a str, label: &'a str },
    MoveOn { href: &'a str, label: &'a str },
    Refresh { href: &'a str, label: &'a str },
}

impl<'a> MessagePage<'a> {
    /// A page of a heading and sentences.
    #[must_use]
    pub fn new(title: &'a str, sentences: &[&'a str]) -> Self {
        Self {
            title,
            sentences: sentences.to_vec(),
            action: None,
            in_frames: false,
            keeps_fragment: false,
        }
    }

    /// With a link.
    #[must_use]
    pub fn link(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::Link { href, label });
        self
    }

    /// With a link that opens a window of its own.
    #[must_use]
    pub fn new_window(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::NewWindow { href, label });
        self
    }

    /// That may be shown in a frame of another site.
    #[must_use]
    pub fn in_frames(mut self) -> Self {
        self.in_frames = true;
        self
    }

    /// With a button that posts.
    #[must_use]
    pub fn post(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::Post { href, label });
        self
    }

    /// That leads elsewhere by itself, with a link where that does not work.
    #[must_use]
    pub fn move_on(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::MoveOn { href, label });
        self
    }

    /// That leads elsewhere by itself, wherever it is shown and without a script.
    #[must_use]
    pub fn refresh(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::Refresh { href, label });
        self
    }

    /// Whose link keeps the fragment of the page's address, where scripts run.
    #[must_use]
    pub fn keeping_the_fragment(mut self) -> Self {
        self.keeps_fragment = true;
        self
    }

    /// The page as a reply.
    #[must_use]
    pub fn reply(&self, status: u16, reason: &'static str) -> Reply {
        let mut reply = Reply::empty(status, reason)
            .with("content-type", "text/html; charset=utf-8".to_owned())
            .with("content-security-policy", self.policy())
            .with("referrer-policy", self.referrer_policy().to_owned())
            .with("x-content-type-options", "nosniff".to_owned());
        reply.body = self.html((status >= 400).then_some(reason));
        reply
    }

    /// An error in the form that suits what sent the request: this page for a person, JSON for a
    /// program, a status for gRPC.
    #[must_use]
    pub fn error(&self, kind: RequestKind, status: u16, reason: &'static str) -> Reply {
        match kind {
            RequestKind::Navigation | RequestKind::FramedNavigation | RequestKind::FormPost => {
                self.reply(status, reason)
            }
            RequestKind::Grpc => Reply::grpc(status, reason),
            _ => Reply::problem(status, reason, self.title),
        }
    }

    /// A form under `no-referrer` would send `origin: null`, which does not show that it came from
    /// this page.
    fn referrer_policy(&self) -> &'static str {
        match self.action {
            Some(Action::Post { .. }) => "same-origin",
            _ => "no-referrer",
        }
    }

    /// Content Security Policy Level 3: the style by its hash, and a form only where there is one.
    fn policy(&self) -> String {
        let style = hash_source(STYLE);
        let script = if self.keeps_fragment {
            format!("script-src {}; ", hash_source(SCRIPT))
        } else {
            String::new()
        };
        let form = match self.action {
            Some(Action::Post { .. }) => "'self'",
            _ => "'none'",
        };
        let ancestors = if self.in_frames { "*" } else { "'none'" };
        format!(
            "default-src 'none'; style-src {style}; {script}form-action {form}; \
             base-uri 'none'; frame-ancestors {ancestors}"
        )
    }

    /// `reason` helps the administrator, when a user reports what the page said.
    fn html(&self, reason: Option<&str>) -> String {
        let title = escape(self.title);
        let sentences: String = self
            .sentences
            .iter()
            .map(|sentence| format!("<p>{}</p>", escape(sentence)))
            .collect();
        let reason = reason.map_or_else(String::new, |reason| {
            format!("<p class=\"why\">Reason: {}</p>", escape(reason))
        });
        let script = if self.keeps_fragment {
            format!("<script>{SCRIPT}</script>")
        } else {
            String::new()
        };
        let (head, action) = self.action.as_ref().map(Action::html).unwrap_or_default();
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">{ALONE}\
             <title>{title}</title><style>{STYLE}</style>{head}</head>\
             <body><main><h1>{title}</h1>{sentences}{action}{reason}</main>{script}</body></html>"
        )
    }
}

impl Action<'_> {
    /// The markup for the head, and for the body.
    fn html(&self) -> (String, String) {
        let anchor = |href: &str, label: &str, more: &str| {
            format!(
                "<a class=\"act\" href=\"{}\"{more}>{}</a>",
                escape(href),
                escape(label)
            )
        };
        match self {
            Self::Link { href, label } => (String::new(), anchor(href, label, "")),
            Self::NewWindow { href, label } => (
                String::new(),
                anchor(href, label, " target=\"_blank\" rel=\"noopener\""),
            ),
            Self::Post { href, label } => (
                String::new(),
                format!(
                    "<form method=\"post\" action=\"{}\"><button class=\"act\">{}</button></form>",
                    escape(href),
                    escape(label)
                ),
            ),
            Self::Refresh { href, label } => (refresh(href), anchor(href, label, "")),
            Self::MoveOn { href, label } => (
                format!("<noscript>{}</noscript>", refresh(href)),
                anchor(href, label, " data-go"),
            ),
        }
    }
}

fn refresh(href: &str) -> String {
    let href = escape(href);
    format!("<meta http-equiv=\"refresh\" content=\"0;url={href}\">")
}

/// A script or style, as a policy names it (Content Security Policy Level 3, "hash-source").
pub(crate) fn hash_source(text: &str) -> String {
    let hash = hmac_sha256::Hash::hash(text.as_bytes());
    let hash = STANDARD.encode(hash);
    format!("'sha256-{hash}'")
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_page_can_become_markup() {
        let evil = "\"><script>alert('x')</script>&";
        let page = MessagePage::new(evil, &[evil]).link(evil, evil);
        let body = page.reply(403, "policy_denied").body;
        assert!(
            !body.contains("<script>") && !body.contains("alert('"),
            "{body}"
        );
        assert_eq!(body.matches("&lt;script&gt;").count(), 5);
    }

    #[test]
    fn only_the_page_for_frames_may_stand_in_one() {
        let policy = |page: &MessagePage<'_>| {
            let reply = page.reply(200, "x");
            let find = |name| {
                reply
                    .headers
                    .iter()
                    .find(|(n, _)| *n == name)
                    .unwrap()
                    .1
                    .clone()
            };
            assert_eq!(find("cache-control"), "no-store");
            find("content-security-policy")
        };
        let page = MessagePage::new("t", &[]);
        assert!(
            policy(&page).contains("form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
        );
        assert!(policy(&page.clone().post("/x", "y")).contains("form-action 'self'"));
        assert!(policy(&page.clone().new_window("/x", "y")).ends_with("frame-ancestors 'none'"));
        assert!(policy(&page.in_frames()).ends_with("frame-ancestors *"));
    }

    #[test]
    fn errors_suit_what_asked() {
        let page = MessagePage::new("Not here", &["No such host."]);
        let status = |kind| {
            let reply = page.error(kind, 403, "unknown_host");
            (
                reply.status,
                reply.grpc_status,
                reply
                    .headers
                    .iter()
                    .any(|(n, v)| *n == "content-type" && v.contains("html")),
            )
        };
        assert_eq!(status(RequestKind::Navigation), (403, None, true));
        assert_eq!(status(RequestKind::SubRequest), (403, None, false));
        assert_eq!(status(RequestKind::Grpc), (403, Some(7), false));
    }
}
