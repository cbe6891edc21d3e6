//! A PostgreSQL server for tests of several services on one database.

#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// The URL of the server that `PORTCULLIS_TEST_POSTGRES_URL` names, or else of one that ends with
/// this process.
pub fn server() -> &'static str {
    static SERVER: LazyLock<(Option<Child>, String)> = LazyLock::new(start);
    &SERVER.1
}

fn start() -> (Option<Child>, String) {
    if let Ok(url) = std::env::var("PORTCULLIS_TEST_POSTGRES_URL") {
        return (None, url);
    }
    let directories = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let script = directories
        .map(|directory| directory.join("control/tests/with-postgres.sh"))
        .find(|script| script.exists())
        .expect("no control/tests/with-postgres.sh");
    // The script stops the server when `cat` ends, which it does when this process is gone.
    let mut child = Command::new(script)
        .args([
            "sh",
            "-c",
            "echo \"$PORTCULLIS_TEST_POSTGRES_URL\"; exec cat >/dev/null",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("control/tests/with-postgres.sh does not run");
    let output = child.stdout.take().expect("it has an output");
    let mut url = String::new();
    let read = BufReader::new(output).read_line(&mut url);
    read.expect("the script says nothing");
    assert!(
        url.starts_with("postgres://"),
        "no server was started: {url}"
    );
    (Some(child), url.trim().to_owned())
}
