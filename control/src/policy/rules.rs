//! The rules of a policy. A user whom no rule matches is not admitted (default deny).
//!
//! A rule's id is a hash of its content and of the session duration of the users it admits. It
//! survives restarts and exports, and a changed rule has another id. Filters refuse tokens whose
//! rule is gone, so a stricter policy or a shorter duration acts at once; users who are still
//! admitted get a new token without a prompt.

use std::time::Duration;

use portcullis::protocol::base64url;
use serde::{Deserialize, Serialize};

use crate::sign_in::email::{Address, Domain};

const ID_LABEL: &[u8] = b"portcullis policy rule\0";

/// Rules, of which the first that matches admits the user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy(Vec<PolicyRule>);

/// A rule, which matches a user if any of its parts does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRule {
    /// E-mail addresses, as they are shown.
    pub emails: Vec<String>,
    /// What follows the `@`, as it is shown.
    pub email_domains: Vec<String>,
    /// Every user who can sign in.
    pub everyone: bool,
    /// The session duration of the users that it admits, in seconds; absent: the application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_duration_seconds: Option<u64>,
}

impl Policy {
    /// A policy of these rules.
    #[must_use]
    pub fn new(rules: Vec<PolicyRule>) -> Self {
        Self(rules)
    }

    /// The rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = &PolicyRule> {
        self.0.iter()
    }

    /// Whether there is no rule, so that nobody is admitted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a rule admits `email`.
    #[must_use]
    pub fn admits(&self, email: &str) -> bool {
        self.admitting(email).is_some()
    }

    pub(crate) fn admitting(&self, email: &str) -> Option<&PolicyRule> {
        let address = Address::parse(email).ok();
        self.0.iter().find(|rule| rule.admits(address.as_ref()))
    }
}

impl PolicyRule {
    /// Whether it admits a user with an address, or with one that is none any longer. Addresses and
    /// domains are compared by their normal forms: rules that were stored before are spelled as they
    /// were written.
    fn admits(&self, address: Option<&Address>) -> bool {
        self.everyone
            || address.is_some_and(|address| {
                self.emails.iter().any(|email| is_address(email, address))
                    || self
                        .email_domains
                        .iter()
                        .any(|domain| is_domain(domain, address.domain()))
            })
    }

    /// `session_duration` is the rule's own, or else the application's.
    pub(crate) fn id(&self, session_duration: Duration) -> String {
        let mut hash = hmac_sha256::Hash::new();
        hash.update(ID_LABEL);
        // With lengths, two different rules never make the same byte sequence.
        for list in [&self.emails, &self.email_domains] {
            hash.update((list.len() as u64).to_be_bytes());
            for item in list {
                hash.update((item.len() as u64).to_be_bytes());
                hash.update(item.as_bytes());
            }
        }
        hash.update([u8::from(self.everyone)]);
        hash.update(session_duration.as_secs().to_be_bytes());
        let [a, b, c, d, e, f, g, h, i, ..] = hash.finalize();
        base64url::encode(&[a, b, c, d, e, f, g, h, i])
    }
}

fn is_address(text: &str, address: &Address) -> bool {
    text == address.shown()
        || text == address.normal()
        || (needs_parsing(text)
            && Address::parse(text).is_ok_and(|other| other.normal() == address.normal()))
}

fn is_domain(text: &str, ascii: &str) -> bool {
    text == ascii
        || (needs_parsing(text) && Domain::parse(text).is_some_and(|domain| domain.ascii == ascii))
}

/// Whether the normal form of a text in lower case may be another text. There may be thousands of
/// addresses in a policy.
fn needs_parsing(text: &str) -> bool {
    !text.is_ascii() || text.contains("xn--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(emails: &[&str], domains: &[&str], everyone: bool) -> PolicyRule {
        PolicyRule {
            emails: emails.iter().map(ToString::to_string).collect(),
            email_domains: domains.iter().map(ToString::to_string).collect(),
            everyone,
            session_duration_seconds: None,
        }
    }

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn nobody_is_admitted_by_default() {
        assert!(!Policy::default().admits("ana@example.com"));
        let empty = Policy::new(vec![PolicyRule::default()]);
        assert!(!empty.admits("ana@example.com"));
    }

    #[test]
    fn the_first_rule_that_matches_admits() {
        let by_mail = rule(&["ana@example.com"], &[], false);
        let by_domain = rule(&[], &["example.com"], false);
        let policy = Policy::new(vec![by_mail.clone(), by_domain.clone()]);
        assert_eq!(policy.admitting("Ana@Example.com"), Some(&by_mail));
        assert_eq!(policy.admitting("bob@example.com"), Some(&by_domain));
        for other in [
            "bob@sub.example.com",
            "bob@example.com.evil.example",
            "example.com",
            "bob@evilexample.com",
        ] {
            assert!(!policy.admits(other), "{other}");
        }
        assert!(Policy::new(vec![rule(&[], &[], true)]).admits("x@y"));
    }

    #[test]
    fn a_rule_matches_every_spelling() {
        let spellings = [
            "eva@köln.example",
            "eva@ko\u{308}ln.example",
            "eva@xn--kln-sna.example",
        ];
        for stored in spellings {
            let domain = stored.split_once('@').unwrap().1;
            for shown in spellings {
                for rule in [rule(&[stored], &[], false), rule(&[], &[domain], false)] {
                    assert!(Policy::new(vec![rule]).admits(shown), "{stored} {shown}");
                }
            }
            assert!(!Policy::new(vec![rule(&[stored], &[], false)]).admits("eva@koln.example"));
        }
        let zoe = Policy::new(vec![rule(&["zoe\u{308}@example.com"], &[], false)]);
        assert!(zoe.admits("zoë@example.com") && !zoe.admits("zoe@example.com"));
        // As stored before domains were brought into lower case by Unicode.
        let shouted = Policy::new(vec![rule(&[], &["kÖln.example"], false)]);
        assert!(shouted.admits("eva@köln.example"));
        // A user of before, with an address that is refused now.
        let invisible = "eva@example.com\u{200b}";
        let policy = |everyone| Policy::new(vec![rule(&[invisible], &["example.com"], everyone)]);
        assert!(!policy(false).admits(invisible) && policy(true).admits(invisible));
    }

    #[test]
    fn an_id_is_the_rules_content() {
        let one = rule(&["a@b", "c@d"], &[], false);
        assert_eq!(one.id(DAY), one.clone().id(DAY));
        assert_eq!(one.id(DAY).len(), 12);
        for other in [
            rule(&["a@b"], &["c@d"], false),
            rule(&["a@b", "c@d"], &[], true),
            rule(&["a@bc@d"], &[], false),
        ] {
            assert_ne!(one.id(DAY), other.id(DAY));
        }
        for other in [Duration::ZERO, DAY / 2] {
            assert_ne!(one.id(DAY), one.id(other));
        }
    }

    #[test]
    fn a_rule_that_was_stored_before_durations_is_the_same_rule() {
        let stored = r#"{"emails":["a@b"],"email_domains":[],"everyone":false}"#;
        let read: PolicyRule = serde_json::from_str(stored).unwrap();
        assert_eq!(read, rule(&["a@b"], &[], false));
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        // Pinned: if ids change, every token in use must be replaced.
        assert_eq!(read.id(DAY), "58L-1itGuR3f");
    }
}
