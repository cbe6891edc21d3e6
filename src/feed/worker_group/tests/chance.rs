//! Random events: no VM ever holds what the service did not have, and all VMs catch up when the
//! events stop.

use super::Process;

/// The number of seeds unless the variable sets another.
const SEEDS: u64 = 20;
const SEEDS_VARIABLE: &str = "PORTCULLIS_SEEDS";
const STEPS: u32 = 80;

fn random_event(process: &mut Process, rng: &mut fastrand::Rng) {
    let vm = rng.usize(..process.vms.len());
    match rng.u32(..12) {
        0 if process.vms.len() > 1 => drop(process.vms.remove(vm)),
        1 if process.vms.len() < 8 => process.add(),
        2 => process.vms[vm].busy = !process.vms[vm].busy,
        3 => process.service.away = !process.service.away,
        4 => {
            process.vms[vm].feed.leave(process.now);
            process.vms.remove(vm);
            process.add();
        }
        5 => {
            let keys: Vec<_> = process.memory.values.borrow().keys().cloned().collect();
            if !keys.is_empty() {
                let key = &keys[rng.usize(..keys.len())];
                process.memory.overwrite(key, b"garbage".to_vec());
            }
        }
        6 => {
            process.service.epoch = format!("epoch-{}", rng.u32(..));
            process.service.version += 100;
        }
        7 => process.memory.fails.set(rng.u32(..4) == 0),
        8 => process.service.page = rng.u64(5..200),
        _ => process.service.version += rng.u64(1..4),
    }
}

#[test]
fn after_random_events_all_vms_catch_up() {
    let seeds = std::env::var(SEEDS_VARIABLE).ok();
    let seeds = seeds.map_or(SEEDS, |many| many.parse().unwrap());
    for seed in 0..seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut process = Process::starting(3);
        process.service.page = 20;
        for step in 0..STEPS {
            random_event(&mut process, &mut rng);
            process.ticks(rng.u64(1..40));
            for vm in &process.vms {
                if let Some(store) = vm.feed.store() {
                    let held = store.revocations().len() as u64;
                    assert_eq!(held, store.version(), "seed {seed}, step {step}");
                }
            }
        }
        process.service.away = false;
        process.memory.fails.set(false);
        for vm in &mut process.vms {
            vm.busy = false;
        }
        process.ticks(2_000);
        let (all, version) = (process.versions(), process.service.version);
        assert!(
            all.iter().all(|held| *held == version),
            "seed {seed}: {all:?}, not {version}"
        );
        process.leader();
    }
}
