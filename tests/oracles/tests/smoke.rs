//! Every target of `fuzz/` on stable Rust: its seeds, its regressions, and many inputs made from
//! them by chance, the same in each run. A failing input is left in `target/fuzz-smoke/`.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails; clippy.toml allows this in test functions only"
)]

#[path = "smoke/mutation.rs"]
mod mutation;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use portcullis_oracles::{TARGETS, Target};

/// Inputs for each target; `PORTCULLIS_FUZZ_INPUTS` asks for more.
const INPUTS: u64 = 20_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files in a target's folder, by name.
fn files(folder: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("fuzz").join(folder).join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    paths.into_iter().map(read).collect()
}

fn smoke(name: &str) {
    let (_, target) = TARGETS
        .into_iter()
        .find(|(other, _)| *other == name)
        .unwrap();
    let mut seeds = files("seeds", name);
    assert!(!seeds.is_empty(), "no seeds");
    seeds.extend(files("regressions", name));
    for (path, seed) in &seeds {
        run(target, seed, &path.display().to_string());
    }
    let seeds: Vec<Vec<u8>> = seeds.into_iter().map(|(_, seed)| seed).collect();
    let wanted = std::env::var("PORTCULLIS_FUZZ_INPUTS").ok();
    for number in 0..wanted.map_or(INPUTS, |count| count.parse().unwrap()) {
        let input = mutation::mutated(&seeds, &mut fastrand::Rng::with_seed(number));
        run(target, &input, &format!("{name}-{number}"));
    }
}

fn run(target: Target, input: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| target(input))).is_ok() {
        return;
    }
    let folder = root().join("target/fuzz-smoke");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(what.rsplit('/').next().unwrap_or(what));
    fs::write(&file, input).unwrap();
    panic!("{what} fails; the input is in {}", file.display());
}

#[test]
fn configuration() {
    smoke("configuration");
}

#[test]
fn cookies() {
    smoke("cookies");
}

#[test]
fn feed() {
    smoke("feed");
}

#[test]
fn path() {
    smoke("path");
}

#[test]
fn token() {
    smoke("token");
}

#[test]
fn the_seed_of_tokens_is_the_genuine_one() {
    let seed = fs::read_to_string(root().join("fuzz/seeds/token/genuine")).unwrap();
    assert_eq!(seed, portcullis_oracles::genuine());
}
