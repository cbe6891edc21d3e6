//! The selectors of a rule or an access group.

use serde_json::Value;

use super::context::Names;
use super::known::names_exist;
use super::place::{Home, out_of_place};
use super::single::{Check, email, email_domain, method, network, plain, target_path};
use crate::config::values::Table;
use crate::policy::rules::Conditions;
use crate::policy::selector::{AnyOf, ClaimSelector, Network, Selector};
use crate::problems::InputProblems;
use crate::problems::config::show;

/// The most selectors of one list.
const MAX_SELECTORS: usize = 500;
/// The most values of one selector.
const MAX_VALUES: usize = 10_000;
const LISTS: [&str; 3] = ["include", "require", "exclude"];
const SELECTORS: &str = "email, email_domain, group, claim, provider, amr, everyone, ip, path, method, \
                         service_token, access_group";
const NOT_A_LIST: &str =
    "must be a list of selectors, such as [ { email_domain = \"example.com\" } ]";
const NOT_ONE: &str = "must be one selector, such as { email_domain = \"example.com\" }; write several as a list of such";
const NO_VALUES: &str = "has no value; write at least one, or leave the selector out";
const VALUES: &str = "must be a text in quotes or a list of them";

/// `include`, `require` and `exclude`. `None` is a problem.
pub(super) fn conditions(
    table: &mut Table<'_>,
    home: Home,
    names: Names<'_>,
) -> Option<Conditions> {
    let [include, require, exclude] = LISTS.map(|list| selectors(table, list, home, names));
    let is_missing = include.as_ref().is_some_and(Vec::is_empty);
    if is_missing {
        let path = table.path_of("include");
        let message = "needs at least one selector; a rule without one fits nobody";
        table.problems().add(&path, "", message);
    }
    let conditions = Conditions {
        include: include?,
        require: require?,
        exclude: exclude?,
    };
    (!is_missing).then_some(conditions)
}

/// `None` is a problem. An absent list is empty.
fn selectors(
    table: &mut Table<'_>,
    list: &'static str,
    home: Home,
    names: Names<'_>,
) -> Option<Vec<Selector>> {
    let path = table.path_of(list);
    let before = table.problems().len();
    let given = table.given(list, |value| {
        value.as_array().ok_or_else(|| NOT_A_LIST.to_owned())
    });
    let given = given.map_or(&[][..], Vec::as_slice);
    if given.len() > MAX_SELECTORS {
        let message = format!("are too many; at most {MAX_SELECTORS} are allowed");
        table.problems().add(&path, given.len(), message);
        return None;
    }
    let mut selectors = Vec::new();
    for (index, value) in given.iter().enumerate() {
        let mut reader = Reader {
            path: format!("{path}[{index}]"),
            names,
            problems: table.problems(),
        };
        selectors.extend(reader.selector(value, list, home));
    }
    (table.problems().len() == before).then_some(selectors)
}

/// Reads one selector.
struct Reader<'a> {
    path: String,
    names: Names<'a>,
    problems: &'a mut InputProblems,
}

impl Reader<'_> {
    fn selector(&mut self, value: &Value, list: &str, home: Home) -> Option<Selector> {
        let fields = value.as_object().filter(|fields| fields.len() == 1);
        let Some((name, value)) = fields.and_then(|fields| fields.iter().next()) else {
            self.problems.add(&self.path, show(value), NOT_ONE);
            return None;
        };
        let path = std::mem::take(&mut self.path);
        self.path = format!("{path}.{name}");
        let selector = match name.as_str() {
            "email" => Selector::Email(self.values(value, email)?),
            "email_domain" => Selector::EmailDomain(self.values(value, email_domain)?),
            "group" => Selector::Group(self.values(value, plain)?),
            "claim" => Selector::Claim(self.claim(value)?),
            "provider" => Selector::Provider(self.values(value, plain)?),
            "amr" => Selector::Amr(self.values(value, plain)?),
            "everyone" => Selector::Everyone(self.always(value)?),
            "ip" => Selector::Ip(self.networks(value)?),
            "path" => Selector::Path(self.values(value, target_path)?),
            "method" => Selector::Method(self.values(value, method)?),
            "service_token" => Selector::ServiceToken(self.values(value, plain)?),
            "access_group" => Selector::AccessGroup(self.values(value, plain)?),
            _ => {
                let message = format!("unknown selector; the selectors are {SELECTORS}");
                self.problems.add(&self.path, show(value), message);
                return None;
            }
        };
        match out_of_place(&selector, list, home, self.names) {
            Some(message) => self.problems.add(&self.path, show(value), message),
            None => names_exist(&selector, self.names, &self.path, self.problems),
        }
        Some(selector)
    }

    /// Values of which any will do. `None` is a problem.
    fn values(&mut self, value: &Value, check: Check) -> Option<AnyOf> {
        let list = match value {
            Value::String(_) => std::slice::from_ref(value),
            Value::Array(list) => list.as_slice(),
            _ => &[],
        };
        if list.is_empty() {
            match value {
                Value::Array(_) => self.problems.add(&self.path, "", NO_VALUES),
                value => self.problems.add(&self.path, show(value), VALUES),
            }
            return None;
        }
        if list.len() > MAX_VALUES {
            let message = format!("are too many values; at most {MAX_VALUES} are allowed");
            self.problems.add(&self.path, list.len(), message);
            return None;
        }
        let mut values = Vec::with_capacity(list.len());
        for (index, one) in list.iter().enumerate() {
            let path = if value.is_array() {
                format!("{}[{index}]", self.path)
            } else {
                self.path.clone()
            };
            match one.as_str() {
                Some(text) => values.extend(check(text, &path, self.problems)),
                None => self.problems.add(&path, show(one), VALUES),
            }
        }
        (values.len() == list.len()).then_some(AnyOf(values))
    }

    fn claim(&mut self, value: &Value) -> Option<ClaimSelector> {
        let fields = value.as_object();
        let name = fields.and_then(|fields| fields.get("name")?.as_str());
        let values = fields.and_then(|fields| fields.get("value"));
        let (Some(name), Some(values), Some(2)) = (name, values, fields.map(serde_json::Map::len))
        else {
            let message =
                "must have a name and a value, as { name = \"department\", value = \"it\" }";
            self.problems.add(&self.path, show(value), message);
            return None;
        };
        let path = format!("{}.name", self.path);
        let name = plain(name, &path, self.problems);
        self.path.push_str(".value");
        let value = self.values(values, plain);
        Some(ClaimSelector {
            name: name?,
            value: value?,
        })
    }

    fn always(&mut self, value: &Value) -> Option<bool> {
        if value.as_bool() != Some(true) {
            let message = "must be true; to fit nobody, leave the selector out";
            self.problems.add(&self.path, show(value), message);
            return None;
        }
        Some(true)
    }

    fn networks(&mut self, value: &Value) -> Option<Vec<Network>> {
        let texts = self.values(value, network)?;
        let networks = texts.0.iter().filter_map(|text| text.parse().ok());
        Some(networks.map(Network).collect())
    }
}
