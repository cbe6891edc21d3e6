//! How old the feed of each VM is, how a VM starts without the control service, and what a poll
//! reports of all VMs.

use std::time::Duration;

use super::{Process, STALE_AFTER, TICK, scope, settings};
use crate::feed::StalePolicy;

/// As many ticks as a time has.
fn ticks_of(time: Duration) -> u64 {
    (time.as_millis() / TICK.as_millis()).try_into().unwrap()
}

#[test]
fn a_vm_that_starts_without_the_service_has_the_last_snapshot_and_its_age() {
    let mut process = Process::settled(2);
    process.service.version = 50;
    process.ticks(10);
    let fetched = process.now;
    process.service.away = true;
    process.ticks(200);
    process.add();
    assert_eq!(process.versions(), [50; 3], "before its first tick");
    process.check();
    // Another twenty seconds may have passed for the poll in flight.
    let age = process.now.duration_since(fetched);
    process.now += STALE_AFTER - age - Duration::from_secs(1);
    assert!(!process.vms[2].feed.is_stale(process.now));
    process.now += Duration::from_secs(2);
    for vm in &process.vms {
        assert!(vm.feed.is_stale(process.now), "as old as the fetch");
    }
}

#[test]
fn a_vm_starts_from_what_the_last_one_shared_before_it_left() {
    let mut process = Process::settled(1);
    process.vms[0].feed.leave(process.now);
    process.vms.clear();
    process.service.away = true;
    process.ticks(10);
    process.add();
    assert_eq!(process.versions(), [41]);
    process.service.away = false;
    process.service.version = 42;
    process.ticks(200);
    assert_eq!(process.versions(), [42]);
}

#[test]
fn nothing_new_keeps_all_vms_fresh_and_silence_makes_all_stale() {
    let mut process = Process::settled(3);
    process.ticks(ticks_of(STALE_AFTER) + 100);
    for vm in &process.vms {
        assert!(!vm.feed.is_stale(process.now));
    }
    process.service.away = true;
    process.ticks(ticks_of(STALE_AFTER) + 20);
    for vm in &process.vms {
        assert!(vm.feed.is_stale(process.now));
    }
    let queries = process.service.queries.len();
    process.ticks(200);
    let tries = process.service.queries.len() - queries;
    assert!(tries <= 5, "{tries} in ten seconds: one tries for all");
    process.service.away = false;
    process.service.version = 45;
    process.ticks(120);
    assert_eq!(process.versions(), [45; 3]);
    for vm in &process.vms {
        assert!(!vm.feed.is_stale(process.now));
    }
}

#[test]
fn a_poll_reports_the_stale_policy_of_all_vms_together() {
    let mut process = Process::settled(2);
    let reports = |process: &mut Process, what: &str| {
        process.service.version += 1;
        process.ticks(100);
        let query = process.service.queries.last().unwrap();
        assert!(query.ends_with(what), "{query}");
    };
    let of = |after: Duration| format!("&stale_after={}&then=deny", after.as_secs());
    let policy = |after, denies| StalePolicy { after, denies };
    reports(&mut process, &of(STALE_AFTER));
    // A VM whose polls wait as long.
    let later = STALE_AFTER + Duration::from_secs(60);
    process.add_as(&scope(), &settings(), policy(later, true));
    reports(&mut process, &of(later));
    process.add_as(&scope(), &settings(), policy(STALE_AFTER, false));
    reports(&mut process, "&then=allow");
    process.leader();
    process.vms[3].feed.leave(process.now);
    process.vms[3].busy = true;
    reports(&mut process, &of(later));
}

#[test]
fn a_poll_reports_the_group_and_what_all_vms_have_applied() {
    let mut process = Process::settled(3);
    let of = |query: &str| {
        let (_, rest) = query.split_once("&instance=").unwrap();
        let (instance, rest) = rest.split_once("&applied=").unwrap();
        let (applied, _) = rest.split_once('&').unwrap();
        (instance.to_owned(), applied.parse::<u64>().unwrap())
    };
    let (instance, applied) = of(process.service.queries.last().unwrap());
    assert_eq!(applied, 41);
    let leader = process.leader();
    let slow = (leader + 1) % 3;
    process.vms[slow].busy = true;
    process.service.version = 42;
    process.ticks(10);
    let lagging = process.service.queries.last().unwrap();
    assert_eq!(
        of(lagging),
        (instance.clone(), 41),
        "one has not applied it"
    );
    assert!(lagging.contains("&wait=1&"), "{lagging}");
    process.vms[slow].busy = false;
    process.ticks(25);
    assert_eq!(
        of(process.service.queries.last().unwrap()),
        (instance.clone(), 42)
    );

    // The leader leaves, and no poll waits for a VM that has died.
    process.vms[leader].feed.leave(process.now);
    process.vms[leader].poll = None;
    let dead = process
        .vms
        .iter()
        .position(|vm| vm.version() == 42)
        .unwrap();
    process.vms[dead].busy = true;
    process.service.version = 43;
    process.ticks(300);
    assert_eq!(of(process.service.queries.last().unwrap()), (instance, 43));
}

#[test]
fn one_vm_reports_the_lowest_version_and_the_highest_age() {
    let mut process = Process::settled(3);
    let leader = process.leader();
    let slow = (leader + 1) % 3;
    process.vms[slow].busy = true;
    process.service.version = 42;
    process.ticks(60);
    let now = process.now;
    let reported: Vec<_> = process
        .vms
        .iter_mut()
        .filter_map(|vm| vm.feed.gauges(now))
        .collect();
    assert_eq!(reported.len(), 1);
    assert_eq!(
        (
            reported[0].version,
            reported[0].age_seconds,
            reported[0].entries
        ),
        (41, 3, 42)
    );
}

#[test]
fn a_clock_that_is_set_back_keeps_no_vm_fresh() {
    let mut process = Process::settled(3);
    process.now = process.now - Duration::from_secs(3_600);
    process.service.away = true;
    process.ticks(1);
    process.add();
    process.ticks(ticks_of(STALE_AFTER) + 20);
    for vm in &process.vms {
        assert!(vm.feed.is_stale(process.now));
    }
    process.service.away = false;
    process.service.version = 42;
    process.ticks(200);
    assert_eq!(process.versions(), [42; 4]);
    for vm in &process.vms {
        assert!(!vm.feed.is_stale(process.now));
    }
}

#[test]
fn a_version_of_another_epoch_does_not_count_as_applied() {
    let mut process = Process::settled(3);
    let slow = (process.leader() + 1) % 3;
    process.vms[slow].busy = true;
    (process.service.epoch, process.service.version) = ("e2".into(), 30);
    process.ticks(10);
    let query = process.service.queries.last().unwrap();
    assert!(
        query.starts_with("epoch=e2&") && query.contains("&applied=0&"),
        "one has 41 of e1 and nothing of e2: {query}"
    );
    process.vms[slow].busy = false;
    process.ticks(30);
    let query = process.service.queries.last().unwrap();
    assert!(query.contains("&applied=30&"), "{query}");
}

#[test]
fn a_clock_that_is_set_back_keeps_age() {
    let mut process = Process::settled(2);
    process.service.away = true;
    process.ticks(ticks_of(STALE_AFTER * 2 / 3));
    for vm in &process.vms {
        assert!(!vm.feed.is_stale(process.now));
    }
    process.now = process.now - Duration::from_secs(3_600);
    process.ticks(1);
    process.add();
    process.ticks(2);
    process.now += STALE_AFTER / 3 + Duration::from_secs(1);
    for vm in &process.vms {
        assert!(vm.feed.is_stale(process.now), "two thirds and one third");
    }
    process.service.away = false;
    process.service.version = 42;
    process.ticks(200);
    assert_eq!(process.versions(), [42; 3]);
    for vm in &process.vms {
        assert!(!vm.feed.is_stale(process.now));
    }
}

#[test]
fn a_vm_that_has_not_looked_for_long_looks_before_it_judges() {
    for leads in [false, true] {
        let mut process = Process::settled(3);
        let slow = (process.leader() + usize::from(!leads)) % 3;
        process.vms[slow].busy = true;
        process.ticks(80);
        process.service.version = 42;
        process.ticks(300);
        let query = process.service.queries.last().unwrap();
        assert!(query.contains("&applied=42&"), "it has expired: {query}");
        // A request comes before its next tick.
        let now = process.now;
        assert!(process.vms[slow].feed.is_out_of_touch(now));
        let _ = process.vms[slow].feed.look(now, 7);
        assert_eq!(process.versions(), [42; 3]);
        for vm in &process.vms {
            assert!(!vm.feed.is_out_of_touch(now));
        }
    }
}
