//! When a page is worth another try. Scripts count down; without them the page says when, or is
//! loaded again by the browser.

use crate::reply::markup::escape;
use crate::time::UnixSeconds;

/// When a page is worth another try.
#[derive(Debug, Clone, Copy)]
pub(super) enum Retry<'a> {
    /// By itself: this page or, unless it is empty, the one at `href`.
    Automatic { seconds: u64, href: &'a str },
    /// By a link, from a moment on.
    NotBefore { at: UnixSeconds, seconds: u64 },
    /// By hand, and by a script that says from when on: loading the page again sends the form.
    Resend { seconds: u64 },
    /// By hand: loading the page again would lose what the user has sent.
    ByHand { seconds: u64 },
}

/// How often a page is loaded again where no scripts run, in seconds: always the same, so not often.
const WITHOUT_SCRIPTS: u64 = 10;

impl Retry<'_> {
    /// How many seconds from now.
    pub fn seconds(self) -> u64 {
        match self {
            Self::Automatic { seconds, .. }
            | Self::NotBefore { seconds, .. }
            | Self::Resend { seconds }
            | Self::ByHand { seconds } => seconds,
        }
    }

    /// The markup for the head, and for the body.
    pub fn html(self) -> (String, String) {
        match self {
            Self::Automatic { seconds, href } => {
                let (url, to) = match escape(href) {
                    href if href.is_empty() => (String::new(), String::new()),
                    href => (format!(";url={href}"), format!("=\"{href}\"")),
                };
                (
                    format!(
                        "<noscript><meta http-equiv=\"refresh\" content=\"{}{url}\"></noscript>",
                        seconds.max(WITHOUT_SCRIPTS)
                    ),
                    format!(
                        "<p data-wait=\"{seconds}\" data-auto{to}>This page tries again by itself.</p>"
                    ),
                )
            }
            Self::NotBefore { at, seconds } => (
                String::new(),
                format!(
                    "<p data-wait=\"{seconds}\">You can try again at {}.</p>",
                    time_of_day(at)
                ),
            ),
            Self::Resend { seconds } => (
                String::new(),
                format!(
                    "<p data-form=\"{seconds}\" role=\"status\" hidden></p>\
                     <div class=\"acts\"><button hidden>Send it again</button></div>"
                ),
            ),
            Self::ByHand { .. } => (String::new(), String::new()),
        }
    }
}

fn time_of_day(at: UnixSeconds) -> String {
    let second = at.get() % 86_400;
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02} UTC", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        for (at, text) in [
            (0, "00:00:00 UTC"),
            (1_795_450_380, "16:13:00 UTC"),
            (86_399, "23:59:59 UTC"),
        ] {
            assert_eq!(time_of_day(UnixSeconds::new(at)), text);
        }
    }
}
