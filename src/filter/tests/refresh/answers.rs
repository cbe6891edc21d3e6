//! What the control service answers, and what those who wait then get.

use super::*;

#[test]
fn a_refusal_is_forwarded_and_remembered_for_ten_seconds() {
    for (code, reason, expected) in [
        (403, "policy_denied", (403, "policy_denied")),
        (403, "session_ended", (401, "session_expired")),
        (403, "login_required", (401, "session_expired")),
        (403, "user_blocked", (401, "session_expired")),
        (403, "binding_mismatch", (401, "session_expired")),
        (400, "token_invalid", (401, "session_expired")),
    ] {
        let mut clients = Clients::new();
        let body = problem(code, reason);
        assert_eq!(status(clients.refresh(Some(code), &body)), expected);
        clients.world.now += Duration::from_millis(9_999);
        assert_eq!(status(clients.fetch(2)), expected, "remembered");
        assert!(clients.calls().is_empty());
        clients.world.now += Duration::from_millis(1);
        assert_eq!(clients.fetch(3), Effect::Refresh);
        assert_eq!(clients.calls().len(), 1);
    }
}

#[test]
fn a_failure_counts_as_an_expired_session_and_is_not_remembered() {
    let good = Clients::new().good_answer();
    let half = &good[..good.len() / 2];
    let garbage: [(Option<u16>, &[u8]); 9] = [
        (None, b""),
        (Some(200), b""),
        (Some(200), b"<html>captive portal</html>"),
        (Some(200), half),
        (Some(204), b""),
        (Some(302), b""),
        (Some(403), b"Forbidden"),
        (Some(503), br#"{"status":503,"reason":"unavailable"}"#),
        (Some(504), b"upstream request timeout"),
    ];
    for (answered, body) in garbage {
        let mut clients = Clients::new();
        let effect = clients.refresh(answered, body);
        assert_eq!(status(effect), (401, "session_expired"), "{answered:?}");
        assert_eq!(clients.counted("failed"), 1);
        assert_eq!(clients.fetch(1), Effect::Refresh, "{answered:?}");
    }
}

#[test]
fn each_kind_gets_its_own_refusal() {
    let post = vec![
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/x"),
    ];
    let rows = [
        (navigate("wiki.example", "/x"), (302, "session_expired")),
        (
            with(post.clone(), &[("sec-fetch-mode", "navigate")]),
            (401, "session_expired"),
        ),
        (
            with(get("wiki.example", "/x"), &[("upgrade", "websocket")]),
            (401, "session_expired"),
        ),
        (
            with(post, &[("content-type", "application/grpc")]),
            (401, "session_expired"),
        ),
    ];
    for (fields, expected) in rows {
        let mut clients = Clients::new();
        assert_eq!(clients.request(1, &fields), Effect::Refresh);
        let call = clients.call();
        clients.answer(call.id, None, b"");
        let reply = reply(clients.wake_due().remove(0).1);
        assert_eq!((reply.status, reply.reason), expected);
        let grpc = fields.contains(&("content-type", "application/grpc"));
        assert_eq!(reply.grpc_status, grpc.then_some(16));
        let tokens = all(&reply, "set-cookie").into_iter();
        let ours = tokens.filter(|line| !line.starts_with("__Host-access_login_"));
        assert_eq!(ours.count(), 0, "no refusal touches the session's cookies");
    }
}

#[test]
fn another_sessions_token_is_refused() {
    type Change = fn(&mut ApplicationClaims);
    let rows: [(Change, &str); 8] = [
        (|claims| claims.sub = "x".into(), "session_expired"),
        (|claims| claims.sid = "x".into(), "session_expired"),
        (
            |claims| claims.aud = vec!["b".repeat(64)],
            "token_not_for_here",
        ),
        (|claims| claims.cnf = None, "binding_missing"),
        (
            |claims| claims.cnf.as_mut().unwrap().cookie_s256 = "x".into(),
            "binding_mismatch",
        ),
        (
            |claims| claims.exp = EXPIRED.to_seconds() - Duration::from_secs(30),
            "session_expired",
        ),
        (|claims| claims.rule = "unknown".into(), "session_expired"),
        (
            |claims| claims.usage = Some(crate::protocol::claims::TokenUse::Header),
            "token_not_for_here",
        ),
    ];
    for (change, reason) in rows {
        let mut clients = Clients::new();
        let answer = clients.answer_with(change);
        let effect = clients.refresh(Some(200), &answer);
        assert_eq!(status(effect), (401, reason));
        assert_eq!(clients.counted("refused"), 1);
    }
    // Signed by an unknown key.
    let mut clients = Clients::new();
    let forged = answer_of(Signer::new().sign(&claims()));
    let effect = clients.refresh(Some(200), &forged);
    assert_eq!(status(effect), (401, "key_unknown"));
}

#[test]
fn an_unbound_session_does_not_become_a_bound_one() {
    let mut clients = Clients::at(|settings| {
        settings.binding = false;
        settings.refresh_in_request = RefreshInRequest::Always;
    });
    let old = clients.world.token(|claims| claims.cnf = None);
    clients.cookie = format!(
        "__Host-access_token={old}; __Host-access_binding={}",
        binding()
    );
    let bound = clients.good_answer();
    let effect = clients.refresh(Some(200), &bound);
    assert_eq!(status(effect), (401, "session_expired"));
    let unbound = clients.answer_with(|claims| claims.cnf = None);
    let changes = changes(clients.refresh(Some(200), &unbound));
    assert_eq!(
        changes.response.set_cookies.len(),
        1,
        "{:?}",
        changes.response.set_cookies
    );
}

#[test]
fn a_revocation_during_the_call_wins() {
    for subject in [
        Subject::User(claims().sub),
        Subject::Session(claims().sid),
        Subject::Application("a".repeat(64)),
        Subject::UserApplication(claims().sub, "a".repeat(64)),
    ] {
        let mut clients = Clients::new();
        for stream in 1..=3 {
            clients.fetch(stream);
        }
        let call = clients.call();
        // Made before the revocation, comes after it.
        let answer = clients.good_answer();
        clients.world.revoke(subject);
        clients.answer(call.id, Some(200), &answer);
        let woken = clients.wake_due();
        assert_eq!(woken.len(), 3);
        for (_, effect) in woken {
            assert_eq!(status(effect), (401, "session_revoked"));
        }
    }
}

#[test]
fn a_revocation_between_two_ticks_stops_requests_that_have_not_resumed() {
    let mut clients = Clients::new();
    for stream in 0..40 {
        clients.fetch(stream);
    }
    let call = clients.call();
    let answer = clients.good_answer();
    clients.answer(call.id, Some(200), &answer);
    let first = clients.wake_due();
    first
        .into_iter()
        .for_each(|(_, effect)| drop(changes(effect)));
    clients.world.revoke(Subject::User(claims().sub));
    let rest = clients.wake_due();
    assert_eq!(rest.len(), 8);
    for (_, effect) in rest {
        assert_eq!(status(effect), (401, "session_revoked"));
    }
}

#[test]
fn what_the_feed_changes_during_the_call_counts() {
    // The feed goes stale.
    let mut clients = Clients::new();
    clients.fetch(1);
    let call = clients.call();
    let answer = clients.good_answer();
    clients.answer(call.id, Some(200), &answer);
    clients.world.now += Duration::from_millis(300_001);
    assert_eq!(status(clients.wake_due().remove(0).1), (503, "stale"));

    // The application goes.
    let mut clients = Clients::new();
    clients.fetch(1);
    let call = clients.call();
    let answer = clients.good_answer();
    clients.world.version += 1;
    clients
        .world
        .load(vec![wire("c", &[at("other.example", None, None)])]);
    clients.answer(call.id, Some(200), &answer);
    assert_eq!(
        status(clients.wake_due().remove(0).1),
        (403, "unknown_host")
    );
}
