//! The person of a session, as policies see them.

use serde_json::Value;

use crate::policy::person::Person;
use crate::storage::{Provided, Session};

/// The person whose session it is, as of the sign-in or the last re-check.
#[must_use]
pub fn person_of(session: &Session) -> Person {
    person(&session.email, session.provided.as_ref())
}

/// A person with an e-mail address, and what their provider said about them.
#[must_use]
pub fn person(email: &str, provided: Option<&Provided>) -> Person {
    let person = Person::with_email(email);
    let Some(provided) = provided else {
        return person;
    };
    let provider = &provided.provider_id;
    let groups = provided.groups.iter();
    let claims = provided.claims.iter();
    Person {
        provider: Some(provider.clone()),
        groups: groups.map(|name| format!("{provider}:{name}")).collect(),
        claims: claims
            .map(|(name, value)| (name.clone(), texts(value)))
            .collect(),
        amr: provided.amr.clone(),
        ..person
    }
}

/// The values of a claim: a text, a number or a truth value, or a list of such.
fn texts(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        value => one(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use portcullis::time::UnixSeconds;
    use serde_json::json;

    use super::*;

    fn session(provided: Option<Provided>) -> Session {
        Session {
            id: "s".to_owned(),
            user_id: "u".to_owned(),
            email: "ana@example.com".to_owned(),
            provided,
            auth_time: UnixSeconds::new(0),
            auth_ver: 1,
            expires_at: UnixSeconds::new(1),
            key_refusals: 0,
        }
    }

    #[test]
    fn what_the_provider_said_is_judged() {
        let claims = json!({ "department": "it", "teams": ["a", 7, { "b": 1 }], "admin": true });
        let person = person_of(&session(Some(Provided {
            provider_id: "corp".to_owned(),
            groups: vec!["engineering".to_owned(), "lab:x".to_owned()],
            claims: claims.as_object().unwrap().clone(),
            amr: vec!["mfa".to_owned()],
        })));
        assert_eq!(person.provider.as_deref(), Some("corp"));
        // A group cannot pass for one of another provider.
        assert_eq!(person.groups, ["corp:engineering", "corp:lab:x"]);
        assert_eq!(person.claims["department"], ["it"]);
        assert_eq!(person.claims["teams"], ["a", "7"]);
        assert_eq!(person.claims["admin"], ["true"]);
        assert_eq!(person.amr, ["mfa"]);
        let by_password = person_of(&session(None));
        assert!(by_password.provider.is_none() && by_password.groups.is_empty());
    }
}
