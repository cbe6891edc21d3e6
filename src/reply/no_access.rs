//! The page for a user whom an application's policy does not admit.

use super::Reply;
use super::page::MessagePage;
use crate::reason::Refusal;
use crate::request::kind::RequestKind;

/// Who has no access, and to what.
#[derive(Debug, Clone, Copy)]
pub struct NoAccess<'a> {
    /// The application's name.
    pub application: &'a str,
    /// The user's account, if it is known.
    pub account: Option<&'a str>,
    /// The team domain's origin.
    pub team_domain: &'a str,
    /// Where to sign in to the application.
    pub login_url: &'a str,
}

impl NoAccess<'_> {
    /// The answer to a request of a kind. Its page offers another account first: the team domain
    /// lets the user choose.
    #[must_use]
    pub fn reply(self, kind: RequestKind) -> Reply {
        let application = self.application;
        let title = format!("No access to {application}");
        let who = match self.account {
            Some(account) => format!(
                "You are signed in as {account}. This account has no access to {application}."
            ),
            None => format!("Your account has no access to {application}."),
        };
        let sentences = [
            who.as_str(),
            "If it should have access, ask your administrator.",
        ];
        let applications = format!("{}/", self.team_domain);
        MessagePage::new(&title, &sentences)
            .link(self.login_url, "Use another account")
            .second(&applications, "Your applications")
            .keeping_the_fragment()
            .error(kind, 403, Refusal::PolicyDenied.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_application_and_account_and_offers_another_account_first() {
        let mut denied = NoAccess {
            application: "wiki <1>",
            account: Some("ana@example.com"),
            team_domain: "https://team.example",
            login_url: "https://wiki.example/.access/login",
        };
        let page = denied.reply(RequestKind::Navigation);
        assert_eq!((page.status, page.reason), (403, "policy_denied"));
        for part in [
            "<h1>No access to wiki &lt;1&gt;</h1>",
            "signed in as ana@example.com",
            "<a class=\"act\" href=\"https://wiki.example/.access/login\">Use another account</a>",
            "<a class=\"act second\" href=\"https://team.example/\">Your applications</a>",
        ] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        denied.account = None;
        assert!(
            denied
                .reply(RequestKind::Navigation)
                .body
                .contains("Your account has no access to wiki &lt;1&gt;.")
        );
    }
}
