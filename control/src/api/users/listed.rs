//! Users, for programs: `GET users?user=`, `GET users?q=&state=`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::super::error::ApiError;
use super::super::list::{HIGHEST_LIMIT, ListPage, ListQuery, default_limit};
use super::UserView;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::sign_in::email::normal_or_text;
use crate::storage::{User, UserPage, UserSearch, words_of};

/// The longest search, in bytes.
const LONGEST_SEARCH: usize = 256;
const STATES: [&str; 4] = ["in", "out", "blocked", "disabled"];

/// Which users to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UsersQuery {
    /// One user, by e-mail address or id; not with `q` or `state`.
    #[serde(default)]
    user: String,
    /// Those in whose address or name a word begins with each of these words.
    #[serde(default)]
    q: String,
    /// Those in a state: `in`, `out`, `blocked` or `disabled`.
    #[serde(default)]
    state: String,
    /// How many users a page has.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: u32,
    /// The `next` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// Lists users, by address.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "list_users",
    params(UsersQuery),
    responses((status = OK, body = ListPage<UserView>)),
)]
pub async fn list_page(
    State(service): State<Arc<Service>>,
    query: Result<Query<UsersQuery>, QueryRejection>,
) -> Result<Json<ListPage<UserView>>, ApiError> {
    let Query(query) = query.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
    let words = query.words()?;
    let page = ListQuery::within(query.limit, query.cursor, HIGHEST_LIMIT)?;
    let after = page.after::<(String, String)>()?.unwrap_or_default();
    let (after, limit) = ((after.0.as_str(), after.1.as_str()), page.limit_and_one());
    let storage = &service.storage;
    let users = if words.is_empty() && query.state.is_empty() {
        let user = if query.user.contains('@') {
            normal_or_text(&query.user)
        } else {
            query.user
        };
        let one = UserPage {
            user: &user,
            after,
            limit,
        };
        storage.users_page(one).await?
    } else {
        let search = UserSearch {
            words: &words,
            state: &query.state,
            now: service.now(),
            after,
            limit,
        };
        storage.search_users(search).await?
    };
    let position = |last: &User| (last.email.clone(), last.id.clone());
    Ok(Json(page.page(users, position)))
}

impl UsersQuery {
    /// The words to search for, if all is valid.
    fn words(&self) -> Result<BTreeSet<String>, Refused> {
        let mut problems = InputProblems::default();
        let words = words_of(&self.q);
        if self.q.len() > LONGEST_SEARCH {
            let message = format!("must be at most {LONGEST_SEARCH} bytes");
            problems.add("q", "", message);
        } else if !self.q.is_empty() && words.is_empty() {
            problems.add("q", &self.q, "needs a letter or a digit");
        }
        if !self.state.is_empty() && !STATES.contains(&self.state.as_str()) {
            let message = format!("must be one of {}", STATES.join(", "));
            problems.add("state", &self.state, message);
        }
        let is_search = !self.q.is_empty() || !self.state.is_empty();
        if is_search && !self.user.is_empty() {
            problems.add("user", &self.user, "cannot go with q or state");
        }
        problems.finish()?;
        Ok(words)
    }
}
