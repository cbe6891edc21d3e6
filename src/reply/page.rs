//! Pages for people: short and self-contained. They fetch nothing, and run at most one script.
//!
//! Pages are seldom made, and in many places: that their parts are called and not copied into each
//! of these makes the module 5 KB smaller.

mod action;
mod retry;
mod window;

use super::Reply;
use super::markup::{escape, hash_source};
use crate::request::kind::RequestKind;
use crate::time::UnixSeconds;
use action::Action;
use retry::Retry;
pub use window::WindowScript;

/// The look of all pages, which the team domain's pages share.
pub const STYLE: &str = include_str!("page.css");

/// The script of pages that are tried again after a while, which the team domain's pages share. It
/// counts down what `data-wait` says in seconds.
pub const WAIT_SCRIPT: &str = include_str!("wait.js");

/// The script of pages in the place of a form's result, whose reload sends the form. `data-form`
/// says after how many seconds it looks for the first time whether that can help.
const RESEND_SCRIPT: &str = include_str!("resend.js");

/// Copies the fragment of this page's address to its link: browsers keep fragments through
/// redirects, but a page that leads elsewhere by itself would lose it.
const FRAGMENT_SCRIPT: &str = "\
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
    second: Option<(&'a str, &'a str)>,
    retry: Option<Retry<'a>>,
    in_frames: bool,
    window: Option<WindowScript<'a>>,
    keeps_fragment: bool,
}

impl<'a> MessagePage<'a> {
    /// A page of a heading and sentences.
    #[must_use]
    #[inline(never)]
    pub fn new(title: &'a str, sentences: &[&'a str]) -> Self {
        Self {
            title,
            sentences: sentences.to_vec(),
            action: None,
            second: None,
            retry: None,
            in_frames: false,
            window: None,
            keeps_fragment: false,
        }
    }

    /// With a link. An empty `href` is the page itself.
    #[must_use]
    #[inline(never)]
    pub fn link(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::Link { href, label });
        self
    }

    /// With a second link, beside what the page offers first.
    #[must_use]
    #[inline(never)]
    pub fn second(mut self, href: &'a str, label: &'a str) -> Self {
        self.second = Some((href, label));
        self
    }

    /// With a link that opens a window of its own.
    #[must_use]
    #[inline(never)]
    pub fn new_window(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::NewWindow { href, label });
        self
    }

    /// That may be shown in a frame of another site.
    #[must_use]
    #[inline(never)]
    pub fn in_frames(mut self) -> Self {
        self.in_frames = true;
        self
    }

    /// With a part in a sign-in in a window that a frame opens.
    #[must_use]
    pub fn window(mut self, script: WindowScript<'a>) -> Self {
        self.window = Some(script);
        self
    }

    /// With a button that posts.
    #[must_use]
    #[inline(never)]
    pub fn post(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::Post { href, label });
        self
    }

    /// That leads elsewhere by itself, with a link where that does not work.
    #[must_use]
    #[inline(never)]
    pub fn move_on(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::MoveOn { href, label });
        self
    }

    /// That leads elsewhere by itself, wherever it is shown and without a script.
    #[must_use]
    #[inline(never)]
    pub fn refresh(mut self, href: &'a str, label: &'a str) -> Self {
        self.action = Some(Action::Refresh { href, label });
        self
    }

    /// Whose link keeps the fragment of the page's address, where scripts run.
    #[must_use]
    #[inline(never)]
    pub fn keeping_the_fragment(mut self) -> Self {
        self.keeps_fragment = true;
        self
    }

    /// That loads again by itself: first after so many seconds, then ever more rarely.
    #[must_use]
    #[inline(never)]
    pub fn retrying(self, seconds: u64) -> Self {
        self.retrying_at("", seconds)
    }

    /// The same, but the page that is loaded then is another one.
    #[must_use]
    #[inline(never)]
    pub fn retrying_at(mut self, href: &'a str, seconds: u64) -> Self {
        self.retry = Some(Retry::Automatic { seconds, href });
        self.link(href, "Try again now")
    }

    /// Whose link helps from a moment on, which is so many seconds away.
    #[must_use]
    #[inline(never)]
    pub fn not_before(mut self, at: UnixSeconds, seconds: u64) -> Self {
        self.retry = Some(Retry::NotBefore { at, seconds });
        self
    }

    /// In the place of a form's result: it offers to send the form again, and says from when on that
    /// can help. It looks for the first time after so many seconds.
    #[must_use]
    #[inline(never)]
    pub fn resending(mut self, seconds: u64) -> Self {
        self.retry = Some(Retry::Resend { seconds });
        self
    }

    /// Whose request is worth another try after so many seconds, by hand.
    #[must_use]
    #[inline(never)]
    pub fn retry_by_hand(mut self, seconds: u64) -> Self {
        self.retry = Some(Retry::ByHand { seconds });
        self
    }

    /// The page as a reply.
    #[must_use]
    #[inline(never)]
    pub fn reply(&self, status: u16, reason: &'static str) -> Reply {
        let mut reply = Reply::empty(status, reason)
            .with("content-type", "text/html; charset=utf-8".to_owned())
            .with("content-security-policy", self.policy())
            .with("referrer-policy", self.referrer_policy().to_owned())
            .with("x-content-type-options", "nosniff".to_owned())
            .with("x-robots-tag", "noindex".to_owned());
        reply.body = self.html((status >= 400).then_some(reason));
        self.with_retry_after(reply)
    }

    /// An error in the form that suits what sent the request: this page for a person, JSON for a
    /// program, a status for gRPC.
    #[must_use]
    #[inline(never)]
    pub fn error(&self, kind: RequestKind, status: u16, reason: &'static str) -> Reply {
        match kind {
            RequestKind::Navigation | RequestKind::FormPost => self.reply(status, reason),
            // It offers links alone, which another site may as well show by itself.
            RequestKind::FramedNavigation if !self.posts() => {
                self.clone().in_frames().reply(status, reason)
            }
            RequestKind::FramedNavigation => self.reply(status, reason),
            RequestKind::Grpc => self.with_retry_after(Reply::grpc(status, reason)),
            _ => self.with_retry_after(Reply::problem(status, reason, self.title)),
        }
    }

    fn with_retry_after(&self, reply: Reply) -> Reply {
        match self.retry {
            Some(retry) => reply.with("retry-after", retry.seconds().to_string()),
            None => reply,
        }
    }

    /// A form under `no-referrer` would send `origin: null`, which does not show that it came from
    /// this page.
    fn referrer_policy(&self) -> &'static str {
        match self.window {
            _ if self.posts() => "same-origin",
            Some(script) if script.opens() => "origin",
            _ => "no-referrer",
        }
    }

    fn posts(&self) -> bool {
        matches!(self.action, Some(Action::Post { .. }))
    }

    /// Content Security Policy Level 3: the style by its hash, and a form only where there is one.
    fn policy(&self) -> String {
        let style = hash_source(STYLE);
        let script = self.script().map_or_else(String::new, |script| {
            format!("script-src {}; ", hash_source(script))
        });
        let connects = matches!(self.retry, Some(Retry::Resend { .. }))
            || self.window.is_some_and(WindowScript::opens);
        let connect = if connects { "connect-src 'self'; " } else { "" };
        let form = if self.posts() { "'self'" } else { "'none'" };
        let ancestors = if self.in_frames { "*" } else { "'none'" };
        format!(
            "default-src 'none'; style-src {style}; {script}{connect}form-action {form}; \
             base-uri 'none'; frame-ancestors {ancestors}"
        )
    }

    fn script(&self) -> Option<&'static str> {
        if let Some(script) = self.window {
            return Some(script.text());
        }
        match self.retry {
            Some(Retry::Automatic { .. } | Retry::NotBefore { .. }) => Some(WAIT_SCRIPT),
            Some(Retry::Resend { .. }) => Some(RESEND_SCRIPT),
            Some(Retry::ByHand { .. }) | None => self.keeps_fragment.then_some(FRAGMENT_SCRIPT),
        }
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
        let script = match (self.window, self.script()) {
            (Some(script), _) => script.html(),
            (None, Some(script)) => format!("<script>{script}</script>"),
            (None, None) => String::new(),
        };
        let (refresh, wait) = self.retry.map(Retry::html).unwrap_or_default();
        let (head, action) = self.action.as_ref().map(Action::html).unwrap_or_default();
        let second = self.second.map(|(href, label)| action::second(href, label));
        let actions = match (action, second.unwrap_or_default()) {
            (action, second) if action.is_empty() && second.is_empty() => String::new(),
            (action, second) => format!("<div class=\"acts\">{action}{second}</div>"),
        };
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">{ALONE}\
             <title>{title}</title><style>{STYLE}</style>{refresh}{head}</head>\
             <body><main><h1>{title}</h1>{sentences}{wait}{actions}{reason}</main>\
             {script}</body></html>"
        )
    }
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
            assert_eq!(find("x-robots-tag"), "noindex");
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

    /// Web Content Accessibility Guidelines 2.2, section 1.4.3.
    #[test]
    fn text_has_enough_contrast_in_both_colour_schemes() {
        let (light, dark) = STYLE.split_once("@media").unwrap();
        for scheme in [light, dark] {
            for (text, ground) in [
                ("ink", "card"),
                ("ink", "paper"),
                ("faint", "card"),
                ("faint", "paper"),
                ("accent", "card"),
                ("accent", "paper"),
                ("accent-ink", "accent"),
            ] {
                let (text_at, ground_at) = (luminance(scheme, text), luminance(scheme, ground));
                let (high, low) = (text_at.max(ground_at), text_at.min(ground_at));
                let ratio = (high + 0.05) / (low + 0.05);
                assert!(ratio >= 4.5, "{text} on {ground}: {ratio}");
            }
        }
    }

    /// Section "relative luminance" there.
    fn luminance(scheme: &str, name: &str) -> f64 {
        let (_, rest) = scheme.split_once(&format!("--{name}: #")).unwrap();
        let hex: Vec<char> = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        let digits = hex.len() / 3;
        let part = |at: usize| {
            let part: String = hex[at * digits..(at + 1) * digits].iter().collect();
            let part = if digits == 1 { part.repeat(2) } else { part };
            let part = f64::from(u8::from_str_radix(&part, 16).unwrap()) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
    }
}
