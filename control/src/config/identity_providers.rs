//! `[[identity_providers]]`.

use std::time::Duration;

use serde_json::Value;

use super::provider_reports;
use super::provider_values::{given, issuer, path_of_file, variable};
use super::values::{self, Table, flag, text, texts};
use crate::identity_providers::settings::{
    ClientAuthentication, ProviderConfig, ResponseMode, SecretPlace,
};
use crate::sessions::durations::Bounds;
use crate::sign_in::email::Domain;
use crate::sign_in::email::characters::visible;

const MAX_PROVIDERS: usize = 32;
const MAX_ID_BYTES: usize = 32;
const MAX_NAME_BYTES: usize = 64;
const MAX_CLIENT_ID_BYTES: usize = 256;
const MAX_CLAIM_BYTES: usize = 128;
const MAX_CLAIMS: usize = 32;
const OPENID: &str = "openid";
const DEFAULT_SCOPES: [&str; 3] = [OPENID, "email", "profile"];
/// `/login/check` is an endpoint of its own.
const RESERVED_IDS: [&str; 1] = ["check"];
const ID: &str = "must be 1 to 32 lower-case letters, digits and `-`, and begin with a letter";
const CLIENT_ID: &str = "must be 1 to 256 visible ASCII characters";
const SCOPE: &str = "must be visible ASCII characters without spaces, quotes and backslashes";
const CLAIM: &str = "must be the name of a claim, 1 to 128 bytes";

/// All providers. `None` means a problem.
pub fn identity_providers(root: &mut Table<'_>, demo: bool) -> Option<Vec<ProviderConfig>> {
    let mut ids: Vec<String> = Vec::new();
    let mut default: Option<String> = None;
    let read = root.objects("identity_providers", |mut table| {
        let provider = provider(&mut table, demo)?;
        if ids.contains(&provider.id) {
            let path = table.path_of("id");
            table.problems().add(&path, &provider.id, "is used twice");
        }
        if let Some(other) = default.as_ref().filter(|_| provider.default) {
            let path = table.path_of("default");
            let message = format!("only one provider can be the default; `{other}` is it as well");
            table.problems().add(&path, true, message);
        }
        ids.push(provider.id.clone());
        if provider.default {
            default = Some(provider.id.clone());
        }
        Some(provider)
    });
    if read.len() > MAX_PROVIDERS {
        let message = format!("are too many; at most {MAX_PROVIDERS} are allowed");
        root.problems()
            .add("identity_providers", read.len(), message);
    }
    read.into_iter().collect()
}

fn provider(table: &mut Table<'_>, demo: bool) -> Option<ProviderConfig> {
    let id = table.required("id", id);
    let name = table.required("name", name);
    let issuer = table.required("issuer", issuer);
    let client_id = table.required("client_id", client_id);
    let client_authentication = client_authentication(table);
    let scopes = scopes(table);
    let response_mode = table.given("response_mode", response_mode);
    let groups_claim = table.given("groups_claim", claim);
    let claims = claims(table);
    let email_domains = email_domains(table);
    let trust_email = table.given("trust_email", flag).unwrap_or(false);
    let link_by_email = table.given("link_by_email", flag).unwrap_or(false);
    let recheck = recheck(table, demo);
    let default = table.given("default", flag).unwrap_or(false);
    let global_token_revocation = provider_reports::global_token_revocation(table);
    let events = provider_reports::transmitters(table, issuer.as_deref());
    table.finish();
    if link_by_email && email_domains.is_empty() {
        let path = table.path_of("link_by_email");
        let message = "needs email_domains: an identity joins another user only by an address for \
                       whose domain its provider may speak";
        table.problems().add(&path, true, message);
    }
    Some(ProviderConfig {
        id: id?,
        name: name?,
        issuer: issuer?,
        client_id: client_id?,
        client_authentication: client_authentication?,
        scopes,
        response_mode,
        groups_claim,
        claims,
        email_domains,
        trust_email,
        link_by_email,
        recheck: recheck?,
        default,
        global_token_revocation: global_token_revocation?,
        events: events?,
    })
}

fn id(value: &Value) -> Result<String, String> {
    let id = text(value)?;
    if RESERVED_IDS.contains(&id.as_str()) {
        return Err("is the name of one of our own pages; choose another id".to_owned());
    }
    let valid = id.len() <= MAX_ID_BYTES
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    valid.then_some(id).ok_or_else(|| ID.to_owned())
}

fn name(value: &Value) -> Result<String, String> {
    let name = text(value)?;
    let valid = !name.trim().is_empty() && name.len() <= MAX_NAME_BYTES && visible(&name) == name;
    valid
        .then_some(name)
        .ok_or_else(|| format!("must be 1 to {MAX_NAME_BYTES} bytes of visible text"))
}

fn client_id(value: &Value) -> Result<String, String> {
    let id = text(value)?;
    let valid = (1..=MAX_CLIENT_ID_BYTES).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    valid.then_some(id).ok_or_else(|| CLIENT_ID.to_owned())
}

/// `None` means a problem.
fn client_authentication(table: &mut Table<'_>) -> Option<ClientAuthentication> {
    const ONE: &str = "must have exactly one of client_secret_env, client_secret_file and \
                       private_key_file";
    const INLINE: &str = "a secret does not belong into this file: name a variable with \
                          client_secret_env, or a file with client_secret_file";
    let inline = table.optional("client_secret", (), |_| Err(INLINE.to_owned()));
    let secret = |place| ClientAuthentication::Secret(place);
    let env = given(table, "client_secret_env", |value| {
        variable(value).map(SecretPlace::Env).map(secret)
    });
    let file = given(table, "client_secret_file", |value| {
        path_of_file(value).map(SecretPlace::File).map(secret)
    });
    let key = given(table, "private_key_file", |value| {
        path_of_file(value).map(ClientAuthentication::PrivateKeyFile)
    });
    inline?;
    let mut named = [env?, file?, key?].into_iter().flatten();
    match (named.next(), named.next()) {
        (Some(one), None) => Some(one),
        _ => {
            let path = table.path().to_owned();
            table.problems().add(&path, "", ONE);
            None
        }
    }
}

fn scopes(table: &mut Table<'_>) -> Vec<String> {
    let Some(scopes) = texts(table, "scopes") else {
        return DEFAULT_SCOPES.map(str::to_owned).to_vec();
    };
    let path = table.path_of("scopes");
    for (index, scope) in scopes.iter().enumerate() {
        // RFC 6749, section 3.3.
        let valid = !scope.is_empty()
            && scope
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        if !valid {
            let path = format!("{path}[{index}]");
            table.problems().add(&path, visible(scope), SCOPE);
        }
    }
    if !scopes.iter().any(|scope| scope == OPENID) {
        let message = "must contain `openid`: without it the provider does not say who signed in";
        table.problems().add(&path, scopes.join(" "), message);
    }
    scopes
}

fn response_mode(value: &Value) -> Result<ResponseMode, String> {
    match text(value)?.as_str() {
        "query" => Ok(ResponseMode::Query),
        "form_post" => Ok(ResponseMode::FormPost),
        _ => Err("must be `query` or `form_post`".to_owned()),
    }
}

fn claim(value: &Value) -> Result<String, String> {
    let name = text(value)?;
    let valid = (1..=MAX_CLAIM_BYTES).contains(&name.len()) && !name.chars().any(char::is_control);
    valid.then_some(name).ok_or_else(|| CLAIM.to_owned())
}

fn claims(table: &mut Table<'_>) -> Vec<String> {
    let names = texts(table, "claims").unwrap_or_default();
    let path = table.path_of("claims");
    for (index, name) in names.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Err(problem) = claim(&Value::String(name.clone())) {
            table.problems().add(&path, visible(name), problem);
        } else if names.iter().take(index).any(|other| other == name) {
            table.problems().add(&path, name, "is listed twice");
        }
    }
    if names.len() > MAX_CLAIMS {
        let message = format!("are too many; at most {MAX_CLAIMS} are allowed");
        table.problems().add(&path, names.len(), message);
    }
    names
}

fn email_domains(table: &mut Table<'_>) -> Vec<Domain> {
    let path = table.path_of("email_domains");
    let mut domains = Vec::new();
    for (index, text) in texts(table, "email_domains")
        .into_iter()
        .flatten()
        .enumerate()
    {
        match Domain::parse(&text) {
            Some(domain) => domains.push(domain),
            None => table.problems().add(
                &format!("{path}[{index}]"),
                visible(&text),
                "is not a domain; write what follows the '@', as example.com",
            ),
        }
    }
    domains
}

/// `None` means a problem, `Some(None)` an absent field.
fn recheck(table: &mut Table<'_>, demo: bool) -> Option<Option<Duration>> {
    let Some(text) = table.given("recheck", values::duration) else {
        return Some(None);
    };
    let path = table.path_of("recheck");
    let every = Bounds::of_recheck(demo).parse(&path, &text, table.problems());
    every.map(Some)
}
