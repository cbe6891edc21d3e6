//! `[dashboard]`.

use super::settings::DashboardConfig;
use super::values::{self, Table, flag};
use crate::policy::check::context::Names;
use crate::policy::check::people;

/// `[dashboard]`. `None` means a problem.
pub fn dashboard(mut table: Table<'_>, names: Names<'_>) -> Option<DashboardConfig> {
    let before = table.problems().len();
    let enabled = table.given("enabled", flag).unwrap_or(true);
    let has_ranges = table.has("source_ranges");
    let source_ranges = values::networks(&mut table, "source_ranges");
    let mut list = |name| people(table.optional_object(name), names);
    let administrators = list("administrators");
    let help_desk = list("help_desk");
    let viewers = list("viewers");
    table.finish();
    if has_ranges && source_ranges.is_empty() && table.problems().len() == before {
        let path = table.path_of("source_ranges");
        let message = "must have at least one network; leave it out to answer everywhere, or set \
                       dashboard.enabled = false";
        table.problems().add(&path, "", message);
    }
    (table.problems().len() == before).then_some(DashboardConfig {
        enabled,
        source_ranges,
        administrators: administrators?,
        help_desk: help_desk?,
        viewers: viewers?,
    })
}
