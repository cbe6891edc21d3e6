//! Which groups of a person an application gets to know: in its tokens, and in a header.

use std::collections::HashSet;

use portcullis::protocol::claims::{MAX_GROUPS_CLAIM_BYTES, MAX_GROUPS_HEADER_BYTES};
use portcullis::reply::header_list_text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, OneOfBuilder, Schema, ToArray, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::policy::ids::depending_on;
use crate::policy::person::Person;
use crate::policy::rules::Policy;

/// The word for [`ForwardGroups::InPolicy`].
pub const IN_POLICY: &str = "policy";

const LABEL: &[u8] = b"portcullis forwarded groups\0";
const NEITHER: &str =
    "must be \"policy\" or a list of groups, such as [\"corp:engineering\"]; [] forwards none";

/// Which groups of a person an application gets to know. Written as `[]`, `"policy"` or a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub enum ForwardGroups {
    /// None, and no header says so.
    #[default]
    None,
    /// Those that its policy names.
    InPolicy,
    /// These, as `provider:name`.
    Listed(Vec<String>),
}

/// The first groups of a list, as many as fit into the header and into the token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FittingGroups {
    /// Those that fit.
    pub groups: Vec<String>,
    /// How many do not.
    pub left_out: usize,
}

impl PartialSchema for ForwardGroups {
    fn schema() -> RefOr<Schema> {
        let names = Object::with_type(Type::String);
        let in_policy = Object::builder().schema_type(Type::String);
        OneOfBuilder::new()
            .item(in_policy.enum_values(Some([IN_POLICY])))
            .item(names.to_array())
            .description(Some(
                "Which groups of a person an application gets to know: `\"policy\"` for those that its \
                 policy names, or a list of `provider:name`.",
            ))
            .into()
    }
}

impl ToSchema for ForwardGroups {}

impl ForwardGroups {
    /// Whether none are forwarded.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// The groups of a person, in the order of the setting or the policy; `None`: none are forwarded.
    #[must_use]
    pub fn of_person(&self, person: &Person, policy: &Policy) -> Option<FittingGroups> {
        let names = self.names(policy)?;
        let theirs: HashSet<&str> = person.groups.iter().map(String::as_str).collect();
        let names = names.into_iter().filter(|name| theirs.contains(name));
        Some(FittingGroups::of(names))
    }

    /// Gives the ids of rules in tokens and in the feed. They depend on the names of the groups that are
    /// forwarded, so filters refuse the tokens from before a change, and their users get new ones
    /// without a prompt. Where none are forwarded, they are those of the policy.
    pub fn rule_ids(&self, policy: &Policy) -> impl Fn(String) -> String {
        let digest = self.names(policy).map(|mut names| {
            // The order decides only about groups that do not fit.
            names.sort_unstable();
            let mut hash = hmac_sha256::Hash::new();
            hash.update(LABEL);
            for name in names {
                hash.update((name.len() as u64).to_be_bytes());
                hash.update(name);
            }
            hash.finalize()
        });
        move |id| match &digest {
            Some(digest) => depending_on(&id, digest),
            None => id,
        }
    }

    /// What an administrator should know about groups that are taken from the policy.
    #[must_use]
    pub fn note(&self, policy: &Policy) -> Option<String> {
        if *self != Self::InPolicy {
            return None;
        }
        let names = policy.provider_groups();
        if names.is_empty() {
            return Some(
                "forward_groups is \"policy\", but the policy names no group, so the list of groups is \
                 always empty"
                    .to_owned(),
            );
        }
        let FittingGroups { groups, left_out } = FittingGroups::of(names);
        (left_out > 0).then(|| {
            format!(
                "of the {} groups that the policy names, only the first {} fit into \
                 x-access-user-groups together: whoever is in too many of them gets the first ones, and \
                 x-access-user-groups-truncated says so",
                groups.len() + left_out,
                groups.len()
            )
        })
    }

    /// The names of the groups, each once.
    fn names<'a>(&'a self, policy: &'a Policy) -> Option<Vec<&'a str>> {
        match self {
            Self::None => None,
            Self::InPolicy => Some(policy.provider_groups()),
            Self::Listed(names) => Some(names.iter().map(String::as_str).collect()),
        }
    }
}

impl FittingGroups {
    /// The first of these groups. After the first that does not fit none is taken, so that it does not
    /// depend on the length of a name whether a later one is.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut fitting = Self::default();
        // The brackets of the list in JSON.
        let (mut header_bytes, mut claim_bytes) = (0, 2);
        for name in names {
            let comma = usize::from(!fitting.groups.is_empty());
            header_bytes += comma + header_list_text(name).len();
            claim_bytes += comma + Value::from(name).to_string().len();
            let fits =
                header_bytes <= MAX_GROUPS_HEADER_BYTES && claim_bytes <= MAX_GROUPS_CLAIM_BYTES;
            if fits && fitting.left_out == 0 {
                fitting.groups.push(name.to_owned());
            } else {
                fitting.left_out += 1;
            }
        }
        fitting
    }
}

impl From<ForwardGroups> for Value {
    fn from(setting: ForwardGroups) -> Self {
        match setting {
            ForwardGroups::None => json!([]),
            ForwardGroups::InPolicy => json!(IN_POLICY),
            ForwardGroups::Listed(names) => json!(names),
        }
    }
}

impl TryFrom<Value> for ForwardGroups {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match value {
            Value::String(word) if word == IN_POLICY => Ok(Self::InPolicy),
            Value::Array(list) if list.is_empty() => Ok(Self::None),
            list @ Value::Array(_) => {
                let names = serde_json::from_value(list);
                names.map(Self::Listed).map_err(|_| NEITHER)
            }
            _ => Err(NEITHER),
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis::reply::header_list;

    use super::*;

    fn person(groups: &[&str]) -> Person {
        Person {
            groups: groups.iter().map(|name| (*name).to_owned()).collect(),
            ..Person::default()
        }
    }

    fn policy(rules: Value) -> Policy {
        serde_json::from_value(json!({ "rules": rules, "access_groups": [
            { "name": "staff", "include": [{ "group": ["corp:hr", "corp:it"] }],
              "exclude": [{ "group": "corp:guests" }] },
        ] }))
        .unwrap()
    }

    fn naming(groups: &[String]) -> Policy {
        policy(json!([{ "id": "all", "action": "allow", "include": [{ "group": groups }] }]))
    }

    fn listed(names: &[&str]) -> ForwardGroups {
        serde_json::from_value(json!(names)).unwrap()
    }

    #[test]
    fn only_groups_of_the_person_that_are_named_are_forwarded() {
        let ana = person(&["corp:it", "corp:secret", "corp:a,b", "lab:it"]);
        let none = Policy::default();
        let setting = listed(&["corp:a,b", "corp:hr", "corp:it"]);
        let groups = setting.of_person(&ana, &none).unwrap();
        // In the order of the setting.
        assert_eq!(groups.groups, ["corp:a,b", "corp:it"]);
        assert_eq!(groups.left_out, 0);
        // In none of them is something else than not forwarded.
        let nobody = setting.of_person(&person(&[]), &none);
        assert_eq!(nobody, Some(FittingGroups::default()));
        assert_eq!(listed(&[]), ForwardGroups::None);
        assert_eq!(ForwardGroups::None.of_person(&ana, &none), None);
    }

    #[test]
    fn the_policy_names_groups_in_every_list_and_through_access_groups() {
        let policy = policy(json!([
            { "id": "no", "action": "block", "include": [{ "group": "corp:former" }] },
            { "id": "staff", "action": "allow",
              "include": [{ "email_domain": "example.com" }, { "access_group": "staff" }],
              "require": [{ "group": ["lab:x", "corp:former"] }] },
        ]));
        let named = ["corp:former", "corp:hr", "corp:it", "corp:guests", "lab:x"];
        assert_eq!(policy.provider_groups(), named);
        let groups = ForwardGroups::InPolicy
            .of_person(&person(&["lab:x", "corp:it", "corp:other"]), &policy);
        assert_eq!(groups.unwrap().groups, ["corp:it", "lab:x"]);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_never_more_is_sent() {
        let names: Vec<String> = (0..500)
            .map(|number| format!("corp:team-{number}"))
            .collect();
        // In the worst case a byte takes three in the header, or two in JSON.
        let umlauts: Vec<String> = (0..500).map(|number| format!("corp:ä{number}")).collect();
        let quotes: Vec<String> = (0..500).map(|number| format!("c:\"\"\"{number}")).collect();
        for names in [names, umlauts, quotes] {
            let all: Vec<&str> = names.iter().map(String::as_str).collect();
            let setting = ForwardGroups::InPolicy;
            let FittingGroups { groups, left_out } =
                setting.of_person(&person(&all), &naming(&names)).unwrap();
            assert!(left_out > 0 && groups.len() + left_out == 500);
            assert_eq!(groups, names[..groups.len()]);
            let sent = |list: &[String]| (header_list(list).len(), json!(list).to_string().len());
            let (header, claim) = sent(&groups);
            assert!(header <= MAX_GROUPS_HEADER_BYTES && claim <= MAX_GROUPS_CLAIM_BYTES);
            let (header, claim) = sent(&names[..=groups.len()]);
            assert!(header > MAX_GROUPS_HEADER_BYTES || claim > MAX_GROUPS_CLAIM_BYTES);
        }
        // A shorter one after the first that does not fit is left out too.
        let long = format!("corp:{}", "x".repeat(2000));
        let fitting = FittingGroups::of(["corp:a", &long, "corp:b"]);
        assert_eq!(
            (fitting.groups.as_slice(), fitting.left_out),
            (&["corp:a".to_owned()][..], 2)
        );
    }

    #[test]
    fn ids_of_rules_change_with_the_names_that_are_forwarded_and_only_then() {
        let none = Policy::default();
        let id = |setting: &ForwardGroups| setting.rule_ids(&none)("rule".to_owned());
        assert_eq!(id(&ForwardGroups::None), "rule");
        let both = id(&listed(&["corp:a", "corp:b"]));
        assert_eq!(both, id(&listed(&["corp:b", "corp:a"])));
        let ids = [
            both,
            id(&listed(&["corp:a"])),
            id(&listed(&["corp:acorp:b"])),
            id(&ForwardGroups::InPolicy),
            ForwardGroups::InPolicy.rule_ids(&naming(&["corp:x".to_owned()]))("rule".to_owned()),
            listed(&["corp:a"]).rule_ids(&none)("other".to_owned()),
        ];
        let different: HashSet<&String> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{ids:?}");
    }

    #[test]
    fn an_administrator_hears_of_a_policy_that_names_too_many_groups_or_none() {
        let setting = ForwardGroups::InPolicy;
        let note = |names: &[String]| setting.note(&naming(names));
        assert_eq!(note(&["corp:a".to_owned()]), None);
        let many: Vec<String> = (0..500)
            .map(|number| format!("corp:team-{number}"))
            .collect();
        let said = note(&many).unwrap();
        assert!(
            said.contains("of the 500 groups") && said.contains("truncated"),
            "{said}"
        );
        assert!(
            setting
                .note(&Policy::default())
                .unwrap()
                .contains("no group")
        );
        assert_eq!(ForwardGroups::None.note(&naming(&many)), None);
    }

    #[test]
    fn stored_settings_are_read_as_they_were_written() {
        for (setting, written) in [
            (ForwardGroups::None, json!([])),
            (ForwardGroups::InPolicy, json!("policy")),
            (listed(&["corp:a"]), json!(["corp:a"])),
        ] {
            assert_eq!(Value::from(setting.clone()), written);
            assert_eq!(ForwardGroups::try_from(written), Ok(setting));
        }
        for wrong in [
            json!("all"),
            json!(true),
            json!([1]),
            json!({}),
            Value::Null,
        ] {
            assert_eq!(ForwardGroups::try_from(wrong), Err(NEITHER));
        }
    }
}
