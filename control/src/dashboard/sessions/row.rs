//! A live session, as lists show it.

use super::super::shown::Shown;
use crate::storage::{ListedSession, Session};
use crate::team_domain::page::time::ShownTime;

/// A live session.
pub struct Row {
    /// `sid`.
    pub id: String,
    /// `sub`.
    pub user_id: String,
    /// What the user is called.
    pub who: Shown,
    /// Whether it is the one with which the page was opened.
    pub is_own: bool,
    /// The browser, in plain words.
    pub browser: Shown,
    /// What the browser says of itself.
    pub user_agent: Shown,
    /// The client's address at the last sign-in.
    pub address: Shown,
    /// The applications for which it was used.
    pub applications: Shown,
    /// When it began.
    pub since: ShownTime,
    /// When it was last used.
    pub used: ShownTime,
    /// When it ends.
    pub until: ShownTime,
}

impl Row {
    /// A session, on a page that `own` opened.
    pub fn of(session: &ListedSession, own: &Session) -> Self {
        let names = session.applications.iter().map(|used| used.name.as_str());
        let who = match session.email.as_str() {
            "" => &session.user_id,
            email => email,
        };
        Self {
            id: session.id.clone(),
            user_id: session.user_id.clone(),
            who: Shown::new(who),
            is_own: session.id == own.id,
            browser: Shown::new(&session.browser),
            user_agent: Shown::new(&session.user_agent),
            address: Shown::new(&session.address),
            applications: Shown::new(&names.collect::<Vec<_>>().join(", ")),
            since: ShownTime::at(session.since),
            used: ShownTime::at(session.last_used_at),
            until: ShownTime::at(session.until),
        }
    }
}
