//! The memory of the program is bounded, however often people sign in.

use std::path::Path;

use reqwest::{Client, StatusCode};
use tokio::task::JoinSet;

use crate::kill::{Process, json};

const AT_ONCE: usize = 20;
const ROUNDS: usize = 15;
/// What hashing may keep: one workspace of 19 MiB for each hash that is computed at once.
const WORKSPACES_KIB: u64 = 4 * 19 * 1024;
/// Connections, statements and what the allocator does not return.
const MORE_KIB: u64 = 48 * 1024;

impl Process {
    /// The memory that the process has, in KiB.
    fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        line.unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    }
}

async fn sign_in(client: Client, url: String, password: String) -> StatusCode {
    let form = [
        ("email", "ana@example.com"),
        ("password", &password),
        ("csrf_token", ""),
    ];
    let request = client.post(url).header("sec-fetch-site", "same-origin");
    request.form(&form).send().await.unwrap().status()
}

fn page(data_dir: &Path) -> String {
    let run = std::fs::read(data_dir.join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_slice(&run).unwrap();
    format!("http://{}/login", run["listen"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sign_ins_take_no_more_memory_than_those_at_once() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let settings = [
        ("PORTCULLIS_SIGN_IN__FAILURES_PER_EMAIL", "1000000"),
        ("PORTCULLIS_SIGN_IN__FAILURES_PER_ADDRESS", "1000000"),
        ("PORTCULLIS_LOG", "warn"),
    ];
    let process = Process::start_with(&data, &settings);
    let user = json(&data, &["user", "add", "ana@example.com"]);
    let password = user["password"].as_str().unwrap();
    let (url, before) = (page(&data), process.resident_kib());
    let client = Client::builder();
    let client = client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    for round in 0..ROUNDS {
        let mut signing_in = JoinSet::new();
        for number in 0..AT_ONCE {
            let (typed, expected) = match number % 2 {
                0 => (password, StatusCode::SEE_OTHER),
                _ => ("a guess", StatusCode::UNAUTHORIZED),
            };
            let (client, url, typed) = (client.clone(), url.clone(), typed.to_owned());
            signing_in.spawn(async move { (sign_in(client, url, typed).await, expected) });
        }
        while let Some(signed_in) = signing_in.join_next().await {
            let (status, expected) = signed_in.unwrap();
            assert_eq!(status, expected, "in round {round}");
        }
    }
    let after = process.resident_kib();
    println!(
        "{before} KiB before, {after} KiB after {} sign-ins",
        ROUNDS * AT_ONCE
    );
    assert!(
        after <= before + WORKSPACES_KIB + MORE_KIB,
        "{before} KiB, then {after} KiB"
    );
}
