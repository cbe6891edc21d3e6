//! An answer, whole.

use anyhow::{Context, Result};
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use serde::de::DeserializeOwned;
use url::Url;

/// An answer with all of its body.
#[derive(Debug, Clone)]
pub struct Response {
    /// What was asked for.
    pub url: Url,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    pub(super) fn read(url: Url, answer: reqwest::blocking::Response) -> Result<Self> {
        Ok(Self {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer
                .bytes()
                .with_context(|| format!("the answer of {url} broke off"))?
                .to_vec(),
            url,
        })
    }

    /// The first value of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else, which the error shows.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} of {}: {}", self.status, self.url, self.text()))
    }

    /// Where a redirect leads.
    ///
    /// # Errors
    /// When it leads to no URL.
    pub fn location(&self) -> Result<Option<Url>> {
        match self.headers.get(LOCATION) {
            Some(location) if (300..400).contains(&self.status) => {
                let text = location.to_str()?;
                let url = self
                    .url
                    .join(text)
                    .with_context(|| format!("redirected to {text}"))?;
                Ok(Some(url))
            }
            _ => Ok(None),
        }
    }

    /// Every `set-cookie`, as it came.
    pub fn set_cookies(&self) -> impl Iterator<Item = &str> {
        let values = self.headers.get_all(SET_COOKIE).into_iter();
        values.filter_map(|value| value.to_str().ok())
    }
}
