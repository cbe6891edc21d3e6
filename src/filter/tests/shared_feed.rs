//! Workers of one process, as requests see them.

use std::rc::Rc;

use super::*;
use crate::feed::worker_group::tests::{Handle, Memory};

const WEBSOCKET: (&str, &str) = ("upgrade", "websocket");

impl World {
    fn in_process(memory: &Rc<Memory>, name: &str) -> Self {
        let mut world = Self::without_feed(CONFIG);
        let config = Config::read(CONFIG.as_bytes()).unwrap();
        world.filter = Filter::new(config, Box::new(NoHostSignatures), name.into());
        let data = Box::new(Handle(Rc::clone(memory)));
        world.filter.share(data, "credential", None, world.now);
        world
    }

    fn look(&mut self) -> Result<Progress, FeedError> {
        self.now += Duration::from_millis(500);
        self.filter.look(self.now, 0)
    }

    fn open_websocket(&mut self, stream: u32) -> Effect {
        let cookie = self.session_cookie();
        let fields = with(get("wiki.example", "/"), &[("cookie", &cookie), WEBSOCKET]);
        with_head(&fields, |head| {
            self.with_moment(|filter, moment| filter.begin(stream, head, moment))
        })
    }
}

/// A page with another key, and the same application.
fn with_other_key(kind: PageKind, epoch: &str, version: u64) -> FeedPage {
    FeedPage {
        epoch: epoch.into(),
        kind,
        after: 41,
        version,
        next: None,
        now: NOW.to_seconds(),
        proof: None,
        keys: Some(JwkSet {
            keys: vec![Signer::new().jwk()],
        }),
        applications: ApplicationChanges {
            put: vec![wire("a", &[at("wiki.example", None, None)])],
            delete: vec![],
        },
        revocations: RevocationChanges::default(),
    }
}

#[test]
fn a_key_that_went_before_the_host_failed_opens_nothing_more() {
    for page in [
        with_other_key(PageKind::Delta, "e1", 42),
        // Another life of the database may be at the same version.
        with_other_key(PageKind::Snapshot, "e2", 41),
    ] {
        let memory = Rc::new(Memory::default());
        let mut polls = World::in_process(&memory, "polls");
        polls.look().unwrap();
        polls.load(vec![wire("a", &[at("wiki.example", None, None)])]);
        let mut other = World::in_process(&memory, "other");
        other.signer = std::mem::replace(&mut polls.signer, Signer::new());
        other.look().unwrap();
        assert!(matches!(other.open_websocket(1), Effect::Continue(_)));
        assert_eq!(other.filter.cuts(other.now, MAX_EFFECTS), []);

        polls.look().unwrap();
        polls.feed(&page);
        memory.is_full.set(true);
        other.look().unwrap_err();
        let store = other.filter.authenticator.store().unwrap();
        assert_eq!(
            (store.epoch(), store.version()),
            (&*page.epoch, page.version)
        );

        // At once, and not by the look that comes each second.
        assert!(other.filter.has_cuts(), "{}", page.epoch);
        let cuts = other.filter.cuts(other.now, MAX_EFFECTS);
        let reasons: Vec<_> = cuts.iter().map(|cut| cut.reply.reason).collect();
        assert_eq!(reasons, ["key_unknown"]);
        // It may be held for the feed, which could bring the key.
        assert!(matches!(other.open_websocket(2), Effect::Pause));
    }
}

#[test]
fn a_worker_that_was_stopped_admits_no_session_by_old_data() {
    let memory = Rc::default();
    let (mut polls, mut slow) = (
        World::in_process(&memory, "vm1"),
        World::in_process(&memory, "vm2"),
    );
    polls.filter.look(NOW, 7).unwrap();
    polls.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    polls.now += Duration::from_millis(1_000);
    for world in [&mut slow, &mut polls] {
        world.filter.look(NOW + Duration::from_secs(1), 7).unwrap();
    }
    let cookie = polls.session_cookie();
    let request = with(get("wiki.example", "/"), &[("cookie", cookie.as_str())]);
    assert!(matches!(slow.send(&request), Effect::Continue(_)));

    polls.revoke(Subject::User(claims().sub));
    // For so long that it is not waited for: all that is said of the others is said without it.
    slow.now += Duration::from_millis(11_000);
    assert_eq!(status(slow.send(&request)), (401, "session_revoked"));
}
