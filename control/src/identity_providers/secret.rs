//! Secrets that are shared with a provider, read at the start from where the configuration says.

use std::fs;
use std::io;
use std::path::Path;

use super::settings::SecretPlace;
use crate::problems::InputProblems;
use crate::tokens::secret::{Hashed, Plain};

const MAX_SECRET_BYTES: usize = 4 * 1024;
/// Who guesses a bearer token can revoke anybody: 32 characters are at least 128 random bits.
const MIN_BEARER_BYTES: usize = 32;

/// A bearer token that somebody shows to this service. If `None`, a problem was noted.
pub fn bearer_token(
    place: &SecretPlace,
    path: &str,
    problems: &mut InputProblems,
) -> Option<Hashed> {
    let (field, named, text) = match place {
        SecretPlace::Env(name) => ("token_env", name.clone(), variable(name)),
        SecretPlace::File(file) => ("token_file", file.display().to_string(), file_text(file)),
    };
    let token = text.and_then(one_line).and_then(|token| {
        let long_enough = token.reveal().len() >= MIN_BEARER_BYTES;
        let message = || format!("must have at least {MIN_BEARER_BYTES} characters, at random");
        long_enough.then_some(token).ok_or_else(message)
    });
    match token {
        Ok(token) => Some(token.hashed()),
        Err(problem) => {
            // Named in the message: the name of a secret's place is not shown as a value.
            let message = format!("{named}: {problem}");
            problems.add(&format!("{path}.{field}"), "", message);
            None
        }
    }
}

/// A secret as it stands in a file: with a line break at its end, perhaps.
///
/// # Errors
/// What is wrong with it.
pub fn one_line(text: String) -> Result<Plain, String> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err("is empty".to_owned());
    }
    if secret.len() > MAX_SECRET_BYTES || secret.chars().any(char::is_control) {
        return Err("must be one line of at most 4096 bytes".to_owned());
    }
    Ok(Plain::new(secret.to_owned()))
}

/// The text of a variable of the environment.
///
/// # Errors
/// When it is not set.
pub fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| "is not set".to_owned())
}

/// The text of a file.
///
/// # Errors
/// Why it cannot be read.
pub fn file_text(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => "is no text".to_owned(),
        _ => error.to_string(),
    })
}
