//! Edit › Policies of an application, and the tester.

pub mod condition;
pub mod edit;
mod edited;
pub mod editor;
mod kinds;
pub mod list;
pub mod mistake;
mod page;
pub mod press;
pub mod rule;
mod save;
mod sent;
pub mod show;
pub mod step;
pub mod test;
pub mod typed;
mod valid;
mod verdict;
mod view;
