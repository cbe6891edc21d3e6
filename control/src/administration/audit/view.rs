//! An event of the audit log, as the admin API, the command line and exports show it.

use std::time::{Duration, UNIX_EPOCH};

use portcullis::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::storage::{Party, StoredEvent};

/// Who acted, or what an event is about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Party)]
pub struct PartyView {
    /// Such as `user`, `admin_token`, `cli`, `application`.
    pub kind: String,
    /// Its id.
    pub id: Option<String>,
    /// Its name, or e-mail address.
    pub name: Option<String>,
}

/// A user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConcernedUser {
    /// The id: `sub` of their tokens.
    pub id: String,
    /// What the e-mail address is compared by.
    pub email: String,
}

/// An event.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Its id. Ids follow the order of commits and have no gaps.
    pub id: u64,
    /// When it was stored (RFC 3339), by the database's clock.
    pub time: String,
    /// Its name.
    pub event: String,
    /// Who acted.
    pub actor: PartyView,
    /// What it is about.
    pub subject: Option<PartyView>,
    /// The user whom it concerns.
    pub user: Option<ConcernedUser>,
    /// The application that it concerns.
    pub application: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// The client's `user-agent`, as it says.
    pub user_agent: Option<String>,
    /// The rule of a policy that decided.
    pub rule: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The request's `x-request-id`.
    pub request_id: Option<String>,
    /// What was configured before and after.
    pub changes: Option<Value>,
    /// What else there is to know.
    pub details: Option<Value>,
    /// How many events it stands for.
    pub count: u64,
}

impl EventView {
    /// What it is about, unless its actor or its application says so already.
    #[must_use]
    pub fn about(&self) -> Option<&PartyView> {
        let subject = self.subject.as_ref();
        let subject = subject.filter(|subject| subject.id != self.actor.id);
        subject.filter(|subject| subject.name.is_none() || subject.name != self.application)
    }
}

impl PartyView {
    /// In a word or two.
    #[must_use]
    pub fn named(&self) -> String {
        match (&self.name, &self.id) {
            (Some(name), _) if self.kind == "user" => name.clone(),
            (Some(name), _) => format!("{} {name}", self.kind),
            (None, Some(id)) => format!("{} {id}", self.kind),
            (None, None) => self.kind.clone(),
        }
    }
}

impl From<Party> for PartyView {
    fn from(party: Party) -> Self {
        Self {
            kind: party.kind,
            id: given(party.id),
            name: given(party.name),
        }
    }
}

impl From<StoredEvent> for EventView {
    fn from(event: StoredEvent) -> Self {
        let user = ConcernedUser {
            id: event.user_id,
            email: event.user_email,
        };
        Self {
            id: event.id,
            time: time(event.at),
            event: event.event,
            actor: event.actor.into(),
            subject: (!event.subject.kind.is_empty()).then(|| event.subject.into()),
            user: (!user.id.is_empty()).then_some(user),
            application: given(event.application),
            address: given(event.address),
            user_agent: given(event.user_agent),
            rule: given(event.rule),
            reason: given(event.reason),
            request_id: given(event.request_id),
            changes: event.changes,
            details: event.details,
            count: event.count,
        }
    }
}

/// To the millisecond (RFC 3339).
fn time(at: UnixMillis) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(at.get());
    humantime::format_rfc3339_millis(time).to_string()
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
