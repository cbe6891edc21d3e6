//! Sessions of all applications together.

pub mod end_every;
pub mod show;

/// The page, from which the other comes.
const PAGE: (&str, &str) = ("Sessions", "/dashboard/settings/sessions");
