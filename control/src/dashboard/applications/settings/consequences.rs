//! What a save would end or open, said before it is done.

use super::values::Values;
use crate::applications::{Definition, Draft};
use crate::words::counted;

/// A sentence for each; none if the save ends and opens nothing. `sessions` are in now.
pub fn of(was: &Definition, now: &Definition, sessions: u64) -> Vec<String> {
    let mut all = Vec::new();
    let sessions = counted(sessions, "session is", "sessions are");
    if now.binding_cookie && !was.binding_cookie {
        all.push(format!(
            "The binding cookie is turned on. {sessions} in now: the next page load brings a new token without \
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
    let new: Vec<String> = now
        .origins
        .iter()
        .filter(|place| !was.origins.contains(place))
        .map(ToString::to_string)
        .collect();
    if !new.is_empty() && !now.bypass.is_empty() {
        all.push(format!(
            "The paths under Bypass are open to everybody at {}, too.",
            new.join(", ")
        ));
    }
    let opened = opened(was, now);
    if !opened.is_empty() {
        all.push(format!(
            "Everybody reaches {} without a session.",
            opened.join(", ")
        ));
    }
    let closed = self::opened(now, was);
    if !closed.is_empty() {
        all.push(format!(
            "{} needs a session from now on: programs without one get 401.",
            closed.join(", ")
        ));
    }
    all.extend(less_safe(was, now));
    all
}

/// What makes the application's pages or paths less safe.
fn less_safe(was: &Definition, now: &Definition) -> Vec<String> {
    let mut all = Vec::new();
    if was.cookie.http_only && !now.cookie.http_only {
        all.push(
            "Scripts in the application's pages can read the token, and carry it off.".to_owned(),
        );
    }
    let (before, after) = (Draft::from(was), Draft::from(now));
    let becomes = |value: &str, field: fn(&Draft) -> Option<&str>| {
        field(&before) != Some(value) && field(&after) == Some(value)
    };
    if becomes("none", |draft| draft.same_site.as_deref()) {
        all.push(
            "Pages of other sites can use the session: the application must tell forged requests apart itself."
                .to_owned(),
        );
    }
    if becomes("keep", |draft| draft.escaped_slashes.as_deref()) {
        all.push(
            "Paths with escaped slashes reach the application, which may read them as another path."
                .to_owned(),
        );
    }
    if now.keep_override_headers && !was.keep_override_headers {
        all.push(
            "Headers that replace the path reach the application, which may serve another path than the one \
             that was checked."
                .to_owned(),
        );
    }
    if becomes("origin", |draft| draft.preflight.as_deref()) {
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
