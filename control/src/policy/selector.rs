//! Selectors, the conditions of which rules and access groups are made. In TOML and JSON each is an
//! object with one field: `{ email = "ana@example.com" }`. A list of values means any of them.

use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::person::Person;
use crate::sign_in::email::{Address, Domain};

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// E-mail addresses, as they are shown.
    Email(AnyOf),
    /// What follows the `@`, as it is shown.
    EmailDomain(AnyOf),
    /// Groups of an identity provider, as `provider:name`.
    Group(AnyOf),
    /// A claim of the identity provider.
    Claim(ClaimSelector),
    /// Identity providers, by id.
    Provider(AnyOf),
    /// How the person proved who they are (RFC 8176), such as `mfa`.
    Amr(AnyOf),
    /// Every user who can sign in. Always `true`.
    Everyone(bool),
    /// The networks that the request comes from.
    Ip(Vec<Network>),
    /// Paths: `/health`, or `/static/*` for everything below.
    Path(AnyOf),
    /// Methods, in capitals.
    Method(AnyOf),
    /// Service tokens, by name.
    ServiceToken(AnyOf),
    /// Access groups, by name.
    AccessGroup(AnyOf),
}

/// Values of which any will do. One is written as a text, several as a list.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = OneOrSeveral)]
pub struct AnyOf(pub Vec<String>);

/// A claim and the values of which any will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimSelector {
    /// Its name, as in `claims` of an identity provider.
    pub name: String,
    /// Its values.
    pub value: AnyOf,
}

/// A network, in CIDR notation (RFC 4632, RFC 4291).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String)]
pub struct Network(pub IpNet);

/// What a selector asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Who the person is: judged at sign-in and at each refresh.
    Identity,
    /// Where the request comes from: judged on every request.
    Address,
    /// Path or method: judged on every request, in `bypass` rules only.
    Target,
    /// The service token: in `service` rules only.
    ServiceToken,
    /// What the access groups ask about.
    AccessGroup,
}

impl Selector {
    /// What it asks about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Email(_)
            | Self::EmailDomain(_)
            | Self::Group(_)
            | Self::Claim(_)
            | Self::Provider(_)
            | Self::Amr(_)
            | Self::Everyone(_) => Subject::Identity,
            Self::Ip(_) => Subject::Address,
            Self::Path(_) | Self::Method(_) => Subject::Target,
            Self::ServiceToken(_) => Subject::ServiceToken,
            Self::AccessGroup(_) => Subject::AccessGroup,
        }
    }

    /// Whether it fits a person. False for selectors that do not ask about identity.
    #[must_use]
    pub fn fits(&self, person: &Person) -> bool {
        match self {
            Self::Email(emails) => person
                .address
                .as_ref()
                .is_some_and(|address| emails.0.iter().any(|email| is_address(email, address))),
            Self::EmailDomain(domains) => person.address.as_ref().is_some_and(|address| {
                let domain = address.domain();
                domains.0.iter().any(|one| is_domain(one, domain))
            }),
            Self::Group(names) => names.has_one_of(&person.groups),
            Self::Claim(claim) => person
                .claims
                .get(&claim.name)
                .is_some_and(|values| claim.value.has_one_of(values)),
            Self::Provider(ids) => person
                .provider
                .as_ref()
                .is_some_and(|id| ids.0.contains(id)),
            Self::Amr(methods) => methods.has_one_of(&person.amr),
            Self::Everyone(everyone) => *everyone,
            Self::Ip(_)
            | Self::Path(_)
            | Self::Method(_)
            | Self::ServiceToken(_)
            | Self::AccessGroup(_) => false,
        }
    }

    /// How many paths it has.
    #[must_use]
    pub fn paths(&self) -> usize {
        match self {
            Self::Path(paths) => paths.0.len(),
            _ => 0,
        }
    }

    /// The groups of identity providers that it names.
    #[must_use]
    pub fn provider_groups(&self) -> &[String] {
        match self {
            Self::Group(names) => &names.0,
            _ => &[],
        }
    }

    /// The identity providers that it names, also by their groups.
    #[must_use]
    pub fn providers(&self) -> Vec<String> {
        match self {
            Self::Provider(ids) => ids.0.clone(),
            Self::Group(groups) => {
                let providers = groups.0.iter().filter_map(|group| group.split_once(':'));
                providers.map(|(provider, _)| provider.to_owned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The service tokens that it names.
    #[must_use]
    pub fn service_tokens(&self) -> &[String] {
        match self {
            Self::ServiceToken(names) => &names.0,
            _ => &[],
        }
    }

    /// The access groups that it names.
    #[must_use]
    pub fn access_groups(&self) -> &[String] {
        match self {
            Self::AccessGroup(names) => &names.0,
            _ => &[],
        }
    }
}

impl AnyOf {
    fn has_one_of(&self, values: &[String]) -> bool {
        values.iter().any(|value| self.0.contains(value))
    }
}

/// Addresses and domains are compared by their normal forms: rules that were stored before are
/// spelled as they were written.
fn is_address(text: &str, address: &Address) -> bool {
    text == address.shown()
        || text == address.normal()
        || (needs_parsing(text)
            && Address::parse(text).is_ok_and(|other| other.normal() == address.normal()))
}

fn is_domain(text: &str, ascii: &str) -> bool {
    text == ascii
        || (needs_parsing(text) && Domain::parse(text).is_some_and(|domain| domain.ascii == ascii))
}

/// Whether the normal form of a text in lower case may be another text. There may be thousands of
/// addresses in a policy.
fn needs_parsing(text: &str) -> bool {
    !text.is_ascii() || text.contains("xn--")
}

/// A text, or several as a list.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl Serialize for AnyOf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AnyOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match OneOrSeveral::deserialize(deserializer)? {
            OneOrSeveral::One(one) => vec![one],
            OneOrSeveral::Several(several) => several,
        }))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}
