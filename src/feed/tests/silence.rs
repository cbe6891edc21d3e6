//! Missing answers, late answers, and clocks that are set back.

use super::*;

#[test]
fn a_clock_that_is_set_back_neither_stops_polls_nor_ageing() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    let back = NOW - Duration::from_secs(3_600);
    let poll = feed.poll(back, 0);
    let at = if poll.is_some() {
        back
    } else {
        back + Duration::from_secs(5)
    };
    assert!(poll.is_some() || feed.poll(at, 0).is_some());
    assert!(feed.is_stale(back + Duration::from_millis(300_001)));
}

#[test]
fn failed_polls_are_repeated_after_growing_pauses() {
    let mut feed = feed();
    let mut at = NOW;
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let start = at;
        while feed.poll(at, u32::MAX).is_none() {
            at += Duration::from_millis(10);
        }
        pauses.push(at.get() - start.get());
        let nothing = FeedAnswer {
            status: None,
            body: b"",
        };
        assert_eq!(
            feed.answered(at, u32::MAX, nothing),
            Err(FeedError::Unreachable)
        );
    }
    assert_eq!(pauses[..5], [0, 100, 200, 400, 800]);
    assert_eq!(pauses[9], 5_000);
    assert!(feed.store().is_none());
}

#[test]
fn a_poll_without_an_answer_is_given_up() {
    let mut feed = feed();
    let poll = feed.poll(NOW, 0).unwrap();
    assert_eq!(feed.poll(NOW + poll.timeout, 0), None);
    let lost = NOW + poll.timeout + Duration::from_secs(2);
    assert_eq!(feed.poll(lost, 0), None, "a pause first");
    assert!(feed.poll(lost + Duration::from_secs(5), 0).is_some());
    assert_eq!(feed.errors(), 1);
}

#[test]
fn silence_makes_the_feed_stale_and_any_answer_makes_it_fresh() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    let success = NOW;
    assert!(
        !feed.is_stale(success + Duration::from_millis(300_000))
            && feed.is_stale(success + Duration::from_millis(300_001))
    );
    feed.poll(success + Duration::from_millis(299_000), 0)
        .unwrap();
    let none = FeedAnswer {
        status: Some(204),
        body: b"",
    };
    assert_eq!(
        feed.answered(success + Duration::from_millis(299_000), 0, none),
        Ok(Progress::Unchanged)
    );
    assert!(!feed.is_stale(success + Duration::from_millis(300_001)));
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    feed.poll(NOW + Duration::from_secs(1), 0).unwrap();
    let nothing = FeedAnswer {
        status: None,
        body: b"",
    };
    assert!(
        feed.answered(NOW + Duration::from_secs(1), u32::MAX, nothing)
            .is_err()
    );
    let back = NOW - Duration::from_secs(3_600);
    assert_eq!(feed.poll(back, 0), None);
    assert!(feed.poll(back + Duration::from_secs(5), 0).is_some());
    assert!(
        !feed.is_stale(back + Duration::from_secs(200))
            && feed.is_stale(back + Duration::from_millis(305_001))
    );
}

#[test]
fn an_answer_that_comes_too_late_is_ignored() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    let before = position(&feed);
    let poll = feed.poll(NOW, 0).unwrap();
    let lost = NOW + poll.timeout + Duration::from_secs(2);
    assert_eq!(feed.poll(lost, 0), None, "given up");
    let body = serde_json::to_vec(&delta("e1", 41, 57)).unwrap();
    let late = FeedAnswer {
        status: Some(200),
        body: &body,
    };
    assert_eq!(feed.answered(lost, 0, late), Ok(Progress::Unchanged));
    assert_eq!((position(&feed), feed.errors()), (before, 1));
}
