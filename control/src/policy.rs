//! Policies: which users an application admits.

pub mod check;
pub mod draft;
pub mod rules;
pub mod spelling;
