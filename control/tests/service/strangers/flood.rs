//! Requests without a credential, by the thousand, and clients that do not read what they asked for:
//! neither memory nor disk grows with them, and others are served.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::kill::{Process, json};

/// `PORTCULLIS_STRANGERS=100000` takes longer and shows more.
const REQUESTS: usize = 1_000;
const AT_A_TIME: usize = 16;
/// What the first requests of a kind may cost once: caches, buffers, memory that the allocator keeps.
const MEMORY: u64 = 48 << 20;
const DISK: u64 = 8 << 20;

/// Method, path and form.
type Kind = (&'static str, &'static str, &'static str);

/// Every kind of request that needs no credential, or lacks it.
const KINDS: [Kind; 13] = [
    ("GET", "/", ""),
    ("GET", "/login", ""),
    (
        "GET",
        "/login?app=x&origin=https://x.example&return_to=/&state=a.b",
        "",
    ),
    (
        "POST",
        "/login",
        "email=x%40example.com&password=x&csrf_token=x",
    ),
    ("POST", "/logout", "csrf_token=x"),
    ("GET", "/.well-known/jwks.json", ""),
    ("GET", "/no-such-page", ""),
    (
        "POST",
        "/device_authorization",
        "client_id=portcullis-control&application=wiki",
    ),
    (
        "POST",
        "/token",
        "grant_type=x&client_id=portcullis-control&device_code=x",
    ),
    ("GET", "/device?user_code=BCDF-GHJK", ""),
    ("GET", "/api/admin/v1/users", ""),
    ("GET", "filters/api/filter/v1/feed", ""),
    ("POST", "filters/api/filter/v1/exchange", "{}"),
];

fn requests() -> usize {
    let wanted = std::env::var("PORTCULLIS_STRANGERS").ok();
    wanted.map_or(REQUESTS, |wanted| wanted.parse().unwrap())
}

fn memory(run: &Value) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", run["pid"])).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

fn disk(data: &Path) -> u64 {
    let files = std::fs::read_dir(data).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
}

fn url(run: &Value, path: &str) -> String {
    match path.strip_prefix("filters") {
        Some(path) => format!("http://{}{path}", run["filters"].as_str().unwrap()),
        None => format!("http://{}{path}", run["listen"].as_str().unwrap()),
    }
}

async fn ask(client: &Client, run: &Value, (method, path, body): Kind, count: usize) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let asked = futures_util::stream::iter(0..count).map(|_| async {
        let mut request = client.request(method.clone(), url(run, path));
        if !body.is_empty() {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        answer.bytes().await.unwrap();
        status
    });
    let statuses: Vec<u16> = asked.buffer_unordered(AT_A_TIME).collect().await;
    assert!(statuses.iter().all(|status| *status < 500), "{path}");
}

fn run_file(data: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(data.join("run.json")).unwrap()).unwrap()
}

fn start(data: &Path) -> Process {
    // At trace level the log would be the slowest part, and the only one that grows.
    Process::start_with(data, &[("PORTCULLIS_LOG", "error")])
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_strangers_cost_neither_memory_nor_disk() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let process = start(&data);
    let origin = "https://wiki.example.com";
    let add = ["application", "add", "wiki", "--origin", origin];
    json(
        &data,
        &[&add[..], &["--header-tokens", "true", "--allow-everyone"]].concat(),
    );
    let run = run_file(&data);
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    for kind in KINDS {
        ask(&client, &run, kind, 100).await;
    }
    let mut last = memory(&run);
    let (before, stored) = (last, disk(&data));
    for kind in KINDS {
        ask(&client, &run, kind, requests()).await;
        let now = memory(&run);
        println!("{} {}: {last} to {now} bytes", kind.0, kind.1);
        last = now;
    }
    let grown = memory(&run).saturating_sub(before);
    let written = disk(&data).saturating_sub(stored);
    println!(
        "{} requests of each kind: {grown} bytes more memory, {written} on disk",
        requests()
    );
    assert!(grown < MEMORY, "{grown} bytes of memory");
    assert!(written < DISK, "{written} bytes on disk");
    process.signal("-TERM");
    assert_eq!(process.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_keep_nobody_out_and_cost_little_memory() {
    const CLIENTS: usize = 200;
    const EACH: usize = 2_000;
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let process = start(&data);
    let run = run_file(&data);
    let client = Client::new();
    ask(&client, &run, KINDS[1], 100).await;
    let before = memory(&run);
    let listen = run["listen"].as_str().unwrap().to_owned();
    let request = format!("GET /login HTTP/1.1\r\nhost: {listen}\r\n\r\n").repeat(EACH);
    let mut deaf = Vec::new();
    for _ in 0..CLIENTS {
        // The service may close those that are more than the share of one address.
        let Ok(mut stream) = TcpStream::connect(&listen) else {
            continue;
        };
        stream.set_nonblocking(true).unwrap();
        // As much as the system takes; nothing is ever read.
        let _ = stream.write(request.as_bytes());
        deaf.push(stream);
    }
    assert!(deaf.len() > CLIENTS / 2);
    for path in ["/healthz", "/readyz"] {
        let asked = client.get(url(&run, path)).timeout(Duration::from_secs(60));
        assert_eq!(asked.send().await.unwrap().status(), 200, "{path}");
    }
    let feed = client
        .get(url(&run, "filters/api/filter/v1/feed"))
        .timeout(Duration::from_secs(60));
    assert_eq!(feed.send().await.unwrap().status(), 401);
    let grown = memory(&run).saturating_sub(before);
    println!("{} clients: {grown} bytes more memory", deaf.len());
    assert!(grown < 4 * MEMORY, "{grown} bytes of memory");
    drop(deaf);
    process.signal("-TERM");
    assert_eq!(process.end().0, Some(0));
}
