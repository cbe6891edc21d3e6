//! What an administrator should know about a policy.

use super::rules::Policy;
use crate::sign_in::email::characters::{mixed_scripts, visible};

/// Of a policy without rules.
pub const ADMITS_NOBODY: &str = "nobody can sign in to it, because its policy has no rule: \
    `application set` with --allow-email, --allow-domain or --allow-everyone gives it one";

/// One sentence for each address or domain that mixes scripts.
#[must_use]
pub fn spelling(policy: &Policy) -> Vec<String> {
    let texts = policy.rules().flat_map(|rule| {
        let emails = rule.emails.iter();
        emails.chain(&rule.email_domains)
    });
    texts
        .filter_map(|text| {
            let scripts = mixed_scripts(text);
            let text = visible(text);
            (!scripts.is_empty()).then(|| {
                format!(
                    "{text} in the policy mixes {} letters, some of which look alike",
                    scripts.join(" and ")
                )
            })
        })
        .collect()
}
