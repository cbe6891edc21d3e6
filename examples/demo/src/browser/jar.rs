//! Cookies, kept and sent as browsers do (RFC 6265bis), as far as one machine's HTTPS needs it.
//!
//! Left out: `SameSite`, which depends on pages that this browser does not have, and the public
//! suffix list.

use std::time::Instant;

use cookie::{Cookie as Attributes, SameSite};
use url::Url;

/// A kept cookie.
#[derive(Debug, Clone)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value, as it came.
    pub value: String,
    /// The host that set it; only it gets it back.
    pub host: String,
    /// Where it is sent.
    pub path: String,
    /// Whether scripts are kept from it.
    pub http_only: bool,
    /// Whether it is sent over TLS only.
    pub secure: bool,
    /// When it is sent across sites.
    pub same_site: Option<SameSite>,
    /// Seconds that it was to live; none: until the browser closes.
    pub max_age: Option<i64>,
    expires: Option<Instant>,
}

/// All cookies of a browser.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// Takes a `set-cookie` line; what a browser would refuse is dropped.
    pub fn store(&mut self, url: &Url, line: &str) {
        let Some(cookie) = accepted(url, line) else {
            return;
        };
        self.cookies.retain(|old| !same(old, &cookie));
        if cookie.max_age.is_none_or(|seconds| seconds > 0) {
            self.cookies.push(cookie);
        }
    }

    /// The `cookie` header for a URL.
    #[must_use]
    pub fn header(&self, url: &Url) -> Option<String> {
        let sent: Vec<String> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.goes_to(url))
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!sent.is_empty()).then(|| sent.join("; "))
    }

    /// A host's cookie.
    #[must_use]
    pub fn find(&self, host: &str, name: &str) -> Option<&Cookie> {
        self.cookies
            .iter()
            .find(|cookie| cookie.host == host && cookie.name == name && cookie.is_alive())
    }

    /// All cookies of a host.
    pub fn of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a Cookie> {
        let alive = self.cookies.iter().filter(|cookie| cookie.is_alive());
        alive.filter(move |cookie| cookie.host == host)
    }

    /// Deletes a host's cookie; what it was is the answer.
    pub fn remove(&mut self, host: &str, name: &str) -> Option<Cookie> {
        let matches = |cookie: &Cookie| cookie.host == host && cookie.name == name;
        let place = self.cookies.iter().position(matches)?;
        Some(self.cookies.remove(place))
    }

    /// Puts a cookie in, as one who stole it would.
    pub fn insert(&mut self, cookie: Cookie) {
        self.cookies.retain(|old| !same(old, &cookie));
        self.cookies.push(cookie);
    }
}

impl Cookie {
    fn goes_to(&self, url: &Url) -> bool {
        self.is_alive()
            && url.host_str() == Some(&self.host)
            && (!self.secure || url.scheme() == "https")
            && path_matches(&self.path, url.path())
    }

    fn is_alive(&self) -> bool {
        self.expires.is_none_or(|expires| expires > Instant::now())
    }
}

fn same(one: &Cookie, other: &Cookie) -> bool {
    (&one.host, &one.name, &one.path) == (&other.host, &other.name, &other.path)
}

/// The cookie of a `set-cookie` line, unless a browser would refuse it.
fn accepted(url: &Url, line: &str) -> Option<Cookie> {
    let parsed = Attributes::parse(line).ok()?;
    let secure = parsed.secure() == Some(true);
    let max_age = parsed.max_age().map(|age| age.whole_seconds());
    let cookie = Cookie {
        name: parsed.name().to_owned(),
        value: parsed.value().to_owned(),
        host: url.host_str()?.to_owned(),
        path: parsed
            .path()
            .map_or_else(|| default_path(url), str::to_owned),
        http_only: parsed.http_only() == Some(true),
        secure,
        same_site: parsed.same_site(),
        max_age,
        expires: max_age
            .and_then(|seconds| u64::try_from(seconds).ok())
            .and_then(|seconds| {
                Instant::now().checked_add(std::time::Duration::from_secs(seconds))
            }),
    };
    let lower = cookie.name.to_ascii_lowercase();
    let prefixed_well = !lower.starts_with("__host-")
        || secure && parsed.path() == Some("/") && parsed.domain().is_none();
    let secure_well = !lower.starts_with("__secure-") || secure;
    // Nothing here sets cookies for other hosts, so such a cookie is refused.
    let own = parsed.domain().is_none();
    (prefixed_well && secure_well && own && (!secure || url.scheme() == "https")).then_some(cookie)
}

/// RFC 6265bis, section 5.1.4.
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((directory, _)) => directory.to_owned(),
    }
}

fn path_matches(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_host_prefix_binds_a_cookie_to_host_and_path() {
        let page = url("https://a.localhost:8443/x/y");
        let mut jar = Jar::default();
        for refused in [
            "__Host-a=1; Path=/",
            "__Host-a=1; Secure",
            "__Host-a=1; Secure; Path=/x",
            "__Host-a=1; Secure; Path=/; Domain=localhost",
            "__Secure-a=1; Path=/",
        ] {
            jar.store(&page, refused);
            assert_eq!(jar.header(&page), None, "{refused}");
        }
        jar.store(&page, "__Host-a=1; Secure; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(jar.header(&page).as_deref(), Some("__Host-a=1"));
        assert_eq!(jar.header(&url("https://b.localhost:8443/")), None);
        assert_eq!(jar.header(&url("http://a.localhost/")), None);
    }

    #[test]
    fn a_cookie_is_replaced_and_deleted() {
        let page = url("https://a.localhost/x/y");
        let mut jar = Jar::default();
        jar.store(&page, "a=1");
        jar.store(&page, "a=2; Max-Age=60");
        assert_eq!(jar.header(&page).as_deref(), Some("a=2"));
        assert_eq!(jar.header(&url("https://a.localhost/xx")), None);
        jar.store(&page, "a=; Max-Age=0");
        assert_eq!(jar.header(&page), None);
    }
}
