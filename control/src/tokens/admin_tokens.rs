//! Admin tokens: `<id>.<secret>`, shown once, stored hashed. Each has scopes and an expiry.

use std::time::Duration;

use super::secret::Plain;
use crate::api::administrator::{Administrator, Scope};
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::sessions::durations::Bounds;
use crate::storage::{AdminToken, StorageError};
use crate::system::randomness::NoRandomness;

/// Tokens expire by themselves, because one made for a single evening is easily forgotten.
const DEFAULT_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A token to make.
pub struct AdminTokenRequest<'a> {
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
) -> Result<MadeToken, MakeTokenError> {
    let life = check(request)?;
    let id = service.random.id()?;
    let secret = Plain::new(service.random.secret()?);
    let now = service.now();
    let stored = AdminToken {
        id: id.clone(),
        secret_hash: secret.hashed(),
        scopes: request.scopes.to_vec(),
        created_at: now,
        expires_at: now + life,
    };
    service.storage.add_admin_token(&stored).await?;
    tracing::info!(token = id, scopes = ?stored.scopes, "admin token made");
    let token = Plain::new(format!("{id}.{}", secret.reveal()));
    Ok(MadeToken { stored, token })
}

/// The administrator whose token `text` is, if it is valid and has not expired.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(service: &Service, text: &str) -> Result<Option<Administrator>, StorageError> {
    let Some((id, secret)) = text.split_once('.') else {
        return Ok(None);
    };
    let secret = Plain::new(secret.to_owned());
    let stored = service.storage.admin_token(id).await?;
    let stored = stored
        .filter(|stored| stored.secret_hash.is_of(&secret) && stored.expires_at > service.now());
    Ok(stored.map(|stored| Administrator::Token {
        id: stored.id,
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
