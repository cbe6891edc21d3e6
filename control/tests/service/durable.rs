//! What was answered with success is there after `kill -9`, whenever that falls.
//!
//! Several administrators revoke users without a pause, so that at any moment some revocation is
//! between its request and its commit. Where each kill fell is printed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::protocol::feed::{FeedPage, Subject};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::kill::{Process, json};

const KILLS: u32 = 6;
const ADMINISTRATORS: usize = 8;
/// A kill falls after at most so many answers, and so many microseconds.
const MOST_ANSWERS: u64 = 60;
const MOST_MICROSECONDS: u64 = 5_000;

/// The versions that were answered, by user.
#[derive(Default)]
struct Answered {
    versions: Mutex<BTreeMap<usize, u64>>,
    count: Mutex<u64>,
    one_more: Notify,
}

impl Answered {
    fn add(&self, user: usize, version: u64) {
        self.versions.lock().unwrap().insert(user, version);
        *self.count.lock().unwrap() += 1;
        self.one_more.notify_one();
    }

    fn count(&self) -> u64 {
        *self.count.lock().unwrap()
    }
}

/// Revokes a user until the service is gone.
async fn revoke_without_end(socket: std::path::PathBuf, user: usize, answered: Arc<Answered>) {
    let client = Client::builder().unix_socket(socket).build().unwrap();
    let email = format!("user-{user}@example.com");
    loop {
        let request = client
            .post("http://control/revocations/user")
            .json(&json!({ "email": email }));
        let Ok(answer) = request.send().await else {
            return;
        };
        assert!(answer.status().is_success());
        let Ok(revoked) = answer.json::<Value>().await else {
            return;
        };
        answered.add(user, revoked["version"].as_u64().unwrap());
    }
}

async fn changes(data: &Path, credential: &str, after: Option<&FeedPage>) -> Option<FeedPage> {
    let run: Value =
        serde_json::from_slice(&std::fs::read(data.join("run.json")).unwrap()).unwrap();
    let position = after.map_or_else(String::new, |page| {
        format!("?epoch={}&after={}", page.epoch, page.version)
    });
    let filters = run["filters"].as_str().unwrap();
    let url = format!("http://{filters}/api/filter/v1/feed{position}");
    let answer = Client::new()
        .get(url)
        .bearer_auth(credential)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
    (answer.status() != 204).then_some(())?;
    Some(answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_revocations_survive_a_kill_between_request_and_commit() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let mut process = Process::start(&data);
    let users: BTreeMap<String, usize> = (0..ADMINISTRATORS)
        .map(|user| {
            let email = format!("user-{user}@example.com");
            let added = json(&data, &["user", "add", &email]);
            (added["id"].as_str().unwrap().to_owned(), user)
        })
        .collect();
    let credential = json(&data, &["filter-credential", "new"]);
    let credential = credential["credential"].as_str().unwrap();
    let mut held = changes(&data, credential, None).await.unwrap();
    let mut between = 0;
    for kill in 0..KILLS {
        let answered = Arc::new(Answered::default());
        let administrators: Vec<_> = (0..ADMINISTRATORS)
            .map(|user| {
                let socket = data.join("control.sock");
                tokio::spawn(revoke_without_end(socket, user, Arc::clone(&answered)))
            })
            .collect();
        let wanted = chance.u64(1..=MOST_ANSWERS);
        while answered.count() < wanted {
            answered.one_more.notified().await;
        }
        // The point of the kill is what chance decides here.
        tokio::time::sleep(Duration::from_micros(chance.u64(..MOST_MICROSECONDS))).await;
        process.signal("-KILL");
        drop(process);
        for administrator in administrators {
            administrator.await.unwrap();
        }
        std::fs::remove_file(data.join("run.json")).unwrap();
        process = Process::start(&data);

        let page = changes(&data, credential, Some(&held)).await.unwrap();
        let committed = page.version - held.version;
        let unanswered = committed - answered.count();
        assert!(
            unanswered <= ADMINISTRATORS as u64,
            "{unanswered} out of nowhere"
        );
        let lost = ADMINISTRATORS as u64 - unanswered;
        println!(
            "kill {kill}: after {} answers; of {ADMINISTRATORS} requests under way {lost} were \
             not committed, {unanswered} committed and not answered",
            answered.count()
        );
        between += u32::from(lost > 0);
        check_order(&page);
        for revocation in &page.revocations.put {
            let Subject::User(id) = &revocation.subject else {
                panic!("{revocation:?}")
            };
            let last = answered.versions.lock().unwrap().remove(&users[id]);
            assert!(
                last.is_none_or(|version| revocation.version >= version),
                "{revocation:?}"
            );
        }
        let missing = answered.versions.lock().unwrap();
        assert!(missing.is_empty(), "answered, and not there: {missing:?}");
        held = page;
    }
    assert!(
        between * 3 >= KILLS,
        "{between} kills fell between request and commit"
    );
}

fn check_order(page: &FeedPage) {
    let versions: Vec<u64> = page.revocations.put.iter().map(|one| one.version).collect();
    assert!(versions.is_sorted(), "{versions:?}");
    assert!(
        versions
            .iter()
            .all(|version| (page.after + 1..=page.version).contains(version))
    );
}
