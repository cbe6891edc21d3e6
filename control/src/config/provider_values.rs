//! Reads values of `[[identity_providers]]` that several of its tables have.

use std::path::PathBuf;

use serde_json::Value;

use super::values::{Table, text};
use crate::identity_providers::http::address::Host;

const MAX_ISSUER_BYTES: usize = 512;
const ISSUER: &str = "must be a URL as https://sso.example.com/realms/corp, without query, fragment \
                      and user name; http is only allowed for localhost, *.localhost and loopback \
                      addresses";
const VARIABLE: &str = "must be the name of a variable of the environment: letters, digits and `_`. \
                        Those that begin with PORTCULLIS_ and contain `__` override settings";

/// What the provider writes into `iss` is compared with it byte for byte, so it is kept as written.
pub fn issuer(value: &Value) -> Result<String, String> {
    let issuer = text(value)?;
    let url = reqwest::Url::parse(&issuer).map_err(|_| ISSUER.to_owned())?;
    let host = url.host_str().unwrap_or_default();
    let secure =
        url.scheme() == "https" || (url.scheme() == "http" && Host::parse(host).is_this_machine());
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && issuer.bytes().all(|b| b.is_ascii_graphic())
        && issuer.len() <= MAX_ISSUER_BYTES;
    if secure && plain && !host.is_empty() {
        Ok(issuer)
    } else {
        Err(ISSUER.to_owned())
    }
}

/// The name of a variable of the environment. Names with `__` override settings.
pub fn variable(value: &Value) -> Result<String, String> {
    let name = text(value)?;
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !(name.starts_with("PORTCULLIS_") && name.contains("__"));
    valid.then_some(name).ok_or_else(|| VARIABLE.to_owned())
}

pub fn path_of_file(value: &Value) -> Result<PathBuf, String> {
    let path = text(value)?;
    if path.is_empty() {
        return Err("must be the path of a file".to_owned());
    }
    Ok(path.into())
}

/// `None` means a problem, `Some(None)` an absent field.
pub fn given<T>(
    table: &mut Table<'_>,
    name: &'static str,
    read: impl FnOnce(&Value) -> Result<T, String>,
) -> Option<Option<T>> {
    table.optional(name, None, |value| read(value).map(Some))
}
