//! `audit list`, `audit export` and `GET audit`.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::scene::{ANA, BOB, Scene, events, text};
use crate::cli::{program, run, stderr};
use crate::harness::problem;

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_event_once_and_in_order() {
    let scene = Scene::new().await;
    let storage = &scene.service.running.service.storage;
    for number in 0..1_200 {
        let by = crate::harness::tester();
        let subject = portcullis_control::audit::Subject::key(&number.to_string());
        let name = portcullis_control::audit::EventName::KeyRotated;
        let event = portcullis_control::audit::Event::new(name, &by, subject);
        storage.add_event(event).await.unwrap();
    }
    let exported = run(&scene.service.data_dir(), &["audit", "export"]);
    assert!(exported.status.success());
    let lines = String::from_utf8(exported.stdout).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<u64> = lines
        .iter()
        .map(|line| line["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert!(ids.len() > 1_200, "more than one page");
    let some = ["audit", "export", "--since", "1h", "--event", "user"];
    let some = run(&scene.service.data_dir(), &some).stdout;
    let one: Value = serde_json::from_slice(&some).unwrap();
    assert_eq!(text(&one, "event"), "user.added");
    let none = ["audit", "export", "--until", "2020-01-01"];
    assert_eq!(run(&scene.service.data_dir(), &none).stdout, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_cut_short_fails() {
    let scene = Scene::new().await;
    let export = || program(&scene.service.data_dir(), &["audit", "export"]);
    let full = std::fs::File::create("/dev/full").unwrap();
    let cut = export().stdout(full).output().unwrap();
    assert_eq!(cut.status.code(), Some(1));
    assert!(stderr(&cut).contains("the output is incomplete"), "{cut:?}");
    // The reader has gone.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let cut = export().stdout(writer).output().unwrap();
    assert_eq!(cut.status.code(), Some(1));
    assert!(stderr(&cut).contains("the output is incomplete"), "{cut:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_readable_and_says_if_there_is_more() {
    let mut scene = Scene::new().await;
    scene.signed_in().await;
    let listed = run(
        &scene.service.data_dir(),
        &["audit", "list", "--limit", "3"],
    );
    let out = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(out.lines().count(), 4, "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    assert!(out.contains("sign_in.succeeded  ana@example.com"), "{out}");
    let more = String::from_utf8(listed.stderr).unwrap();
    assert!(more.contains("--limit"), "{more}");
    let wrong = run(
        &scene.service.data_dir(),
        &["audit", "list", "--event", "user.ad"],
    );
    let wrong_text = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        !wrong.status.success() && wrong_text.contains("user.added"),
        "{wrong_text}"
    );
    let wrong = run(
        &scene.service.data_dir(),
        &["audit", "list", "--since", "soon"],
    );
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test]
async fn filters_and_pages_of_the_api() {
    let mut scene = Scene::new().await;
    scene.service.user(BOB).await;
    scene.signed_in().await;
    let found = async |query: &str| events(&scene.service, query).await;
    assert!(found("user=ANA@Example.com").await.len() >= 3);
    assert_eq!(found(&format!("user={BOB}")).await.len(), 1);
    assert_eq!(found("event=sign_in").await.len(), 1);
    assert_eq!(found("event=sign_in.*&application=wiki").await.len(), 1);
    assert_eq!(found("event=sign_in&application=other").await.len(), 0);
    assert_eq!(found(&format!("actor={ANA}")).await.len(), 2);
    assert!(found("actor=cli").await.len() >= 4);
    assert_eq!(found("outcome=admitted&address=127.0.0.0/8").await.len(), 1);
    assert_eq!(found("outcome=refused").await.len(), 0);
    assert_eq!(
        found("reference=request-7&not_event=sign_in").await.len(),
        0
    );
    assert_eq!(found("reference=request&event=").await.len(), 1);
    assert_eq!(found("since=2100-01-01").await.len(), 0);
    assert_eq!(found("until=2020-01-01T00:00:00Z").await.len(), 0);

    let all = found("limit=1000").await;
    let mut paged: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("audit?limit=2{cursor}");
        let (_, page) = scene.service.over_socket(Method::GET, &path).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    for wrong in [
        "since=soon",
        "limit=0",
        "limit=1001",
        "order=up",
        "cursor=!",
        "evnt=x",
        "event=x",
        "outcome=x",
        "address=x",
        "format=x",
    ] {
        let (status, answer) = scene
            .service
            .over_socket(Method::GET, &format!("audit?{wrong}"))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong} {answer}");
    }
}

#[tokio::test]
async fn the_log_is_read_with_its_own_scope_only() {
    let scene = Scene::new().await;
    let read = async |scope: &str| {
        let token = json!({ "name": "t", "scopes": [scope] });
        let made = scene.service.done("/admin-tokens", token).await;
        let url = scene.service.page("/api/admin/v1/audit");
        let token = made["token"].as_str().unwrap();
        scene
            .service
            .http
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(read("audit:read").await.status(), StatusCode::OK);
    let refused = problem(read("users:read").await).await;
    assert_eq!(refused, (403, "scope_missing".to_owned()));
}
