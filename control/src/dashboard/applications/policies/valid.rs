//! Checking an edited policy as the admin API does, and by the bounds of the page.

use serde_json::Value;

use super::edited::{MAX_BYTES, MAX_RULES};
use super::mistake::Mistake;
use super::rule::RuleDraft;
use crate::administration::applications::change::{SaveError, checked};
use crate::applications::{Application, Definition, Draft};
use crate::service::Service;

/// Why a policy cannot be used.
pub enum Invalid {
    /// It is wrong.
    Wrong(Vec<Mistake>),
    /// It could not be checked.
    Failed(SaveError),
}

/// The application with these rules as its policy.
pub async fn valid(
    service: &Service,
    application: &Application,
    rules: &[RuleDraft],
) -> Result<Definition, Invalid> {
    let values = within_bounds(application, rules)?;
    let draft = Draft {
        policy: Some(values),
        ..Draft::from(&application.definition)
    };
    let checked = checked(service, draft, Some(application)).await;
    checked.map_err(|error| Invalid::of(error, rules))
}

/// The rules in the form of a policy, if they are not too many or too large.
pub fn within_bounds(
    application: &Application,
    rules: &[RuleDraft],
) -> Result<Vec<Value>, Invalid> {
    let wrong = |text: String| Err(Invalid::Wrong(vec![Mistake::of_policy(&text)]));
    let most = MAX_RULES.max(application.definition.policy.rules().len());
    if rules.len() > most {
        return wrong(format!(
            "{} rules are too many; at most {most} are allowed",
            rules.len()
        ));
    }
    let values: Vec<Value> = rules.iter().map(RuleDraft::value).collect();
    let bytes: usize = values.iter().map(|rule| rule.to_string().len() + 1).sum();
    if bytes > MAX_BYTES {
        return wrong(format!(
            "The policy is too large for this page: {} KB of at most {} KB. An access group can hold a long list",
            bytes.div_ceil(1024),
            MAX_BYTES / 1024
        ));
    }
    Ok(values)
}

impl Invalid {
    /// Why the check refused.
    pub fn of(error: SaveError, rules: &[RuleDraft]) -> Self {
        match error {
            SaveError::Refused(refused) => {
                let problems = refused.0.iter();
                Self::Wrong(problems.map(|one| Mistake::of(one, rules)).collect())
            }
            error => Self::Failed(error),
        }
    }
}
