//! `kill -9` in the middle of a restore: afterwards the former database is in force, or none before
//! another `restore`.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Faults;
use crate::cli::program;

fn faults() -> (TempDir, Faults) {
    let root = TempDir::new().unwrap();
    let faults = Faults {
        root: root.path().to_owned(),
    };
    (root, faults)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_restore_leaves_the_former_database_or_none_that_is_used() {
    let (_root, base) = faults();
    let service = base.start("").await.unwrap();
    service.user("ana@example.com").await;
    let url = format!("sqlite://{}", base.database().display());
    service.running.stop().await;
    let backup = base.root.join("backup.db");
    let run = |faults: &Faults, arguments: &[&str], with: bool| {
        let data = faults.root.join("files/data");
        let url = format!("sqlite://{}", faults.database().display());
        let mut command = program(&data, arguments);
        command.env("PORTCULLIS_DATABASE__URL", url);
        if with {
            command.envs(faults.variables(""));
        }
        command.output().unwrap()
    };
    let made = run(&base, &["backup", backup.to_str().unwrap()], false);
    assert!(made.status.success(), "{url}");
    let restore = ["restore", backup.to_str().unwrap(), "--json"];
    let mut interrupted = 0;
    for at in (1..).step_by(4) {
        let (_root, faults) = faults();
        copy(&base.root.join("files"), &faults.root.join("files"));
        faults.set(&format!("kill {at}"));
        let output = run(&faults, &restore, true);
        faults.set("");
        if output.status.success() {
            break;
        }
        match faults.start("").await {
            // Nothing had been put in place, or all of it.
            Ok(service) => service.running.stop().await,
            Err(error) => {
                interrupted += 1;
                assert!(
                    error.contains("portcullis-control restore"),
                    "{at}: {error}"
                );
                let again = run(&faults, &restore, false);
                let restored: Value = serde_json::from_slice(&again.stdout).unwrap();
                assert!(restored["epoch"].is_string(), "{at}");
            }
        }
        let service = faults.start("").await.unwrap();
        assert_eq!(
            service.listed("/users").await[0]["email"],
            json!("ana@example.com")
        );
        service.running.stop().await;
    }
    assert!(
        interrupted > 0,
        "no kill fell after the backup was put in place"
    );
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
