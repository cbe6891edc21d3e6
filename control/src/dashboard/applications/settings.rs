//! Edit › Settings of an application.

mod consequences;
mod merge;
pub mod save;
mod setting;
pub mod show;
mod values;
mod view;
