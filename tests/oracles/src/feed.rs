//! Pages of the feed.

use std::time::Duration;

use portcullis::feed::{
    Feed, FeedAnswer, FeedSettings, MAX_REVOCATIONS, Progress, StalePolicy, Store,
};
use portcullis::protocol::feed::{FeedPage, PageKind, Subject};
use portcullis::session::revocations::TokenFingerprints;
use portcullis::time::UnixMillis;
use serde_json::json;

use crate::token;

const NOW: UnixMillis = UnixMillis::new(1_795_450_380_000);
const LATEST: UnixMillis = UnixMillis::new(NOW.get() + 60_000);
const EPOCH: &str = "e1";
const VERSION: u64 = 41;

/// Each line of the input is a page, given to a feed that holds a snapshot. A page that is
/// refused leaves everything as it was; one that is taken is in force as a whole.
pub fn feed(input: &[u8]) {
    let mut feed = Feed::new(FeedSettings {
        audiences: Vec::new(),
        team_hostname: "team.example.com".to_owned(),
        when_stale: StalePolicy {
            after: Duration::from_secs(300),
            denies: true,
        },
        max_revocations: MAX_REVOCATIONS,
        instance: "vm".into(),
    });
    let snapshot = json!({
        "epoch": EPOCH, "kind": "snapshot", "after": 0, "version": VERSION, "next": null,
        "now": NOW.to_seconds(), "keys": {"keys": [token::jwk()]},
        "applications": {"put": [token::wire()]},
        "revocations": {"put": [["user", "someone", 1, 0, NOW.to_seconds()]]},
    });
    let first = give(&mut feed, snapshot.to_string().as_bytes());
    assert_eq!(first, Some(Progress::Changed { keys: true }));

    for page in input.split(|byte| *byte == b'\n').take(4) {
        let (before, position) = (state(&feed), position(&feed));
        match give(&mut feed, page) {
            None | Some(Progress::Partial) => {
                assert_eq!(state(&feed), before, "refused, but not wholly");
            }
            Some(Progress::Unchanged) => assert_eq!(state(&feed), before),
            Some(Progress::Changed { .. }) => check_taken(&feed, page, &position),
        }
    }
}

/// What a page that was taken must have brought.
fn check_taken(feed: &Feed, page: &[u8], before: &(String, u64)) {
    let page: FeedPage = serde_json::from_slice(page).unwrap();
    let store = feed.store().unwrap();
    assert_eq!(
        (store.epoch(), store.version()),
        (&page.epoch[..], page.version)
    );
    match page.kind {
        PageKind::Delta => {
            assert_eq!(
                (&page.epoch, page.after),
                (&before.0, before.1),
                "does not follow"
            );
            assert!(page.version > before.1, "versions fall");
        }
        PageKind::Snapshot => {
            assert!(
                page.epoch != before.0 || page.version >= before.1,
                "versions fall"
            );
        }
    }
    assert!(!store.keys().is_empty(), "no token could be verified");
    for revocation in &page.revocations.put {
        let mut claims = token::claims();
        let mut audience = claims.aud[0].clone();
        match &revocation.subject {
            Subject::User(sub) => claims.sub.clone_from(sub),
            Subject::Session(sid) => claims.sid.clone_from(sid),
            Subject::Application(of) => audience.clone_from(of),
            Subject::UserApplication(sub, of) => {
                (claims.sub, audience) = (sub.clone(), of.clone());
            }
        }
        let Some(older) = revocation.version.checked_sub(1) else {
            continue;
        };
        (claims.ver, claims.auth_ver) = (older, older);
        // A revocation may end before it begins to act, and be dropped with the first pruning.
        let kept_until = revocation.until + Duration::from_secs(3_600);
        let ended = kept_until <= LATEST.to_seconds();
        assert!(
            ended
                || store
                    .revocations()
                    .cover(&claims, &audience, &TokenFingerprints::default()),
            "{revocation:?}"
        );
    }
}

fn give(feed: &mut Feed, body: &[u8]) -> Option<Progress> {
    // A failure is followed by a pause of at most five seconds.
    let mut now = NOW;
    while feed.poll(now, 0).is_none() {
        now += Duration::from_millis(100);
        assert!(now < LATEST, "never polls again");
    }
    let status = Some(200);
    feed.answered(now, 0, FeedAnswer { status, body }).ok()
}

/// Everything in force, as far as `Debug` shows it, which is all of it. Maps keep their order
/// while nothing changes in them.
fn state(feed: &Feed) -> String {
    format!("{:?}", feed.store())
}

fn position(feed: &Feed) -> (String, u64) {
    let position = |store: &Store| (store.epoch().to_owned(), store.version());
    feed.store().map(position).unwrap()
}
