//! `GET feed`: snapshots, changes, pages, waiting.

mod limited;
mod waiting;

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis::protocol::feed::{FeedPage, PageKind, Subject};
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Service, problem};

struct Follower<'a> {
    service: &'a Service,
    credential: String,
}

impl Follower<'_> {
    async fn ask(&self, query: &[(&str, &str)]) -> reqwest::Response {
        self.service
            .http
            .get(self.service.call("feed"))
            .bearer_auth(&self.credential)
            .query(query)
            .send()
            .await
            .unwrap()
    }

    async fn page(&self, query: &[(&str, &str)]) -> FeedPage {
        let response = self.ask(query).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// What changed after `page`, if anything did.
    async fn after(&self, page: &FeedPage, more: &[(&str, &str)]) -> Option<FeedPage> {
        let version = page.version.to_string();
        let mut query = vec![("epoch", page.epoch.as_str()), ("after", version.as_str())];
        query.extend(more);
        let response = self.ask(&query).await;
        match response.status() {
            StatusCode::NO_CONTENT => None,
            status => {
                assert_eq!(status, StatusCode::OK);
                Some(response.json().await.unwrap())
            }
        }
    }
}

async fn follower<'a>(service: &'a Service, applications: &[&str]) -> Follower<'a> {
    Follower {
        service,
        credential: service.credential(applications).await,
    }
}

fn names(page: &FeedPage) -> BTreeSet<&str> {
    page.applications
        .put
        .iter()
        .map(|one| one.name.as_str())
        .collect()
}

async fn revoke(service: &Service, email: &str) -> u64 {
    let answer = service
        .done("/revocations/user", json!({ "email": email }))
        .await;
    answer["version"].as_u64().unwrap()
}

#[tokio::test]
async fn a_snapshot_holds_all_that_is_in_force() {
    let service = Service::start().await;
    let audience = service
        .wiki(json!({ "bypass": [{ "path": "/health" }] }))
        .await;
    service.user("ana@example.com").await;
    let version = revoke(&service, "ana@example.com").await;
    let page = follower(&service, &[]).await.page(&[]).await;
    assert_eq!(
        (page.kind, page.after, page.version),
        (PageKind::Snapshot, 0, version)
    );
    assert_eq!(page.next, None);
    assert_eq!(page.keys.as_ref().unwrap().keys.len(), 1);
    let wiki = &page.applications.put[0];
    assert_eq!((&wiki.audience, wiki.audience.len()), (&audience, 64));
    assert_eq!(wiki.origins[0].hostname, "wiki.example.com");
    assert_eq!(wiki.bypass[0].path, "/health");
    assert_eq!(wiki.rules.len(), 1);
    let [revocation] = page.revocations.put.as_slice() else {
        panic!("{page:?}")
    };
    assert!(matches!(revocation.subject, Subject::User(_)));
    assert_eq!((revocation.version, revocation.fresh), (version, false));
    assert_eq!(
        revocation.until,
        page.now + Duration::from_secs(60),
        "no session, so no token: nothing but clocks to wait for"
    );
}

#[tokio::test]
async fn a_delta_holds_what_changed() {
    let service = Service::start().await;
    let follower = follower(&service, &[]).await;
    let start = follower.page(&[]).await;
    assert!(follower.after(&start, &[]).await.is_none());
    service.wiki(json!({})).await;
    let page = follower.after(&start, &[]).await.unwrap();
    assert_eq!((page.kind, page.after), (PageKind::Delta, start.version));
    assert_eq!(page.version, start.version + 1);
    assert_eq!(names(&page), BTreeSet::from(["wiki"]));
    assert!(page.keys.is_none() && page.revocations.is_empty());
    assert!(follower.after(&page, &[]).await.is_none());
    let same = json!({ "name": "wiki", "changes": { "session_duration": "24h" } });
    service.done("/applications/set", same).await;
    assert!(
        follower.after(&page, &[]).await.is_none(),
        "nothing changed"
    );
}

#[tokio::test]
async fn another_epoch_and_a_version_before_all_others_get_a_snapshot() {
    let service = Service::start().await;
    let follower = follower(&service, &[]).await;
    let start = follower.page(&[]).await;
    let other = FeedPage {
        epoch: "other".into(),
        ..start.clone()
    };
    let behind = FeedPage {
        version: 0,
        ..start.clone()
    };
    for has in [other, behind] {
        let page = follower.after(&has, &[]).await.unwrap();
        assert_eq!(
            (page.kind, page.epoch),
            (PageKind::Snapshot, start.epoch.clone())
        );
    }
}

#[tokio::test]
async fn pages_of_a_snapshot_follow_by_next() {
    let service = Service::start().await;
    let mut emails = Vec::new();
    for number in 0..3 {
        let origin = format!("https://a{number}.example.com");
        service
            .application(&format!("a{number}"), &origin, json!({}))
            .await;
        emails.push(format!("user{number}@example.com"));
        service.user(&emails[number]).await;
        revoke(&service, &emails[number]).await;
    }
    let follower = follower(&service, &[]).await;
    for limit in 1..=7 {
        let limit = limit.to_string();
        let mut page = follower.page(&[("limit", &limit)]).await;
        let (first, mut seen, mut revoked) = (page.clone(), BTreeSet::new(), BTreeSet::new());
        // What happens between pages comes as a delta after the snapshot.
        let late = revoke(&service, &emails[0]).await;
        assert!(page.keys.is_some());
        loop {
            assert_eq!(
                (page.kind, page.version),
                (PageKind::Snapshot, first.version)
            );
            let count = page.applications.put.len() + page.revocations.put.len();
            assert!(count <= limit.parse::<usize>().unwrap());
            seen.extend(page.applications.put.iter().map(|one| one.name.clone()));
            revoked.extend(
                page.revocations
                    .put
                    .iter()
                    .map(|one| format!("{:?}", one.subject)),
            );
            let Some(next) = page.next.clone() else { break };
            page = follower.page(&[("limit", &limit), ("next", &next)]).await;
            assert!(page.keys.is_none());
        }
        assert_eq!((seen.len(), revoked.len()), (3, 3), "limit {limit}");
        let delta = follower.after(&first, &[]).await.unwrap();
        assert_eq!((delta.version, delta.revocations.put.len()), (late, 1));
    }
    let bad = follower.ask(&[("next", "nonsense")]).await;
    assert_eq!(problem(bad).await, (400, "request_invalid".into()));
}

#[tokio::test]
async fn a_delta_never_splits_a_version() {
    let toml: String = (0..4)
        .map(|n| {
            format!("[[applications]]\nname = \"a{n}\"\norigins = [\"https://a{n}.example.com\"]\n")
        })
        .collect();
    let service = Service::start().await;
    let follower_of_old = follower(&service, &[]).await;
    let start = follower_of_old.page(&[]).await;
    let credential = follower_of_old.credential.clone();
    let directory = service.directory.clone();
    service.running.stop().await;
    let service = Service::start_in(directory, &toml).await.unwrap();
    service.user("ana@example.com").await;
    revoke(&service, "ana@example.com").await;
    let follower = Follower {
        service: &service,
        credential,
    };
    let first = follower.after(&start, &[("limit", "2")]).await.unwrap();
    assert_eq!(
        (first.version, first.applications.put.len()),
        (start.version + 1, 4)
    );
    assert!(first.revocations.is_empty());
    let second = follower.after(&first, &[("limit", "2")]).await.unwrap();
    assert_eq!(
        (second.after, second.version),
        (first.version, first.version + 1)
    );
    assert_eq!(second.revocations.put.len(), 1);
    assert!(follower.after(&second, &[]).await.is_none());
}
