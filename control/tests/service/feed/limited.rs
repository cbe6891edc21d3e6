//! What a credential for some applications sees.

use std::collections::BTreeSet;

use serde_json::json;

use super::{follower, names, revoke};
use crate::harness::Service;

#[tokio::test]
async fn a_limited_credential_sees_its_applications_and_all_users() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    service
        .application("chat", "https://chat.example.com", json!({}))
        .await;
    service.user("ana@example.com").await;
    let (all, wiki) = (
        follower(&service, &[]).await,
        follower(&service, &["wiki"]).await,
    );
    let start = wiki.page(&[]).await;
    assert_eq!(names(&start), BTreeSet::from(["wiki"]));
    assert_eq!(
        names(&all.page(&[]).await),
        BTreeSet::from(["chat", "wiki"])
    );
    service
        .done("/revocations/application", json!({ "name": "chat" }))
        .await;
    let silent = wiki.after(&start, &[]).await.unwrap();
    assert!(silent.revocations.is_empty() && silent.version == start.version + 1);
    assert_eq!(
        all.after(&start, &[]).await.unwrap().revocations.put.len(),
        1
    );
    revoke(&service, "ana@example.com").await;
    assert_eq!(
        wiki.after(&silent, &[])
            .await
            .unwrap()
            .revocations
            .put
            .len(),
        1
    );
    let again = wiki.page(&[]).await;
    assert_eq!(again.revocations.put.len(), 1);
}
