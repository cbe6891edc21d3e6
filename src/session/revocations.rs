//! The revocations in force, and whether one covers a token.
//!
//! Versions are compared, never clocks: a refresh that raced with a revocation loses, whatever
//! any clock says, and a login in the same second wins.

use std::collections::HashMap;

use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::{Revocation, RevocationChanges, Subject};

/// How long after `until` an entry is kept, in seconds, in case a clock is behind.
const GRACE: u64 = 3600;

/// The revocations in force.
#[derive(Debug, Default, Clone)]
pub struct Revocations {
    users: HashMap<Box<str>, Bound>,
    applications: HashMap<Box<str>, Bound>,
    sessions: HashMap<Box<str>, Bound>,
    user_applications: HashMap<Box<str>, HashMap<Box<str>, Bound>>,
}

/// Below which versions tokens are refused.
#[derive(Debug, Default, Clone, Copy)]
struct Bound {
    ver: u64,
    auth_ver: u64,
    until: u64,
}

impl Bound {
    fn covers(&self, claims: &ApplicationClaims) -> bool {
        claims.ver < self.ver || claims.auth_ver < self.auth_ver
    }

    /// A later revocation adds to an earlier one; it never lifts it.
    fn raise(&mut self, revocation: &Revocation) {
        if revocation.fresh {
            self.auth_ver = self.auth_ver.max(revocation.version);
        } else {
            self.ver = self.ver.max(revocation.version);
        }
        self.until = self.until.max(revocation.until);
    }
}

impl Revocations {
    /// Whether a revocation covers the token.
    #[must_use]
    pub fn cover(&self, claims: &ApplicationClaims, audience: &str) -> bool {
        let sub = claims.sub.as_str();
        [
            self.users.get(sub),
            self.applications.get(audience),
            self.sessions.get(claims.sid.as_str()),
            self.user_applications
                .get(sub)
                .and_then(|of| of.get(audience)),
        ]
        .into_iter()
        .flatten()
        .any(|bound| bound.covers(claims))
    }

    /// Takes over what a page says.
    pub fn apply(&mut self, changes: RevocationChanges) {
        for subject in &changes.delete {
            self.remove(subject);
        }
        for revocation in &changes.put {
            self.bound(&revocation.subject).raise(revocation);
        }
    }

    /// Drops what no living token can meet any more. `now` is the earlier of the filter's and
    /// the control service's clocks, seconds since 1970.
    pub fn prune(&mut self, now: u64) {
        let alive = |bound: &Bound| bound.until.saturating_add(GRACE) > now;
        self.users.retain(|_, bound| alive(bound));
        self.applications.retain(|_, bound| alive(bound));
        self.sessions.retain(|_, bound| alive(bound));
        self.user_applications.retain(|_, of| {
            of.retain(|_, bound| alive(bound));
            !of.is_empty()
        });
    }

    /// How many subjects are covered.
    #[must_use]
    pub fn len(&self) -> usize {
        let pairs: usize = self.user_applications.values().map(HashMap::len).sum();
        self.users.len() + self.applications.len() + self.sessions.len() + pairs
    }

    /// Whether nobody is covered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn bound(&mut self, subject: &Subject) -> &mut Bound {
        match subject {
            Subject::User(sub) => self.users.entry(sub.as_str().into()),
            Subject::Application(audience) => self.applications.entry(audience.as_str().into()),
            Subject::Session(sid) => self.sessions.entry(sid.as_str().into()),
            Subject::UserApplication(sub, audience) => self
                .user_applications
                .entry(sub.as_str().into())
                .or_default()
                .entry(audience.as_str().into()),
        }
        .or_default()
    }

    fn remove(&mut self, subject: &Subject) {
        match subject {
            Subject::User(sub) => self.users.remove(sub.as_str()),
            Subject::Application(audience) => self.applications.remove(audience.as_str()),
            Subject::Session(sid) => self.sessions.remove(sid.as_str()),
            Subject::UserApplication(sub, audience) => self
                .user_applications
                .get_mut(sub.as_str())
                .and_then(|of| of.remove(audience.as_str())),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::verifier::tests::claims;

    fn put(subject: Subject, version: u64, fresh: bool) -> RevocationChanges {
        RevocationChanges {
            put: vec![Revocation {
                subject,
                version,
                fresh,
                until: 10_000,
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
                revocations.apply(put(subject.clone(), claims.ver + 1, false));
                assert_eq!(
                    revocations.cover(&claims, &audience),
                    covered,
                    "{subject:?}"
                );
                assert_eq!(revocations.len(), 1);
            }
        }
    }

    #[test]
    fn versions_are_compared_and_never_fall() {
        let claims = claims();
        let audience = claims.aud[0].clone();
        let user = Subject::User(claims.sub.clone());
        let covered = |changes: Vec<RevocationChanges>| {
            let mut revocations = Revocations::default();
            changes.into_iter().for_each(|c| revocations.apply(c));
            revocations.cover(&claims, &audience)
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
    fn entries_leave_an_hour_after_their_end() {
        let mut revocations = Revocations::default();
        revocations.apply(put(
            Subject::UserApplication("u".into(), "a".into()),
            1,
            false,
        ));
        revocations.prune(10_000 + GRACE - 1);
        assert_eq!(revocations.len(), 1);
        revocations.prune(10_000 + GRACE);
        assert!(revocations.is_empty() && revocations.user_applications.is_empty());
    }
}
