//! Fetching a public document.

use reqwest::{StatusCode, Url};

use super::super::error::{Endpoint, ProviderError};
use super::super::http::{Answer, Http, HttpError};

/// Gets a document of at most so many bytes.
///
/// # Errors
/// When there is none.
pub async fn fetch(
    http: &Http,
    endpoint: Endpoint,
    url: &Url,
    max_bytes: usize,
) -> Result<Answer, ProviderError> {
    let answer = http.document(url, max_bytes).await;
    let answer = answer.map_err(|error| ProviderError::of(endpoint, error))?;
    if answer.status == StatusCode::OK {
        Ok(answer)
    } else {
        let status = HttpError::Status(answer.status.as_u16());
        Err(ProviderError::of(endpoint, status))
    }
}
