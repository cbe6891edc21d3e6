//! Calls to a provider, each bounded in time, in size, and in where it may lead.

pub mod address;
mod error;
pub mod reach;

use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use tokio::sync::Semaphore;

use crate::tokens::secret::Plain;
pub use error::HttpError;
use error::{LIMIT, MAX_REDIRECTS, causes, failure};
use reach::{Forbidden, Reach};

/// Discovery documents, and what token and UserInfo endpoints answer.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// JWKS, which some providers fill with certificates.
pub const MAX_JWKS_BYTES: usize = 1024 * 1024;
/// So many calls to one provider run at once. The others wait, as long as one call may take.
const MAX_CALLS: usize = 16;

/// The HTTP client for one provider.
pub struct Http {
    client: Client,
    reach: Reach,
    calls: Semaphore,
}

/// What a provider answered.
pub struct Answer {
    /// 2xx or 4xx.
    pub status: StatusCode,
    /// The whole body.
    pub body: Vec<u8>,
    /// `max-age` of its `cache-control`; zero if it may not be stored.
    pub max_age: Option<Duration>,
}

/// How a call authenticates.
pub enum Authorization<'a> {
    /// In the form.
    InForm,
    /// HTTP Basic with an id and a secret, both already encoded as RFC 6749, section 2.3.1, demands.
    Basic(&'a str, &'a Plain),
    /// A bearer token.
    Bearer(&'a Plain),
}

impl Http {
    /// A client for the provider with this checked issuer. It trusts the certificate authorities of the
    /// system.
    ///
    /// # Errors
    /// When the system has no certificate authorities, and the issuer needs them.
    pub fn new(issuer: &Url) -> Result<Self, String> {
        let reach = Reach::of(issuer);
        let mut builder = Client::builder()
            .user_agent(concat!("portcullis-control/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed here, where each URL is checked.
            .redirect(Policy::none())
            // A proxy would resolve names by itself.
            .no_proxy()
            .dns_resolver(reach.clone())
            .timeout(LIMIT);
        if issuer.scheme() == "http" {
            // Then nothing is called by https, and the authorities are not needed.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| causes(&error))?;
        Ok(Self {
            client,
            reach,
            calls: Semaphore::new(MAX_CALLS),
        })
    }

    /// Where the provider may lead.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Gets a public document, and follows redirects.
    ///
    /// # Errors
    /// When there is none.
    pub async fn document(&self, url: &Url, max_bytes: usize) -> Result<Answer, HttpError> {
        self.within_limits(async {
            let mut url = url.clone();
            for _ in 0..=MAX_REDIRECTS {
                let request = self.client.request(Method::GET, url.clone());
                let response = self.send(&url, request).await?;
                if !response.status().is_redirection() {
                    return read(response, max_bytes).await;
                }
                url = self.redirected(&url, response.headers())?;
            }
            Err(HttpError::Redirects)
        })
        .await
    }

    /// Gets what is protected by a token. No redirect is followed: the token is for this URL only.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, url: &Url, bearer: &Plain) -> Result<Answer, HttpError> {
        let request = self.client.request(Method::GET, url.clone());
        let request = authorized(request, &Authorization::Bearer(bearer));
        self.once(url, request).await
    }

    /// Sends a form. No redirect is followed: what is in the form is for this URL only.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        authorization: &Authorization<'_>,
    ) -> Result<Answer, HttpError> {
        let request = self.client.request(Method::POST, url.clone()).form(form);
        self.once(url, authorized(request, authorization)).await
    }

    async fn once(&self, url: &Url, request: RequestBuilder) -> Result<Answer, HttpError> {
        self.within_limits(async {
            let response = self.send(url, request).await?;
            if response.status().is_redirection() {
                return Err(HttpError::Status(response.status().as_u16()));
            }
            read(response, MAX_DOCUMENT_BYTES).await
        })
        .await
    }

    async fn within_limits(
        &self,
        call: impl Future<Output = Result<Answer, HttpError>>,
    ) -> Result<Answer, HttpError> {
        let permitted = async {
            // The semaphore is never closed.
            let _permit = self.calls.acquire().await;
            call.await
        };
        let ended = tokio::time::timeout(LIMIT, permitted).await;
        ended.unwrap_or(Err(HttpError::Slow))
    }

    async fn send(&self, url: &Url, request: RequestBuilder) -> Result<Response, HttpError> {
        let literal = self.reach.check_literal(url).await;
        literal.map_err(|Forbidden| HttpError::Address)?;
        let request = request.header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| failure(&error))?;
        if response.status().is_server_error() {
            return Err(HttpError::Status(response.status().as_u16()));
        }
        Ok(response)
    }

    fn redirected(&self, from: &Url, headers: &HeaderMap) -> Result<Url, HttpError> {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.ok_or(HttpError::Redirect("is missing"))?;
        let to = from
            .join(location)
            .map_err(|_| HttpError::Redirect("is none"))?;
        if to.scheme() != from.scheme() {
            return Err(HttpError::Redirect("has another scheme"));
        }
        self.reach.check_text(&to).map_err(HttpError::Redirect)?;
        Ok(to)
    }
}

fn authorized(request: RequestBuilder, authorization: &Authorization<'_>) -> RequestBuilder {
    match authorization {
        Authorization::InForm => request,
        Authorization::Basic(id, secret) => request.basic_auth(id, Some(secret.reveal())),
        Authorization::Bearer(token) => request.bearer_auth(token.reveal()),
    }
}

async fn read(mut response: Response, limit: usize) -> Result<Answer, HttpError> {
    let too_large = HttpError::TooLarge { limit };
    if response
        .content_length()
        .is_some_and(|told| told > limit as u64)
    {
        return Err(too_large);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status: response.status(),
        max_age: max_age(response.headers()),
        body,
    })
}

/// RFC 9111, section 5.2.2.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut found = None;
    let values = headers.get_all(CACHE_CONTROL).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    for directive in texts.flat_map(|text| text.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(Duration::ZERO),
            "max-age" => found = value.trim().trim_matches('"').parse().ok(),
            _ => {}
        }
    }
    found.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where nobody may be called: a listener that counts as this machine's own.
    async fn listener() -> (tokio::net::TcpListener, u16) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[tokio::test]
    async fn nothing_connects_to_this_machine_for_a_provider_elsewhere() {
        let (listener, port) = listener().await;
        let http = Http::new(&Url::parse("https://8.8.8.8/").unwrap()).unwrap();
        for host in [
            "127.0.0.1",
            "localhost",
            "sso.localhost",
            "[::ffff:127.0.0.1]",
        ] {
            let url = Url::parse(&format!("https://{host}:{port}/")).unwrap();
            let called = http.document(&url, MAX_DOCUMENT_BYTES).await;
            assert_eq!(called.err(), Some(HttpError::Address), "{host}");
        }
        tokio::select! {
            biased;
            _ = listener.accept() => panic!("there was a connection"),
            () = std::future::ready(()) => {}
        }
    }

    #[test]
    fn max_age_is_read_from_all_headers() {
        for (values, expected) in [
            (&["max-age=60"][..], Some(60)),
            (&["public, Max-Age=\"60\", must-revalidate"], Some(60)),
            (&["public", "max-age=7"], Some(7)),
            (&["max-age=60, no-store"], Some(0)),
            (&["no-cache"], Some(0)),
            (&["s-maxage=5"], None),
            (&["max-age=-1"], None),
            (&["max-age=x"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CACHE_CONTROL, value.parse().unwrap());
            }
            assert_eq!(
                max_age(&headers),
                expected.map(Duration::from_secs),
                "{values:?}"
            );
        }
    }
}
