//! A global session as lists show it.

use serde::{Deserialize, Serialize};

use crate::storage::{ListedSession, UsedApplication};

/// A global session that lives.
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionView {
    /// `sid`.
    pub id: String,
    /// The user's e-mail address.
    pub user: String,
    /// `sub`.
    pub user_id: String,
    /// The browser, in plain words.
    pub browser: String,
    /// The browser, as it said itself.
    pub user_agent: String,
    /// From where the user signed in last.
    pub address: String,
    /// The applications for which tokens were issued under it.
    pub applications: Vec<UsedApplicationView>,
    /// When it began, seconds since 1970.
    pub since: u64,
    /// Its end, seconds since 1970.
    pub until: u64,
    /// When the user proved last who they are, seconds since 1970.
    pub signed_in_at: u64,
    /// When a token was issued under it, seconds since 1970, to the minute.
    pub last_used_at: u64,
}

/// An application for which a session was used.
#[derive(Debug, Serialize, Deserialize)]
pub struct UsedApplicationView {
    /// Its name.
    pub name: String,
    /// When it got a token last, seconds since 1970, to the minute.
    pub last_token_at: u64,
}

impl From<ListedSession> for SessionView {
    fn from(session: ListedSession) -> Self {
        let view = |used: UsedApplication| UsedApplicationView {
            name: used.name,
            last_token_at: used.last_token_at,
        };
        Self {
            id: session.id,
            user: session.email,
            user_id: session.user_id,
            browser: session.browser,
            user_agent: session.user_agent,
            address: session.address,
            applications: session.applications.into_iter().map(view).collect(),
            since: session.since,
            until: session.until,
            signed_in_at: session.signed_in_at,
            last_used_at: session.last_used_at,
        }
    }
}
