//! Pages of revocations.

pub mod list;
pub mod one;
mod progress;

use portcullis::protocol::feed::Scope;

/// What a revocation ends.
fn what(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "Every session of a user",
        Scope::Application => "Every session at an application",
        Scope::Session => "One session",
        Scope::UserApplication => "Every session of a user at an application",
    }
}
