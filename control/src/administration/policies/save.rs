//! Saving a policy that somebody edited for a while.

use serde_json::Value;

use crate::administration::applications::change::{SaveError, change, checked};
use crate::api::administrator::Administrator;
use crate::applications::{Application, Draft};
use crate::policy::rules::Policy;
use crate::service::Service;
use crate::storage::{ChangeError, TakeOver};

/// How often a save begins again because something else was changed at the same moment.
const TRIES: usize = 3;

/// What came of it.
#[derive(Debug)]
pub enum Saved {
    /// The policy is stored; the version that publishes it, or `None` if it was so already.
    Stored(Option<u64>),
    /// It was changed since the editing began; nothing was stored.
    ChangedMeanwhile(Box<Application>),
    /// The application is gone.
    Gone,
}

/// What tells one policy from another: the SHA-256 of its rules, in hex.
#[must_use]
pub fn fingerprint(policy: &Policy) -> String {
    // Serializing rules to memory cannot fail.
    let rules = serde_json::to_vec(policy.rules()).unwrap_or_default();
    let digits = hmac_sha256::Hash::hash(&rules).map(|byte| format!("{byte:02x}"));
    digits.concat()
}

/// Stores the rules as the policy of an application, if its policy still has the fingerprint `base`. Changes
/// of other settings do not matter.
///
/// # Errors
/// Everything that is wrong with the rules, or why the application cannot be changed.
pub async fn save(
    service: &Service,
    by: &Administrator,
    audience: &str,
    (base, rules): (&str, &[Value]),
) -> Result<Saved, SaveError> {
    let mut tries = TRIES;
    loop {
        tries -= 1;
        let Some(application) = service.storage.application(audience).await? else {
            return Ok(Saved::Gone);
        };
        let current = &application.definition;
        let draft = Draft {
            policy: Some(rules.to_vec()),
            ..Draft::from(current)
        };
        let wanted = checked(service, draft, Some(&application)).await?;
        let has_changed = fingerprint(&current.policy) != base;
        if has_changed && wanted.policy != current.policy {
            return Ok(Saved::ChangedMeanwhile(Box::new(application)));
        }
        let to = (&wanted, TakeOver::Refused);
        match change(service, by, &application, to).await {
            Ok(version) => return Ok(Saved::Stored(version)),
            Err(ChangeError::Raced | ChangeError::GroupsChanged) if tries > 0 => {}
            Err(error) => return Err(error.into()),
        }
    }
}
