//! Lists, page by page: `limit` says how long a page is, `next` of one page is `cursor` of the
//! following.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use portcullis::protocol::base64url;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ApiError;

const DEFAULT_LIMIT: u32 = 50;
const HIGHEST_LIMIT: u32 = 200;

/// A page of a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the list goes on, opaque; `None` at its end.
    pub next: Option<String>,
}

/// Which page is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    user: String,
    #[serde(default = "default_limit")]
    limit: u32,
    cursor: Option<String>,
}

/// What the query of a request is read as.
pub type QueryResult = Result<Query<ListQuery>, QueryRejection>;

impl ListQuery {
    /// The query, if it can be.
    pub fn checked(query: QueryResult) -> Result<Self, ApiError> {
        let Query(query) = query.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
        if (1..=HIGHEST_LIMIT).contains(&query.limit) {
            Ok(query)
        } else {
            let message = format!("limit must be between 1 and {HIGHEST_LIMIT}");
            Err(ApiError::RequestInvalid(message))
        }
    }

    /// The user that is asked for, by id or e-mail address; empty: all.
    pub fn user(&self) -> String {
        if self.user.contains('@') {
            self.user.to_lowercase()
        } else {
            self.user.clone()
        }
    }

    /// One more than fits: it says whether there is another page.
    pub fn limit_and_one(&self) -> u32 {
        self.limit + 1
    }

    /// Where the page begins.
    pub fn after<C: DeserializeOwned>(&self) -> Result<Option<C>, ApiError> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let position = base64url::decode(cursor.as_bytes())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        position.map(Some).ok_or_else(|| {
            ApiError::RequestInvalid("cursor must be the `next` of a page before".to_owned())
        })
    }

    /// The page of what was found from its beginning on; `position` is what the cursor after an
    /// item holds.
    pub fn page<F, T: From<F>, C: Serialize>(
        &self,
        mut found: Vec<F>,
        position: impl Fn(&F) -> C,
    ) -> Page<T> {
        let limit = self.limit as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more).map(position);
        let next = last.and_then(|last| serde_json::to_vec(&last).ok());
        Page {
            items: found.into_iter().map(T::from).collect(),
            next: next.map(|bytes| base64url::encode(&bytes)),
        }
    }
}

fn default_limit() -> u32 {
    DEFAULT_LIMIT
}
