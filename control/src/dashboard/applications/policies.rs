//! Edit › Policies of an application, and the tester.

mod condition;
mod kinds;
mod rule;
pub mod show;
pub mod test;
mod verdict;
mod view;
