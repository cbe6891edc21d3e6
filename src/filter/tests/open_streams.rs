//! What a session opened is closed when the session ends.

use super::*;
use crate::protocol::claims::TokenUse;
use crate::protocol::feed::Jwk;

const WEBSOCKET: (&str, &str) = ("upgrade", "websocket");
const EVENTS: (&str, &str) = ("accept", "text/html;q=0.1, text/event-stream");

fn at_other_host() -> Vec<crate::protocol::feed::ApplicationOrigin> {
    vec![at("elsewhere.example", None, None)]
}

impl World {
    /// Begins a request with a good session as this stream.
    fn open(&mut self, stream: u32, more: (&str, &str)) -> Effect {
        let cookie = self.session_cookie();
        let fields = with(get("wiki.example", "/"), &[("cookie", &cookie), more]);
        with_head(&fields, |head| {
            self.with_moment(|filter, moment| filter.begin(stream, head, moment))
        })
    }

    /// Streams that are to be cut now, in order, with status and reason.
    fn cuts(&mut self) -> Vec<(u32, u16, &'static str)> {
        let cuts = self.filter.cuts(self.now, MAX_EFFECTS);
        let told = |cut: Cut| (cut.stream, cut.reply.status, cut.reply.reason);
        let mut told: Vec<_> = cuts.into_iter().map(told).collect();
        told.sort_unstable();
        told
    }

    fn change(&mut self, keys: Option<JwkSet>, applications: ApplicationChanges) {
        let after = self.version;
        self.version += 1;
        self.feed(&FeedPage {
            epoch: "e1".into(),
            kind: PageKind::Delta,
            after,
            version: self.version,
            next: None,
            now: NOW.to_seconds(),
            proof: None,
            keys,
            applications,
            revocations: RevocationChanges::default(),
        });
    }
}

#[test]
fn a_revocation_cuts_what_its_session_opened_at_once() {
    let mut world = World::new();
    for (stream, more) in [(1, WEBSOCKET), (2, EVENTS), (3, ("accept", "*/*"))] {
        assert!(matches!(world.open(stream, more), Effect::Continue(_)));
    }
    assert_eq!(world.filter.open_streams(), 3);
    world.revoke(Subject::User("somebody-else".into()));
    assert_eq!(world.cuts(), []);
    world.revoke(Subject::Session(claims().sid));
    let revoked = |stream| (stream, 403, "session_revoked");
    assert_eq!(world.cuts(), [revoked(1), revoked(2), revoked(3)]);
    assert_eq!(world.filter.open_streams(), 0);
    assert_eq!(world.cuts(), []);
}

/// The rule gets its networks while streams are open that began before.
#[test]
fn s07_a_rule_that_gets_networks_cuts_the_streams_from_elsewhere() {
    let mut world = World::new();
    for (stream, address) in [(1, "192.0.2.7"), (2, "198.51.100.7"), (3, "2001:db8::7")] {
        world.address = address.parse().ok();
        world.open(stream, WEBSOCKET);
    }
    let office = |ranges: &[&str]| {
        let mut wiki = wire("a", &[at("wiki.example", None, None)]);
        wiki.rules[0].source_ranges = Some(ranges.iter().map(ToString::to_string).collect());
        ApplicationChanges {
            put: vec![wiki],
            delete: vec![],
        }
    };
    world.change(None, office(&["192.0.2.0/24", "2001:db8::/32"]));
    assert_eq!(world.cuts(), [(2, 403, "policy_denied")]);
    world.change(None, office(&["192.0.2.0/24"]));
    assert_eq!(world.cuts(), [(3, 403, "policy_denied")]);
    world.change(None, office(&[]));
    assert_eq!(world.cuts(), [(1, 403, "policy_denied")]);
}

#[test]
fn what_has_ended_is_not_cut() {
    let mut world = World::new();
    world.open(1, WEBSOCKET);
    world.filter.forget(1);
    world.revoke(Subject::Session(claims().sid));
    assert_eq!(world.cuts(), []);
}

#[test]
fn many_are_cut_a_few_at_a_time() {
    let mut world = World::new();
    for stream in 0..100 {
        world.open(stream, WEBSOCKET);
    }
    world.revoke(Subject::Application(claims().aud[0].clone()));
    let mut cut = 0;
    while world.filter.has_cuts() {
        let now = world.cuts().len();
        assert!(now <= MAX_EFFECTS);
        cut += now;
    }
    assert_eq!(cut, 100);
}

fn millis(moment: UnixSeconds) -> UnixMillis {
    UnixMillis::new(moment.get() * 1_000)
}

#[test]
fn streams_end_with_their_token_and_requests_are_allowed_to_finish() {
    let mut world = World::without_feed(&CONFIG.replace("5m", "1h"));
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    world.now = millis(claims().exp + Duration::from_secs(29));
    world.open(1, WEBSOCKET);
    world.open(2, EVENTS);
    world.open(3, ("accept", "*/*"));
    assert_eq!(world.cuts(), []);
    world.now += Duration::from_millis(1_000);
    let expired = |stream| (stream, 403, "session_expired");
    assert_eq!(world.cuts(), [expired(1), expired(2)]);
    world.now += Duration::from_millis(28_000);
    assert_eq!(world.cuts(), []);
    world.now += Duration::from_millis(1_000);
    assert_eq!(world.cuts(), [expired(3)]);
}

#[test]
fn a_request_that_began_long_before_the_end_may_finish_too() {
    let mut world = World::without_feed(&CONFIG.replace("5m", "1h"));
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    world.now = millis(claims().exp - Duration::from_secs(300));
    world.open(1, ("accept", "*/*"));
    for (after, expected) in [
        (29, vec![]),
        (30, vec![]),
        (58, vec![]),
        (59, vec![(1, 403, "session_expired")]),
    ] {
        world.now = millis(claims().exp + Duration::from_secs(after));
        assert_eq!(world.cuts(), expected, "{after} s after its end");
    }
}

#[test]
fn a_revocation_does_not_wait_for_a_request_that_may_finish() {
    let mut world = World::without_feed(&CONFIG.replace("5m", "1h"));
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    world.now = millis(claims().exp + Duration::from_secs(29));
    world.open(1, ("accept", "*/*"));
    world.now += Duration::from_millis(1_000);
    assert_eq!(world.cuts(), []);
    world.revoke(Subject::Session(claims().sid));
    assert_eq!(world.cuts(), [(1, 403, "session_revoked")]);
}

#[test]
fn removing_a_key_or_an_application_cuts_its_streams() {
    let mut world = World::new();
    world.open(1, WEBSOCKET);
    let other: Jwk = Signer::new().jwk();
    let keys = JwkSet { keys: vec![other] };
    world.change(Some(keys), ApplicationChanges::default());
    assert_eq!(world.cuts(), [(1, 403, "key_unknown")]);

    let mut world = World::new();
    world.open(1, WEBSOCKET);
    let gone = ApplicationChanges {
        put: vec![],
        delete: vec![claims().aud[0].clone()],
    };
    world.change(None, gone);
    assert_eq!(world.cuts(), [(1, 403, "token_not_for_here")]);
}

#[test]
fn a_setting_that_no_longer_admits_a_session_cuts_its_requests() {
    type Change = fn(&mut FeedApplication);
    let cases: [(Change, &str); 3] = [
        (|wire| wire.header_tokens = false, "token_not_for_here"),
        (|wire| wire.origins = at_other_host(), "token_not_for_here"),
        (|_| (), ""),
    ];
    for (change, reason) in cases {
        let mut world = World::new();
        let mut wiki = wire("a", &[at("wiki.example", None, None)]);
        wiki.header_tokens = true;
        let put = |wiki| ApplicationChanges {
            put: vec![wiki],
            delete: vec![],
        };
        world.change(None, put(wiki.clone()));
        let token = world.token(|claims| {
            claims.cnf = None;
            claims.usage = Some(TokenUse::Header);
        });
        let fields = with(
            get("wiki.example", "/"),
            &[("x-access-token", &token), WEBSOCKET],
        );
        with_head(&fields, |head| {
            let begun = world.with_moment(|filter, moment| filter.begin(1, head, moment));
            assert!(matches!(begun, Effect::Continue(_)), "{begun:?}");
        });
        change(&mut wiki);
        world.change(None, put(wiki));
        let reasons: Vec<_> = world.cuts().into_iter().map(|cut| cut.2).collect();
        assert_eq!(reasons.join(""), reason);
    }
}

#[test]
fn requiring_a_binding_cuts_sessions_without_one() {
    let mut world = World::new();
    let token = world.token(|claims| {
        claims.aud = vec!["b".repeat(64)];
        claims.cnf = None;
    });
    let cookie = format!("__Host-access_token={token}");
    let fields = with(get("notes.example", "/"), &[("cookie", &cookie), WEBSOCKET]);
    with_head(&fields, |head| {
        let begun = world.with_moment(|filter, moment| filter.begin(1, head, moment));
        assert!(matches!(begun, Effect::Continue(_)), "{begun:?}");
    });
    let notes = wire("b", &[at("notes.example", None, None)]);
    assert!(notes.binding);
    world.change(
        None,
        ApplicationChanges {
            put: vec![notes],
            delete: vec![],
        },
    );
    assert_eq!(world.cuts(), [(1, 403, "binding_missing")]);
}

#[test]
fn a_stale_feed_cuts_everything_unless_it_allows() {
    for (then, expected) in [("deny", vec![(1, 503, "stale")]), ("allow", vec![])] {
        let config = CONFIG.replace("deny", then);
        let mut world = World::without_feed(&config);
        world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
        world.open(1, WEBSOCKET);
        world.now += Duration::from_millis(300_000);
        assert_eq!(world.cuts(), []);
        world.now += Duration::from_millis(1_000);
        assert_eq!(world.cuts(), expected, "{then}");
    }
}

#[test]
fn a_session_holds_a_bounded_number_of_streams_and_none_is_untracked() {
    let mut world = World::new();
    for stream in 0..256 {
        assert!(matches!(world.open(stream, WEBSOCKET), Effect::Continue(_)));
    }
    assert_eq!(status(world.open(256, EVENTS)), (503, "too_many_streams"));
    let session = world.session_cookie();
    let in_frame = [
        ("cookie", session.as_str()),
        EVENTS,
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-site", "same-site"),
    ];
    let shown = reply(world.send(&with(get("wiki.example", "/"), &in_frame)));
    let policy = all(&shown, "content-security-policy")[0];
    assert!(policy.ends_with("frame-ancestors *"), "{policy}");
    let ordinary = world.open(257, ("accept", "*/*"));
    assert!(matches!(ordinary, Effect::Continue(_)));
    world.filter.forget(0);
    assert!(matches!(world.open(258, EVENTS), Effect::Continue(_)));
}

#[test]
fn a_dry_run_cuts_nothing() {
    let config = CONFIG.replacen('{', r#"{ "mode": "report","#, 1);
    let mut world = World::without_feed(&config);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    world.open(1, WEBSOCKET);
    world.revoke(Subject::Session(claims().sid));
    assert_eq!(world.cuts(), []);
}
