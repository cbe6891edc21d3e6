//! Problems, as callers see them: [`InputProblems`] lists everything that is wrong with an input,
//! [`Problem`] is an error response of an API (RFC 9457).

pub mod config;
mod input;
mod response;

pub use input::{InputProblem, InputProblems, Refused};
pub use response::Problem;
