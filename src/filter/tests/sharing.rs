//! Workers of one process, as requests see them.

use std::rc::Rc;

use super::*;
use crate::feed::shared::tests::{Handle, Memory};

/// A worker of a process.
fn worker(memory: &Rc<Memory>, name: &str) -> World {
    let mut world = World::without_feed(CONFIG);
    let config = Config::read(CONFIG.as_bytes()).unwrap();
    world.filter = Filter::new(config, Box::new(NoHostSignatures), name.into());
    let data = Box::new(Handle(Rc::clone(memory)));
    world.filter.share(data, "credential", NOW_MS);
    world
}

#[test]
fn a_worker_that_stood_still_lets_nobody_in_by_what_it_held_before() {
    let memory = Rc::default();
    let (mut polls, mut slow) = (worker(&memory, "vm1"), worker(&memory, "vm2"));
    polls.filter.look(NOW_MS, 7).unwrap();
    polls.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    polls.now_ms += 1_000;
    for world in [&mut slow, &mut polls] {
        world.filter.look(NOW_MS + 1_000, 7).unwrap();
    }
    let cookie = polls.session_cookie();
    let request = with(get("wiki.example", "/"), &[("cookie", cookie.as_str())]);
    assert!(matches!(slow.send(&request), Effect::Continue(_)));

    polls.revoke(Subject::User(claims().sub));
    // For so long that it is not waited for: all that is said of the others is said without it.
    slow.now_ms += 11_000;
    assert_eq!(status(slow.send(&request)), (401, "session_revoked"));
}
