//! Subject identifiers (RFC 9493): how reports name people.

use serde_json::Value;

use super::fault::ReportFault;

/// Of each text.
const MAX_BYTES: usize = 512;

/// A person, as a report names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectId {
    /// `iss_sub`.
    IssuerSubject {
        /// Who gave the name.
        issuer: String,
        /// The name.
        subject: String,
    },
    /// `email`: an address as written.
    Email(String),
    /// `opaque`: the name that the provider gave, without its issuer.
    Opaque(String),
}

impl SubjectId {
    /// Reads an identifier. Of `aliases` the first counts that is understood; of the complex form of
    /// the Shared Signals Framework the `user`.
    ///
    /// # Errors
    /// When it names no person in a way that is understood.
    pub fn read(value: &Value) -> Result<Self, ReportFault> {
        match value.get("format").and_then(Value::as_str) {
            Some("aliases") => {
                let names = value.get("identifiers").and_then(Value::as_array);
                // Aliases are not nested (RFC 9493, section 3.2.8).
                let mut names = names.into_iter().flatten().map(Self::simple);
                let found = names.find_map(Result::ok);
                found.ok_or(ReportFault::Subject("no alias has a format that is known"))
            }
            Some("complex") => {
                let user = value.get("user");
                Self::simple(user.ok_or(ReportFault::Subject("it names no `user`"))?)
            }
            _ => Self::simple(value),
        }
    }

    fn simple(value: &Value) -> Result<Self, ReportFault> {
        let text = |name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            let text = text.filter(|text| (1..=MAX_BYTES).contains(&text.len()));
            let text = text.map(str::to_owned);
            text.ok_or(ReportFault::Subject("a member is missing or no text"))
        };
        match text("format")?.as_str() {
            "iss_sub" => Ok(Self::IssuerSubject {
                issuer: text("iss")?,
                subject: text("sub")?,
            }),
            "email" => text("email").map(Self::Email),
            "opaque" => text("id").map(Self::Opaque),
            _ => Err(ReportFault::Subject(
                "the format must be `iss_sub`, `email` or `opaque`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formats() {
        let by_sub = json!({ "format": "iss_sub", "iss": "https://a", "sub": "ana" });
        let named = SubjectId::IssuerSubject {
            issuer: "https://a".to_owned(),
            subject: "ana".to_owned(),
        };
        let email = json!({ "format": "email", "email": "ana@example.com" });
        let phone = json!({ "format": "phone_number", "phone_number": "+12065550100" });
        let aliases = json!({ "format": "aliases", "identifiers": [phone, by_sub, email] });
        let complex = json!({ "format": "complex", "user": by_sub, "session": { "id": "s" } });
        let opaque = json!({ "format": "opaque", "id": "ana" });
        for value in [&by_sub, &aliases, &complex] {
            assert_eq!(SubjectId::read(value).as_ref(), Ok(&named));
        }
        let email = SubjectId::read(&email);
        assert_eq!(email, Ok(SubjectId::Email("ana@example.com".to_owned())));
        let opaque = SubjectId::read(&opaque);
        assert_eq!(opaque, Ok(SubjectId::Opaque("ana".to_owned())));
    }

    #[test]
    fn what_names_nobody() {
        let nested = json!({ "format": "aliases", "identifiers": [
            { "format": "aliases", "identifiers": [{ "format": "opaque", "id": "ana" }] },
        ] });
        for value in [
            json!(null),
            json!("ana"),
            json!({ "id": "ana" }),
            json!({ "format": "iss_sub", "sub": "ana" }),
            json!({ "format": "opaque", "id": 7 }),
            json!({ "format": "opaque", "id": "" }),
            json!({ "format": "opaque", "id": "x".repeat(513) }),
            json!({ "format": "complex", "session": { "format": "opaque", "id": "s" } }),
            nested,
        ] {
            let refused = SubjectId::read(&value);
            assert!(matches!(refused, Err(ReportFault::Subject(_))), "{value}");
        }
    }
}
