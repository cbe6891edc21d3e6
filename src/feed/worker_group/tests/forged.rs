//! Shared memory that other plugins write into or that fails costs polls and nothing else.

use super::Process;

const SECONDS: u64 = 20;

#[test]
fn overwriting_everything_all_the_time_takes_nothing_away() {
    let mut process = Process::settled(3);
    let mut rng = fastrand::Rng::with_seed(11);
    for version in 42..45 {
        process.service.version = version;
        for _ in 0..10 * SECONDS {
            let keys: Vec<_> = process.memory.values.borrow().keys().cloned().collect();
            for key in keys {
                let bytes = std::iter::repeat_with(|| rng.u8(..)).take(200).collect();
                process.memory.overwrite(&key, bytes);
            }
            process.ticks(1);
            process.check();
        }
        assert_eq!(process.versions(), [version; 3], "each VM polls for itself");
    }
    process.ticks(30 * SECONDS);
    process.leader();
}

#[test]
fn a_value_copied_to_another_key_is_not_accepted() {
    let mut process = Process::settled(2);
    for version in 42..50 {
        process.service.version = version;
        process.ticks(10);
    }
    let values = process.memory.values.borrow().clone();
    for (from, value) in &values {
        for to in values.keys().filter(|to| *to != from) {
            process.memory.overwrite(to, value.bytes.clone());
            process.add();
            // Everything or nothing: a snapshot without the deltas after it lacks revocations.
            assert!(
                [0, 49].contains(&process.vms[2].version()),
                "{from} at {to}"
            );
            process.check();
            process.vms.pop();
            process.memory.overwrite(to, values[to].bytes.clone());
        }
    }
}

#[test]
fn replayed_values_neither_lead_back_nor_make_the_feed_fresh() {
    let mut process = Process::settled(2);
    let old = process.memory.ending("");
    process.service.version = 42;
    process.ticks(10);
    for (key, bytes) in old {
        process.memory.overwrite(&key, bytes);
    }
    process.ticks(1);
    assert_eq!(process.versions(), [42; 2]);
    process.service.version = 43;
    process.ticks(30 * SECONDS);
    assert_eq!(process.versions(), [43; 2]);
    process.leader();
    process.check();
}

#[test]
fn with_another_credential_nothing_can_be_read_or_forged() {
    let mut process = Process::settled(1);
    let keys = process.memory.ending("");
    let other = super::Scope {
        credential: "another",
        ..super::scope()
    };
    process.add_to(&other, &super::settings());
    process.ticks(20);
    // The other group's values under the names of this one.
    let ours: Vec<_> = keys[0].0.split('/').take(3).collect();
    let ours = ours.join("/");
    for (key, bytes) in process.memory.ending("") {
        if !key.starts_with(&ours) {
            let name = key.splitn(4, '/').nth(3).unwrap();
            process.memory.overwrite(&format!("{ours}/{name}"), bytes);
        }
    }
    process.add();
    assert_eq!(process.vms[2].version(), 0);
}

#[test]
fn when_the_host_fails_each_vm_polls_for_itself_and_later_they_share_again() {
    let mut process = Process::settled(3);
    process.memory.fails.set(true);
    process.service.version = 42;
    process.ticks(20);
    assert_eq!(process.versions(), [42; 3]);
    let polling = process.vms.iter().filter(|vm| vm.poll.is_some()).count();
    assert_eq!(polling, 3);
    process.memory.fails.set(false);
    process.ticks(50 * SECONDS);
    process.service.version = 43;
    process.ticks(20);
    assert_eq!(process.versions(), [43; 3]);
    process.leader();
    process.check();
}

#[test]
fn what_is_shared_of_an_older_epoch_leads_no_vm_back_to_it() {
    let mut process = Process::settled(3);
    process.memory.fails.set(true);
    (process.service.epoch, process.service.version) = ("e2".into(), 141);
    process.ticks(SECONDS);
    assert_eq!(process.versions(), [141; 3], "each VM polls for itself");
    process.memory.fails.set(false);
    for _ in 0..20 * SECONDS {
        process.ticks(1);
        assert_eq!(process.versions(), [141; 3]);
    }
    process.leader();
}

#[test]
fn a_replayed_heartbeat_hides_no_member() {
    let mut process = Process::settled(3);
    let leader = process.leader();
    let slow = (leader + 1) % 3;
    let name = format!("vm{}", slow + 1);
    let entries = process.memory.ending("");
    let of_slow = entries.into_iter().find(|(key, value)| {
        key.contains("/member/") && String::from_utf8_lossy(value).contains(&name)
    });
    let (key, old) = of_slow.unwrap();
    // So old that a member that wrote nothing since would have expired.
    for _ in 0..11 {
        process.ticks(SECONDS);
        let now = process.now;
        assert!(process.vms[leader].feed.gauges(now).is_some());
    }
    process.vms[slow].busy = true;
    process.service.version = 42;
    for _ in 0..SECONDS {
        process.memory.overwrite(&key, old.clone());
        process.ticks(1);
    }
    for query in &process.service.queries {
        assert!(!query.contains("&applied=42&"), "{query}");
    }
}
