//! How long the pages of the dashboard take with the data of a large organisation, and how soon a
//! revocation that was clicked is shown as complete.

mod data;
mod database;
mod organisation;
mod pages;
mod progress;
mod visitor;
mod visits;

use std::path::Path;

use anyhow::Result;
use portcullis_demo::tools::Tools;

use crate::plan::Plan;
use crate::report::Report;

/// Measures both.
///
/// # Errors
/// When a part does not start, or a page is not what it should be.
pub fn measure(plan: Plan, tools: &Tools, directory: &Path, report: &mut Report) -> Result<()> {
    pages::measure(plan, tools, &directory.join("dashboard"), report)?;
    progress::measure(plan, tools, &directory.join("progress"), report)
}
