//! What a page offers to do.

use crate::reply::markup::escape;

/// What a page offers first.
#[derive(Debug, Clone)]
pub(super) enum Action<'a> {
    Link { href: &'a str, label: &'a str },
    NewWindow { href: &'a str, label: &'a str },
    Post { href: &'a str, label: &'a str },
    MoveOn { href: &'a str, label: &'a str },
    Refresh { href: &'a str, label: &'a str },
}

impl Action<'_> {
    /// The markup for the head, and for the body.
    pub fn html(&self) -> (String, String) {
        match self {
            Self::Link { href, label } => (String::new(), anchor("act", href, label, "")),
            Self::NewWindow { href, label } => (
                String::new(),
                anchor("act", href, label, " target=\"_blank\" rel=\"noopener\""),
            ),
            Self::Post { href, label } => (
                String::new(),
                format!(
                    "<form method=\"post\" action=\"{}\"><button class=\"act\">{}</button></form>",
                    escape(href),
                    escape(label)
                ),
            ),
            Self::MoveOn { href, label } => (
                format!("<noscript>{}</noscript>", refresh(href)),
                anchor("act", href, label, " data-go"),
            ),
            Self::Refresh { href, label } => (refresh(href), anchor("act", href, label, "")),
        }
    }
}

/// The markup of what a page offers beside that.
pub(super) fn second(href: &str, label: &str) -> String {
    anchor("act second", href, label, "")
}

fn refresh(href: &str) -> String {
    let href = escape(href);
    format!("<meta http-equiv=\"refresh\" content=\"0;url={href}\">")
}

fn anchor(class: &str, href: &str, label: &str, more: &str) -> String {
    format!(
        "<a class=\"{class}\" href=\"{}\"{more}>{}</a>",
        escape(href),
        escape(label)
    )
}
