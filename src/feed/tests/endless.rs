//! Snapshots that never end, or never get whole.

use super::*;

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
