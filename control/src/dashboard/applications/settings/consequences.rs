//! What a save would end or open, said before it is done.

use super::values::Values;
use crate::applications::{Definition, Draft};
use crate::words::counted;

/// A sentence for each; none if the save ends and opens nothing. `people` are in now.
pub fn of(was: &Definition, now: &Definition, people: u64) -> Vec<String> {
    let mut all = Vec::new();
    let people = counted(people, "person is", "people are");
    if now.binding_cookie && !was.binding_cookie {
        all.push(format!(
            "The binding cookie is turned on. {people} in now: the next page load brings a new token without \
             a prompt; pages that are open get 401 until then."
        ));
    }
    if was.header_tokens && !now.header_tokens {
        all.push(
            "Tokens in headers are refused: scripts with such tokens stop working.".to_owned(),
        );
    }
    let gone: Vec<String> = was
        .origins
        .iter()
        .filter(|place| !now.origins.contains(place))
        .map(ToString::to_string)
        .collect();
    if !gone.is_empty() {
        all.push(format!(
            "{} no longer belongs to this application: everybody there is out.",
            gone.join(", ")
        ));
    }
    let opened = opened(was, now);
    if !opened.is_empty() {
        all.push(format!(
            "Everybody reaches {} without a session.",
            opened.join(", ")
        ));
    }
    if was.preflight != now.preflight && Draft::from(now).preflight.as_deref() == Some("origin") {
        all.push("Preflights reach the application without a session.".to_owned());
    }
    all
}

/// A value that tells consequences from others.
pub fn digest(consequences: &[String]) -> String {
    let mut hash = hmac_sha256::Hash::new();
    for sentence in consequences {
        hash.update(sentence);
        hash.update(b"\0");
    }
    let digits = hash.finalize().map(|byte| format!("{byte:02x}"));
    digits.concat()
}

/// The requests that a session was needed for, as the field Bypass has them.
fn opened(was: &Definition, now: &Definition) -> Vec<String> {
    let (was, now) = (Values::of(was), Values::of(now));
    let before: Vec<&str> = was.text("bypass").lines().collect();
    let lines = now.text("bypass").lines();
    lines
        .filter(|line| !before.contains(line))
        .map(ToOwned::to_owned)
        .collect()
}
