//! Admin tokens: credentials with scopes and an expiry.

use std::time::Duration;

use super::credential::{NewCredential, ShownCredential, check_name};
use super::secret::Plain;
use crate::api::administrator::{Administrator, Scope};
use crate::audit::source::Source;
use crate::audit::{Actor, Initiator};
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::sessions::durations::Bounds;
use crate::storage::{AdminToken, StorageError};
use crate::system::randomness::NoRandomness;

/// Tokens expire by themselves, because one made for a single evening is easily forgotten.
const DEFAULT_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A token to make.
pub struct AdminTokenRequest<'a> {
    /// What an administrator calls it; may be empty.
    pub name: &'a str,
    /// The names of its scopes, as `sessions:read`.
    pub scopes: &'a [String],
    /// How long it lasts, as `90d`, which is the default.
    pub expires: Option<&'a str>,
}

/// A token that was made.
pub struct MadeToken {
    /// What is stored of it.
    pub stored: AdminToken,
    /// The whole token.
    pub token: Plain,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeTokenError {
    /// The request is invalid.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Makes a token.
///
/// # Errors
/// When nothing was made.
pub async fn make(
    service: &Service,
    request: &AdminTokenRequest<'_>,
    by: &Initiator,
) -> Result<MadeToken, MakeTokenError> {
    let life = check(request)?;
    let new = NewCredential::make(service.random.as_ref())?;
    let now = service.now();
    let stored = AdminToken {
        id: new.id,
        name: request.name.to_owned(),
        secret_hash: new.secret_hash,
        scopes: request.scopes.to_vec(),
        created_at: now,
        expires_at: now + life,
        last_used_at: None,
    };
    service.storage.add_admin_token(&stored, by).await?;
    tracing::info!(token = stored.id, name = stored.name, scopes = ?stored.scopes, "admin token made");
    Ok(MadeToken {
        stored,
        token: new.whole,
    })
}

/// The administrator whose token `text` is, if it is valid and has not expired. It is noted as used.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(
    service: &Service,
    text: &str,
    source: Source,
) -> Result<Option<Administrator>, StorageError> {
    let Some(shown) = ShownCredential::parse(text) else {
        return Ok(None);
    };
    let now = service.now();
    let stored = service.storage.admin_token(shown.id).await?;
    let stored =
        stored.filter(|stored| shown.matches(&stored.secret_hash) && stored.expires_at > now);
    if let Some(stored) = &stored
        && service.credential_uses.is_due(&stored.id, now)
        && let Err(error) = service.storage.note_admin_token(&stored.id, now).await
    {
        tracing::warn!(
            ?error,
            token = stored.id,
            "the use of a token is not stored"
        );
    }
    Ok(stored.map(|stored| Administrator::Token {
        initiator: source.by(Actor::AdminToken {
            id: stored.id,
            name: stored.name,
        }),
        // A scope that this version does not know allows nothing.
        scopes: stored
            .scopes
            .iter()
            .flat_map(|scope| scope.parse())
            .collect(),
    }))
}

fn check(request: &AdminTokenRequest<'_>) -> Result<Duration, Refused> {
    let mut problems = InputProblems::default();
    check_name(request.name, &mut problems);
    if request.scopes.is_empty() {
        problems.add("scopes", "", "a token needs at least one scope");
    }
    for (index, scope) in request.scopes.iter().enumerate() {
        if let Err(unknown) = scope.parse::<Scope>() {
            problems.add(&format!("scopes[{index}]"), scope, unknown);
        }
    }
    let life = request.expires.map_or(Some(DEFAULT_LIFE), |text| {
        Bounds::of_admin_tokens().parse("expires", text, &mut problems)
    });
    problems.finish()?;
    life.ok_or_else(|| Refused(Vec::new()))
}
