//! Policies: which users an application admits.

pub mod check;
pub mod draft;
pub mod notes;
pub mod rules;
