//! Snapshots in pages, and a log of deltas that grows.

use std::time::Duration;

use super::{Process, Vm};
use crate::feed::worker_group::log::{BLOCK_BYTES, BLOCKS};
use crate::protocol::claims::ApplicationClaims;
use crate::session::revocations::TokenFingerprints;
use crate::session::verifier::tests::claims;

#[test]
fn a_snapshot_in_pages_takes_effect_as_a_whole_everywhere() {
    let mut process = Process::starting(3);
    process.service.page = 10;
    for _ in 0..20 {
        process.ticks(1);
        process.check();
    }
    assert_eq!(process.versions(), [41; 3]);
    // Another epoch, in pages of which one never arrives.
    (process.service.epoch, process.service.version) = ("e2".into(), 1_041);
    while !process.service.queries.last().unwrap().contains("next=") {
        process.ticks(1);
    }
    process.service.away = true;
    process.ticks(40);
    assert_eq!(process.versions(), [41; 3]);
    process.add();
    assert_eq!(process.versions(), [41; 4], "nor in a VM that starts");
    process.service.away = false;
    process.ticks(400);
    assert_eq!(process.versions(), [1_041; 4]);
    process.check();
}

#[test]
fn a_shared_snapshot_revokes_exactly_the_users_it_names() {
    let mut process = Process::starting(2);
    process.service.page = 10;
    process.ticks(20);
    process.service.away = true;
    process.add();
    let covers = |vm: &Vm, user: &str| {
        let claims = ApplicationClaims {
            sub: user.into(),
            ver: 0,
            ..claims()
        };
        let revocations = vm.feed.store().unwrap().revocations();
        revocations.cover(&claims, &claims.aud[0], &TokenFingerprints::default())
    };
    for vm in &process.vms {
        assert!((1..=41).all(|number| covers(vm, &format!("u{number}"))));
        assert!(!covers(vm, "u0") && !covers(vm, "u42"));
    }
    let digest = |vm: &Vm| vm.feed.store().unwrap().revocations().digest();
    assert!(
        process
            .vms
            .iter()
            .all(|vm| digest(vm) == digest(&process.vms[0]))
    );
}

#[test]
fn the_pages_of_an_old_snapshot_are_freed() {
    let mut process = Process::settled(2);
    process.service.page = 5;
    (process.service.epoch, process.service.version) = ("e2".into(), 100);
    process.ticks(100);
    (process.service.epoch, process.service.version) = ("e3".into(), 200);
    process.ticks(100);
    assert_eq!(process.versions(), [200; 2]);
    let held: usize = process
        .memory
        .values
        .borrow()
        .iter()
        .filter(|(key, _)| key.contains("/snapshot/"))
        .filter(|(_, value)| !value.bytes.is_empty())
        .count();
    assert_eq!(held, 40, "one snapshot's");
}

#[test]
fn a_long_log_is_compacted_without_delay_for_any_vm() {
    let mut process = Process::settled(2);
    process.service.page = 10_000;
    let bytes = |process: &Process| -> usize {
        let values = process.memory.values.borrow();
        values.values().map(|value| value.bytes.len()).sum()
    };
    let block = usize::try_from(BLOCKS).unwrap() * BLOCK_BYTES;
    let mut snapshots = 0;
    for _ in 0..600 {
        // About 20 KB of changes.
        process.service.version += 500;
        process.answer();
        // A page of the compaction may be in flight.
        process.ticks(2);
        assert_eq!(process.versions(), [process.service.version; 2]);
        process.ticks(4);
        assert!(bytes(&process) < 3 * block, "bounded");
    }
    process.ticks(1_300);
    for query in &process.service.queries {
        snapshots += usize::from(query.starts_with("limit="));
    }
    assert!((2..6).contains(&snapshots), "{snapshots}");
    process.service.away = true;
    process.add();
    process.ticks(100);
    assert_eq!(process.versions(), [process.service.version; 3]);
    process.check();
}

#[test]
fn a_vm_that_starts_while_pages_are_replaced_catches_up() {
    let mut process = Process::settled(2);
    process.service.page = 20;
    for round in 0..20 {
        process.service.epoch = format!("epoch-{round}");
        process.service.version += 100;
        process.ticks(round);
        process.add();
        process.ticks(300);
        let all = process.versions();
        assert!(
            all.iter()
                .all(|version| *version == process.service.version),
            "{all:?}"
        );
        process.check();
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_delay_compaction() {
    let mut process = Process::settled(2);
    process.service.page = 10_000;
    let long = |process: &mut Process| {
        for _ in 0..300 {
            process.service.version += 500;
            process.answer();
            process.ticks(6);
        }
        let queries = process.service.queries.drain(..);
        queries.filter(|query| query.starts_with("limit=")).count()
    };
    assert!(long(&mut process) > 0);
    process.now = process.now - Duration::from_secs(3_600);
    process.ticks(1_400);
    assert!(long(&mut process) > 0, "an hour later would be too late");
}
