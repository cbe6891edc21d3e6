//! A machine that fails: its disk is full or read-only, or the process is killed in the middle of a
//! write.
//!
//! Such a test runs itself again in a process of its own, in which `control/tests/faults.c` stands
//! between the program and the system's calls that write. That needs no privileges, and the errors are
//! the system's own. SQLite writes in the process; PostgreSQL is another one, with faults of its own.

mod disk;
mod journey;
mod kills;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use sqlx::{AnyPool, AssertSqlSafe, Row};
use tempfile::TempDir;

use crate::harness::{Service, TestClock};

/// Names the directory of the faults, in the process that has them.
const ROOT: &str = "PORTCULLIS_FAULTS_ROOT";

/// The library that makes faults, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("faults.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&path, Path::new(source)])
            .status()
            .unwrap();
        assert!(compiled.success());
        (directory, path)
    });
    path
}

/// The directory whose files have faults: of the service itself, or a part of it.
pub struct Faults {
    pub root: PathBuf,
}

impl Faults {
    /// The faults of this process; in the process of the tests, runs a test again in one of its own,
    /// which must succeed.
    fn here(test: &str, below: &str) -> Option<Self> {
        if let Some(here) = Self::of_this_process() {
            return Some(here);
        }
        let root = TempDir::new().unwrap();
        let faults = Self {
            root: root.path().to_owned(),
        };
        let output = faults.again(test, below).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).contains("1 passed"), "{}", text(&output));
        None
    }

    fn of_this_process() -> Option<Self> {
        let root = std::env::var_os(ROOT)?;
        Some(Self { root: root.into() })
    }

    /// A test of this program in a process of its own, with faults below a part of the directory.
    fn again(&self, test: &str, below: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(ROOT, &self.root)
            .envs(self.variables(below));
        command
    }

    fn variables(&self, below: &str) -> [(&'static str, PathBuf); 4] {
        [
            ("LD_PRELOAD", library().to_owned()),
            ("FAULTS_DIR", self.root.join("files").join(below)),
            ("FAULTS_FILE", self.root.join("fault")),
            ("FAULTS_COUNT", self.root.join("count")),
        ]
    }

    /// Lets every write fail from now on, or none (an empty text).
    fn set(&self, fault: &str) {
        // In its place at once, so that no half of a word is read.
        let unready = self.root.join("fault.new");
        std::fs::write(&unready, fault).unwrap();
        std::fs::rename(unready, self.root.join("fault")).unwrap();
    }

    fn database(&self) -> PathBuf {
        self.root.join("files/test.db")
    }

    /// The service in the directory. It survives the process of the test.
    async fn start(&self, toml: &str) -> Result<Service, String> {
        let files = self.root.join("files");
        std::fs::create_dir_all(&files).unwrap();
        let mut directory = tempfile::Builder::new().tempdir_in(&self.root).unwrap();
        directory.disable_cleanup(true);
        // The same directory for each start.
        let data = directory.path().join("data");
        std::fs::create_dir_all(files.join("data")).unwrap();
        std::os::unix::fs::symlink(files.join("data"), data).unwrap();
        let url = format!("sqlite://{}", self.database().display());
        let clock: Arc<TestClock> = Arc::default();
        let started = Service::start_at(&url, Arc::new(directory), toml, clock).await;
        started.map_err(|error| error.to_string())
    }
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}\n{}", String::from_utf8_lossy(&output.stderr))
}

/// What depends on when background tasks run.
const IN_THE_BACKGROUND: [&str; 4] = [
    "proxies",
    "proxy_steps",
    "version_times",
    "_sqlx_migrations",
];

/// Columns whose ids or minutes are new in each run, and too short to be told from words.
const SHORT_IDS: [(&str, &str); 3] = [
    ("audit_events", "counted_as"),
    ("audit_events", "details"),
    ("audit_events", "subject_id"),
];

/// Every row of the database. Whatever is new in each run, such as ids, keys and times, is left out.
async fn rows(database: &Path) -> Vec<String> {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", database.display());
    let pool = AnyPool::connect(&url).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let tables: Vec<(String,)> = sqlx::query_as(tables).fetch_all(&pool).await.unwrap();
    let mut all = Vec::new();
    for (table,) in tables {
        if IN_THE_BACKGROUND.contains(&table.as_str()) {
            continue;
        }
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(columns))
            .fetch_all(&pool)
            .await
            .unwrap();
        let texts: Vec<String> = columns
            .iter()
            .filter(|(name,)| !SHORT_IDS.contains(&(&table, name)))
            .map(|(name,)| format!("COALESCE(CAST({name} AS TEXT), '-')"))
            .collect();
        let select = format!("SELECT {} FROM {table}", texts.join(", "));
        let found = sqlx::query(AssertSqlSafe(select)).fetch_all(&pool).await;
        for row in found.unwrap() {
            let values = (0..texts.len()).map(|at| same_in_each_run(&row.get::<String, _>(at)));
            all.push(format!("{table}: {}", values.collect::<Vec<_>>().join(" ")));
        }
    }
    pool.close().await;
    all.sort();
    all
}

fn same_in_each_run(value: &str) -> String {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = value.len() < 10;
    // Ids have 16 characters and more, and no dots; JSON and what is sealed are long.
    let is_word = value.len() < 16 || (value.len() < 40 && value.contains(['@', '.']));
    if (is_number && is_short) || (!is_number && is_word) {
        value.to_owned()
    } else {
        "*".to_owned()
    }
}
