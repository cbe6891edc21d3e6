//! Several control services on one database, each in a process of its own.

pub mod replica;

use std::sync::Arc;
use std::time::Duration;

use portcullis::protocol::feed::{FeedPage, PageKind, Subject};
use portcullis_control::seal::key::SealKey;
use portcullis_control::system::randomness::SystemRandomness;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Attempt, between, exchange};
use crate::harness::{WIKI, shared_database_url};
use crate::kill::json as command;
use replica::Replica;

const ANA: &str = "ana@example.com";
/// The long polls of these tests are woken far earlier.
const LONG: &str = "30";

/// Two replicas with a user and an application.
struct Scene {
    one: Replica,
    two: Replica,
    credential: String,
    audience: String,
    password: String,
    _directory: Arc<TempDir>,
}

impl Scene {
    async fn start() -> Self {
        let directory = Arc::new(TempDir::new().unwrap());
        let database = shared_database_url(&directory).await;
        let seal = directory.path().join("seal.keys");
        let key = SealKey::generate(&SystemRandomness).unwrap();
        std::fs::write(&seal, key.to_text()).unwrap();
        let settings = [
            ("PORTCULLIS_KEYS__SEAL__FILE", seal.to_str().unwrap()),
            ("PORTCULLIS_DATABASE__URL", database.as_str()),
            ("PORTCULLIS_SERVER__TEAM_DOMAIN", "https://team.example.com"),
        ];
        let start = |name: &str| Replica::start(&directory.path().join(name), &settings);
        let (one, two) = (start("one"), start("two"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let user = command(&one.data, &["user", "add", ANA]);
        let add = ["application", "add", "wiki", "--origin", WIKI];
        let wiki = command(&one.data, &[&add[..], &["--allow-everyone"]].concat());
        let credential = command(&one.data, &["filter-credential", "new"]);
        Self {
            credential: text(&credential["credential"]),
            audience: text(&wiki["audience"]),
            password: text(&user["password"]),
            one,
            two,
            _directory: directory,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_sign_in_survives_the_death_of_the_replica_where_it_began() {
    let mut scene = Scene::start().await;
    let attempt = Attempt::at(&scene.audience);
    let signed_in = scene.one.sign_in(&attempt, ANA, &scene.password).await;
    let code = between(&signed_in.location.unwrap(), "code=", "&").to_owned();
    scene.one.kill();

    // The filter exchanges the code at the other one, and refreshes there.
    let answer = scene
        .two
        .call(&scene.credential, "exchange", &exchange(&code))
        .await;
    assert!(answer["token"].is_string(), "{answer}");
    let refresh = json!({
        "token": answer["token"],
        "binding_secret": answer["binding"],
        "origin": WIKI,
    });
    let refreshed = scene.two.call(&scene.credential, "refresh", &refresh).await;
    assert!(refreshed["token"].is_string(), "{refreshed}");

    // The browser is still signed in there.
    let url = format!("http://{}{}", scene.two.listen, attempt.path());
    let again = scene.two.http.get(url).header("cookie", signed_in.session);
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), 302);
    let location = again.headers()["location"].to_str().unwrap();
    assert!(
        location.starts_with(WIKI) && location.contains("code="),
        "{location}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_follower_misses_nothing_when_its_replica_dies() {
    let mut scene = Scene::start().await;
    let first = scene
        .one
        .feed(&scene.credential, &[])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.kind, PageKind::Snapshot);
    let position = |page: &FeedPage| (page.epoch.clone(), page.version.to_string());
    let (epoch, after) = position(&first);
    let query = [("epoch", epoch.as_str()), ("after", &after), ("wait", LONG)];

    // A revocation at one wakes a poll that waits at the other.
    let (page, revoked) = tokio::join!(scene.two.feed(&scene.credential, &query), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        command(&scene.one.data, &["revoke", "user", ANA])
    });
    let page = page.unwrap().unwrap();
    assert_eq!(json!(page.version), revoked["version"]);
    let subject = &page.revocations.put[0].subject;
    assert!(matches!(subject, Subject::User(_)), "{subject:?}");

    // One dies while a poll waits there; what happens meanwhile is in the next poll at the other.
    let (epoch, after) = position(&page);
    let query = [("epoch", epoch.as_str()), ("after", &after), ("wait", LONG)];
    let http = scene.one.http.clone();
    let waiting = scene.one.poll(&http, &scene.credential, &query).send();
    let (broken, ()) = tokio::join!(waiting, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        scene.one.signal_kill();
    });
    assert!(broken.is_err(), "the poll ended with its replica");
    scene.one.kill();
    let revoked = command(&scene.two.data, &["revoke", "application", "wiki"]);
    let next = scene
        .two
        .feed(&scene.credential, &query)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(next.kind, PageKind::Delta);
    assert_eq!(json!(next.version), revoked["version"]);
    assert_eq!(next.after, page.version, "without a gap");
}
