//! Which events of the audit log are meant, and how a statement says so.

use std::net::IpAddr;

use ipnet::IpNet;
use portcullis::time::UnixMillis;

use super::statement::Statement;
use crate::audit::event_name::Outcome;
use crate::storage::database::columns::to_db;

/// What a filter can go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditField {
    /// From when on.
    Since,
    /// Before when.
    Until,
    /// What happened.
    Event,
    /// What did not happen.
    NotEvent,
    /// Whom it concerns.
    User,
    /// The application.
    Application,
    /// Who acted.
    Actor,
    /// Whether somebody was admitted.
    Outcome,
    /// The client's address.
    Address,
    /// The beginning of the request's id.
    Reference,
}

/// Which events are meant. What is absent or empty admits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Not before.
    pub since: Option<UnixMillis>,
    /// Before.
    pub until: Option<UnixMillis>,
    /// Names of events.
    pub events: Vec<&'static str>,
    /// Names of events that are left out.
    pub not_events: Vec<&'static str>,
    /// The user whom they concern, by id or by what the e-mail address is compared by.
    pub user: String,
    /// An application, by name.
    pub application: String,
    /// Who acted: a kind, an id or a name.
    pub actor: String,
    /// Whether somebody was admitted.
    pub outcome: Option<Outcome>,
    /// The network of the client's address.
    pub addresses: Option<IpNet>,
    /// The beginning of the request's id.
    pub reference: String,
}

/// What a row must fulfil.
pub(super) struct Condition {
    /// The filter that it is part of.
    pub(super) field: AuditField,
    columns: &'static [&'static str],
    test: Test,
}

enum Test {
    AtLeast(i64),
    Below(i64),
    OneOf(Vec<String>),
    NoneOf(Vec<String>),
    BeginsWith(String),
}

impl AuditFilter {
    /// What the rows must fulfil. A network of several addresses is not among it: see
    /// [`Self::admits_address`].
    pub(super) fn conditions(&self) -> Vec<Condition> {
        use AuditField::{
            Actor, Address, Application, Event, NotEvent, Outcome, Reference, Since, Until, User,
        };
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let one = |text: &String| (!text.is_empty()).then(|| Test::OneOf(vec![text.clone()]));
        let some = |list: &[&'static str], test: fn(Vec<String>) -> Test| {
            (!list.is_empty()).then(|| test(names(list)))
        };
        let prefix = (!self.reference.is_empty()).then(|| Test::BeginsWith(self.reference.clone()));
        let address = self.addresses.filter(is_one_address);
        let time: &[&str] = &["at_ms"];
        let all = [
            (Since, time, self.since.map(|at| Test::AtLeast(to_db(at)))),
            (Until, time, self.until.map(|at| Test::Below(to_db(at)))),
            (Event, &["event"], some(&self.events, Test::OneOf)),
            (NotEvent, &["event"], some(&self.not_events, Test::NoneOf)),
            (User, user_column(&self.user), one(&self.user)),
            (Application, &["application"], one(&self.application)),
            (
                Actor,
                &["actor_kind", "actor_id", "actor_name"],
                one(&self.actor),
            ),
            (
                Outcome,
                &["event"],
                self.outcome
                    .map(|outcome| Test::OneOf(names(&outcome.events()))),
            ),
            (
                Address,
                &["address"],
                address.map(|of| Test::OneOf(vec![of.addr().to_string()])),
            ),
            (Reference, &["request_id"], prefix),
        ];
        all.into_iter()
            .filter_map(|(field, columns, test)| {
                let test = test?;
                Some(Condition {
                    field,
                    columns,
                    test,
                })
            })
            .collect()
    }

    /// Whether an address is in the network that is meant.
    pub(super) fn admits_address(&self, address: &str) -> bool {
        let is_in = |network: &IpNet| {
            let address = address.parse::<IpAddr>();
            address.is_ok_and(|address| network.contains(&address))
        };
        self.network().is_none_or(is_in)
    }

    /// The pattern of the texts of all addresses of the network of several addresses that is meant, and of
    /// others: what begins alike.
    pub(super) fn network_beginning(&self) -> Option<String> {
        let mut pattern = beginning_of(self.network()?);
        pattern.push('%');
        Some(pattern)
    }

    /// The network of several addresses that is meant.
    pub(super) fn network(&self) -> Option<&IpNet> {
        self.addresses.as_ref().filter(|of| !is_one_address(of))
    }
}

impl Condition {
    /// Whether an index leads to the rows that fulfil it, in the order of ids.
    pub(super) fn has_index(&self) -> bool {
        match (&self.field, &self.test) {
            (AuditField::User | AuditField::Application, _) => true,
            (AuditField::Event, Test::OneOf(names)) => names.len() == 1,
            _ => false,
        }
    }

    /// Adds it to a statement.
    pub(super) fn write(&self, to: &mut Statement) {
        self.write_for(to, "");
    }

    /// Adds it in a way for which no index is used, because another one leads.
    pub(super) fn write_without_index(&self, to: &mut Statement) {
        self.write_for(to, if self.is_time() { " + 0" } else { " || ''" });
    }

    /// Whether it is about the time.
    pub(super) fn is_time(&self) -> bool {
        matches!(self.test, Test::AtLeast(_) | Test::Below(_))
    }

    fn write_for(&self, to: &mut Statement, and: &'static str) {
        to.sql("(");
        for (place, column) in self.columns.iter().enumerate() {
            to.sql(if place == 0 { "(" } else { " OR (" });
            to.sql(column).sql(and).sql(")");
            match &self.test {
                Test::AtLeast(number) => _ = to.sql(" >= ").number(*number),
                Test::Below(number) => _ = to.sql(" < ").number(*number),
                Test::OneOf(texts) => list(to.sql(" IN ("), texts),
                Test::NoneOf(texts) => list(to.sql(" NOT IN ("), texts),
                Test::BeginsWith(text) => {
                    to.sql(" LIKE ").text(&beginning(text)).sql(" ESCAPE '!'");
                }
            }
        }
        to.sql(")");
    }
}

fn list(to: &mut Statement, texts: &[String]) {
    for (place, text) in texts.iter().enumerate() {
        to.sql(if place == 0 { "" } else { ", " }).text(text);
    }
    to.sql(")");
}

/// An e-mail address has an `@`, which no id has.
fn user_column(user: &str) -> &'static [&'static str] {
    match user.contains('@') {
        true => &["user_email"],
        false => &["user_id"],
    }
}

fn is_one_address(network: &IpNet) -> bool {
    network.prefix_len() == network.max_prefix_len()
}

/// What the texts of all addresses of a network begin with: the whole parts that its prefix covers. Of IPv6
/// only those before the first zero, which may be left out (RFC 5952).
fn beginning_of(network: &IpNet) -> String {
    let covered = |bits| usize::from(network.prefix_len() / bits);
    match network {
        IpNet::V4(of) => {
            let parts = of.network().octets().into_iter().take(covered(8));
            parts.map(|part| format!("{part}.")).collect()
        }
        IpNet::V6(of) => {
            let parts = of.network().segments().into_iter().take(covered(16));
            let parts = parts.take_while(|part| *part != 0);
            parts.map(|part| format!("{part:x}:")).collect()
        }
    }
}

/// The pattern of all texts that begin with this one.
fn beginning(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_no_pattern() {
        assert_eq!(beginning("a_b%c!"), "a!_b!%c!!%");
    }

    #[test]
    fn the_addresses_of_a_network_begin_alike() {
        let beginning = |text: &str| {
            let filter = AuditFilter {
                addresses: text.parse().ok(),
                ..AuditFilter::default()
            };
            filter.network_beginning()
        };
        for (network, begins) in [
            ("192.0.2.0/24", "192.0.2.%"),
            ("192.0.0.0/20", "192.0.%"),
            ("192.0.2.8/31", "192.0.2.%"),
            ("0.0.0.0/0", "%"),
            ("2001:db8::/32", "2001:db8:%"),
            ("2001:db8:0:7::/64", "2001:db8:%"),
            ("2001:db8:5:7::/60", "2001:db8:5:%"),
        ] {
            assert_eq!(beginning(network).as_deref(), Some(begins));
        }
        assert_eq!(beginning("192.0.2.7/32"), None);
    }

    #[test]
    fn a_network_is_compared_by_address() {
        let filter = AuditFilter {
            addresses: "192.0.2.0/24".parse().ok(),
            ..AuditFilter::default()
        };
        assert!(filter.admits_address("192.0.2.9"));
        for other in ["192.0.3.9", "2001:db8::1", ""] {
            assert!(!filter.admits_address(other), "{other}");
        }
        assert!(AuditFilter::default().admits_address(""));
    }
}
