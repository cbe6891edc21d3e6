//! An access group that was sent, checked.

use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::api::input::{OptionalBody, optional};
use crate::config::values::Table;
use crate::policy::check::access_group::access_group;
use crate::policy::known_names::KnownNames;
use crate::policy::rules::AccessGroup;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::StoredAccessGroup;

const MAX_NAME_BYTES: usize = 64;
/// The largest group, in bytes of JSON. Every policy that names it has a copy.
const MAX_BYTES: usize = 256 * 1024;
/// What a group shows of itself, and what follows from something else.
const NOT_SET: [&str; 2] = ["declared", "used_by"];

/// The access group that the body of a call describes. What was read can be sent as it is.
pub(super) async fn checked(
    service: &Service,
    name: &str,
    body: OptionalBody,
    before: Option<&StoredAccessGroup>,
) -> Result<AccessGroup, ApiError> {
    let mut fields: Map<String, Value> = optional(body)?;
    for field in NOT_SET {
        fields.remove(field);
    }
    let mut problems = InputProblems::default();
    let sent = fields.insert("name".to_owned(), name.into());
    if sent.is_some_and(|sent| sent != name) {
        let message = "is not the name in the path; an access group keeps its name";
        problems.add("name", name, message);
    }
    if name.len() > MAX_NAME_BYTES || name.contains('/') {
        problems.add("name", name, "must be at most 64 bytes, without '/'");
    }
    let selectors = before
        .into_iter()
        .flat_map(|one| one.group.conditions.selectors());
    let known = KnownNames::of(service, selectors).await?;
    let fields = Value::Object(fields);
    let mut table = Table::of(&fields, &mut problems);
    let group = access_group(&mut table, known.names());
    let size = serde_json::to_vec(&fields).map_or(0, |bytes| bytes.len());
    if size > MAX_BYTES {
        let message = format!(
            "is larger than {MAX_BYTES} bytes; make several groups, and name them all in the rule"
        );
        problems.add("", size, message);
    }
    problems.finish()?;
    // There is a group if there is no problem.
    group.ok_or_else(|| Refused(Vec::new()).into())
}
