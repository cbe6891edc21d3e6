//! Everything that is wrong with an input, each with its path and value.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
pub struct InputProblem {
    /// Where, as `applications[0].session_duration`; empty for the whole input.
    pub path: String,
    /// The value; empty if there is none.
    pub value: String,
    /// What is wrong, and what would be valid.
    pub message: String,
}

/// Collects [`InputProblem`]s, so that all of them are reported at once.
#[derive(Debug, Default)]
pub struct InputProblems(Vec<InputProblem>);

/// At least one problem.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Refused(pub Vec<InputProblem>);

impl Refused {
    /// All problems in one line, for the log.
    #[must_use]
    pub fn one_line(&self) -> String {
        let problems: Vec<String> = self.0.iter().map(InputProblem::to_string).collect();
        problems.join("; ").escape_debug().to_string()
    }
}

impl InputProblems {
    /// Notes a problem.
    pub fn add(&mut self, path: &str, value: impl fmt::Display, message: impl fmt::Display) {
        let value = value.to_string();
        self.0.push(InputProblem {
            path: path.to_owned(),
            value: if may_hold_a_secret(path, &value) {
                "(not shown)".to_owned()
            } else {
                value
            },
            message: message.to_string(),
        });
    }

    /// How many were noted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails if a problem was noted.
    ///
    /// # Errors
    /// All problems.
    pub fn finish(self) -> Result<(), Refused> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refused(self.0))
        }
    }
}

/// The URL of a database may hold a password, even in the wrong field. What stands where a secret is
/// named may be the secret itself.
fn may_hold_a_secret(path: &str, value: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let of_secret = [
        "database",
        "secret",
        "private_key",
        "password",
        "token_revocation",
    ]
    .iter()
    .any(|word| path.contains(word));
    // Bearer tokens of `[[identity_providers.events]]`. Names of service tokens are shown.
    let field = path.rsplit('.').next().unwrap_or_default();
    let of_secret = of_secret || field.starts_with("token");
    // `sign_in.passwords` is no password.
    let is_secret = of_secret && !path.ends_with("passwords");
    (is_secret && !value.is_empty()) || (value.contains("://") && value.contains('@'))
}

impl fmt::Display for InputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path.as_str(), self.value.as_str()) {
            ("", "") => f.write_str(&self.message),
            ("", value) => write!(f, "`{value}`: {}", self.message),
            (path, "") => write!(f, "{path}: {}", self.message),
            (path, value) => write!(f, "{path} = `{value}`: {}", self.message),
        }
    }
}

fn lines(problems: &[InputProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(InputProblem::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_wrong_field_is_not_shown() {
        let secret = "postgres://user:hunter2@host/db";
        for path in [
            "database.url",
            "database.urls",
            "databse.url",
            "PORTCULLIS_DATABASE__URI",
        ] {
            let mut problems = InputProblems::default();
            problems.add(path, secret, "is wrong");
            let shown = problems.finish().unwrap_err().to_string();
            assert!(
                !shown.contains("hunter2") && shown.contains(path),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_bearer_token_in_the_wrong_field_is_not_shown() {
        let shown = |path: &str| {
            let mut problems = InputProblems::default();
            problems.add(path, "hunter2", "is wrong");
            let refused = problems.finish().unwrap_err();
            refused.to_string().contains("hunter2")
        };
        for path in [
            "identity_providers[0].events[0].token",
            "identity_providers[0].events[0].token_env",
            "identity_providers[0].global_token_revocation.token",
            "identity_providers[0].global_token_revocations",
        ] {
            assert!(!shown(path), "{path}");
        }
        assert!(shown("applications[0].policy[0].include[0].service_token"));
    }
}
