//! The audit log.

pub mod export;
pub mod line;
pub mod list;
pub mod one;

use super::path::PATH;
use crate::administration::audit::asked::Asked;

/// The page of the events that a filter admits.
pub fn address(asked: &Asked) -> String {
    match asked.to_query().as_str() {
        "" => format!("{PATH}/audit"),
        query => format!("{PATH}/audit?{query}"),
    }
}
