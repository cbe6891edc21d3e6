//! More revocations than `max_revocations`.

use super::*;

/// `max_revocations` of `feed()`.
const MOST: u64 = 100;
const LATER: UnixMillis = UnixMillis::new(NOW.get() + 300_001);
const MUCH_LATER: UnixMillis = UnixMillis::new(LATER.get() * 2);

/// Revocations of these versions that end at `until`.
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
fn a_snapshot_that_is_too_large_is_rejected_as_a_whole() {
    let mut feed = feed();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST + 1, NOW.get());
    assert_eq!(give(&mut feed, &page), too_many());
    assert!(feed.store().is_none(), "nothing of it is applied");

    page.revocations = revocations(1..=MOST, NOW.get());
    assert!(give(&mut feed, &page).is_ok());
    assert_eq!(position(&feed), ("e1".into(), 1_000, 100));
}

#[test]
fn a_snapshot_in_pages_is_rejected_at_the_first_page_too_many() {
    let mut feed = feed();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, NOW.get());
    page.next = Some("2".into());
    assert_eq!(give(&mut feed, &page), Ok(Progress::Partial));
    page.revocations = revocations(MOST + 1..=MOST + 1, NOW.get());
    page.next = Some("3".into());
    assert_eq!(give(&mut feed, &page), too_many());
    assert!(feed.store().is_none());
}

#[test]
fn a_delta_for_which_there_is_no_room_makes_the_feed_stale() {
    let mut feed = feed();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, NOW.get());
    give(&mut feed, &page).unwrap();
    let more = delta("e1", 1_000, 1_001);
    for rejected in 1..=3 {
        assert_eq!(give(&mut feed, &more), too_many());
        assert_eq!(feed.errors(), rejected);
    }
    assert_eq!(position(&feed), ("e1".into(), 1_000, 100));
    // Age counts from the last success, which none of these was.
    assert!(!feed.is_stale(NOW + Duration::from_secs(290)) && feed.is_stale(LATER));
}

#[test]
fn revocations_that_have_ended_make_room() {
    let mut feed = feed();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, 1);
    give(&mut feed, &page).unwrap();
    let mut more = delta("e1", 1_000, 1_001);
    more.now = UnixSeconds::new(MUCH_LATER.get());
    let body = serde_json::to_vec(&more).unwrap();
    feed.poll(MUCH_LATER, 0).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &body,
    };
    assert!(feed.answered(MUCH_LATER, 0, answer).is_ok());
    assert_eq!(position(&feed), ("e1".into(), 1_001, 1));
}
