//! Whom a policy admits, and what a change of it would do: to one person, to everybody of the last days,
//! and to those who are in an application now.

pub mod answer;
pub mod everybody;
pub mod impact;
pub mod known;
pub mod reach;
pub mod save;
