//! Exchange codes. The code itself is never stored, only its hash.

use portcullis::time::UnixSeconds;
use sqlx::Transaction;
use sqlx::any::Any;

use crate::audit::Event;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::eligibility::{self, EligibilityFacts, EligibilityQuery};
use crate::storage::sessions::ShownSignIn;
use crate::storage::sessions::usage;
use crate::tokens::secret::Hashed;

/// A code to store.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// Its hash.
    pub hash: Hashed,
    /// The sign-in that the browser showed, and the global session under which it was issued.
    pub shown: ShownSignIn,
    /// The application that it is for.
    pub audience: String,
    /// The origin that it is for.
    pub origin: String,
    /// The PKCE challenge (RFC 7636).
    pub challenge: String,
    /// Where the user was going.
    pub return_to: String,
    /// When it expires.
    pub expires_at: UnixSeconds,
}

/// A code and everything that an exchange depends on, as of one moment.
#[derive(Debug, Clone)]
pub struct FoundCode {
    /// The facts for the token.
    pub facts: EligibilityFacts,
    /// What the code is bound to.
    pub code: NewCode,
    /// The answer that an earlier call got.
    pub answer: Option<IssuedAnswer>,
}

/// What it takes to answer a repeated call alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedAnswer {
    /// When it was given.
    pub issued_at: UnixSeconds,
    /// The application token's claims, as JSON.
    pub claims: String,
    /// Gives the binding secret, together with the verifier.
    pub binding_seed: Option<String>,
}

/// The most logins that one browser can have in progress: for 64 tabs that come back at once, each of
/// which may have to begin again. Without a bound, one browser could fill the disk.
const OPEN_CODES_OF_A_SESSION: i64 = 128;

type Read = Transaction<'static, Any>;
type CodeColumns = (
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    Option<String>,
);

impl Database {
    /// Stores a code. False if its session has ended.
    pub async fn add_code(&self, code: &NewCode) -> Result<bool, StorageError> {
        sqlx::query(
            "DELETE FROM exchange_codes WHERE session_id = $1 AND code_hash NOT IN (\
             SELECT code_hash FROM exchange_codes WHERE session_id = $1 \
             ORDER BY expires_at DESC LIMIT $2)",
        )
        .bind(&code.shown.session_id)
        .bind(OPEN_CODES_OF_A_SESSION)
        .execute(self.pool())
        .await?;
        let added = sqlx::query(
            "INSERT INTO exchange_codes (code_hash, session_id, audience, origin, challenge, \
             return_to, expires_at, auth_ver, auth_time, session_end, key_refusals) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(code.hash.as_str())
        .bind(&code.shown.session_id)
        .bind(&code.audience)
        .bind(&code.origin)
        .bind(&code.challenge)
        .bind(&code.return_to)
        .bind(to_db(code.expires_at))
        .bind(to_db(code.shown.auth_ver))
        .bind(to_db(code.shown.auth_time))
        .bind(to_db(code.shown.session_end))
        .bind(to_db(code.shown.key_refusals))
        .execute(self.pool())
        .await;
        match added {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Finds a code, used or not, expired or not.
    pub async fn code(&self, hash: &Hashed) -> Result<Option<FoundCode>, StorageError> {
        let mut read = self.read().await?;
        let Some((code, answer)) = code_and_answer(&mut read, hash).await? else {
            return Ok(None);
        };
        let query = EligibilityQuery {
            shown: &code.shown,
            user_id: None,
            audience: &code.audience,
        };
        Ok(Some(FoundCode {
            facts: eligibility::facts(&mut read, query).await?,
            code,
            answer,
        }))
    }

    /// Uses a code and stores that its session was used. False if the code was already used, or is
    /// gone. `event` tells of the token.
    pub async fn use_code(
        &self,
        code: &NewCode,
        answer: &IssuedAnswer,
        event: Event,
    ) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        let (session_id, now) = (&code.shown.session_id, answer.issued_at);
        if !usage::hold(write.connection(), session_id, now).await? {
            return Ok(false);
        }
        let used = sqlx::query(
            "UPDATE exchange_codes SET used_at = $1, claims = $2, binding_seed = $3 \
             WHERE code_hash = $4 AND used_at IS NULL",
        )
        .bind(to_db(now))
        .bind(&answer.claims)
        .bind(answer.binding_seed.as_deref())
        .bind(code.hash.as_str())
        .execute(write.connection())
        .await?;
        if used.rows_affected() != 1 {
            return Ok(false);
        }
        let times = (now, usage::end_of(&answer.claims, now));
        usage::note_token(write.connection(), session_id, &code.audience, times).await?;
        write.commit([event]).await?;
        Ok(true)
    }

    /// Deletes a code, if there is one.
    pub async fn burn_code(&self, hash: &Hashed) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM exchange_codes WHERE code_hash = $1")
            .bind(hash.as_str())
            .execute(self.pool())
            .await?;
        Ok(())
    }
}

async fn code_and_answer(
    read: &mut Read,
    hash: &Hashed,
) -> Result<Option<(NewCode, Option<IssuedAnswer>)>, StorageError> {
    let row: Option<CodeColumns> = sqlx::query_as(
        "SELECT session_id, audience, origin, challenge, return_to, expires_at, \
         auth_ver, auth_time, session_end, key_refusals, used_at, claims, binding_seed \
         FROM exchange_codes WHERE code_hash = $1",
    )
    .bind(hash.as_str())
    .fetch_optional(&mut **read)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let (session_id, audience, origin, challenge, return_to, expires_at, ..) = row;
    let (.., auth_ver, auth_time, session_end, key_refusals, used_at, claims, seed) = row;
    let answer = used_at.zip(claims).map(|(used_at, claims)| IssuedAnswer {
        issued_at: from_db(used_at),
        claims,
        binding_seed: seed,
    });
    let code = NewCode {
        hash: hash.clone(),
        shown: ShownSignIn {
            session_id,
            auth_time: from_db(auth_time),
            auth_ver: from_db(auth_ver),
            session_end: from_db(session_end),
            key_refusals: from_db(key_refusals),
        },
        audience,
        origin,
        challenge,
        return_to,
        expires_at: from_db(expires_at),
    };
    Ok(Some((code, answer)))
}
