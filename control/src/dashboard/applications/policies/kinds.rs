//! The kinds of conditions, in the words of the page.

use super::list::List;
use crate::policy::rules::Action;

/// A kind of condition: one selector of a policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The selector's name in a policy.
    pub name: &'static str,
    /// What it is called on the page.
    pub label: &'static str,
    /// What to type.
    pub help: &'static str,
}

/// About people.
const EMAIL: Kind = Kind {
    name: "email",
    label: "E-mail address",
    help: "One a line, such as ana@example.com.",
};
const EMAIL_DOMAIN: Kind = Kind {
    name: "email_domain",
    label: "E-mail domain",
    help: "One a line: what follows the @, such as example.com.",
};
const GROUP: Kind = Kind {
    name: "group",
    label: "Group",
    help: "One a line, as provider:name, such as corp:engineering.",
};
/// The one kind that has a name beside its values.
pub const CLAIM: Kind = Kind {
    name: "claim",
    label: "Claim",
    help: "The values that fit, one a line.",
};
const PROVIDER: Kind = Kind {
    name: "provider",
    label: "Identity provider",
    help: "Ids of providers, one a line.",
};
const AMR: Kind = Kind {
    name: "amr",
    label: "Way to sign in",
    help: "One a line, such as mfa or hwk (RFC 8176).",
};
/// The one kind without values.
pub const EVERYONE: Kind = Kind {
    name: "everyone",
    label: "Everyone who can sign in",
    help: "",
};
const ACCESS_GROUP: Kind = Kind {
    name: "access_group",
    label: "Access group",
    help: "Names of access groups, one a line.",
};
/// About requests.
const IP: Kind = Kind {
    name: "ip",
    label: "Network",
    help: "One a line, such as 10.0.0.0/8. Compared with the address of every request.",
};
const PATH: Kind = Kind {
    name: "path",
    label: "Path",
    help: "One a line, such as /healthz, or /static/* for everything below /static.",
};
const METHOD: Kind = Kind {
    name: "method",
    label: "Method",
    help: "One a line, in capitals, such as GET.",
};
const SERVICE_TOKEN: Kind = Kind {
    name: "service_token",
    label: "Service token",
    help: "Names of service tokens, one a line.",
};

const ALL: [&Kind; 12] = [
    &EMAIL,
    &EMAIL_DOMAIN,
    &GROUP,
    &CLAIM,
    &PROVIDER,
    &AMR,
    &EVERYONE,
    &ACCESS_GROUP,
    &IP,
    &PATH,
    &METHOD,
    &SERVICE_TOKEN,
];

/// The kinds that an access group may have.
pub const OF_ACCESS_GROUPS: &[&Kind] =
    &[&EMAIL, &EMAIL_DOMAIN, &GROUP, &CLAIM, &PROVIDER, &AMR, &IP];

impl Kind {
    /// The kinds that a list of a rule may have; all that rules about people have, if the action is none.
    pub fn offered(action: Option<Action>, list: List) -> &'static [&'static Self] {
        match (action, list) {
            (Some(Action::Bypass), List::Exclude) => &[&IP, &ACCESS_GROUP],
            (Some(Action::Bypass), _) => &[&PATH, &METHOD, &IP, &ACCESS_GROUP],
            (Some(Action::Service), List::Include) => &[&SERVICE_TOKEN],
            (Some(Action::Service), _) => &[&IP, &ACCESS_GROUP],
            (_, List::Exclude) => &[
                &EMAIL,
                &EMAIL_DOMAIN,
                &GROUP,
                &CLAIM,
                &PROVIDER,
                &AMR,
                &ACCESS_GROUP,
                &IP,
            ],
            _ => &[
                &EMAIL,
                &EMAIL_DOMAIN,
                &GROUP,
                &CLAIM,
                &PROVIDER,
                &AMR,
                &EVERYONE,
                &ACCESS_GROUP,
                &IP,
            ],
        }
    }

    /// The other kinds: for when the action is chosen later.
    pub fn others(offered: &[&'static Self]) -> Vec<&'static Self> {
        let others = ALL.into_iter().filter(|kind| !offered.contains(kind));
        others.collect()
    }

    /// The kind of a selector.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|kind| kind.name == name)
    }
}
