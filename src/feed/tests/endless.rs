//! Snapshots that never end or are never completed.

use super::*;

/// A page of a snapshot that names a next one.
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
fn a_snapshot_that_never_ends_is_given_up_and_counts_as_no_success() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    let before = position(&feed);
    let mut pages = 0;
    let mut at = NOW + Duration::from_millis(1);
    let end = loop {
        pages += 1;
        at += Duration::from_secs(1);
        feed.poll(at, 0).unwrap();
        let body = serde_json::to_vec(&page_of(pages, revoke(1))).unwrap();
        let answer = FeedAnswer {
            status: Some(200),
            body: &body,
        };
        match feed.answered(at, 0, answer) {
            Ok(progress) => assert_eq!(progress, Progress::Partial),
            Err(error) => break error,
        }
    };
    assert_eq!(end, FeedError::OutOfBounds("the snapshot's size"));
    assert_eq!((pages, position(&feed)), (1_001, before));
    assert!(feed.is_stale(at), "only the first snapshot was a success");
}

#[test]
fn a_page_that_leads_nowhere_ends_its_snapshot() {
    let empty = page_of(1, RevocationChanges::default());
    assert_eq!(give(&mut feed(), &empty), Err(FeedError::SnapshotBroken));
    let mut feed = feed();
    let same = page_of(1, revoke(1));
    assert_eq!(give(&mut feed, &same), Ok(Progress::Partial));
    assert_eq!(give(&mut feed, &same), Err(FeedError::SnapshotBroken));
    assert!(feed.store().is_none());
}

#[test]
fn a_snapshot_that_is_never_completed_makes_the_feed_stale_and_polls_rarer() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    let mut first = snapshot("e2", 90);
    first.next = Some("p2".into());
    let first = serde_json::to_vec(&first).unwrap();
    let (mut at, mut polls) = (NOW, 0);
    while at < NOW + Duration::from_secs(600) {
        at += Duration::from_millis(50);
        if let Some(poll) = feed.poll(at, 0) {
            polls += 1;
            let body = if poll.query.starts_with("next=") {
                &b"{}"[..]
            } else {
                &first
            };
            let _ = feed.answered(
                at,
                0,
                FeedAnswer {
                    status: Some(200),
                    body,
                },
            );
        }
    }
    assert!(feed.is_stale(at));
    assert!(polls < 1_000, "{polls} polls in ten minutes");
    assert_eq!(position(&feed).1, 41);
}
