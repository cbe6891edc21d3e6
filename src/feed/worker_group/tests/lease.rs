//! Who polls, and who takes over.

use super::{Process, STALE_AFTER, scope, settings};
use crate::feed::{FeedSettings, MAX_REVOCATIONS, Scope, StalePolicy};

#[test]
fn one_polls_and_all_have_it() {
    let mut process = Process::settled(6);
    assert_eq!(process.versions(), [41; 6]);
    let first = process.leader();
    process.ticks(2_000);
    assert_eq!(process.leader(), first, "nobody took over");
    // A snapshot, and a poll each twenty seconds.
    assert!(
        process.service.queries.len() <= 8,
        "{:?}",
        process.service.queries
    );
    process.check();
}

#[test]
fn news_are_with_all_one_tick_after_the_answer() {
    let mut process = Process::settled(6);
    for version in 42..60 {
        process.service.version = version;
        process.answer();
        process.ticks(1);
        assert_eq!(process.versions(), [version; 6]);
        process.ticks(3);
        process.leader();
    }
    process.check();
}

#[test]
fn a_dead_holder_is_replaced_after_its_deadline() {
    let mut process = Process::settled(4);
    let leader = process.leader();
    process.vms.remove(leader);
    process.service.version = 42;
    process.ticks(50);
    assert_eq!(process.versions(), [41; 3], "the lease still holds");
    process.ticks(20);
    assert_eq!(process.versions(), [42; 3]);
    process.leader();
    process.check();
}

#[test]
fn one_that_leaves_is_replaced_at_once_and_polls_no_more() {
    let mut process = Process::settled(4);
    let leader = process.leader();
    process.vms[leader].feed.leave(process.now);
    process.vms[leader].poll = None;
    process.service.version = 42;
    process.ticks(3);
    assert_ne!(process.leader(), leader);
    process.service.version = 43;
    process.ticks(4);
    assert_eq!(process.versions(), [43; 4], "it goes on taking over");
}

#[test]
fn whoever_was_busy_for_long_finds_another_holder() {
    let mut process = Process::settled(4);
    let slow = process.leader();
    process.vms[slow].busy = true;
    process.service.version = 42;
    process.ticks(80);
    process.service.version = 43;
    process.ticks(5);
    // Its own poll is answered before its next tick, with what the others have already.
    process.vms[slow].busy = false;
    process.answer();
    process.ticks(4);
    assert_eq!(process.versions(), [43; 4]);
    assert_ne!(process.leader(), slow);
    process.service.version = 44;
    process.ticks(4);
    assert_eq!(process.versions(), [44; 4]);
    process.check();
}

#[test]
fn two_configurations_do_not_touch_each_other() {
    let in_scope = |scope| (scope, settings());
    let with = |settings| (scope(), settings);
    for (other, settings) in [
        in_scope(Scope {
            credential: "another",
            ..scope()
        }),
        in_scope(Scope {
            team_domain: "https://team.example.org",
            ..scope()
        }),
        in_scope(Scope {
            cluster: "another",
            ..scope()
        }),
        with(FeedSettings {
            audiences: vec!["a".repeat(64)],
            ..settings()
        }),
        with(FeedSettings {
            when_stale: StalePolicy {
                after: STALE_AFTER,
                denies: false,
            },
            ..settings()
        }),
        with(FeedSettings {
            max_revocations: MAX_REVOCATIONS - 1,
            ..settings()
        }),
    ] {
        let mut process = Process::settled(2);
        let keys = process.memory.values.borrow().len();
        process.add_to(&other, &settings);
        process.add_to(&other, &settings);
        assert_eq!(process.versions(), [41, 41, 0, 0], "nothing is taken over");
        process.ticks(20);
        assert_eq!(process.versions(), [41; 4]);
        let polling = process.vms.iter().filter(|vm| vm.poll.is_some()).count();
        assert_eq!(polling, 2, "one for each");
        assert_eq!(
            process.memory.values.borrow().len(),
            2 * keys,
            "its own keys"
        );
    }
}

#[test]
fn a_vm_that_loses_the_lease_in_mid_resync_does_not_fetch_the_snapshot_again() {
    let mut process = Process::settled(3);
    process.service.page = 1;
    let leader = process.leader();
    process.vms.remove(leader);
    let (key, _) = process.memory.ending("/manifest").remove(0);
    process.memory.scribble(&key, b"garbage".to_vec());
    // The next leader has nothing to resume, and is interrupted in its resync.
    process.vms[1].busy = true;
    process.service.queries.clear();
    while process.service.queries.len() < 5 {
        process.ticks(1);
    }
    assert!(process.service.queries[4].starts_with("next="));
    process.vms[0].busy = true;
    process.vms[1].busy = false;
    process.ticks(150);
    process.vms[0].busy = false;
    process.ticks(5);
    assert_eq!(process.leader(), 1);

    process.vms.remove(1);
    process.service.queries.clear();
    process.service.version = 42;
    process.ticks(150);
    assert_eq!(process.versions(), [42]);
    for query in &process.service.queries {
        assert!(query.starts_with("epoch="), "{query}");
    }
}
