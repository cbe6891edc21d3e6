//! A browser in plain words, so that users recognise their own sessions. Browsers can lie about
//! themselves, so this is never used for a decision.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

const MAX_USER_AGENT_BYTES: usize = 256;
const UNKNOWN: &str = "Unknown browser";

/// The browser of a session, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDescription {
    /// Such as `Chromium on Linux`.
    pub browser: String,
    /// The start of `user-agent`, in which everything but visible ASCII is a `?`.
    pub user_agent: String,
    /// The client's address.
    pub address: String,
}

/// Names in `sec-ch-ua`, the most specific first: browsers built on Chromium name it too.
const BRANDS: [(&str, &str); 7] = [
    ("Microsoft Edge", "Edge"),
    ("Opera", "Opera"),
    ("Brave", "Brave"),
    ("Vivaldi", "Vivaldi"),
    ("Google Chrome", "Chrome"),
    ("HeadlessChrome", "Chromium"),
    ("Chromium", "Chromium"),
];

/// Marks in `user-agent`, the most specific first: nearly all browsers claim to be Safari.
const PRODUCTS: [(&str, &str); 13] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Marks in `user-agent`, the most specific first: Android also says Linux.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

impl ClientDescription {
    /// Describes the client that sent these headers from this address.
    #[must_use]
    pub fn of(headers: &HeaderMap, address: IpAddr) -> Self {
        let user_agent = user_agent(headers);
        Self {
            browser: describe(headers, &user_agent),
            user_agent,
            address: address.to_string(),
        }
    }
}

fn user_agent(headers: &HeaderMap) -> String {
    let bytes = headers
        .get(header::USER_AGENT)
        .map_or(&[][..], |value| value.as_bytes());
    let visible = |byte: &u8| match byte {
        0x20..=0x7e => char::from(*byte),
        _ => '?',
    };
    bytes
        .iter()
        .take(MAX_USER_AGENT_BYTES)
        .map(visible)
        .collect()
}

fn describe(headers: &HeaderMap, user_agent: &str) -> String {
    let hint = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let brands = hint("sec-ch-ua").unwrap_or_default();
    let browser = BRANDS
        .iter()
        .find(|(brand, _)| brands.contains(&format!("\"{brand}\"")))
        .or_else(|| first(&PRODUCTS, user_agent))
        .map(|(_, name)| *name)
        .or_else(|| program(user_agent))
        .unwrap_or(UNKNOWN);
    let platform = hint("sec-ch-ua-platform").map(|text| text.trim_matches('"'));
    let system = platform
        .and_then(known_platform)
        .or_else(|| first(&SYSTEMS, user_agent).map(|(_, name)| *name));
    match system {
        Some(system) => format!("{browser} on {system}"),
        None => browser.to_owned(),
    }
}

fn first<'a>(
    marks: &'a [(&'static str, &'static str)],
    user_agent: &str,
) -> Option<&'a (&'static str, &'static str)> {
    marks.iter().find(|(mark, _)| user_agent.contains(mark))
}

/// One of the values that browsers send (Client Hints, section 3.7).
fn known_platform(text: &str) -> Option<&'static str> {
    ["Android", "Windows", "macOS", "Linux", "iOS"]
        .into_iter()
        .find(|known| *known == text)
        .or_else(|| matches!(text, "Chrome OS" | "Chromium OS").then_some("ChromeOS"))
}

/// The name before the first slash, such as `curl` of `curl/8.14.1`.
fn program(user_agent: &str) -> Option<&str> {
    let (name, _) = user_agent.split_once('/')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = (1..=32).contains(&name.len()) && name.chars().all(plain) && name != "Mozilla";
    good.then_some(name)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn described(lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(*name, value.parse().unwrap());
        }
        ClientDescription::of(&headers, Ipv4Addr::LOCALHOST.into()).browser
    }

    #[test]
    fn browsers_in_plain_words() {
        for (user_agent, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, \
                 like Gecko) Version/19.1 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.14.1", "curl"),
            ("<script>/1", UNKNOWN),
            ("", UNKNOWN),
        ] {
            assert_eq!(described(&[("user-agent", user_agent)]), words);
        }
    }

    #[test]
    fn client_hints_say_more_than_the_user_agent() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142 Safari/537.36";
        let brands = r#""Chromium";v="142", "Not?A_Brand";v="99""#;
        let lines = [
            ("user-agent", chrome),
            ("sec-ch-ua", brands),
            ("sec-ch-ua-platform", "\"Linux\""),
        ];
        assert_eq!(described(&lines), "Chromium on Linux");
        let made_up = [("sec-ch-ua", "\"Evil\""), ("sec-ch-ua-platform", "\"<b>\"")];
        assert_eq!(described(&made_up), UNKNOWN);
    }

    #[test]
    fn what_is_kept_is_bounded_and_visible() {
        let mut headers = HeaderMap::new();
        let long = [b"x\xff\t".as_slice(), &[b'y'; 1000]].concat();
        headers.insert(
            header::USER_AGENT,
            axum::http::HeaderValue::from_bytes(&long).unwrap(),
        );
        let kept = ClientDescription::of(&headers, Ipv4Addr::LOCALHOST.into()).user_agent;
        assert!(kept.starts_with("x??y") && kept.len() == MAX_USER_AGENT_BYTES);
    }
}
