//! What identity providers report about the people who sign in with them. A report counts once, and
//! what follows from it is done in the transaction that notes its id.

use std::collections::BTreeSet;

use portcullis::protocol::feed::Subject as Revoked;
use portcullis::time::UnixSeconds;

use crate::CLOCK_LEEWAY;
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::revocations::{UserRevocation, revoke_user};
use crate::storage::sessions::ends::MOST_IN_A_VERSION;
use crate::tokens::secret::{Hashed, Plain};

/// A report of a provider.
#[derive(Debug, Clone, Copy)]
pub struct ProviderReport<'a> {
    /// The id of the provider in the configuration.
    pub provider_id: &'a str,
    /// What happened there, in a word for programs.
    pub reason: &'static str,
    /// The provider, and where the report came from.
    pub by: &'a Initiator,
    /// What makes it count once; `None` if it counts as often as it comes.
    pub once: Option<ReportId<'a>>,
}

/// The id of a report.
#[derive(Debug, Clone, Copy)]
pub struct ReportId<'a> {
    /// In whose name ids are unique, for one provider.
    pub issuer: &'a str,
    /// `jti`.
    pub jti: &'a str,
    /// From then on the report is refused for its age.
    pub expires_at: UnixSeconds,
}

/// A person at the provider of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportedPerson {
    /// By `sub`.
    Subject(String),
    /// By e-mail address, as it is compared. Only people who sign in with the provider.
    Email(String),
}

/// A session at the provider of a report.
#[derive(Debug, Clone, Copy)]
pub struct ReportedSession<'a> {
    /// `sid`.
    pub sid: &'a str,
    /// Whose it is, if the report says so.
    pub subject: Option<&'a str>,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportOutcome {
    /// It came before, and nothing changed.
    Repeated,
    /// It took effect.
    Done(EndedByProvider),
}

/// What a report ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndedByProvider {
    /// The version of the feed that tells of it; `None` if nothing ended.
    pub version: Option<u64>,
    /// How many users it concerns.
    pub users: u64,
    /// How many global sessions ended.
    pub sessions: u64,
}

/// A session that was deleted: its id, its end, and its user's id.
type EndedSession = (String, i64, String);

impl Database {
    /// Ends the global sessions that began with a session at the provider. Many end in several
    /// transactions; the report counts as received with the last one, so that it can be sent again after
    /// an error.
    pub async fn end_reported_session(
        &self,
        report: &ProviderReport<'_>,
        session: ReportedSession<'_>,
    ) -> Result<ReportOutcome, StorageError> {
        let mut all = EndedByProvider::default();
        let mut all_users = BTreeSet::new();
        loop {
            let mut write = self.write().await?;
            if is_repeated(&mut write, report).await? {
                return Ok(all.or_repeated());
            }
            let ended = end_some(&mut write, report, session).await?;
            let sessions = ended.len() as u64;
            let is_last = to_db(sessions) < MOST_IN_A_VERSION;
            if !is_last {
                forget(&mut write, report).await?;
            }
            if ended.is_empty() {
                write.commit_unaudited(Unaudited::NobodyConcerned).await?;
                return Ok(ReportOutcome::Done(all));
            }
            let users: BTreeSet<String> = ended.into_iter().map(|(_, _, user)| user).collect();
            let event = told_of(&mut write, report, &users).await?;
            let event = event
                .detail("scope", "session")
                .detail("sessions", sessions);
            all.version = write.commit([event]).await?.or(all.version);
            all.sessions += sessions;
            all_users.extend(users);
            all.users = all_users.len() as u64;
            if is_last {
                return Ok(ReportOutcome::Done(all));
            }
        }
    }

    /// Revokes the users whom a provider's person is: all of their sessions, also those that began in
    /// another way.
    pub async fn revoke_reported(
        &self,
        report: &ProviderReport<'_>,
        person: &ReportedPerson,
        revocation: UserRevocation,
    ) -> Result<ReportOutcome, StorageError> {
        let mut write = self.write().await?;
        if is_repeated(&mut write, report).await? {
            return Ok(ReportOutcome::Repeated);
        }
        let users = lock_users(&mut write, report.provider_id, person, revocation).await?;
        if users.is_empty() {
            write.commit_unaudited(Unaudited::NobodyConcerned).await?;
            return Ok(ReportOutcome::Done(EndedByProvider::default()));
        }
        let mut sessions = 0;
        for (id, email) in &users {
            let subject = Subject::user(id, email);
            if revocation.disable {
                let disabled = Event::new(EventName::UserDisabled, report.by, subject.clone());
                write.note(disabled.reason(report.reason));
            }
            let event = Event::new(EventName::ProviderEvent, report.by, subject);
            let event = event.reason(report.reason);
            sessions += revoke_user(&mut write, event, revocation.until).await?;
        }
        let version = write.commit_noted(Unaudited::Nothing).await?;
        Ok(ReportOutcome::Done(EndedByProvider {
            version,
            users: users.len() as u64,
            sessions,
        }))
    }
}

impl EndedByProvider {
    /// What follows from a report that has come a second time, while the first was worked on in several
    /// transactions.
    fn or_repeated(self) -> ReportOutcome {
        match self.sessions {
            0 => ReportOutcome::Repeated,
            _ => ReportOutcome::Done(self),
        }
    }
}

/// Ends sessions of a session at the provider, as many as one version may end.
async fn end_some(
    write: &mut Write,
    report: &ProviderReport<'_>,
    session: ReportedSession<'_>,
) -> Result<Vec<EndedSession>, StorageError> {
    // Locked before the sessions' rows, in the same order as in a user's revocation.
    write.lock().await?;
    let ended: Vec<EndedSession> = sqlx::query_as(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE provider_sid = $1 \
         AND identity_id IN (SELECT id FROM identities \
         WHERE provider_id = $2 AND subject = COALESCE($3, subject)) LIMIT $4) \
         RETURNING id, expires_at, user_id",
    )
    .bind(session.sid)
    .bind(report.provider_id)
    .bind(session.subject)
    .bind(MOST_IN_A_VERSION)
    .fetch_all(write.connection())
    .await?;
    for (id, expires_at, _) in &ended {
        let until = from_db::<UnixSeconds>(*expires_at) + CLOCK_LEEWAY;
        write.revoke(Revoked::Session(id.clone()), until).await?;
    }
    Ok(ended)
}

/// Notes the id of a report. Whether that was done before.
async fn is_repeated(write: &mut Write, report: &ProviderReport<'_>) -> Result<bool, StorageError> {
    let Some(once) = report.once else {
        return Ok(false);
    };
    let noted = sqlx::query(
        "INSERT INTO provider_events (issuer, id_hash, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (issuer, id_hash) DO NOTHING",
    )
    .bind(once.issuer)
    .bind(id_hash(report, &once).as_str())
    .bind(to_db(once.expires_at))
    .execute(write.connection())
    .await?;
    Ok(noted.rows_affected() == 0)
}

/// Takes the note back that a report was received.
async fn forget(write: &mut Write, report: &ProviderReport<'_>) -> Result<(), StorageError> {
    if let Some(once) = report.once {
        sqlx::query("DELETE FROM provider_events WHERE issuer = $1 AND id_hash = $2")
            .bind(once.issuer)
            .bind(id_hash(report, &once).as_str())
            .execute(write.connection())
            .await?;
    }
    Ok(())
}

/// The hash of what makes a report of an issuer the same: one issuer may be configured as several
/// providers, of which each is told with the same `jti`. A provider's id has no space.
fn id_hash(report: &ProviderReport<'_>, once: &ReportId<'_>) -> Hashed {
    Plain::new(format!("{} {}", report.provider_id, once.jti)).hashed()
}

/// The users, by id and e-mail address, with their rows locked against concurrent sign-ins.
async fn lock_users(
    write: &mut Write,
    provider_id: &str,
    person: &ReportedPerson,
    revocation: UserRevocation,
) -> Result<Vec<(String, String)>, StorageError> {
    let (subject, email) = match person {
        ReportedPerson::Subject(subject) => (Some(subject), None),
        // People of whom the provider tells no address have an empty one.
        ReportedPerson::Email(email) if email.is_empty() => (None, None),
        ReportedPerson::Email(email) => (None, Some(email)),
    };
    let users = sqlx::query_as(
        "UPDATE users SET disabled = CASE WHEN $1 = 1 THEN 1 ELSE disabled END, \
         blocked_until = CASE WHEN blocked_until > $2 THEN blocked_until ELSE $2 END \
         WHERE id IN (SELECT user_id FROM identities \
         WHERE provider_id = $3 AND (subject = $4 OR email_normal = $5)) RETURNING id, email",
    )
    .bind(i64::from(revocation.disable))
    .bind(to_db(revocation.blocked_until))
    .bind(provider_id)
    .bind(subject)
    .bind(email)
    .fetch_all(write.connection())
    .await?;
    Ok(users)
}

/// The event that tells of a report which concerns these users.
async fn told_of(
    write: &mut Write,
    report: &ProviderReport<'_>,
    users: &BTreeSet<String>,
) -> Result<Event, StorageError> {
    let mut ids = users.iter();
    let subject = match (ids.next(), ids.next()) {
        (Some(id), None) => {
            let (email,): (String,) = sqlx::query_as("SELECT email FROM users WHERE id = $1")
                .bind(id)
                .fetch_one(write.connection())
                .await?;
            Subject::user(id, &email)
        }
        _ => Subject::none(),
    };
    let event = Event::new(EventName::ProviderEvent, report.by, subject);
    Ok(event.reason(report.reason))
}
