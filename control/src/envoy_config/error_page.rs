//! The pages that Envoy shows where a server behind it does not answer. They look like the filter's.

use portcullis::reply::page::MessagePage;

use super::quoted::quoted;

/// A page, and where it is shown.
pub(super) struct ErrorPage {
    /// Whether it stands for the team domain; the other one for everything else.
    pub of_team_domain: bool,
    pub body: String,
    pub headers: Vec<(String, String)>,
}

impl ErrorPage {
    /// All pages; Envoy takes the first that fits.
    pub fn all() -> Vec<Self> {
        vec![
            Self::new(
                true,
                MessagePage::new(
                    "Sign-in is not available",
                    &[
                        "The sign-in service does not answer. You stay signed in where you are.",
                        "Try again in a few seconds.",
                    ],
                ),
                "sign_in_unavailable",
            ),
            Self::new(
                false,
                MessagePage::new(
                    "The application does not answer",
                    &[
                        "You are signed in, but the application behind this address does not answer.",
                        "Try again in a few seconds. If it lasts, tell the people who run it.",
                    ],
                ),
                "application_unavailable",
            ),
        ]
    }

    fn new(of_team_domain: bool, page: MessagePage<'_>, reason: &'static str) -> Self {
        let reply = page.link("", "Try again").reply(503, reason);
        let mut headers: Vec<(String, String)> = reply
            .headers
            .iter()
            .filter(|(name, _)| *name != "content-type")
            .map(|(name, value)| (quoted(name), quoted(&literal(value))))
            .collect();
        headers.push((quoted("retry-after"), quoted("5")));
        Self {
            of_team_domain,
            body: quoted(&literal(&reply.body)),
            headers,
        }
    }
}

/// A text in which Envoy finds no command operator: it reads `%` as the beginning of one.
fn literal(text: &str) -> String {
    text.replace('%', "%%")
}
