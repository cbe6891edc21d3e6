//! Edit › Policies of an application, and the tester.

pub mod condition;
pub mod edit;
mod edited;
mod editor;
mod kinds;
mod list;
mod mistake;
mod page;
mod press;
mod rule;
mod save;
mod sent;
pub mod show;
mod step;
pub mod test;
mod valid;
mod verdict;
mod view;
