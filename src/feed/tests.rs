//! A feed against a control service that is slow, confused or away.

mod endless;
mod pages;
mod room;
mod silence;

use std::time::Duration;

use super::*;
use crate::application::tests::{at, wire};
use crate::protocol::feed::{
    ApplicationChanges, FeedPage, JwkSet, PageKind, Revocation, RevocationChanges, Subject,
};
use crate::session::verifier::tests::Signer;
use crate::time::{UnixMillis, UnixSeconds};

const NOW: UnixMillis = UnixMillis::new(1_795_450_380_000);

fn feed() -> Feed {
    Feed::new(FeedSettings {
        audiences: Vec::new(),
        team_hostname: "team.example.com".to_owned(),
        when_stale: StalePolicy {
            after: Duration::from_secs(300),
            denies: true,
        },
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
            until: UnixSeconds::new(NOW.get()),
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
        now: NOW.to_seconds(),
        proof: None,
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
fn give(feed: &mut Feed, page: &FeedPage) -> Result<Progress, FeedError> {
    give_bytes(feed, Some(200), &serde_json::to_vec(page).unwrap())
}

fn give_bytes(feed: &mut Feed, status: Option<u16>, body: &[u8]) -> Result<Progress, FeedError> {
    let mut at = NOW;
    while feed.poll(at, 0).is_none() {
        at += Duration::from_secs(1);
    }
    feed.answered(at, 0, FeedAnswer { status, body })
}

fn position(feed: &Feed) -> (String, u64, usize) {
    let store = feed.store().unwrap();
    (
        store.epoch().into(),
        store.version(),
        store.revocations().len(),
    )
}
