//! The discovery document (OpenID Connect Discovery 1.0, section 3).

use reqwest::Url;
use serde_json::{Map, Value};

use super::super::error::{DiscoveryFault, ProviderError};
use super::super::http::reach::Reach;

const PATH: &str = "/.well-known/openid-configuration";

/// A discovery document: all URLs in it may be used.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Where browsers sign in.
    pub authorization_endpoint: Url,
    /// Where codes and refresh tokens are redeemed.
    pub token_endpoint: Url,
    /// Where the keys are.
    pub jwks_uri: Url,
    /// Where more about a person is.
    pub userinfo_endpoint: Option<Url>,
    /// Where browsers sign out.
    pub end_session_endpoint: Option<Url>,
    /// Whether every answer at the callback has `iss` (RFC 9207, section 3).
    pub sends_issuer: bool,
    /// The document.
    pub document: Map<String, Value>,
}

/// Where the document of an issuer is (section 4); `None` if the issuer is no URL.
#[must_use]
pub fn discovery_url(issuer: &str) -> Option<Url> {
    let url = format!("{}{PATH}", issuer.trim_end_matches('/'));
    Url::parse(&url).ok()
}

impl Metadata {
    /// Checks a document that was found at the issuer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(
        document: Map<String, Value>,
        issuer: &str,
        reach: &Reach,
    ) -> Result<Self, ProviderError> {
        check_issuer(&document, issuer)?;
        let required =
            |field| optional(&document, field, reach)?.ok_or(DiscoveryFault::Missing(field));
        Ok(Self {
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            jwks_uri: required("jwks_uri")?,
            userinfo_endpoint: optional(&document, "userinfo_endpoint", reach)?,
            end_session_endpoint: optional(&document, "end_session_endpoint", reach)?,
            sends_issuer: flag(&document, "authorization_response_iss_parameter_supported"),
            document,
        })
    }

    /// The texts in a list of the document; `None` if there is no such list.
    #[must_use]
    pub fn list(&self, field: &str) -> Option<Vec<&str>> {
        let list = self.document.get(field)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).collect())
    }

    /// Whether a field of the document is true.
    #[must_use]
    pub fn says(&self, field: &str) -> bool {
        flag(&self.document, field)
    }
}

/// `jwks_uri` of another document of an issuer.
///
/// # Errors
/// When the document names another issuer, or has no such URL.
pub fn jwks_uri(
    document: &Map<String, Value>,
    issuer: &str,
    reach: &Reach,
) -> Result<Url, DiscoveryFault> {
    check_issuer(document, issuer)?;
    optional(document, "jwks_uri", reach)?.ok_or(DiscoveryFault::Missing("jwks_uri"))
}

fn check_issuer(document: &Map<String, Value>, issuer: &str) -> Result<(), DiscoveryFault> {
    let found = text(document, "issuer").ok_or(DiscoveryFault::Missing("issuer"))?;
    if found == issuer {
        return Ok(());
    }
    let found: String = found.chars().take(256).collect();
    Err(DiscoveryFault::Issuer {
        found: found.escape_debug().to_string(),
        configured: issuer.to_owned(),
    })
}

fn text<'a>(document: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    document.get(field)?.as_str()
}

fn flag(document: &Map<String, Value>, field: &str) -> bool {
    document
        .get(field)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

fn optional(
    document: &Map<String, Value>,
    field: &'static str,
    reach: &Reach,
) -> Result<Option<Url>, DiscoveryFault> {
    let forbidden = |problem| DiscoveryFault::Forbidden { field, problem };
    let Some(value) = document.get(field).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let url = value.as_str().and_then(|text| Url::parse(text).ok());
    let url = url.ok_or(forbidden("is no URL"))?;
    reach.check_text(&url).map_err(forbidden)?;
    if url.fragment().is_some() {
        return Err(forbidden("has a fragment"));
    }
    Ok(Some(url))
}
