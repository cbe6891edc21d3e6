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
    let token = read(place).and_then(|token| {
        let long_enough = token.reveal().len() >= MIN_BEARER_BYTES;
        let message = || format!("must have at least {MIN_BEARER_BYTES} characters, at random");
        long_enough.then_some(token).ok_or_else(message)
    });
    match token {
        Ok(token) => Some(token.hashed()),
        Err(problem) => {
            note(place, &format!("{path}.token"), &problem, problems);
            None
        }
    }
}

/// The secret at a place.
///
/// # Errors
/// What is wrong with it.
pub fn read(place: &SecretPlace) -> Result<Plain, String> {
    match place {
        SecretPlace::Env(name) => std::env::var(name).map_err(|_| "is not set".to_owned()),
        SecretPlace::File(file) => file_text(file),
    }
    .and_then(one_line)
}

/// Notes what is wrong with the secret whose place `path` names with the ending `_env` or `_file`.
pub fn note(place: &SecretPlace, path: &str, problem: &str, problems: &mut InputProblems) {
    let ending = match place {
        SecretPlace::Env(_) => "env",
        SecretPlace::File(_) => "file",
    };
    // Named in the message: the name of a secret's place is not shown as a value.
    problems.add(
        &format!("{path}_{ending}"),
        "",
        format!("{place}: {problem}"),
    );
}

/// A secret as it stands in a file: with a line break at its end, perhaps.
fn one_line(text: String) -> Result<Plain, String> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err("is empty".to_owned());
    }
    if secret.len() > MAX_SECRET_BYTES || secret.chars().any(char::is_control) {
        return Err("must be one line of at most 4096 bytes".to_owned());
    }
    Ok(Plain::new(secret.to_owned()))
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
