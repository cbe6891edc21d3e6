//! The follower against a control service that is slow, confused or away.

mod room;

use super::*;
use crate::application::tests::{at, wire};
use crate::protocol::feed::{
    ApplicationChanges, FeedPage, JwkSet, PageKind, Revocation, RevocationChanges, Subject,
};
use crate::session::verifier::tests::Signer;

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
            until: NOW,
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
        now: NOW / 1_000,
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

#[test]
fn a_snapshot_then_deltas() {
    let mut follower = follower();
    assert_eq!(
        follower.poll(NOW, 0).unwrap().query,
        "limit=20000&instance=vm1&stale_after=300&then=deny"
    );
    let answer = serde_json::to_vec(&snapshot("e1", 41)).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &answer,
    };
    assert_eq!(
        follower.answered(NOW, 0, answer),
        Ok(Progress::Changed { keys: true })
    );
    let poll = follower.poll(NOW, 0).unwrap();
    assert_eq!(
        poll.query,
        "epoch=e1&after=41&wait=20&limit=20000&instance=vm1&applied=41&stale_after=300&then=deny"
    );
    assert!(poll.timeout_ms > 20_000);
    assert_eq!(follower.poll(NOW + 1, 0), None, "one poll at a time");
    let body = serde_json::to_vec(&delta("e1", 41, 57)).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &body,
    };
    assert_eq!(
        follower.answered(NOW, 0, answer),
        Ok(Progress::Changed { keys: false })
    );
    assert_eq!(position(&follower), ("e1".into(), 57, 2));
}

#[test]
fn a_snapshot_in_pages_takes_effect_after_its_last() {
    let mut follower = follower();
    give(&mut follower, &snapshot("e1", 41)).unwrap();
    let mut first = snapshot("e2", 90);
    first.next = Some("p/2".into());
    assert_eq!(give(&mut follower, &first), Ok(Progress::Gathering));
    assert_eq!(position(&follower), ("e1".into(), 41, 1), "not yet");
    let poll = follower.poll(NOW * 2, 0).unwrap();
    assert_eq!(
        poll.query,
        "next=p%2F2&limit=20000&instance=vm1&stale_after=300&then=deny"
    );
    let mut second = snapshot("e2", 90);
    (second.keys, second.applications, second.revocations) =
        (None, ApplicationChanges::default(), revoke(91));
    let body = serde_json::to_vec(&second).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &body,
    };
    assert_eq!(
        follower.answered(NOW * 2, 0, answer),
        Ok(Progress::Changed { keys: true })
    );
    assert_eq!(position(&follower), ("e2".into(), 90, 2));
}

#[test]
fn whatever_does_not_fit_changes_nothing() {
    let mut follower = follower();
    give(&mut follower, &snapshot("e1", 41)).unwrap();
    let before = position(&follower);
    let changed = |change: fn(&mut FeedPage)| {
        let mut page = delta("e1", 41, 57);
        change(&mut page);
        serde_json::to_vec(&page).unwrap()
    };
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(serde_json::to_vec(&delta("e1", 41, 57)).unwrap()).unwrap();
        assert!(text.contains(from));
        text.replace(from, to).into_bytes()
    };
    let twice = serde_json::to_vec(&{
        let mut page = delta("e1", 41, 57);
        page.applications.put = vec![
            wire("b", &[at("wiki.example", None, None)]),
            wire("c", &[at("notes.example", None, None)]),
        ];
        page
    });
    for body in [
        b"".to_vec(),
        b"{}".to_vec(),
        b"[1]".to_vec(),
        vec![0xff; 10],
        changed(|page| page.epoch = "e2".into()),
        changed(|page| page.after = 40),
        changed(|page| page.after = 42),
        changed(|page| page.version = 41),
        changed(|page| page.version = 3),
        changed(|page| page.applications.put = vec![wire("b", &[at("Wiki.example", None, None)])]),
        changed(|page| {
            page.keys = Some(JwkSet {
                keys: vec![{
                    let mut k = Signer::new().jwk();
                    k.x = Some("AA".into());
                    k
                }],
            })
        }),
        changed(|page| page.keys = Some(JwkSet::default())),
        replaced("\"user\"", "\"device\""),
        replaced("\"delta\"", "\"patch\""),
        replaced("\"version\":57", "\"version\":-1"),
        serde_json::to_vec(&snapshot("e1", 40)).unwrap(),
        serde_json::to_vec(&{
            let mut s = snapshot("e2", 90);
            s.keys = None;
            s
        })
        .unwrap(),
        twice.unwrap(),
    ] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert!(
            give_bytes(&mut follower, Some(200), &body).is_err(),
            "{shown}"
        );
        assert_eq!(position(&follower), before, "{shown}");
    }
    for status in [None, Some(302), Some(401), Some(500), Some(503)] {
        assert!(give_bytes(&mut follower, status, b"").is_err());
    }
    assert_eq!(follower.errors(), 23);
    let mut known = delta("e1", 41, 57);
    known.revocations = revoke(57);
    let text = serde_json::to_string(&known).unwrap();
    let newer = text.replacen('{', "{\"news\":{\"x\":[1]},", 1);
    assert!(
        give_bytes(&mut follower, Some(200), newer.as_bytes()).is_ok(),
        "unknown fields are ignored"
    );
}

/// A page of a snapshot that names another.
fn page_of(next: u32, revocations: RevocationChanges) -> FeedPage {
    FeedPage {
        next: Some(next.to_string()),
        revocations,
        keys: None,
        applications: ApplicationChanges::default(),
        ..snapshot("e2", 90)
    }
}

#[test]
fn a_snapshot_that_never_ends_is_given_up_and_makes_nothing_fresh() {
    let mut follower = follower();
    give(&mut follower, &snapshot("e1", 41)).unwrap();
    let before = position(&follower);
    let mut pages = 0;
    let mut at = NOW + 1;
    let end = loop {
        pages += 1;
        at += 1_000;
        follower.poll(at, 0).unwrap();
        let body = serde_json::to_vec(&page_of(pages, revoke(1))).unwrap();
        let answer = FeedAnswer {
            status: Some(200),
            body: &body,
        };
        match follower.answered(at, 0, answer) {
            Ok(progress) => assert_eq!(progress, Progress::Gathering),
            Err(error) => break error,
        }
    };
    assert_eq!(end, FeedError::OutOfBounds("the snapshot's size"));
    assert_eq!((pages, position(&follower)), (1_001, before));
    assert!(follower.is_stale(at), "only the first snapshot was good");
}

#[test]
fn a_page_that_leads_nowhere_ends_its_snapshot() {
    let empty = page_of(1, RevocationChanges::default());
    assert_eq!(
        give(&mut follower(), &empty),
        Err(FeedError::SnapshotBroken)
    );
    let mut follower = follower();
    let same = page_of(1, revoke(1));
    assert_eq!(give(&mut follower, &same), Ok(Progress::Gathering));
    assert_eq!(give(&mut follower, &same), Err(FeedError::SnapshotBroken));
    assert!(follower.store().is_none());
}

#[test]
fn a_clock_that_is_set_back_neither_stops_polls_nor_ageing() {
    let mut follower = follower();
    give(&mut follower, &snapshot("e1", 41)).unwrap();
    let back = NOW - 3_600_000;
    let poll = follower.poll(back, 0);
    let at = if poll.is_some() { back } else { back + 5_000 };
    assert!(poll.is_some() || follower.poll(at, 0).is_some());
    assert!(follower.is_stale(back + 300_001));
}

#[test]
fn errors_say_what_but_never_quote() {
    let mut follower = follower();
    let error = give_bytes(
        &mut follower,
        Some(200),
        br#"{"epoch":"secret-epoch","kind":7}"#,
    );
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("line 1") && !text.contains("secret"),
        "{text}"
    );
}

#[test]
fn failures_are_tried_again_with_growing_pauses() {
    let mut follower = follower();
    let mut at = NOW;
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let start = at;
        while follower.poll(at, u32::MAX).is_none() {
            at += 10;
        }
        pauses.push(at - start);
        let nothing = FeedAnswer {
            status: None,
            body: b"",
        };
        assert_eq!(
            follower.answered(at, u32::MAX, nothing),
            Err(FeedError::Unreachable)
        );
    }
    assert_eq!(pauses[..5], [0, 100, 200, 400, 800]);
    assert_eq!(pauses[9], 5_000);
    assert!(follower.store().is_none());
}

#[test]
fn a_poll_without_an_answer_is_given_up() {
    let mut follower = follower();
    let poll = follower.poll(NOW, 0).unwrap();
    assert_eq!(follower.poll(NOW + poll.timeout_ms, 0), None);
    let lost = NOW + poll.timeout_ms + 2_000;
    assert_eq!(follower.poll(lost, 0), None, "a pause first");
    assert!(follower.poll(lost + 5_000, 0).is_some());
    assert_eq!(follower.errors(), 1);
}

#[test]
fn silence_makes_stale_and_news_or_none_make_fresh() {
    let mut follower = follower();
    give(&mut follower, &snapshot("e1", 41)).unwrap();
    let good = NOW;
    assert!(!follower.is_stale(good + 300_000) && follower.is_stale(good + 300_001));
    follower.poll(good + 299_000, 0).unwrap();
    let none = FeedAnswer {
        status: Some(204),
        body: b"",
    };
    assert_eq!(
        follower.answered(good + 299_000, 0, none),
        Ok(Progress::Unchanged)
    );
    assert!(!follower.is_stale(good + 300_001));
}

#[test]
fn nothing_new_is_no_answer_to_who_has_nothing() {
    let mut follower = follower();
    assert!(give_bytes(&mut follower, Some(204), b"").is_err());
}

#[test]
fn a_snapshot_that_never_gets_whole_becomes_stale_and_slower() {
    let mut follower = follower();
    give(&mut follower, &snapshot("e1", 41)).unwrap();
    let mut first = snapshot("e2", 90);
    first.next = Some("p2".into());
    let first = serde_json::to_vec(&first).unwrap();
    let (mut at, mut polls) = (NOW, 0);
    while at < NOW + 600_000 {
        at += 50;
        if let Some(poll) = follower.poll(at, 0) {
            polls += 1;
            let body = if poll.query.starts_with("next=") {
                &b"{}"[..]
            } else {
                &first
            };
            let _ = follower.answered(
                at,
                0,
                FeedAnswer {
                    status: Some(200),
                    body,
                },
            );
        }
    }
    assert!(follower.is_stale(at));
    assert!(polls < 1_000, "{polls} polls in ten minutes");
    assert_eq!(position(&follower).1, 41);
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut follower = follower();
    give(&mut follower, &snapshot("e1", 41)).unwrap();
    follower.poll(NOW + 1_000, 0).unwrap();
    let nothing = FeedAnswer {
        status: None,
        body: b"",
    };
    assert!(follower.answered(NOW + 1_000, u32::MAX, nothing).is_err());
    let back = NOW - 3_600_000;
    assert_eq!(follower.poll(back, 0), None);
    assert!(follower.poll(back + 5_000, 0).is_some());
    assert!(!follower.is_stale(back + 200_000) && follower.is_stale(back + 305_001));
}
