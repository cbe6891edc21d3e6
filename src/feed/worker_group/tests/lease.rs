//! Which VM polls, and which one succeeds it.

use super::{Process, STALE_AFTER, scope, settings};
use crate::feed::{FeedSettings, MAX_REVOCATIONS, Scope, StalePolicy};

#[test]
fn one_vm_polls_and_all_apply() {
    let mut process = Process::settled(6);
    assert_eq!(process.versions(), [41; 6]);
    let first = process.leader();
    process.ticks(2_000);
    assert_eq!(process.leader(), first, "no other VM acquired the lease");
    // A snapshot, and a poll each twenty seconds.
    assert!(
        process.service.queries.len() <= 8,
        "{:?}",
        process.service.queries
    );
    process.check();
}

#[test]
fn all_vms_apply_a_change_one_tick_after_the_answer() {
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
fn a_dead_leader_is_replaced_after_its_lease() {
    let mut process = Process::settled(4);
    let leader = process.leader();
    process.vms.remove(leader);
    process.service.version = 42;
    process.ticks(50);
    assert_eq!(process.versions(), [41; 3], "the lease is still in force");
    process.ticks(20);
    assert_eq!(process.versions(), [42; 3]);
    process.leader();
    process.check();
}

#[test]
fn a_leader_that_leaves_is_replaced_at_once_and_stops_polling() {
    let mut process = Process::settled(4);
    let leader = process.leader();
    process.vms[leader].feed.leave(process.now);
    process.vms[leader].poll = None;
    process.service.version = 42;
    process.ticks(3);
    assert_ne!(process.leader(), leader);
    process.service.version = 43;
    process.ticks(4);
    assert_eq!(
        process.versions(),
        [43; 4],
        "the one that left still applies changes"
    );
}

#[test]
fn a_leader_that_was_busy_for_long_finds_another_leader() {
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
fn two_configurations_do_not_affect_each_other() {
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
            team_hostname: "team.example.com".to_owned(),
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
        assert_eq!(
            process.versions(),
            [41, 41, 0, 0],
            "nothing is shared between them"
        );
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
    let mut process = resyncing();
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

/// Two VMs of which one has begun to resync: it has fetched four pages of a snapshot of 41.
fn resyncing() -> Process {
    let mut process = Process::settled(3);
    process.service.page = 1;
    let leader = process.leader();
    process.vms.remove(leader);
    let (key, _) = process.memory.ending("/manifest").remove(0);
    process.memory.overwrite(&key, b"garbage".to_vec());
    process.vms[1].busy = true;
    process.service.queries.clear();
    while process.service.queries.len() < 5 {
        process.ticks(1);
    }
    assert!(process.service.queries[4].starts_with("next=41to4&"));
    process
}

#[test]
fn a_leader_whose_lease_only_lapsed_continues_its_resync() {
    let mut process = resyncing();
    process.vms[0].busy = true;
    process.ticks(100);
    process.vms[0].busy = false;
    process.ticks(60);
    let queries = process.service.queries.iter();
    let snapshots = queries.filter(|query| query.starts_with("limit="));
    assert_eq!(snapshots.count(), 1);
    process.vms[1].busy = false;
    process.service.version = 42;
    process.ticks(5);
    assert_eq!(process.versions(), [42; 2]);
    process.check();
}

#[test]
fn a_resync_ends_when_the_host_fails_and_the_vm_polls_from_what_it_has() {
    let mut process = resyncing();
    process.memory.fails.set(true);
    process.ticks(1);
    process.service.queries.clear();
    process.service.version = 42;
    process.ticks(20);
    assert_eq!(process.versions(), [42, 41]);
    for query in &process.service.queries {
        assert!(query.starts_with("epoch="), "{query}");
    }
}
