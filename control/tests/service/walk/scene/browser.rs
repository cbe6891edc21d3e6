//! A real browser's cookies, by host, with their ends; and the form or callback in its tab.

use std::collections::BTreeMap;

use super::super::step::KEPT;
use super::Seconds;

#[derive(Default)]
pub struct Browser {
    /// Whether application tokens and their secrets are sent past their end.
    pub keeps: bool,
    pub form: Option<Form>,
    /// Where the browser was to go on.
    pub callback: Option<(usize, String)>,
    cookies: BTreeMap<(String, String), Cookie>,
}

/// A form of the team domain, open in a tab.
#[derive(Clone)]
pub struct Form {
    pub application: usize,
    pub action: String,
    pub csrf_token: String,
}

#[derive(Clone)]
pub struct Cookie {
    value: String,
    until: Seconds,
}

impl Browser {
    /// Takes a `set-cookie`; its name.
    pub fn take<'a>(&mut self, host: &str, line: &'a str, now: Seconds) -> &'a str {
        let (name, rest) = line.split_once('=').unwrap();
        let value = rest.split(';').next().unwrap().to_owned();
        let max_age = rest.split("Max-Age=").nth(1).unwrap();
        let max_age: Seconds = max_age.split(';').next().unwrap().parse().unwrap();
        let until = now + max_age;
        let cookie = (max_age > 0).then_some(Cookie { value, until });
        self.put(host, name, cookie);
        name
    }

    pub fn put(&mut self, host: &str, name: &str, cookie: Option<Cookie>) {
        let key = (host.to_owned(), name.to_owned());
        match cookie {
            Some(cookie) => self.cookies.insert(key, cookie),
            None => self.cookies.remove(&key),
        };
    }

    pub fn cookie(&self, host: &str, name: &str) -> Option<Cookie> {
        let key = (host.to_owned(), name.to_owned());
        self.cookies.get(&key).cloned()
    }

    /// The `cookie` header for a host.
    pub fn header(&self, host: &str, now: Seconds) -> String {
        let sent = self.cookies.iter().filter(|((of, name), cookie)| {
            let is_kept = name.contains("_token") || name.contains("_binding");
            of == host
                && (cookie.until > now || (self.keeps && is_kept && cookie.until + KEPT > now))
        });
        let pairs = sent.map(|((_, name), cookie)| format!("{name}={}", cookie.value));
        pairs.collect::<Vec<_>>().join("; ")
    }
}
