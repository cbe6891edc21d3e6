//! More revocations than `max_revocations`.

use super::*;

/// `max_revocations` of `feed()`.
const MOST: u64 = 100;
const LATER: UnixMillis = UnixMillis::new(NOW.get() + 300_001);

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

/// Gives deltas without revocations, the first after `version`, at these times by every clock.
fn give_at(feed: &mut Feed, version: u64, times: impl Iterator<Item = UnixMillis>) -> u64 {
    (version..).zip(times).fold(version, |_, (version, at)| {
        let mut page = delta("e1", version, version + 1);
        page.revocations = RevocationChanges::default();
        page.now = at.to_seconds();
        let body = serde_json::to_vec(&page).unwrap();
        feed.poll(at, 0).unwrap();
        let answer = FeedAnswer {
            status: Some(200),
            body: &body,
        };
        feed.answered(at, 0, answer).unwrap();
        version + 1
    })
}

const QUARTER: Duration = Duration::from_secs(900);
const LATE: UnixMillis = UnixMillis::new(NOW.get() + 4 * 3_600_000);

#[test]
fn revocations_that_ended_hours_ago_make_room() {
    let mut feed = feed();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, 1);
    give(&mut feed, &page).unwrap();
    let quarters = |count| (1..=count).map(|n| LATE + QUARTER * n);
    let version = give_at(&mut feed, 1_000, quarters(23));
    assert_eq!(position(&feed).2, 100);
    let at = std::iter::once(LATE + QUARTER * 24);
    let version = give_at(&mut feed, version, at);
    assert_eq!(position(&feed), ("e1".into(), version, 0));
}

#[test]
fn clocks_that_are_ahead_for_hours_drop_no_revocation() {
    let mut feed = feed();
    let mut page = snapshot("e1", 1_000);
    page.revocations = revocations(1..=MOST, (LATE + QUARTER * 40).to_seconds().get());
    give(&mut feed, &page).unwrap();
    let steps = |from, count| (1..=count).map(move |n| from + QUARTER * n);
    let version = give_at(&mut feed, 1_000, steps(LATE, 8));
    let ahead = LATE + Duration::from_secs(30 * 3600);
    let version = give_at(&mut feed, version, steps(ahead, 22));
    assert_eq!(position(&feed), ("e1".into(), version, 100));
}
