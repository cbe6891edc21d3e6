//! An event as a row of a table.

use super::super::shown::Shown;
use crate::administration::audit::view::{EventView, PartyView};
use crate::audit::EventName;
use crate::audit::event_name::Outcome;
use crate::storage::StoredEvent;
use crate::team_domain::page::time::ShownTime;

/// A row; see `dashboard/audit/lines.html`.
pub struct Line {
    pub id: u64,
    pub at: ShownTime,
    pub event: String,
    /// The colour of the event.
    pub kind: &'static str,
    pub actor: Shown,
    pub subject: Option<Shown>,
    pub application: Option<Shown>,
    /// The rule or the reason.
    pub why: Option<Shown>,
    pub address: Option<Shown>,
    /// How many events it stands for.
    pub count: u64,
}

impl Line {
    /// The row of an event.
    pub fn of(event: StoredEvent) -> Self {
        let at = ShownTime::at(event.at.to_seconds());
        let event = EventView::from(event);
        let shown = |text: &Option<String>| text.as_deref().map(Shown::new);
        Self {
            id: event.id,
            at,
            kind: kind(&event.event),
            actor: event.actor.named().into(),
            subject: event.about().map(PartyView::named).map(Shown::from),
            application: shown(&event.application),
            why: why(&event).map(Shown::from),
            address: shown(&event.address),
            count: event.count,
            event: event.event,
        }
    }

    /// The rows of several.
    pub fn all(events: Vec<StoredEvent>) -> Vec<Self> {
        events.into_iter().map(Self::of).collect()
    }
}

fn kind(event: &str) -> &'static str {
    let mut all = EventName::ALL.into_iter();
    match all
        .find(|one| one.as_str() == event)
        .and_then(EventName::outcome)
    {
        Some(Outcome::Admitted) => "good",
        Some(Outcome::Refused) => "bad",
        None => "",
    }
}

fn why(event: &EventView) -> Option<String> {
    let rule = event.rule.as_ref().map(|rule| format!("rule {rule}"));
    match (rule, &event.reason) {
        (Some(rule), Some(reason)) => Some(format!("{reason}, {rule}")),
        (rule, reason) => rule.or_else(|| reason.clone()),
    }
}
