//! No answers, late ones, and clocks that are set back.

use super::*;

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
