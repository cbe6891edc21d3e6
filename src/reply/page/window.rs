//! Scripts for a sign-in in a window that a frame opens.

use crate::reply::markup::escape;

/// The script of such a page, and what it needs to know.
#[derive(Debug, Clone, Copy)]
pub enum WindowScript<'a> {
    /// In the frame: opens the window, and continues when it has reported.
    Opens {
        /// Where the window begins.
        window: &'a str,
        /// The frame's place: path and query.
        place: &'a str,
        /// The `state` of the attempt that this frame holds; empty if the window holds it.
        state: &'a str,
    },
    /// In the window: reports to the frame that opened it.
    Reports {
        /// The only origin that may receive the report.
        to: &'a str,
        /// Code and `state`, if the frame holds the attempt.
        code: Option<(&'a str, &'a str)>,
    },
}

const OPENS: &str = include_str!("../frame_window.js");
const REPORTS: &str = include_str!("../window_report.js");

impl WindowScript<'_> {
    /// The script.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Opens { .. } => OPENS,
            Self::Reports { .. } => REPORTS,
        }
    }

    /// Whether it asks the filter, which the page's policy has to allow, and whether the window that
    /// it opens has to see the origin of this page.
    pub(super) fn opens(self) -> bool {
        matches!(self, Self::Opens { .. })
    }

    /// The script's element.
    pub(super) fn html(self) -> String {
        let mut data = String::new();
        let mut add = |name, value| data += &format!(" data-{name}=\"{}\"", escape(value));
        match self {
            Self::Opens {
                window,
                place,
                state,
            } => {
                add("window", window);
                add("place", place);
                if !state.is_empty() {
                    add("state", state);
                }
            }
            Self::Reports { to, code } => {
                add("to", to);
                if let Some((code, state)) = code {
                    add("code", code);
                    add("state", state);
                }
            }
        }
        format!("<script{data}>{}</script>", self.text())
    }
}
