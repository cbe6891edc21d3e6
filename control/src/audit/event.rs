//! Events.

use serde_json::{Map, Value};

use super::changes::Changes;
use super::event_name::{EventName, Outcome};
use super::initiator::{Actor, Initiator};
use super::text::cut;
use crate::sign_in::email::normal_or_text;

/// The detail `for` of a token that begins a session at an application.
const FOR_SESSION: &str = "session";

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
}

/// The user whom an event concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Concerned {
    pub(crate) id: String,
    /// What the e-mail address is compared by.
    pub(crate) email: String,
}

/// An event to store. The database adds the time and the id.
#[derive(Debug, Clone)]
pub struct Event {
    pub(crate) name: EventName,
    pub(crate) by: Initiator,
    pub(crate) subject: Subject,
    pub(crate) user: Concerned,
    pub(crate) application: String,
    pub(crate) rule: String,
    pub(crate) reason: String,
    pub(crate) changes: Option<Changes>,
    pub(crate) details: Map<String, Value>,
    /// How many events it stands for.
    pub(crate) count: u64,
    /// What tells a line that is counted up; `None` for an event alone.
    pub(crate) counted_as: Option<String>,
}

impl Subject {
    /// Of a kind: one lower-case word.
    #[must_use]
    pub fn new(kind: &'static str, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: cut(id.into()),
            name: cut(name.into()),
        }
    }

    /// Nothing that is known.
    #[must_use]
    pub fn none() -> Self {
        Self::new("", "", "")
    }

    /// A user, by id and e-mail address.
    #[must_use]
    pub fn user(id: &str, email: &str) -> Self {
        Self::new("user", id, email)
    }

    /// A global session, by `sid`.
    #[must_use]
    pub fn session(id: &str) -> Self {
        Self::new("session", id, "")
    }

    /// An application, by audience and name.
    #[must_use]
    pub fn application(audience: &str, name: &str) -> Self {
        Self::new("application", audience, name)
    }

    /// A signing key, by `kid`.
    #[must_use]
    pub fn key(kid: &str) -> Self {
        Self::new("key", kid, "")
    }
}

impl Event {
    /// An event about a subject. If that is a user, or else the actor is, it concerns them.
    #[must_use]
    pub fn new(name: EventName, by: &Initiator, subject: Subject) -> Self {
        let event = Self {
            name,
            by: by.clone(),
            user: Concerned::default(),
            application: String::new(),
            rule: String::new(),
            reason: String::new(),
            changes: None,
            details: Map::new(),
            count: 1,
            counted_as: None,
            subject,
        };
        let event = match by.note.as_str() {
            "" => event,
            note => event.detail("note", note),
        };
        if event.subject.kind == "user" {
            let (id, email) = (event.subject.id.clone(), event.subject.name.clone());
            return event.of_user(&id, &email);
        }
        match &by.actor {
            Actor::User { id, email } => event.of_user(id, email),
            _ => event,
        }
    }

    /// The user whom it concerns.
    #[must_use]
    pub fn of_user(mut self, id: &str, email: &str) -> Self {
        self.user = Concerned {
            id: id.to_owned(),
            email: cut(normal_or_text(email)),
        };
        self
    }

    /// The id of the user who acts on their own account, where it was not known before.
    #[must_use]
    pub(crate) fn by_user(mut self, user_id: &str) -> Self {
        if let Actor::User { id, .. } = &mut self.by.actor {
            user_id.clone_into(id);
        }
        user_id.clone_into(&mut self.subject.id);
        user_id.clone_into(&mut self.user.id);
        self
    }

    /// The application that it concerns, by name.
    #[must_use]
    pub fn at(mut self, application: &str) -> Self {
        application.clone_into(&mut self.application);
        self
    }

    /// The rule of a policy that decided.
    #[must_use]
    pub fn rule(mut self, rule: &str) -> Self {
        rule.clone_into(&mut self.rule);
        self
    }

    /// Why, in a word for programs.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.reason);
        self
    }

    /// What was configured before and after.
    #[must_use]
    pub fn changes(mut self, changes: Changes) -> Self {
        self.changes = Some(changes);
        self
    }

    /// What became of the sign-in at an application of which it tells. Whoever gets in gets a token for a
    /// new session there, with a prompt or without.
    pub(crate) fn sign_in(&self) -> Option<Outcome> {
        match self.name {
            EventName::TokenIssued => self
                .details
                .get("for")?
                .as_str()?
                .eq(FOR_SESSION)
                .then_some(Outcome::Admitted),
            EventName::SignInRefused => Some(Outcome::Refused),
            _ => None,
        }
    }

    /// The token of which it tells, as one for a new session.
    #[must_use]
    pub(crate) fn for_session(self) -> Self {
        self.detail("for", FOR_SESSION)
    }

    /// The sign-in of which it tells, as one that was refused.
    #[must_use]
    pub(crate) fn refused(mut self, reason: &str) -> Self {
        self.name = EventName::SignInRefused;
        self.reason(reason)
    }

    /// As a line that stands for several, and is counted up.
    #[must_use]
    pub(crate) fn counted(mut self, count: u64, counted_as: String) -> Self {
        self.count = count;
        self.counted_as = Some(counted_as);
        self
    }

    /// Something else to know. Neither a secret nor of any length.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_concerns_its_subject_before_its_actor() {
        let by = Initiator::from(Actor::User {
            id: "u1".to_owned(),
            email: "Ana@Example.com".to_owned(),
        });
        let own = Event::new(EventName::SessionEnded, &by, Subject::session("s"));
        assert_eq!((&*own.user.id, &*own.user.email), ("u1", "ana@example.com"));
        let other = Event::new(EventName::UserAdded, &by, Subject::user("u2", "b@c.de"));
        assert_eq!(other.user.id, "u2");
    }

    #[test]
    fn texts_are_bounded() {
        let subject = Subject::new("provider", "é".repeat(2_000), "");
        assert_eq!(subject.id.len(), crate::audit::text::LONGEST);
    }
}
