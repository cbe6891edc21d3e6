//! Without a feed, with an old one, with an unknown key, and in a dry run.

use super::*;

#[test]
fn without_a_feed_requests_wait_and_then_fail() {
    let mut world = World::without_feed(CONFIG);
    assert_eq!(world.send(&get("wiki.example", "/")), Effect::Pause);
    assert!(
        world
            .filter
            .due(world.now + FEED_WAIT - Duration::from_millis(1))
            .is_empty()
    );
    world.now += FEED_WAIT;
    assert_eq!(status(world.wake().unwrap()), (503, "not_ready"));
    assert_eq!(world.send(&get("wiki.example", "/")), Effect::Pause);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    assert_eq!(status(world.wake().unwrap()), (401, "no_session"));
    assert_eq!(
        world.filter.due(UnixMillis::new(u64::MAX)),
        [] as [u32; 0],
        "an ended request is forgotten"
    );
}

#[test]
fn a_stale_feed_denies_or_allows_as_configured() {
    for (then, denied) in [("deny", true), ("allow", false)] {
        let mut world = World::without_feed(&CONFIG.replace("deny", then));
        world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
        world.now += Duration::from_millis(300_001);
        let cookie = format!(
            "__Host-access_token={}; __Host-access_binding={}",
            world.token(|c| c.exp = UnixSeconds::new(u64::MAX)),
            binding()
        );
        let effect = world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)]));
        if denied {
            let reply = reply(effect);
            assert_eq!((reply.status, reply.reason), (503, "stale"));
            assert_eq!(all(&reply, "retry-after"), ["1"]);
        } else {
            assert!(matches!(effect, Effect::Continue(_)));
        }
    }
}

#[test]
fn an_unknown_key_waits_for_the_feed_once() {
    let mut world = World::new();
    let stranger = Signer::new();
    let cookie = format!("__Host-access_token={}", stranger.sign(&claims()));
    let request = with(get("wiki.example", "/"), &[("cookie", cookie.as_str())]);
    assert_eq!(world.send(&request), Effect::Pause);
    world.now += FEED_WAIT;
    assert_eq!(status(world.wake().unwrap()), (401, "key_unknown"));
    assert_eq!(
        status(world.send(&request)),
        (401, "key_unknown"),
        "remembered"
    );
    world.revoke(Subject::User("x".into()));
    assert_eq!(world.send(&request), Effect::Pause, "the feed has moved");
}

#[test]
fn b14_a_dry_run_refuses_nothing_and_says_what_it_would_have_refused() {
    let report = CONFIG.replacen('{', "{\"mode\": \"report\",", 1);
    let mut world = World::without_feed(&report);
    let expect = |effect: Effect, reason: Option<&str>| {
        let Effect::Continue(changes) = effect else {
            panic!("{effect:?}")
        };
        assert_eq!(changes.reported, reason);
        changes
    };
    expect(world.send(&get("wiki.example", "/")), Some("not_ready"));
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let spoofed = with(get("wiki.example", "/"), &[("x-access-user-id", "evil")]);
    let changes = expect(world.send(&spoofed), Some("no_session"));
    assert_eq!(
        (changes.remove, changes.identity),
        (vec!["x-access-user-id".to_owned()], None)
    );
    expect(
        world.send(&navigate("wiki.example", "/")),
        Some("no_session"),
    );
    expect(world.send(&get("other.example", "/")), Some("unknown_host"));
    expect(
        world.send(&get("wiki.example", "/%2525252e")),
        Some("path_ambiguous"),
    );
    let stranger = format!("__Host-access_token={}", Signer::new().sign(&claims()));
    expect(
        world.send(&with(get("wiki.example", "/"), &[("cookie", &stranger)])),
        Some("key_unknown"),
    );
    let cookie = world.session_cookie();
    let changes = expect(
        world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)])),
        None,
    );
    assert!(changes.identity.is_some() && changes.cookies.is_some());
    assert_eq!(
        status(world.send(&navigate("wiki.example", "/.access/login"))),
        (302, "login")
    );
    let counted: Vec<_> = world.filter.take_counters().collect();
    assert!(
        counted.contains(&("portcullis.reported.no_session".into(), 2)),
        "{counted:?}"
    );
}
