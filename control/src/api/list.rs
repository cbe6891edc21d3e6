//! Lists: whole ([`Items`]), or page by page ([`ListPage`]), where `limit` is the length of a page
//! and `next` of one page is `cursor` of the following.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use portcullis::protocol::base64url;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;

const DEFAULT_LIMIT: u32 = 50;
/// The longest page.
pub const HIGHEST_LIMIT: u32 = 200;

/// A whole list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Items<T> {
    /// The items.
    pub items: Vec<T>,
}

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ListPage<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// Which page is requested.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// How many items a page has.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: u32,
    /// The `next` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// The query of a request, as axum extracts it.
pub type QueryResult = Result<Query<ListQuery>, QueryRejection>;

impl ListQuery {
    /// The query, if it is valid.
    pub fn checked(query: QueryResult) -> Result<Self, ApiError> {
        let Query(query) = query.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
        query.up_to(HIGHEST_LIMIT)
    }

    /// The query of a list with other filters, whose pages are at most `highest` long.
    pub fn within(limit: u32, cursor: Option<String>, highest: u32) -> Result<Self, ApiError> {
        Self { limit, cursor }.up_to(highest)
    }

    fn up_to(self, highest: u32) -> Result<Self, ApiError> {
        if (1..=highest).contains(&self.limit) {
            Ok(self)
        } else {
            let message = format!("limit must be between 1 and {highest}");
            Err(ApiError::RequestInvalid(message))
        }
    }

    /// How many items a page holds.
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// How many items to read: one more than the page holds shows whether another page follows.
    pub fn limit_and_one(&self) -> u32 {
        self.limit + 1
    }

    /// The position after which the page begins.
    pub fn after<C: DeserializeOwned>(&self) -> Result<Option<C>, ApiError> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        read_cursor(cursor).map(Some).ok_or_else(|| {
            ApiError::RequestInvalid("cursor must be the `next` of an earlier page".to_owned())
        })
    }

    /// The page that `found` begins with; `position` is what the cursor after an item holds.
    pub fn page<F, T: From<F>, C: Serialize>(
        &self,
        mut found: Vec<F>,
        position: impl Fn(&F) -> C,
    ) -> ListPage<T> {
        let limit = self.limit as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more).map(position);
        ListPage {
            items: found.into_iter().map(T::from).collect(),
            next: last.as_ref().and_then(cursor),
        }
    }
}

/// A position as a cursor.
pub(crate) fn cursor<C: Serialize>(position: &C) -> Option<String> {
    let bytes = serde_json::to_vec(position).ok()?;
    Some(base64url::encode(&bytes))
}

/// The position of a cursor; `None` if it is none.
pub(crate) fn read_cursor<C: DeserializeOwned>(cursor: &str) -> Option<C> {
    let bytes = base64url::decode(cursor.as_bytes())?;
    serde_json::from_slice(&bytes).ok()
}

pub(super) fn default_limit() -> u32 {
    DEFAULT_LIMIT
}
