//! The filter of the audit log as it is written in a URL or on the command line.

use std::net::IpAddr;
use std::time::UNIX_EPOCH;

use ipnet::IpNet;
use portcullis::time::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::audit::EventName;
use crate::audit::event_name::Outcome;
use crate::sign_in::email::normal_or_text;
use crate::storage::{AuditField, AuditFilter};

/// The longest text of a filter, in bytes.
const LONGEST: usize = 512;

/// What was asked for. An empty text counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// RFC 3339, a date, or seconds since 1970: not before.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// The same: before.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub until: String,
    /// A name such as `user.added`, or the group `user`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// Names or groups, with commas, that are left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub not_event: String,
    /// The user whom they concern, by id or e-mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// An application, by name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub application: String,
    /// Who acted: a kind such as `cli`, an id, or a name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// `admitted` or `refused`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// The client's address, or a network such as `192.0.2.0/24`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// The beginning of the request's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// What is wrong with one of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongFilter {
    /// Which one.
    pub field: AuditField,
    /// Why.
    pub message: String,
}

impl Asked {
    /// The filter.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn filter(&self) -> Result<AuditFilter, Vec<WrongFilter>> {
        let mut wrong = Vec::new();
        let mut at = |field, text: &str| {
            let at = parse_moment(text);
            if at.is_none() && !text.is_empty() {
                wrong.push(WrongFilter {
                    field,
                    message:
                        "must be a time such as 2026-11-27T08:00:00Z, a date, or seconds since 1970"
                            .to_owned(),
                });
            }
            at
        };
        let since = at(AuditField::Since, self.since.trim());
        let until = at(AuditField::Until, self.until.trim());
        let mut names = |field, text: &str| {
            named_events(text).unwrap_or_else(|message| {
                wrong.push(WrongFilter { field, message });
                Vec::new()
            })
        };
        let events = names(AuditField::Event, &self.event);
        let not_events = names(AuditField::NotEvent, &self.not_event);
        let outcome = Outcome::parse(self.outcome.trim());
        let addresses = network(self.address.trim());
        for (field, message, is_wrong) in [
            (
                AuditField::Outcome,
                "must be `admitted` or `refused`",
                outcome.is_none() && !self.outcome.trim().is_empty(),
            ),
            (
                AuditField::Address,
                "must be an address, or a network such as 192.0.2.0/24",
                addresses.is_none() && !self.address.trim().is_empty(),
            ),
        ] {
            if is_wrong {
                let message = message.to_owned();
                wrong.push(WrongFilter { field, message });
            }
        }
        wrong.extend(self.too_long());
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(AuditFilter {
            since,
            until,
            events,
            not_events,
            user: user(self.user.trim()),
            application: self.application.trim().to_owned(),
            actor: self.actor.trim().to_owned(),
            outcome,
            addresses,
            reference: self.reference.trim().to_owned(),
        })
    }

    /// Each field with its name in a URL, and its text.
    #[must_use]
    pub fn fields(&self) -> [(AuditField, &str); 10] {
        [
            (AuditField::Since, &self.since),
            (AuditField::Until, &self.until),
            (AuditField::Event, &self.event),
            (AuditField::NotEvent, &self.not_event),
            (AuditField::User, &self.user),
            (AuditField::Application, &self.application),
            (AuditField::Actor, &self.actor),
            (AuditField::Outcome, &self.outcome),
            (AuditField::Address, &self.address),
            (AuditField::Reference, &self.reference),
        ]
    }

    /// The text of a field.
    pub fn text_mut(&mut self, field: AuditField) -> &mut String {
        match field {
            AuditField::Since => &mut self.since,
            AuditField::Until => &mut self.until,
            AuditField::Event => &mut self.event,
            AuditField::NotEvent => &mut self.not_event,
            AuditField::User => &mut self.user,
            AuditField::Application => &mut self.application,
            AuditField::Actor => &mut self.actor,
            AuditField::Outcome => &mut self.outcome,
            AuditField::Address => &mut self.address,
            AuditField::Reference => &mut self.reference,
        }
    }

    /// As the query of a URL.
    #[must_use]
    pub fn to_query(&self) -> String {
        let fields = self.fields().into_iter();
        let given = fields.filter(|(_, text)| !text.trim().is_empty());
        let given = given.map(|(field, text)| (name(field), text.trim()));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(given)
            .finish()
    }

    fn too_long(&self) -> impl Iterator<Item = WrongFilter> {
        let fields = self.fields().into_iter();
        let long = fields.filter(|(_, text)| text.len() > LONGEST);
        long.map(|(field, _)| WrongFilter {
            field,
            message: format!("must have at most {LONGEST} bytes"),
        })
    }
}

/// The name of a field in a URL.
#[must_use]
pub fn name(field: AuditField) -> &'static str {
    match field {
        AuditField::Since => "since",
        AuditField::Until => "until",
        AuditField::Event => "event",
        AuditField::NotEvent => "not_event",
        AuditField::User => "user",
        AuditField::Application => "application",
        AuditField::Actor => "actor",
        AuditField::Outcome => "outcome",
        AuditField::Address => "address",
        AuditField::Reference => "reference",
    }
}

/// The user as events name them.
fn user(text: &str) -> String {
    match text.contains('@') {
        true => normal_or_text(text),
        false => text.to_owned(),
    }
}

/// The events of names and groups, which are what stands before the dot of several names. A misspelt one
/// must not look like an empty log.
fn named_events(text: &str) -> Result<Vec<&'static str>, String> {
    let names = EventName::ALL.map(EventName::as_str);
    let mut found = Vec::new();
    let asked = text.split(',').map(str::trim);
    for asked in asked.filter(|asked| !asked.is_empty()) {
        let group = asked.strip_suffix(".*").unwrap_or(asked);
        let before = found.len();
        found.extend(names.iter().copied().filter(|name| {
            *name == asked || name.split_once('.').is_some_and(|(of, _)| of == group)
        }));
        if found.len() == before {
            return Err(format!(
                "there is no such event; the events are {}",
                names.join(", ")
            ));
        }
    }
    Ok(found)
}

fn network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().map(|network| network.trunc());
    network
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// RFC 3339, a date (its first moment in UTC), or seconds since 1970.
#[must_use]
pub fn parse_moment(text: &str) -> Option<UnixMillis> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(UnixMillis::new(seconds.saturating_mul(1_000)));
    }
    let time = humantime::parse_rfc3339(text)
        .or_else(|_| humantime::parse_rfc3339(&format!("{text}T00:00:00Z")))
        .ok()?;
    let since_1970 = time.duration_since(UNIX_EPOCH).ok()?;
    let millis = u64::try_from(since_1970.as_millis()).ok()?;
    Some(UnixMillis::new(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let seconds = |text| parse_moment(text).map(|at| at.get() / 1_000);
        assert_eq!(seconds("1700000000"), Some(1_700_000_000));
        assert_eq!(seconds("2023-11-14T22:13:20Z"), Some(1_700_000_000));
        assert_eq!(seconds("1970-01-02"), Some(86_400));
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds("-5"), None);
    }

    #[test]
    fn events_are_known_by_name_and_by_group() {
        let one = |text| named_events(text).unwrap();
        assert_eq!(one("user.added"), ["user.added"]);
        assert_eq!(one("sign_in.*").len(), 3);
        assert_eq!(one("sign_in, user.added").len(), 4);
        assert!(one("user").contains(&"user.disabled"));
        assert!(one("").is_empty());
        let error = named_events("user.adde").unwrap_err();
        assert!(error.contains("user.added"), "{error}");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let asked = Asked {
            since: "soon".to_owned(),
            event: "x".to_owned(),
            outcome: "maybe".to_owned(),
            address: "192.0.2.0/33".to_owned(),
            user: "x".repeat(LONGEST + 1),
            ..Asked::default()
        };
        let wrong = asked.filter().unwrap_err();
        let names: Vec<&str> = wrong.iter().map(|one| name(one.field)).collect();
        assert_eq!(names, ["since", "event", "outcome", "address", "user"]);
        let blank = Asked {
            since: " ".to_owned(),
            actor: " ".to_owned(),
            ..Asked::default()
        };
        assert_eq!(blank.filter(), Ok(AuditFilter::default()));
        assert_eq!(blank.to_query(), "");
    }

    #[test]
    fn an_address_is_a_network_of_one() {
        let one = |text: &str| network(text).map(|network| network.to_string());
        assert_eq!(one("192.0.2.7").as_deref(), Some("192.0.2.7/32"));
        assert_eq!(one("192.0.2.7/24").as_deref(), Some("192.0.2.0/24"));
        assert_eq!(one("2001:db8::1").as_deref(), Some("2001:db8::1/128"));
        assert_eq!(one("host"), None);
    }
}
