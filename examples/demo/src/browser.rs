//! A browser as far as sessions go: it keeps cookies as browsers do, says what kind of request it
//! makes (Fetch Metadata), follows redirects one by one and fills in forms. It runs no scripts.

pub mod form;
pub mod jar;
mod metadata;
mod network;
pub mod response;

use std::path::Path;

use anyhow::{Context, Result, bail};
pub use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder};
use url::Url;

use crate::control::User;
use form::Form;
use jar::Jar;
use response::Response;

/// As browsers do.
const MOST_REDIRECTS: usize = 20;

/// One browser: its own cookies, its own connections.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    /// Its cookies; tests look at them, steal them, delete them.
    pub jar: Jar,
}

impl Browser {
    /// A browser that trusts the authority in a PEM file and has no cookies.
    ///
    /// # Errors
    /// When the file does not read.
    pub fn new(authority: &Path) -> Result<Self> {
        Ok(Self {
            client: network::client(authority)?,
            jar: Jar::default(),
        })
    }

    /// What typing an address does, without following a redirect.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn navigate(&mut self, url: &str) -> Result<Response> {
        let url = Url::parse(url)?;
        let request = metadata::navigation(self.client.get(url.clone()), "none");
        self.send(url, request)
    }

    /// What typing an address does; the answer is the page where the redirects end.
    ///
    /// # Errors
    /// When no answer comes, or redirects do not end.
    pub fn open(&mut self, url: &str) -> Result<Response> {
        let answer = self.navigate(url)?;
        self.follow(answer, None)
    }

    /// Follows the redirects of an answer, if it is one.
    ///
    /// `initiator` is the page whose link or form led to the first request; none if the user
    /// typed the address.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn follow(&mut self, answer: Response, initiator: Option<&Url>) -> Result<Response> {
        let mut chain = vec![answer.url.clone()];
        let mut answer = answer;
        while let Some(next) = answer.location()? {
            if chain.len() > MOST_REDIRECTS {
                bail!("redirected more than {MOST_REDIRECTS} times, last to {next}");
            }
            chain.push(next.clone());
            let site = metadata::site(initiator, &chain);
            let request = metadata::navigation(self.client.get(next.clone()), site);
            answer = self.send(next, request)?;
        }
        Ok(answer)
    }

    /// A `fetch()` of a page of the same origin.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn fetch(&mut self, url: &str) -> Result<Response> {
        self.request(Method::GET, url, metadata::same_origin_fetch)
    }

    /// A request of a script that names itself in `X-Requested-With` and of which nothing else
    /// tells that it is a sub-request.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn xhr(&mut self, url: &str) -> Result<Response> {
        self.request(Method::GET, url, |request| {
            request.header("x-requested-with", "XMLHttpRequest")
        })
    }

    /// Any request with this browser's cookies; `complete` adds headers and body.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn request(
        &mut self,
        method: Method,
        url: &str,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response> {
        let url = Url::parse(url)?;
        let request = complete(self.client.request(method, url.clone()));
        self.send(url, request)
    }

    /// Sends a form of a page, without following a redirect.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn submit(&mut self, page: &Url, form: &Form) -> Result<Response> {
        let target = page.join(&form.action)?;
        let site = metadata::site(Some(page), std::slice::from_ref(&target));
        let request = self
            .client
            .post(target.clone())
            .header("origin", page.origin().ascii_serialization())
            .form(&form.fields);
        self.send(target, metadata::navigation(request, site))
    }

    /// Opens a page that wants a sign-in, fills in the team domain's form, and returns where that
    /// led: the page, or what the team domain says against it.
    ///
    /// # Errors
    /// When no form comes, or an answer is missing.
    pub fn sign_in(&mut self, url: &str, user: &User) -> Result<Response> {
        let page = self.open(url)?;
        let mut form = Form::with_field(&page.text(), "password").with_context(|| {
            format!("{} answered {} and no sign-in form", page.url, page.status)
        })?;
        form.fill("email", &user.email);
        form.fill("password", &user.password);
        let answer = self.submit(&page.url, &form)?;
        self.follow(answer, Some(&page.url))
    }

    fn send(&mut self, url: Url, request: RequestBuilder) -> Result<Response> {
        let request = match self.jar.header(&url) {
            Some(cookies) => request.header("cookie", cookies),
            None => request,
        };
        let answer = request
            .send()
            .with_context(|| format!("no answer from {url}"))?;
        let response = Response::read(url, answer)?;
        for line in response.set_cookies() {
            self.jar.store(&response.url, line);
        }
        Ok(response)
    }
}
