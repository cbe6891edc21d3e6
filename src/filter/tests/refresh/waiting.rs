//! Who waits, for how long, and how many calls that makes.

use super::*;

#[test]
fn b02_fifty_waiting_requests_make_one_call_and_all_continue() {
    let mut clients = Clients::new();
    for stream in 1..=50 {
        assert_eq!(clients.fetch(stream), Effect::AwaitRoot);
    }
    let call = clients.world.call();
    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);

    // The host can take so many effects at once; the rest come with the next tick.
    let first = clients.world.wake_due();
    let second = clients.world.wake_due();
    assert_eq!((first.len(), second.len()), (MAX_EFFECTS, 18));
    for (stream, effect) in first.into_iter().chain(second) {
        assert_eq!(
            changes(effect).response.set_cookies.len(),
            2,
            "stream {stream}"
        );
    }
    assert!(clients.world.calls().is_empty());
    let counted: Vec<_> = clients.world.filter.take_counters().collect();
    for expected in [("asked", 1), ("refreshed", 50)] {
        let name = format!("portcullis.refresh.{}", expected.0);
        assert!(counted.contains(&(name, expected.1)), "{counted:?}");
    }
}

#[test]
fn the_old_token_stays_expired_after_its_refresh() {
    let mut clients = Clients::new();
    let answer = clients.good_answer();
    changes(clients.refresh(Some(200), &answer));
    assert_eq!(clients.fetch(2), Effect::AwaitRoot, "asked for again");
    assert_eq!(clients.world.calls().len(), 1);
}

#[test]
fn clients_that_disconnect_do_not_affect_others() {
    let mut clients = Clients::new();
    for stream in 1..=4 {
        clients.fetch(stream);
    }
    // The first, for whom the call was begun, before it was made.
    clients.world.filter.forget(1);
    let call = clients.world.call();
    clients.world.filter.forget(3);
    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);
    clients.world.filter.forget(4);
    let woken = clients.world.wake_due();
    assert_eq!(woken.len(), 1);
    assert_eq!(woken[0].0, 2);
}

#[test]
fn no_call_is_made_when_all_clients_have_disconnected() {
    let mut clients = Clients::new();
    clients.fetch(1);
    clients.world.filter.forget(1);
    assert!(clients.world.calls().is_empty());
    assert_eq!(clients.fetch(2), Effect::AwaitRoot);
    let call = clients.world.call();
    // An answer without a waiting request leaves nothing behind.
    clients.world.filter.forget(2);
    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);
    assert_eq!(clients.fetch(3), Effect::AwaitRoot);
    assert_eq!(clients.world.calls().len(), 1);
}

/// Presents the expired token of another session from now on.
fn as_session(clients: &mut Clients, number: u32) {
    let token = clients
        .world
        .token(|claims| claims.jti = number.to_string());
    clients.cookie = format!(
        "__Host-access_token={token}; __Host-access_binding={}",
        binding()
    );
}

#[test]
fn one_session_does_not_take_the_places_of_all_others() {
    let mut clients = Clients::new();
    let mut stream = 0;
    for session in 0..5 {
        as_session(&mut clients, session);
        let effects = (0..70).map(|_| {
            stream += 1;
            clients.fetch(stream)
        });
        let waiting = effects
            .filter(|effect| *effect == Effect::AwaitRoot)
            .count();
        assert_eq!(waiting, if session < 4 { 64 } else { 0 }, "{session}");
    }
}

#[test]
fn of_a_hundred_waiting_requests_as_many_as_fit_are_refreshed() {
    let mut clients = Clients::new();
    let effects: Vec<_> = (1..=100).map(|stream| clients.fetch(stream)).collect();
    let (waiting, others) = effects.split_at(64);
    assert!(waiting.iter().all(|effect| *effect == Effect::AwaitRoot));
    // A session for which there is no room has not ended.
    for effect in others {
        assert_eq!(status(effect.clone()), (503, "control_unavailable"));
    }
    assert_eq!(clients.world.counted("refresh.crowded"), 36);
    let call = clients.world.call();
    // Those who wait take no room from sign-ins.
    let (cookie, state) = begin_login(&mut clients.world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let fields = with(navigate("wiki.example", &path), &[("cookie", &cookie)]);
    let callback = with_head(&fields, |head| {
        clients
            .world
            .with_moment(|filter, moment| filter.begin(301, head, moment))
    });
    assert!(matches!(callback, Effect::Call(_)), "{callback:?}");

    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);
    let mut woken = 0;
    while woken < 64 {
        let effects = clients.world.wake_due();
        assert!((1..=MAX_EFFECTS).contains(&effects.len()));
        woken += effects.len();
        effects
            .into_iter()
            .for_each(|(_, effect)| drop(changes(effect)));
    }
    assert_eq!(clients.fetch(1), Effect::AwaitRoot, "there is room again");
}

#[test]
fn as_many_sessions_as_wait_are_asked_for_thirty_two_at_a_time() {
    let mut clients = Clients::new();
    for stream in 0..70 {
        as_session(&mut clients, stream);
        assert_eq!(clients.fetch(stream), Effect::AwaitRoot);
    }
    let calls: Vec<_> = (0..4).map(|_| clients.world.calls().len()).collect();
    assert_eq!(calls, [32, 32, 6, 0]);
}

#[test]
fn a_head_that_is_too_large_to_keep_is_answered_at_once() {
    let mut clients = Clients::new();
    let large = "x".repeat(33 * 1_024);
    let fields = with(get("wiki.example", "/"), &[("x-large", &large)]);
    assert_eq!(
        status(clients.request(1, &fields)),
        (401, "session_expired")
    );
}

#[test]
fn b02_no_answer_ends_no_session_of_a_head_that_is_too_large_to_keep() {
    let mut clients = Clients::new();
    let large = "x".repeat(33 * 1_024);
    let fields = with(get("wiki.example", "/"), &[("x-large", &large)]);
    let no_answer = (503, "control_unavailable");
    // Nor while others wait for it.
    clients.fetch(1);
    assert_eq!(status(clients.request(2, &fields)), no_answer);
    let call = clients.world.call();
    clients.world.answer_call(call.id, None, b"");
    assert_eq!(status(clients.world.wake_due().remove(0).1), no_answer);
    assert_eq!(status(clients.request(2, &fields)), no_answer);
    clients.world.now += Duration::from_secs(3);
    let expired = (401, "session_expired");
    assert_eq!(status(clients.request(3, &fields)), expired);
}

#[test]
fn a_lost_call_ends_with_its_deadline() {
    let mut clients = Clients::new();
    clients.fetch(1);
    let lost = clients.world.call();
    clients.world.now += TIMEOUT;
    clients.fetch(2);
    assert!(
        clients.world.calls().is_empty(),
        "joined the call that is under way"
    );
    clients.world.now += LOST_AFTER - Duration::from_millis(1);
    assert!(clients.world.wake_due().is_empty());
    clients.world.now += Duration::from_millis(1);
    assert!(clients.world.calls().is_empty());
    let woken = clients.world.wake_due();
    assert_eq!(woken.len(), 2);
    for (_, effect) in woken {
        assert_eq!(status(effect), (503, "control_unavailable"));
    }
    assert_eq!(status(clients.fetch(3)), (503, "control_unavailable"));
    clients.world.now += Duration::from_secs(3);
    // The next request has a call of its own, which a late answer does not touch.
    assert_eq!(clients.fetch(3), Effect::AwaitRoot);
    let second = clients.world.call();
    let answer = clients.good_answer();
    clients.world.answer_call(lost.id, Some(200), &answer);
    assert!(clients.world.wake_due().is_empty());
    clients.world.answer_call(second.id, Some(200), &answer);
    assert_eq!(clients.world.wake_due().len(), 1);
}

#[test]
fn a_clock_that_is_set_back_holds_no_request() {
    let mut clients = Clients::new();
    clients.fetch(1);
    clients.world.call();
    clients.world.now = EXPIRED - Duration::from_secs(100);
    clients.world.calls();
    // By the new time the session has not expired, but there is no answer that says so.
    let (_, effect) = clients.world.wake_due().remove(0);
    assert_eq!(status(effect), (503, "control_unavailable"));
}

#[test]
fn a_request_that_waited_for_the_feed_may_wait_for_a_token_too() {
    let mut world = World::without_feed(CONFIG);
    let cookie = world.session_cookie();
    world.now = EXPIRED;
    let mut clients = Clients { world, cookie };
    assert_eq!(clients.fetch(1), Effect::Pause);
    let applications = vec![wire("a", &[at("wiki.example", None, None)])];
    clients.world.load(applications);
    assert_eq!(clients.world.wake_due(), [(1, Effect::AwaitRoot)]);
    assert_eq!(clients.world.calls().len(), 1);
}
