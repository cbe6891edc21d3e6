//! Which proxies have applied a revocation: told by their polls, asked for by administrators.

use std::time::Duration;

use portcullis::protocol::feed::FeedPage;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::cli::program;
use crate::harness::{Service, problem};

const ANA: &str = "ana@example.com";

/// A proxy that follows the feed, one poll after the other.
struct Proxy<'a> {
    service: &'a Service,
    credential: String,
    instance: &'a str,
    /// `stale_after` and `then`.
    stale: &'a str,
    epoch: String,
    version: u64,
}

impl<'a> Proxy<'a> {
    /// Takes the whole feed.
    async fn start(service: &'a Service, instance: &'a str, stale: &'a str) -> Self {
        let mut proxy = Self {
            service,
            credential: service.credential(&[]).await,
            instance,
            stale,
            epoch: String::new(),
            version: 0,
        };
        proxy.take(proxy.ask("limit=20000").await).await;
        proxy
    }

    async fn ask(&self, query: &str) -> reqwest::Response {
        let (instance, stale) = (self.instance, self.stale);
        let url = self.service.call("feed");
        let url = format!("{url}?{query}&instance={instance}&{stale}");
        let request = self.service.http.get(url).bearer_auth(&self.credential);
        request.send().await.unwrap()
    }

    /// Polls as a filter does that has applied what it took.
    async fn poll(&mut self, wait: u64) {
        let (epoch, version) = (&self.epoch, self.version);
        let query = format!("epoch={epoch}&after={version}&applied={version}&wait={wait}");
        let answer = self.ask(&query).await;
        self.take(answer).await;
    }

    async fn take(&mut self, answer: reqwest::Response) {
        if answer.status() == StatusCode::NO_CONTENT {
            return;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        let page: FeedPage = answer.json().await.unwrap();
        (self.epoch, self.version) = (page.epoch, page.version);
    }
}

async fn revoke(service: &Service) -> u64 {
    let revoked = service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    revoked["version"].as_u64().unwrap()
}

async fn wait_for(service: &Service, version: u64, timeout_ms: u64) -> Value {
    let request = json!({ "version": version, "timeout_ms": timeout_ms });
    service.done("/revocations/wait", request).await
}

async fn states(service: &Service) -> Vec<(String, u64, String)> {
    let list = service.listed("/proxies").await;
    let one = |proxy: &Value| {
        let text = |field: &str| proxy[field].as_str().unwrap().to_owned();
        let version = proxy["version"].as_u64().unwrap();
        (text("instance"), version, text("state"))
    };
    list.iter().map(one).collect()
}

fn of(instance: &str, version: u64, state: &str) -> (String, u64, String) {
    (instance.to_owned(), version, state.to_owned())
}

const DENY: &str = "stale_after=300&then=deny";
const ALLOW: &str = "stale_after=300&then=allow";

#[tokio::test]
async fn b06_a_revocation_is_known_to_be_applied_when_every_proxy_says_so() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut one = Proxy::start(&service, "one", DENY).await;
    let mut two = Proxy::start(&service, "two", ALLOW).await;
    one.poll(0).await;
    two.poll(0).await;
    let version = revoke(&service).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!(
        (&view["complete"], &view["applied"]),
        (&json!(false), &json!(0))
    );

    // Each takes the page, and says with its next poll that it has.
    one.poll(0).await;
    one.poll(0).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!((&view["applied"], &view["proxies"]), (&json!(1), &json!(2)));
    let lacks: Vec<&Value> = view["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|proxy| proxy["applied"] == false)
        .collect();
    assert_eq!(lacks.len(), 1);
    assert_eq!(
        (
            &lacks[0]["instance"],
            &lacks[0]["version"],
            &lacks[0]["state"]
        ),
        (&json!("two"), &json!(version - 1), &json!("live"))
    );

    two.poll(0).await;
    let begun = std::time::Instant::now();
    let (view, ()) = tokio::join!(wait_for(&service, version, 30_000), async {
        two.poll(0).await;
    });
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "woken by the poll"
    );
    assert_eq!(
        (&view["complete"], &view["applied"]),
        (&json!(true), &json!(2))
    );
    let listed = service.listed("/revocations").await;
    assert_eq!(
        (
            &listed[0]["version"],
            &listed[0]["name"],
            &listed[0]["applied"]
        ),
        (&json!(version), &json!(ANA), &json!(2))
    );
    assert!(listed[0]["slowest_ms"].is_u64(), "{}", listed[0]);
}

#[tokio::test]
async fn what_is_not_applied_in_time_is_said_and_stands() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    let version = revoke(&service).await;
    let begun = std::time::Instant::now();
    let view = wait_for(&service, version, 300).await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(view["complete"], false);
    proxy.poll(0).await;
    assert_eq!(proxy.version, version);
}

#[tokio::test]
async fn b06_who_vanished_is_waited_for_until_it_must_refuse_everybody() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut denies = Proxy::start(&service, "denies", DENY).await;
    let mut allows = Proxy::start(&service, "allows", ALLOW).await;
    denies.poll(0).await;
    allows.poll(0).await;
    let before = denies.version;
    let now = states(&service).await;
    assert!(now.contains(&of("allows", before, "live")), "{now:?}");
    assert!(now.contains(&of("denies", before, "live")), "{now:?}");
    let version = revoke(&service).await;
    for (seconds, denies) in [(20, "unknown"), (300, "unknown"), (20, "stale")] {
        service.clock.advance(seconds);
        let now = states(&service).await;
        assert!(now.contains(&of("denies", before, denies)), "{now:?}");
        assert!(now.contains(&of("allows", before, "unknown")), "{now:?}");
        let view = wait_for(&service, version, 0).await;
        assert_eq!(view["complete"], false);
    }
    let view = wait_for(&service, version, 0).await;
    assert_eq!((&view["proxies"], &view["applied"]), (&json!(1), &json!(0)));
    assert_eq!(view["items"][0]["instance"], "allows");

    // Only a person can say that it is gone for good.
    service
        .done("/proxies/forget", json!({ "instance": "allows" }))
        .await;
    assert_eq!(wait_for(&service, version, 0).await["complete"], true);
    let (status, _) = service
        .administer("/proxies/forget", json!({ "instance": "allows" }))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_polls_again_is_live_again_with_what_it_has() {
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    service.clock.advance(3_000);
    assert_eq!(states(&service).await, [of("one", proxy.version, "stale")]);
    proxy.poll(0).await;
    assert_eq!(states(&service).await, [of("one", proxy.version, "live")]);
}

#[tokio::test]
async fn a_poll_that_is_cut_off_ends_a_proxys_life_soon() {
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    let begun = service.clock.seconds();
    let poll = tokio::time::timeout(Duration::from_millis(300), proxy.poll(60)).await;
    assert!(poll.is_err(), "it was to wait");
    // The service notices that nobody reads when the connection ends.
    let mut now = states(&service).await;
    for _ in 0..100 {
        if now[0].2 == "unknown" {
            break;
        }
        service.clock.advance(1);
        tokio::time::sleep(Duration::from_millis(20)).await;
        now = states(&service).await;
    }
    let elapsed = service.clock.seconds() - begun;
    assert!(elapsed < 60, "{now:?} after {elapsed} s");
}

#[tokio::test]
async fn what_is_known_survives_a_restart() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    let version = revoke(&service).await;
    proxy.poll(0).await;
    proxy.poll(0).await;
    let known = wait_for(&service, version, 5_000).await;
    let directory = service.directory.clone();
    service.running.stop().await;
    let service = Service::start_in(directory, "").await.unwrap();
    let again = wait_for(&service, version, 0).await;
    assert_eq!(again["complete"], true);
    assert_eq!(again["items"][0]["after_ms"], known["items"][0]["after_ms"]);
    assert!(known["items"][0]["after_ms"].is_u64());
}

#[tokio::test]
async fn another_life_of_the_database_and_the_future_count_for_nothing() {
    let service = Service::start().await;
    service.user(ANA).await;
    let proxy = Proxy::start(&service, "one", DENY).await;
    let version = revoke(&service).await;
    let ahead = format!("epoch={}&after=1&applied=999999", proxy.epoch);
    for query in [
        &format!("epoch=other&after={version}&applied={version}"),
        &ahead,
    ] {
        proxy.ask(query).await;
        let view = wait_for(&service, version, 0).await;
        assert_eq!((&view["applied"], &view["proxies"]), (&json!(0), &json!(1)));
    }
}

#[tokio::test]
async fn what_a_poll_says_of_its_proxy_is_bounded() {
    let service = Service::start().await;
    let long = "x".repeat(65);
    for (instance, stale) in [
        ("", DENY),
        (long.as_str(), DENY),
        ("a%20b", DENY),
        ("a%00b", DENY),
        ("one", "stale_after=0&then=deny"),
        ("one", "stale_after=604801&then=deny"),
        ("one", "stale_after=300"),
        ("one", "stale_after=300&then=perhaps"),
        ("one", "stale_after=-1&then=deny"),
    ] {
        let proxy = Proxy {
            service: &service,
            credential: service.credential(&[]).await,
            instance,
            stale,
            epoch: String::new(),
            version: 0,
        };
        let answer = proxy.ask("limit=1").await;
        assert_eq!(
            problem(answer).await,
            (400, "request_invalid".into()),
            "{instance} {stale}"
        );
    }
    assert!(service.listed("/proxies").await.is_empty());
}

#[tokio::test]
async fn a_credential_cannot_bring_endless_proxies() {
    use portcullis_control::storage::{Database, MOST_PROXIES, Proxies, Proxy as Row, ProxyNews};
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    let credential = proxy.credential.split('.').next().unwrap().to_owned();
    let database = Database::open(&service.database_url, "unused")
        .await
        .unwrap();
    let news: Vec<ProxyNews> = (0..MOST_PROXIES + 5)
        .map(|number| ProxyNews {
            proxy: Row {
                credential: credential.clone(),
                instance: format!("made-up-{number}"),
                address: "192.0.2.1".into(),
                applied: 1,
                first_seen_ms: 0,
                last_seen_ms: 1,
                live_until_ms: 1,
                denies_after_ms: None,
            },
            said_applied: true,
            steps: Vec::new(),
        })
        .collect();
    let crowded = database.record_proxies(&news, &[]).await.unwrap();
    assert_eq!(crowded, [credential.clone()]);
    assert!(database.proxies().await.unwrap().len() <= MOST_PROXIES);

    // It is served all the same, and administrators are told that somebody is not watched.
    proxy.instance = "another";
    proxy.poll(0).await;
    service.user(ANA).await;
    let version = revoke(&service).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!(view["unwatched"], json!([credential]));
    assert_eq!(view["complete"], false);
}

#[tokio::test]
async fn b06_replicas_know_of_each_others_proxies() {
    let service = Service::start().await;
    let replica = service.replica().await;
    service.user(ANA).await;
    let mut here = Proxy::start(&service, "here", DENY).await;
    let mut there = Proxy::start(&replica, "there", DENY).await;
    here.poll(0).await;
    there.poll(0).await;
    let begun = std::time::Instant::now();
    let (version, ()) = tokio::join!(revoke(&service), there.poll(60));
    let woken = begun.elapsed();
    assert_eq!(there.version, version);
    assert!(woken < Duration::from_secs(5), "{woken:?}");
    here.poll(0).await;
    let (view, (), ()) = tokio::join!(
        wait_for(&service, version, 30_000),
        here.poll(0),
        there.poll(0)
    );
    assert_eq!(
        (&view["complete"], &view["proxies"]),
        (&json!(true), &json!(2))
    );
    let seen_there = wait_for(&replica, version, 30_000).await;
    assert_eq!(seen_there["complete"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn b06_the_command_waits_and_says_who_lacks_it() {
    let service = Service::start().await;
    service.user(ANA).await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| program(&data, arguments).output().unwrap();
    let nobody = run(&["revoke", "user", ANA, "--wait"]);
    assert!(nobody.status.success());
    assert!(String::from_utf8_lossy(&nobody.stdout).contains("No proxy follows the feed"));

    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    let arguments = ["revoke", "user", ANA, "--wait", "--timeout", "200ms"];
    let late = run(&arguments);
    assert_eq!(late.status.code(), Some(1));
    let (told, error) = (
        String::from_utf8_lossy(&late.stdout).into_owned(),
        String::from_utf8_lossy(&late.stderr).into_owned(),
    );
    assert!(told.contains("Revoked"), "the revocation stands: {told}");
    assert!(
        error.contains("one at 127.0.0.1 (live) has version"),
        "{error}"
    );
    let late = run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(late.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&late.stdout).unwrap();
    assert_eq!(told["applied"]["complete"], false);
    assert_eq!(told["applied"]["items"][0]["instance"], "one");

    proxy.poll(0).await;
    proxy.poll(0).await;
    let list = run(&["proxy", "list", "--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(
        (&list["items"][0]["version"], &list["items"][0]["state"]),
        (&told["version"], &json!("live"))
    );
    let list = run(&["revocation", "list"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("1 of 1") && list.contains(" ms"), "{list}");
    let version = told["version"].to_string();
    let shown = run(&["revocation", "show", &version]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("one") && shown.contains("yes"), "{shown}");
    assert_eq!(run(&["revocation", "show", "99999"]).status.code(), Some(1));
    assert_eq!(
        run(&["revoke", "user", ANA, "--timeout", "1s"])
            .status
            .code(),
        Some(2)
    );
    assert!(run(&["proxy", "forget", "one"]).status.success());
    assert_eq!(run(&["proxy", "forget", "one"]).status.code(), Some(1));
}
