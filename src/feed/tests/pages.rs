//! A page changes everything it says, or nothing.

use super::*;

#[test]
fn a_snapshot_then_deltas() {
    let mut feed = feed();
    assert_eq!(
        feed.poll(NOW, 0).unwrap().query,
        "limit=20000&instance=vm1&stale_after=300&then=deny"
    );
    let answer = serde_json::to_vec(&snapshot("e1", 41)).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &answer,
    };
    assert_eq!(
        feed.answered(NOW, 0, answer),
        Ok(Progress::Changed { keys: true })
    );
    let poll = feed.poll(NOW, 0).unwrap();
    assert_eq!(
        poll.query,
        "epoch=e1&after=41&proof=&wait=20&limit=20000&instance=vm1&applied=41&stale_after=300&then=deny"
    );
    assert!(poll.timeout > Duration::from_secs(20));
    assert_eq!(
        feed.poll(NOW + Duration::from_millis(1), 0),
        None,
        "one poll at a time"
    );
    let body = serde_json::to_vec(&delta("e1", 41, 57)).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &body,
    };
    assert_eq!(
        feed.answered(NOW, 0, answer),
        Ok(Progress::Changed { keys: false })
    );
    assert_eq!(position(&feed), ("e1".into(), 57, 2));
}

/// By it the control service knows a later version than its database has.
#[test]
fn b12_a_poll_shows_the_proof_of_what_is_in_force() {
    let mut feed = feed();
    let shown = |feed: &mut Feed, at: u64| {
        let poll = feed.poll(UnixMillis::new(NOW.get() * at), 0).unwrap();
        let found = poll
            .query
            .split('&')
            .find(|part| part.starts_with("proof="));
        let nothing_new = FeedAnswer {
            status: Some(204),
            body: &[],
        };
        let now = UnixMillis::new(NOW.get() * at);
        feed.answered(now, 0, nothing_new).unwrap();
        found.map(ToOwned::to_owned)
    };
    // The first page of a snapshot has it.
    let mut first = snapshot("e1", 41);
    (first.next, first.proof) = (Some("p/2".into()), Some("k.41".into()));
    give(&mut feed, &first).unwrap();
    let mut second = snapshot("e1", 41);
    (second.keys, second.applications) = (None, ApplicationChanges::default());
    second.revocations = revoke(40);
    give(&mut feed, &second).unwrap();
    assert_eq!(shown(&mut feed, 2).as_deref(), Some("proof=k.41"));
    let mut page = delta("e1", 41, 57);
    page.proof = Some("k/57".into());
    give(&mut feed, &page).unwrap();
    assert_eq!(shown(&mut feed, 3).as_deref(), Some("proof=k%2F57"));
    // Of an older control service: the proof of another version would be none.
    give(&mut feed, &delta("e1", 57, 58)).unwrap();
    assert_eq!(shown(&mut feed, 4).as_deref(), Some("proof="));
}

#[test]
fn a_snapshot_in_pages_takes_effect_after_its_last() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    let mut first = snapshot("e2", 90);
    first.next = Some("p/2".into());
    assert_eq!(give(&mut feed, &first), Ok(Progress::Partial));
    assert_eq!(position(&feed), ("e1".into(), 41, 1), "not yet");
    let later = UnixMillis::new(NOW.get() * 2);
    let poll = feed.poll(later, 0).unwrap();
    assert_eq!(
        poll.query,
        "next=p%2F2&limit=20000&instance=vm1&stale_after=300&then=deny"
    );
    let mut second = snapshot("e2", 90);
    (second.keys, second.applications, second.revocations) =
        (None, ApplicationChanges::default(), revoke(91));
    let body = serde_json::to_vec(&second).unwrap();
    let answer = FeedAnswer {
        status: Some(200),
        body: &body,
    };
    assert_eq!(
        feed.answered(later, 0, answer),
        Ok(Progress::Changed { keys: true })
    );
    assert_eq!(position(&feed), ("e2".into(), 90, 2));
}

#[test]
fn a_page_that_does_not_fit_changes_nothing() {
    let mut feed = feed();
    give(&mut feed, &snapshot("e1", 41)).unwrap();
    let before = position(&feed);
    let changed = |change: fn(&mut FeedPage)| {
        let mut page = delta("e1", 41, 57);
        change(&mut page);
        serde_json::to_vec(&page).unwrap()
    };
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(serde_json::to_vec(&delta("e1", 41, 57)).unwrap()).unwrap();
        assert!(text.contains(from));
        text.replace(from, to).into_bytes()
    };
    let twice = serde_json::to_vec(&{
        let mut page = delta("e1", 41, 57);
        page.applications.put = vec![
            wire("b", &[at("wiki.example", None, None)]),
            wire("c", &[at("notes.example", None, None)]),
        ];
        page
    });
    for body in [
        b"".to_vec(),
        b"{}".to_vec(),
        b"[1]".to_vec(),
        vec![0xff; 10],
        changed(|page| page.epoch = "e2".into()),
        changed(|page| page.after = 40),
        changed(|page| page.after = 42),
        changed(|page| page.version = 41),
        changed(|page| page.version = 3),
        changed(|page| page.applications.put = vec![wire("b", &[at("Wiki.example", None, None)])]),
        changed(|page| {
            page.keys = Some(JwkSet {
                keys: vec![{
                    let mut k = Signer::new().jwk();
                    k.x = Some("AA".into());
                    k
                }],
            })
        }),
        changed(|page| page.keys = Some(JwkSet::default())),
        replaced("\"user\"", "\"device\""),
        replaced("\"delta\"", "\"patch\""),
        replaced("\"version\":57", "\"version\":-1"),
        serde_json::to_vec(&snapshot("e1", 40)).unwrap(),
        serde_json::to_vec(&{
            let mut s = snapshot("e2", 90);
            s.keys = None;
            s
        })
        .unwrap(),
        twice.unwrap(),
    ] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert!(give_bytes(&mut feed, Some(200), &body).is_err(), "{shown}");
        assert_eq!(position(&feed), before, "{shown}");
    }
    for status in [None, Some(302), Some(401), Some(500), Some(503)] {
        assert!(give_bytes(&mut feed, status, b"").is_err());
    }
    assert_eq!(feed.errors(), 23);
    let mut known = delta("e1", 41, 57);
    known.revocations = revoke(57);
    let text = serde_json::to_string(&known).unwrap();
    let newer = text.replacen('{', "{\"added\":{\"x\":[1]},", 1);
    assert!(
        give_bytes(&mut feed, Some(200), newer.as_bytes()).is_ok(),
        "unknown fields are ignored"
    );
}

#[test]
fn errors_tell_the_place_but_never_quote_the_page() {
    let mut feed = feed();
    let error = give_bytes(
        &mut feed,
        Some(200),
        br#"{"epoch":"secret-epoch","kind":7}"#,
    );
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("line 1") && !text.contains("secret"),
        "{text}"
    );
}

#[test]
fn nothing_new_is_an_error_before_the_first_snapshot() {
    let mut feed = feed();
    assert!(give_bytes(&mut feed, Some(204), b"").is_err());
}
