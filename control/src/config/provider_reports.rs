//! `[identity_providers.global_token_revocation]` and `[[identity_providers.events]]`.

use serde_json::Value;

use super::provider_values::{given, issuer, path_of_file, variable};
use super::values::{Table, text};
use crate::identity_providers::settings::{SecretPlace, TransmitterConfig};

const MAX_TRANSMITTERS: usize = 8;
const MAX_AUDIENCE_BYTES: usize = 512;
const ONE: &str = "must have exactly one of token_env and token_file";
const NOT_BOTH: &str = "must have only one of token_env and token_file";
const INLINE: &str = "a token does not belong into this file: name a variable with token_env, or a \
                      file with token_file";

/// `None` means a problem, `Some(None)` an absent table.
pub fn global_token_revocation(table: &mut Table<'_>) -> Option<Option<SecretPlace>> {
    const NAME: &str = "global_token_revocation";
    if table.given(NAME, Ok).is_none() {
        return Some(None);
    }
    let mut table = table.optional_object(NAME);
    let token = token(&mut table);
    table.finish();
    let place = token?;
    if place.is_none() {
        let path = table.path().to_owned();
        table.problems().add(&path, "", ONE);
        return None;
    }
    Some(place)
}

/// All transmitters; `own` is the provider's issuer. `None` means a problem.
pub fn transmitters(table: &mut Table<'_>, own: Option<&str>) -> Option<Vec<TransmitterConfig>> {
    let mut issuers: Vec<String> = Vec::new();
    let read = table.objects("events", |mut table| {
        let issuer = given(&mut table, "issuer", issuer);
        let audience = table.required("audience", audience);
        let token = token(&mut table);
        table.finish();
        let issuer = match issuer? {
            Some(issuer) => issuer,
            None => own?.to_owned(),
        };
        if issuers.contains(&issuer) {
            let path = table.path_of("issuer");
            table.problems().add(&path, &issuer, "is used twice");
        }
        issuers.push(issuer.clone());
        Some(TransmitterConfig {
            issuer,
            audience: audience?,
            token: token?,
        })
    });
    if read.len() > MAX_TRANSMITTERS {
        let path = table.path_of("events");
        let message = format!("are too many; at most {MAX_TRANSMITTERS} are allowed");
        table.problems().add(&path, read.len(), message);
    }
    read.into_iter().collect()
}

/// `None` means a problem, `Some(None)` that there is none.
fn token(table: &mut Table<'_>) -> Option<Option<SecretPlace>> {
    let inline = table.optional("token", (), |_| Err(INLINE.to_owned()));
    let env = given(table, "token_env", |value| {
        variable(value).map(SecretPlace::Env)
    });
    let file = given(table, "token_file", |value| {
        path_of_file(value).map(SecretPlace::File)
    });
    inline?;
    match (env?, file?) {
        (Some(_), Some(_)) => {
            let path = table.path().to_owned();
            table.problems().add(&path, "", NOT_BOTH);
            None
        }
        (env, file) => Some(env.or(file)),
    }
}

fn audience(value: &Value) -> Result<String, String> {
    let audience = text(value)?;
    let valid = (1..=MAX_AUDIENCE_BYTES).contains(&audience.len())
        && audience.bytes().all(|b| b.is_ascii_graphic());
    let message = || format!("must be 1 to {MAX_AUDIENCE_BYTES} visible ASCII characters");
    valid.then_some(audience).ok_or_else(message)
}
