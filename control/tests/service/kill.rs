//! The program as a process: its first start, its end by a signal, and its death.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use crate::cli::program;

/// A service in a process of its own. Killed with the test.
pub struct Process {
    child: Child,
    /// A file: a pipe that nobody reads would hold the service up.
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    pub fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[])
    }

    /// With more variables in its environment.
    pub fn start_with(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        Self::run(program(data_dir, &["serve", "--json"]), data_dir, settings)
    }

    /// With limits of open files: the one at the start, and the one up to which it can be raised.
    fn start_within(data_dir: &Path, limits: (u32, u32)) -> Self {
        let serve = program(data_dir, &["serve", "--json"]);
        let (soft, hard) = limits;
        let mut shell = Command::new("sh");
        shell.arg("-c");
        shell.arg(format!(
            "ulimit -Sn {soft}; ulimit -Hn {hard}; exec \"$0\" \"$@\""
        ));
        shell.arg(serve.get_program()).args(serve.get_args());
        Self::run(shell, data_dir, &[])
    }

    fn run(mut command: Command, data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        let log = data_dir.with_extension("log");
        let child = command
            .env("PORTCULLIS_SERVER__LISTEN", "127.0.0.1:0")
            .env("PORTCULLIS_SERVER__FILTERS", "127.0.0.1:0")
            .env("PORTCULLIS_LOG", "trace")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let process = Self { child, log };
        let begun = Instant::now();
        while std::fs::read(data_dir.join("run.json")).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "the service did not start"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        process
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    pub fn end(mut self) -> (Option<i32>, String, String) {
        let status = self.child.wait().unwrap();
        let mut out = String::new();
        let mut stdout = self.child.stdout.take().unwrap();
        stdout.read_to_string(&mut out).unwrap();
        let err = std::fs::read_to_string(&self.log).unwrap();
        (status.code(), out, err)
    }
}

pub fn json(data_dir: &Path, arguments: &[&str]) -> Value {
    let output = program(data_dir, arguments).arg("--json").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn one_listeners_clients_do_not_use_up_the_open_files_of_the_others() {
    const CLIENTS: usize = 600;
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let process = Process::start_within(&data, (200, 512));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = files.unwrap().split_whitespace().nth(3);
    assert_eq!(soft, Some("512"), "raised as far as it may be");
    let run: Value =
        serde_json::from_slice(&std::fs::read(data.join("run.json")).unwrap()).unwrap();
    let address = |listener: &str| run[listener].as_str().unwrap().to_owned();
    let mut idle = Vec::new();
    for _ in 0..CLIENTS {
        idle.push(
            tokio::net::TcpStream::connect(address("filters"))
                .await
                .unwrap(),
        );
    }
    let http = Client::new();
    for listener in ["listen", "filters"] {
        for call in ["healthz", "readyz"] {
            let url = format!("http://{}/{call}", address(listener));
            let asked = tokio::time::timeout(Duration::from_secs(15), http.get(&url).send());
            let answer = asked.await.expect("health is answered").unwrap();
            assert_eq!(answer.status(), 200, "{url}");
        }
    }
    drop(idle);
    process.signal("-TERM");
    let (_, _, logged) = process.end();
    assert!(logged.contains("raise the limit of open files"), "{logged}");
}

#[test]
fn the_first_start_tells_once_and_logs_no_secret() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let process = Process::start(&data);
    let mode = std::fs::metadata(data.join("portcullis.db"))
        .unwrap()
        .permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o600
    );
    let made = json(&data, &["user", "add", "ana@example.com"]);
    let credential = json(&data, &["filter-credential", "new"]);
    let begun = Instant::now();
    process.signal("-TERM");
    let (code, told, logged) = process.end();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(code, Some(0));
    let told: Value = serde_json::from_str(&told).unwrap();
    let first = &told["first_start"];
    assert_eq!(first["email"], "admin@localhost");
    assert!(logged.contains("listening"));
    for secret in [
        &first["password"],
        &first["filter_credential"],
        &made["password"],
        &credential["credential"],
    ] {
        let secret = secret.as_str().unwrap();
        let tail = secret.rsplit('.').next().unwrap();
        assert!(!logged.contains(tail), "a secret was logged");
    }
    let process = Process::start(&data);
    process.signal("-INT");
    let (code, told, _) = process.end();
    assert_eq!((code, told.as_str()), (Some(0), ""), "told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let mut process = Process::start(&data);
    json(&data, &["user", "add", "ana@example.com"]);
    let credential = json(&data, &["filter-credential", "new"]);
    for _ in 0..5 {
        let revoked = json(&data, &["revoke", "user", "ana@example.com"]);
        process.signal("-KILL");
        process.child.wait().unwrap();
        // A killed process leaves its run.json, which the next start must not be taken for.
        std::fs::remove_file(data.join("run.json")).unwrap();
        process = Process::start(&data);
        let run = std::fs::read(data.join("run.json")).unwrap();
        let run: Value = serde_json::from_slice(&run).unwrap();
        let url = format!(
            "http://{}/api/filter/v1/feed",
            run["filters"].as_str().unwrap()
        );
        let feed = Client::new()
            .get(url)
            .bearer_auth(credential["credential"].as_str().unwrap())
            .send()
            .await
            .unwrap();
        let feed: Value = feed.json().await.unwrap();
        assert_eq!(feed["version"], revoked["version"]);
        assert_eq!(feed["revocations"]["put"][0][2], revoked["version"]);
    }
}

#[cfg(feature = "test-clock")]
#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_a_running_service_can_be_shifted() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let _process = Process::start(&data);
    let credential = json(&data, &["filter-credential", "new"]);
    let run = std::fs::read(data.join("run.json")).unwrap();
    let run: Value = serde_json::from_slice(&run).unwrap();
    let url = format!(
        "http://{}/api/filter/v1/feed",
        run["filters"].as_str().unwrap()
    );
    let mut told = Vec::new();
    for offset in ["0", "-86400"] {
        let shifted = json(&data, &["test-clock", offset]);
        assert_eq!(shifted["offset_seconds"].to_string(), offset);
        let credential = credential["credential"].as_str().unwrap();
        let feed = Client::new()
            .get(&url)
            .bearer_auth(credential)
            .send()
            .await
            .unwrap();
        let feed: Value = feed.json().await.unwrap();
        told.push(feed["now"].as_i64().unwrap());
    }
    assert!((86_380..=86_400).contains(&(told[0] - told[1])), "{told:?}");
}
