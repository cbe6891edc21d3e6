//! `kill -9` in the middle of every write: afterwards the service starts, each transaction is there as
//! a whole or not at all, and what was answered is there.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::journey::{DECLARED, Journey, WRITES};
use super::{Faults, rows};
use crate::cli::program;

const TEST: &str = "faults::kills::a_kill_in_the_middle_of_any_write_leaves_all_of_it_or_nothing";
/// `PORTCULLIS_KILLS=300` takes longer and shows more.
const KILLS: u64 = 8;
const LIMIT: Duration = Duration::from_secs(300);

/// The database as a commit leaves it, and how many steps had been answered before.
struct Committed {
    rows: Vec<String>,
    answered: usize,
}

fn kills() -> u64 {
    let wanted = std::env::var("PORTCULLIS_KILLS").ok();
    wanted.map_or(KILLS, |wanted| wanted.parse().unwrap())
}

fn faults() -> (TempDir, Faults) {
    let root = TempDir::new().unwrap();
    let faults = Faults {
        root: root.path().to_owned(),
    };
    (root, faults)
}

fn begin(faults: &Faults, fault: &str) -> Child {
    faults.set(fault);
    let log = std::fs::File::create(faults.root.join("log")).unwrap();
    faults
        .again(TEST, "")
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

fn answered(faults: &Faults) -> usize {
    let steps = std::fs::read_to_string(faults.root.join("answered")).unwrap_or_default();
    steps.lines().count()
}

/// The database and its log, read apart from the process that writes them.
async fn rows_apart(faults: &Faults) -> Vec<String> {
    let apart = TempDir::new().unwrap();
    for suffix in ["", "-wal"] {
        let name = format!("test.db{suffix}");
        let from = faults.root.join("files").join(&name);
        if from.exists() {
            std::fs::copy(from, apart.path().join(name)).unwrap();
        }
    }
    rows(&apart.path().join("test.db")).await
}

fn is_stopped(child: &Child) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", child.id()));
    let state = state.unwrap_or_default();
    // The name before it may have spaces.
    state
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .trim_start()
        .starts_with('T')
}

/// Makes the journey once, stopped at each commit; what each left, and how many writes there were.
async fn all_commits() -> (Vec<Committed>, u64) {
    let (_root, faults) = faults();
    let mut child = begin(&faults, "stop");
    let begun = Instant::now();
    let mut commits = Vec::new();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            let log = std::fs::read_to_string(faults.root.join("log")).unwrap();
            assert!(status.success() && log.contains("1 passed"), "{log}");
            break;
        }
        if is_stopped(&child) {
            commits.push(Committed {
                rows: rows_apart(&faults).await,
                answered: answered(&faults),
            });
            let id = child.id().to_string();
            let going = Command::new("kill").args(["-CONT", &id]).status();
            assert!(going.unwrap().success());
        }
        assert!(begun.elapsed() < LIMIT, "the journey has no end");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let steps = std::fs::read_to_string(faults.root.join("answered")).unwrap();
    for (function, step) in WRITES {
        let made = *step == "restore" || steps.lines().any(|line| line == *step);
        assert!(made, "no step `{step}`, for {function}");
    }
    let writes = std::fs::read_to_string(faults.root.join("count")).unwrap();
    (commits, writes.trim().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_any_write_leaves_all_of_it_or_nothing() {
    if let Some(faults) = Faults::of_this_process() {
        Journey::make(&faults).await;
        return;
    }
    let (commits, writes) = all_commits().await;
    println!("{} commits, {writes} writes", commits.len());
    assert!(commits.len() > WRITES.len());
    let mut between = 0;
    for kill in 0..kills() {
        let at = writes * kill / kills() + fastrand::u64(1..=writes / kills());
        let (_root, faults) = faults();
        let mut child = begin(&faults, &format!("kill {at}"));
        child.wait().unwrap();
        faults.set("");
        let answered = answered(&faults);
        let found = rows_apart(&faults).await;
        let last = commits.iter().rposition(|commit| commit.rows == found);
        let is_new = found.is_empty() || !faults.database().exists();
        assert!(
            last.is_some() || is_new,
            "killed at write {at} of {writes}, after {answered} steps: between two commits\n{found:#?}"
        );
        let committed = last.map_or(0, |last| last + 1);
        let needed = commits.iter().filter(|one| one.answered < answered).count();
        assert!(
            committed >= needed,
            "killed at write {at}: {answered} steps were answered, and only {committed} of {needed} \
             commits are there"
        );
        println!("killed at write {at}: {answered} steps answered, {committed} commits there");
        between += u32::from(committed < commits.len());
        let service = faults.start(DECLARED).await.unwrap();
        let added = service.user("later@example.com").await;
        assert!(!added.is_empty(), "it can be written");
        service.running.stop().await;
    }
    assert!(between > 0, "no kill fell on the way");
}

/// A backup that is in place, and not restored, must not be used: not even where nothing tells that it
/// is older, since the data directory is new and somebody else made the copy.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_restore_leaves_the_former_database_or_none_that_is_used() {
    let (_root, base) = faults();
    let service = base.start("").await.unwrap();
    service.user("ana@example.com").await;
    service.running.stop().await;
    let backup = base.root.join("backup.db");
    std::fs::copy(base.database(), &backup).unwrap();
    let service = base.start("").await.unwrap();
    service.user("bob@example.com").await;
    let former = service.running.service.storage.position().await.unwrap();
    service.running.stop().await;
    for has_seen in [true, false] {
        let mut interrupted = 0;
        for at in (1..).step_by(4) {
            let (_root, faults) = faults();
            copy(&base.root.join("files"), &faults.root.join("files"));
            if !has_seen {
                std::fs::remove_file(faults.root.join("files/data/database.json")).unwrap();
            }
            faults.set(&format!("kill {at}"));
            let output = restore(&faults, &backup, true);
            faults.set("");
            if output.status.success() {
                break;
            }
            match faults.start("").await {
                // Nothing had been put in place, or all of it was done.
                Ok(service) => {
                    let found = service.running.service.storage.position().await.unwrap();
                    let users = service.listed("/users").await.len();
                    let is_former = found.epoch == former.epoch;
                    assert_eq!(users, if is_former { 2 } else { 1 }, "{at}");
                    service.running.stop().await;
                }
                Err(error) => {
                    interrupted += 1;
                    let names_restore = error.contains("portcullis-control restore");
                    assert!(names_restore, "{at}: {error}");
                    let again = restore(&faults, &backup, false);
                    let restored: Value = serde_json::from_slice(&again.stdout).unwrap();
                    assert!(restored["epoch"].is_string(), "{at}");
                }
            }
            let service = faults.start("").await.unwrap();
            let first = &service.listed("/users").await[0]["email"];
            assert_eq!(*first, json!("ana@example.com"));
            service.running.stop().await;
        }
        assert!(
            interrupted > 0,
            "no kill fell after the backup was put in place"
        );
    }
}

/// Runs `restore` with a backup, with the faults or without.
fn restore(faults: &Faults, backup: &Path, with: bool) -> Output {
    let data = faults.root.join("files/data");
    let url = format!("sqlite://{}", faults.database().display());
    let mut command = program(&data, &["restore", backup.to_str().unwrap(), "--json"]);
    command.env("PORTCULLIS_DATABASE__URL", url);
    if with {
        command.envs(faults.variables(""));
    }
    command.output().unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A function that writes is found by its text, so that a new one cannot be forgotten.
#[test]
fn every_function_that_writes_is_on_the_way() {
    let storage = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let mut functions = Vec::new();
    find_writers(&storage, &mut functions);
    functions.sort();
    let listed: Vec<&str> = WRITES.iter().map(|(function, _)| *function).collect();
    assert_eq!(functions, listed, "control/tests/service/faults/journey.rs");
}

fn find_writers(directory: &Path, functions: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_writers(&path, functions);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        // Each piece begins with the name of a function, and goes to the next one.
        for piece in source
            .split("\n    pub async fn ")
            .flat_map(|piece| piece.split("\n    async fn "))
            .skip(1)
        {
            let name = piece.split(['(', '<']).next().unwrap();
            let writes = ["\"INSERT", "\"UPDATE", "\"DELETE"];
            let alone =
                piece.contains("self.pool()") && writes.iter().any(|one| piece.contains(one));
            if piece.contains("self.write()") || alone {
                functions.push(name.to_owned());
            }
        }
    }
}
