//! How often people got into applications, and were refused there: counted by day, since counting the
//! events of a month takes too long for a page.

use std::collections::HashMap;

use portcullis::time::UnixSeconds;
use sqlx::AnyConnection;

use crate::audit::Event;
use crate::audit::event_name::Outcome;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// How many days are kept, the current one among them.
pub const KEPT_DAYS: u64 = 30;

const DAY_SECONDS: u64 = 24 * 60 * 60;
/// The event has the application's name; one that was removed meanwhile is not counted.
const COUNT: &str = "INSERT INTO sign_in_counts (audience, day, admitted, count, last_at) \
     SELECT audience, $1, $2, $3, $4 FROM applications WHERE name = $5 \
     ON CONFLICT (audience, day, admitted) DO UPDATE SET \
     count = sign_in_counts.count + excluded.count, \
     last_at = CASE WHEN sign_in_counts.last_at > excluded.last_at THEN sign_in_counts.last_at \
     ELSE excluded.last_at END";

/// A day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u64);

/// The sign-ins of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignIns {
    /// How often somebody got in.
    pub admitted: u64,
    /// How often somebody was refused.
    pub refused: u64,
}

impl Day {
    /// The day of a moment.
    #[must_use]
    pub fn of(moment: UnixSeconds) -> Self {
        Self(moment.get() / DAY_SECONDS)
    }

    /// When it began.
    #[must_use]
    pub fn begin(self) -> UnixSeconds {
        UnixSeconds::new(self.0 * DAY_SECONDS)
    }

    /// The days that are kept on this day, oldest first.
    pub fn kept(self) -> impl Iterator<Item = Self> {
        (self.first_kept().0..=self.0).map(Self)
    }

    /// The oldest day that is kept on this day.
    #[must_use]
    pub fn first_kept(self) -> Self {
        Self((self.0 + 1).saturating_sub(KEPT_DAYS))
    }

    pub(in crate::storage) fn to_db(self) -> i64 {
        to_db(self.0)
    }
}

impl SignIns {
    fn add(&mut self, admitted: i64, count: i64) {
        let count: u64 = from_db(count);
        match admitted {
            0 => self.refused += count,
            _ => self.admitted += count,
        }
    }
}

impl Database {
    /// The sign-ins at an application, of all days that are kept on `today`, oldest first.
    pub async fn sign_ins_at(
        &self,
        audience: &str,
        today: Day,
    ) -> Result<Vec<(Day, SignIns)>, StorageError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT day, admitted, count FROM sign_in_counts WHERE audience = $1 AND day >= $2",
        )
        .bind(audience)
        .bind(today.first_kept().to_db())
        .fetch_all(self.pool())
        .await?;
        let mut days: Vec<_> = today.kept().map(|day| (day, SignIns::default())).collect();
        for (day, admitted, count) in rows {
            let found = days.iter_mut().find(|(one, _)| one.to_db() == day);
            if let Some((_, sign_ins)) = found {
                sign_ins.add(admitted, count);
            }
        }
        Ok(days)
    }

    /// The sign-ins of a day at all applications together.
    pub async fn sign_ins_on(&self, day: Day) -> Result<SignIns, StorageError> {
        let rows: Vec<(i64, i64)> =
            sqlx::query_as("SELECT admitted, count FROM sign_in_counts WHERE day = $1")
                .bind(day.to_db())
                .fetch_all(self.pool())
                .await?;
        let mut all = SignIns::default();
        for (admitted, count) in rows {
            all.add(admitted, count);
        }
        Ok(all)
    }

    /// When somebody got into each application last, by audience; absent: not within the days that are
    /// kept.
    pub async fn last_sign_ins(&self) -> Result<HashMap<String, UnixSeconds>, StorageError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT audience, MAX(last_at) FROM sign_in_counts WHERE admitted = 1 GROUP BY audience",
        )
        .fetch_all(self.pool())
        .await?;
        let last = rows.into_iter();
        Ok(last.map(|(audience, at)| (audience, from_db(at))).collect())
    }
}

/// Counts an event that was stored, if it tells of a sign-in at an application.
pub(super) async fn count(
    connection: &mut AnyConnection,
    at: UnixSeconds,
    event: &Event,
) -> Result<(), StorageError> {
    let Some(outcome) = event.sign_in().filter(|_| !event.application.is_empty()) else {
        return Ok(());
    };
    sqlx::query(COUNT)
        .bind(Day::of(at).to_db())
        .bind(i64::from(outcome == Outcome::Admitted))
        .bind(to_db(event.count))
        .bind(to_db(at))
        .bind(&event.application)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_days_are_kept_today_among_them() {
        let today = Day::of(UnixSeconds::new(100 * DAY_SECONDS + 5));
        let days: Vec<_> = today.kept().collect();
        assert_eq!(
            (days.first(), days.last()),
            (Some(&Day(71)), Some(&Day(100)))
        );
        assert_eq!(today.begin().get(), 100 * DAY_SECONDS);
        // In the first days of 1970 there is no day before the first.
        assert_eq!(Day(3).kept().count(), 4);
    }
}
