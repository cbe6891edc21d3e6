//! A form that was sent, and the pages that keep what it brought.

use axum::http::StatusCode;
use axum::response::Response;

use super::edited::Edited;
use super::mistake::Mistake;
use super::page::PoliciesPage;
use super::valid::Invalid;
use crate::administration::applications::change::SaveError;
use crate::applications::Application;
use crate::dashboard::allowed::Allowed;
use crate::dashboard::fields::Fields;
use crate::service::Service;
use crate::storage::ChangeError;
use crate::team_domain::page::failure::Failure;

/// A form that was sent.
pub struct Sent<'a> {
    /// The service.
    pub service: &'a Service,
    /// Who sent it.
    pub person: &'a Allowed,
    /// The application as it is.
    pub application: &'a Application,
    /// Its fields.
    pub fields: &'a Fields,
}

impl Sent<'_> {
    /// The page with the edited policy.
    pub fn page(&self, edited: &Edited) -> PoliciesPage {
        let mut page = PoliciesPage::of(self.person, self.application, edited);
        self.keep_question(&mut page);
        page
    }

    /// The page that says what is wrong with the policy.
    pub fn wrong(&self, edited: &mut Edited, mistakes: Vec<Mistake>) -> Result<Response, Failure> {
        self.refuse(StatusCode::UNPROCESSABLE_ENTITY, edited, mistakes)
    }

    /// The page that says why the policy cannot be used.
    pub fn invalid(&self, edited: &mut Edited, invalid: Invalid) -> Result<Response, Failure> {
        match invalid {
            Invalid::Wrong(mistakes) => self.wrong(edited, mistakes),
            Invalid::Failed(SaveError::Change(error))
                if !matches!(error, ChangeError::Storage(_)) =>
            {
                let text = format!("{error}.");
                self.refuse(
                    StatusCode::CONFLICT,
                    edited,
                    vec![Mistake::of_policy(&text)],
                )
            }
            Invalid::Failed(error) => {
                tracing::error!(?error, "a policy could not be checked or saved");
                let text = "The database is not available. Wait a moment, then try again.";
                let mistakes = vec![Mistake::of_policy(text)];
                self.refuse(StatusCode::SERVICE_UNAVAILABLE, edited, mistakes)
            }
        }
    }

    fn refuse(
        &self,
        status: StatusCode,
        edited: &mut Edited,
        mistakes: Vec<Mistake>,
    ) -> Result<Response, Failure> {
        let wrong = (edited, mistakes);
        let mut page = PoliciesPage::with_mistakes(self.person, self.application, wrong);
        self.keep_question(&mut page);
        page.respond(self.person, status)
    }

    fn keep_question(&self, page: &mut PoliciesPage) {
        self.fields
            .text("test_user")
            .clone_into(&mut page.tester.user);
        self.fields.text("test_ip").clone_into(&mut page.tester.ip);
    }
}
