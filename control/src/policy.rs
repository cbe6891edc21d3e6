//! Policies: who may use an application, and from where.
//!
//! A [`Policy`](rules::Policy) is an ordered list of rules. Its identity part is judged here, at
//! sign-in and at each refresh ([`evaluate`]); its request part (addresses, paths, methods) is
//! compiled into the feed ([`compile`]), and filters judge it on every request.

pub mod bypass;
pub mod check;
pub mod compile;
pub mod evaluate;
pub mod explain;
pub mod ids;
pub mod known_names;
pub mod networks;
pub mod notes;
pub mod old_form;
pub mod person;
pub mod rules;
pub mod selector;

#[cfg(test)]
mod tests;
