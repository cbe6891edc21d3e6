//! The follower against a control service that is slow, confused or away.

mod endless;
mod pages;
mod room;
mod silence;

use super::*;
use crate::application::tests::{at, wire};
use crate::protocol::feed::{
    ApplicationChanges, FeedPage, JwkSet, PageKind, Revocation, RevocationChanges, Subject,
};
use crate::session::verifier::tests::Signer;
use crate::time::UnixSeconds;

const NOW: u64 = 1_795_450_380_000;

fn follower() -> Follower {
    Follower::new(FollowerSettings {
        audiences: Vec::new(),
        stale_after_ms: 300_000,
        denies_when_stale: true,
        max_revocations: 100,
        instance: "vm1".into(),
    })
}

pub(super) fn revoke(version: u64) -> RevocationChanges {
    RevocationChanges {
        put: vec![Revocation {
            subject: Subject::User(format!("u{version}")),
            version,
            fresh: false,
            until: UnixSeconds::new(NOW),
        }],
        delete: Vec::new(),
    }
}

pub(super) fn snapshot(epoch: &str, version: u64) -> FeedPage {
    FeedPage {
        epoch: epoch.into(),
        kind: PageKind::Snapshot,
        after: 0,
        version,
        next: None,
        now: UnixSeconds::new(NOW / 1_000),
        keys: Some(JwkSet {
            keys: vec![Signer::new().jwk()],
        }),
        applications: ApplicationChanges {
            put: vec![wire("a", &[at("wiki.example", None, None)])],
            delete: Vec::new(),
        },
        revocations: revoke(version),
    }
}

pub(super) fn delta(epoch: &str, after: u64, version: u64) -> FeedPage {
    FeedPage {
        kind: PageKind::Delta,
        after,
        keys: None,
        applications: ApplicationChanges::default(),
        ..snapshot(epoch, version)
    }
}

/// Polls and answers with a page.
fn give(follower: &mut Follower, page: &FeedPage) -> Result<Progress, FeedError> {
    give_bytes(follower, Some(200), &serde_json::to_vec(page).unwrap())
}

fn give_bytes(
    follower: &mut Follower,
    status: Option<u16>,
    body: &[u8],
) -> Result<Progress, FeedError> {
    let mut at = NOW;
    while follower.poll(at, 0).is_none() {
        at += 1_000;
    }
    follower.answered(at, 0, FeedAnswer { status, body })
}

fn position(follower: &Follower) -> (String, u64, usize) {
    let store = follower.store().unwrap();
    (
        store.epoch().into(),
        store.version(),
        store.revocations().len(),
    )
}
