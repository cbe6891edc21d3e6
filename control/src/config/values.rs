//! Reads one value each; an error completes "`field`: …".

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use portcullis::fields::{Fields, Problems as _};
use portcullis::protocol::origin::{Origin, is_loopback};
use serde_json::Value;

use crate::problems::InputProblems;
use crate::problems::config::show;

const NOT_A_TEXT: &str = "must be a text in quotes";
const ADDRESS: &str = "must be an address with a port, such as 127.0.0.1:8081";
const NETWORK: &str = "must be a network or an address, such as 10.0.0.0/8";
const INSECURE: &str =
    "must be https; http is only allowed for localhost, *.localhost and 127.0.0.1";

/// The fields of a table of the file.
pub type Table<'a> = Fields<'a, InputProblems>;

/// A text.
pub fn text(value: &Value) -> Result<String, String> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| NOT_A_TEXT.to_owned())
}

/// The text of a duration. `0` needs no unit, and may be a number, as it is in an environment
/// variable.
pub fn duration(value: &Value) -> Result<String, String> {
    if value.as_i64() == Some(0) {
        return Ok("0".to_owned());
    }
    text(value)
}

/// `true` or `false`.
pub fn flag(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| "must be true or false".to_owned())
}

/// A number of at least one.
pub fn count(value: &Value) -> Result<u32, String> {
    let count = value.as_i64().and_then(|number| u32::try_from(number).ok());
    count
        .filter(|count| *count > 0)
        .ok_or_else(|| "must be a whole number above 0".to_owned())
}

/// A list of texts. One for each element, so that later elements keep their index.
pub fn texts(table: &mut Table<'_>, name: &'static str) -> Option<Vec<String>> {
    let list = table.given(name, |value| {
        value
            .as_array()
            .ok_or_else(|| "must be a list of texts".to_owned())
    })?;
    let path = table.path_of(name);
    let mut texts = Vec::new();
    for (index, value) in list.iter().enumerate() {
        texts.push(text(value).unwrap_or_else(|problem| {
            let path = format!("{path}[{index}]");
            table.problems().report(&path, Some(value), &problem);
            show(value)
        }));
    }
    Some(texts)
}

/// The networks in a list of texts.
pub fn networks(table: &mut Table<'_>, name: &'static str) -> Vec<IpNet> {
    let path = table.path_of(name);
    let mut networks = Vec::new();
    for (index, text) in texts(table, name).into_iter().flatten().enumerate() {
        let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
        match text.parse::<IpNet>().ok().or_else(single) {
            Some(network) => networks.push(network),
            None => table
                .problems()
                .add(&format!("{path}[{index}]"), text, NETWORK),
        }
    }
    networks
}

/// An address with a port. `None` means a problem.
pub fn address(
    table: &mut Table<'_>,
    name: &'static str,
    default: SocketAddr,
) -> Option<SocketAddr> {
    Some(optional_address(table, name)?.unwrap_or(default))
}

/// An address with a port. `None` means a problem, `Some(None)` an absent field.
pub fn optional_address(table: &mut Table<'_>, name: &'static str) -> Option<Option<SocketAddr>> {
    parsed(table, name, |text| text.parse().map_err(|_| ADDRESS.into()))
}

/// An origin. `None` means a problem, `Some(None)` an absent field.
pub fn origin(table: &mut Table<'_>, name: &'static str) -> Option<Option<Origin>> {
    parsed(table, name, |text| match text.parse::<Origin>() {
        Ok(origin) if origin.is_https() || is_loopback(origin.hostname()) => Ok(origin),
        Ok(_) => Err(INSECURE.to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

/// A text, parsed. `None` means a problem, `Some(None)` an absent field.
fn parsed<T>(
    table: &mut Table<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<Option<T>> {
    let Some(text) = table.optional(name, None, |value| text(value).map(Some))? else {
        return Some(None);
    };
    match parse(&text) {
        Ok(parsed) => Some(Some(parsed)),
        Err(problem) => {
            let path = table.path_of(name);
            table.problems().add(&path, text, problem);
            None
        }
    }
}
