//! The revocations in force, and whether one covers a token.
//!
//! Versions are compared, never clocks: a refresh that raced with a revocation loses, whatever
//! any clock says, and a login in the same second wins.

mod bound;
mod changes;
mod digest;
mod fingerprint;
mod table;

use std::time::Duration;

use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::RevocationChanges;
use crate::time::UnixSeconds;

use bound::seconds;
pub use changes::Changes;
pub use digest::Digest;
pub use fingerprint::{Fingerprints, TokenFingerprints};
use table::Table;

/// How long after `until` an entry is kept, in case a clock is behind.
const GRACE: Duration = Duration::from_secs(3600);

/// The revocations in force.
#[derive(Debug, Default, Clone)]
pub struct Revocations {
    fingerprints: Fingerprints,
    /// Compared with `ver`.
    plain: Table,
    /// Compared with `auth_ver`.
    fresh: Table,
}

impl Revocations {
    /// None yet, of subjects with these fingerprints.
    #[must_use]
    pub fn with(fingerprints: Fingerprints) -> Self {
        Self {
            fingerprints,
            ..Self::default()
        }
    }

    /// Whether a revocation covers the token with these claims at its application. `known` is
    /// kept with the token.
    #[must_use]
    pub fn cover(
        &self,
        claims: &ApplicationClaims,
        audience: &str,
        known: &TokenFingerprints,
    ) -> bool {
        if self.is_empty() {
            return false;
        }
        let subjects = self.fingerprints.of_token(claims, audience, known);
        subjects.into_iter().any(|subject| {
            let below =
                |table: &Table, version| table.version(subject).is_some_and(|v| version < v);
            below(&self.plain, claims.ver) || below(&self.fresh, claims.auth_ver)
        })
    }

    /// Applies the revocations of a page. A later revocation adds to an earlier one; it never lifts it.
    pub fn apply<S: AsRef<str>>(&mut self, changes: &RevocationChanges<S>) {
        self.take(self.fingerprints.changes(changes));
    }

    /// The same by fingerprint. The fingerprints must be made with the same key.
    pub fn take(&mut self, changes: Changes) {
        for key in changes.delete {
            self.plain.remove(key);
            self.fresh.remove(key);
        }
        self.plain.raise(changes.plain);
        self.fresh.raise(changes.fresh);
    }

    /// Drops revocations of which every token had expired at `settled`, however wrong a clock is now.
    pub fn prune(&mut self, settled: UnixSeconds) {
        let end = seconds(settled - GRACE);
        self.plain.prune(end);
        self.fresh.prune(end);
    }

    /// How many are in force. Two may concern one subject.
    #[must_use]
    pub fn len(&self) -> usize {
        self.plain.len() + self.fresh.len()
    }

    /// A number for what is in force, to be compared with that of another filter or the database.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.plain.digest().and(self.fresh.digest().as_fresh())
    }

    /// Whether no revocation is in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::feed::{Revocation, Subject};
    use crate::session::verifier::tests::claims;

    const UNTIL: UnixSeconds = UnixSeconds::new(10_000);

    fn put(subject: Subject, version: u64, fresh: bool) -> RevocationChanges {
        RevocationChanges {
            put: vec![Revocation {
                subject,
                version,
                fresh,
                until: UNTIL,
            }],
            delete: Vec::new(),
        }
    }

    #[test]
    fn each_scope_covers_its_own_tokens_only() {
        let claims = claims();
        let audience = claims.aud[0].clone();
        let hits = [
            Subject::User(claims.sub.clone()),
            Subject::Application(audience.clone()),
            Subject::Session(claims.sid.clone()),
            Subject::UserApplication(claims.sub.clone(), audience.clone()),
        ];
        let misses = [
            Subject::User(claims.sid.clone()),
            Subject::Application(claims.sub.clone()),
            Subject::Session(claims.sub.clone()),
            Subject::UserApplication(claims.sub.clone(), "other".into()),
            Subject::UserApplication("other".into(), audience.clone()),
        ];
        for (subjects, covered) in [(&hits[..], true), (&misses[..], false)] {
            for subject in subjects {
                let mut revocations = Revocations::default();
                revocations.apply(&put(subject.clone(), claims.ver + 1, false));
                assert_eq!(
                    revocations.cover(&claims, &audience, &TokenFingerprints::default()),
                    covered,
                    "{subject:?}"
                );
                assert_eq!(revocations.len(), 1);
            }
        }
    }

    #[test]
    fn fingerprints_of_a_token_are_computed_again_for_another_key() {
        let claims = claims();
        let audience = claims.aud[0].clone();
        let (mut covering, mut others) = (Revocations::default(), Revocations::default());
        let user = Subject::User(claims.sub.clone());
        covering.apply(&put(user, claims.ver + 1, false));
        others.apply(&put(Subject::User("other".into()), 9, false));
        let known = TokenFingerprints::default();
        for _ in 0..2 {
            assert!(covering.cover(&claims, &audience, &known));
            assert!(!others.cover(&claims, &audience, &known));
        }
    }

    #[test]
    fn versions_are_compared_and_never_fall() {
        let claims = claims();
        let audience = claims.aud[0].clone();
        let user = Subject::User(claims.sub.clone());
        let covered = |changes: Vec<RevocationChanges>| {
            let mut revocations = Revocations::default();
            changes.iter().for_each(|c| revocations.apply(c));
            revocations.cover(&claims, &audience, &TokenFingerprints::default())
        };
        assert!(!covered(vec![put(user.clone(), claims.ver, false)]));
        assert!(covered(vec![put(user.clone(), claims.ver + 1, false)]));
        assert!(!covered(vec![put(user.clone(), claims.auth_ver, true)]));
        assert!(covered(vec![put(user.clone(), claims.auth_ver + 1, true)]));
        let lower = vec![
            put(user.clone(), claims.ver + 1, false),
            put(user.clone(), 1, true),
            put(user, 1, false),
        ];
        assert!(covered(lower));
    }

    #[test]
    fn the_digest_tells_what_is_held_and_not_how_it_came() {
        let user = |name: &str| Subject::User(name.into());
        let digest = |changes: &[RevocationChanges]| {
            let mut revocations = Revocations::default();
            changes.iter().for_each(|change| revocations.apply(change));
            revocations.digest()
        };
        let (a, b, fresh) = (
            put(user("a"), 5, false),
            put(user("b"), 6, false),
            put(user("a"), 7, true),
        );
        let all = Digest::of(5, false, UNTIL)
            .and(Digest::of(6, false, UNTIL))
            .and(Digest::of(7, true, UNTIL));
        assert_eq!(digest(&[a.clone(), b.clone(), fresh.clone()]), all);
        let raised = [
            fresh.clone(),
            put(user("b"), 2, false),
            a.clone(),
            b.clone(),
            b.clone(),
        ];
        assert_eq!(digest(&raised), all);
        for other in [
            digest(&[a.clone(), b.clone()]),
            digest(&[a.clone(), b, put(user("a"), 7, false)]),
            digest(&[a, put(user("b"), 8, false), fresh]),
        ] {
            assert_ne!(other, all);
        }
        let until = UnixSeconds::new;
        assert_ne!(
            Digest::of(5, false, until(1)),
            Digest::of(5, false, until(2))
        );
    }

    #[test]
    fn entries_leave_an_hour_after_their_end() {
        let mut revocations = Revocations::default();
        for fresh in [false, true] {
            let subject = Subject::UserApplication("u".into(), "a".into());
            revocations.apply(&put(subject, 1, fresh));
        }
        revocations.prune(UNTIL + GRACE - Duration::from_secs(1));
        assert_eq!(revocations.len(), 2);
        revocations.prune(UNTIL + GRACE);
        assert!(revocations.is_empty());
    }
}
