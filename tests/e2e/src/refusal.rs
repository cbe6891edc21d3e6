//! What a refused sub-request is told (RFC 9457).

use anyhow::{Result, ensure};
use portcullis_demo::browser::response::Response;
use serde::Deserialize;

use crate::connection::Answer;

/// The body of a 401 or 403 for a sub-request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// One line for people.
    pub title: String,
    /// The status, once more.
    pub status: u16,
    /// The machine's word for it.
    pub reason: String,
    /// Where to sign in.
    pub login_url: Option<String>,
}

impl Refusal {
    /// Reads the refusal of a browser's sub-request.
    ///
    /// # Errors
    /// When it is none, or leads elsewhere.
    pub fn of(response: &Response) -> Result<Self> {
        let refusal: Self = response.json()?;
        refusal.check(response.status, response.header("content-type"))?;
        ensure!(response.header("location").is_none(), "a redirect");
        Ok(refusal)
    }

    /// Reads the refusal of a sub-request that was sent by hand.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_answer(answer: &Answer) -> Result<Self> {
        let refusal: Self = serde_json::from_slice(&answer.body)?;
        refusal.check(answer.status, answer.header("content-type"))?;
        ensure!(answer.header("location").is_none(), "a redirect");
        Ok(refusal)
    }

    fn check(&self, status: u16, content_type: Option<&str>) -> Result<()> {
        ensure!(
            self.status == status,
            "status {status} says {}",
            self.status
        );
        ensure!(
            content_type == Some("application/problem+json"),
            "content-type {content_type:?}"
        );
        Ok(())
    }
}
