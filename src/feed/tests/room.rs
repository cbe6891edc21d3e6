//! More revocations than the filter is configured to hold.

use super::*;

/// As `follower()` is configured.
const MOST: u64 = 100;
const LATER: u64 = NOW + 300_001;

/// Revocations with the versions from one to another, without effect from `until` on.
fn revocations(versions: std::ops::RangeInclusive<u64>, until: u64) -> RevocationChanges {
    let until = UnixSeconds::new(until);
    let put = versions.flat_map(|version| revoke(version).put);
    RevocationChanges {
        put: put.map(|one| Revocation { until, ..one }).collect(),
        delete: Vec::new(),
    }
}

fn too_many() -> Result<Progress, FeedError> {
    Err(FeedError::TooManyRevocations(100))
}

#[test]
fn a_snapshot_that_is_too_large_is_refused_whole() {
    let mut follower = follower();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST + 1, NOW);
    assert_eq!(give(&mut follower, &page), too_many());
    assert!(follower.store().is_none(), "nothing of it is taken over");

    page.revocations = revocations(1..=MOST, NOW);
    assert!(give(&mut follower, &page).is_ok());
    assert_eq!(position(&follower), ("e1".into(), 1_000, 100));
}

#[test]
fn a_snapshot_whose_pages_are_too_many_is_refused_at_the_first_that_is() {
    let mut follower = follower();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, NOW);
    page.next = Some("2".into());
    assert_eq!(give(&mut follower, &page), Ok(Progress::Gathering));
    page.revocations = revocations(MOST + 1..=MOST + 1, NOW);
    page.next = Some("3".into());
    assert_eq!(give(&mut follower, &page), too_many());
    assert!(follower.store().is_none());
}

#[test]
fn a_delta_for_which_there_is_no_room_makes_the_feed_stale() {
    let mut follower = follower();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, NOW);
    give(&mut follower, &page).unwrap();
    let more = delta("e1", 1_000, 1_001);
    for refused in 1..=3 {
        assert_eq!(give(&mut follower, &more), too_many());
        assert_eq!(follower.errors(), refused);
    }
    assert_eq!(position(&follower), ("e1".into(), 1_000, 100));
    // By the time of the last good poll, which none of these was.
    assert!(!follower.is_stale(NOW + 290_000) && follower.is_stale(LATER));
}

#[test]
fn what_has_ended_makes_room() {
    let mut follower = follower();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, 1);
    give(&mut follower, &page).unwrap();
    let mut more = delta("e1", 1_000, 1_001);
    more.now = UnixSeconds::new(LATER * 2);
    let body = serde_json::to_vec(&more).unwrap();
    follower.poll(LATER * 2, 0).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &body,
    };
    assert!(follower.answered(LATER * 2, 0, answer).is_ok());
    assert_eq!(position(&follower), ("e1".into(), 1_001, 1));
}
