//! Single values: each is checked, and returned as it is stored.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::policy::bypass::{NOT_NORMAL, is_normal_path};
use crate::problems::InputProblems;
use crate::sign_in::email::characters::visible;
use crate::sign_in::email::{Address, Domain};

/// Checks one value, and returns it as it is stored.
pub(super) type Check = fn(&str, &str, &mut InputProblems) -> Option<String>;

/// The most bytes of a value that is only compared.
const MAX_TEXT_BYTES: usize = 256;
const NETWORK: &str = "must be a network or an address, such as 10.0.0.0/8";

pub(super) fn email(text: &str, path: &str, problems: &mut InputProblems) -> Option<String> {
    match Address::parse(text) {
        Ok(address) => Some(address.shown().to_owned()),
        Err(error) => {
            problems.add(path, visible(text), error);
            None
        }
    }
}

pub(super) fn email_domain(text: &str, path: &str, problems: &mut InputProblems) -> Option<String> {
    let domain = Domain::parse(text).map(|domain| domain.shown);
    if domain.is_none() {
        let message = "is not a domain; write what follows the '@', as example.com";
        problems.add(path, visible(text), message);
    }
    domain
}

pub(super) fn plain(text: &str, path: &str, problems: &mut InputProblems) -> Option<String> {
    let valid = (1..=MAX_TEXT_BYTES).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    if !valid {
        let message = "must be 1 to 256 bytes, without spaces at the ends";
        problems.add(path, visible(text), message);
    }
    valid.then(|| text.to_owned())
}

pub(super) fn network(text: &str, path: &str, problems: &mut InputProblems) -> Option<String> {
    let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let Some(network) = text.parse::<IpNet>().ok().or_else(single) else {
        problems.add(path, visible(text), NETWORK);
        return None;
    };
    let message = if let IpAddr::V4(_) = network.addr().to_canonical()
        && matches!(network, IpNet::V6(_))
    {
        "is an IPv4 network written as IPv6; write it as IPv4".to_owned()
    } else if network.addr() != network.network() {
        format!("has bits beyond its prefix; write {}", network.trunc())
    } else {
        return Some(network.to_string());
    };
    problems.add(path, visible(text), message);
    None
}

pub(super) fn target_path(text: &str, path: &str, problems: &mut InputProblems) -> Option<String> {
    let below = text.strip_suffix("/*");
    let own = match below {
        Some("") => "/",
        Some(path) => path,
        None => text,
    };
    let valid = text.len() <= MAX_TEXT_BYTES && is_normal_path(own) && !own.contains('*');
    if !valid {
        let message = format!("{NOT_NORMAL}; /static/* stands for everything below /static");
        problems.add(path, visible(text), message);
    }
    valid.then(|| text.to_owned())
}

/// A method of HTTP.
pub fn method(text: &str, path: &str, problems: &mut InputProblems) -> Option<String> {
    let valid =
        (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    if !valid {
        problems.add(
            path,
            visible(text),
            "must be a method in capitals, such as GET",
        );
    }
    valid.then(|| text.to_owned())
}
