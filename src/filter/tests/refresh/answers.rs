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
        assert!(clients.world.calls().is_empty());
        clients.world.now += Duration::from_millis(1);
        assert_eq!(clients.fetch(3), Effect::AwaitRoot);
        assert_eq!(clients.world.calls().len(), 1);
    }
}

/// Answers that say nothing about the session.
fn no_answers(good: &[u8]) -> Vec<(Option<u16>, &[u8])> {
    vec![
        (None, b""),
        (Some(200), b""),
        (Some(200), b"<html>captive portal</html>"),
        (Some(200), &good[..good.len() / 2]),
        (Some(204), b""),
        (Some(302), b""),
        (Some(400), br#"{"status":400,"reason":"request_invalid"}"#),
        (
            Some(401),
            br#"{"status":401,"reason":"credential_invalid"}"#,
        ),
        (Some(403), b"Forbidden"),
        (Some(403), br#"{"status":403,"reason":"origin_unknown"}"#),
        (
            Some(403),
            br#"{"status":403,"reason":"of_a_later_version"}"#,
        ),
        (Some(429), br#"{"status":429,"reason":"too_many_requests"}"#),
        (Some(500), b"<html>Internal Server Error</html>"),
        (Some(503), br#"{"status":503,"reason":"unavailable"}"#),
        // By a status that does not belong to it.
        (Some(503), br#"{"status":403,"reason":"session_ended"}"#),
        (Some(504), b"upstream request timeout"),
    ]
}

#[test]
fn b02_no_answer_ends_no_session() {
    let good = Clients::new().good_answer();
    for (answered, body) in no_answers(&good) {
        let mut clients = Clients::new();
        let reply = reply(clients.refresh(answered, body));
        let seen = (reply.status, reply.reason);
        assert_eq!(seen, (503, "control_unavailable"), "{answered:?}");
        assert_eq!(all(&reply, "retry-after"), ["3"]);
        assert!(all(&reply, "www-authenticate").is_empty());
        assert!(all(&reply, "set-cookie").is_empty(), "cookies stay");
        assert!(reply.body.contains("\"reason\":\"control_unavailable\""));
        assert_eq!(clients.world.counted("refresh.failed"), 1);
    }
}

#[test]
fn b02_no_answer_is_said_in_frames_of_every_site() {
    for site in ["same-site", "cross-site"] {
        let mut clients = Clients::new();
        let frame = [
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-site", site),
        ];
        let fields = with(get("wiki.example", "/a"), &frame);
        assert_eq!(clients.request(1, &fields), Effect::AwaitRoot);
        let call = clients.world.call();
        clients.world.answer_call(call.id, None, b"");
        let page = reply(clients.world.wake_due().remove(0).1);
        assert_eq!((page.status, page.reason), (503, "control_unavailable"));
        let policy = all(&page, "content-security-policy")[0];
        assert!(policy.ends_with("frame-ancestors *"), "{site}: {policy}");
    }
}

#[test]
fn b02_no_answer_is_remembered_so_that_forty_images_ask_once() {
    let mut clients = Clients::new();
    clients.refresh(Some(504), b"");
    let expected = (503, "control_unavailable");
    for stream in 2..42 {
        assert_eq!(status(clients.fetch(stream)), expected);
    }
    let identity = clients.request(42, &get("wiki.example", "/.access/identity"));
    assert_eq!(status(identity), expected);
    assert!(clients.world.calls().is_empty());
    let counted: Vec<_> = clients.world.filter.take_counters().collect();
    for (name, count) in [
        ("refresh.asked", 1),
        ("refresh.failed", 1),
        ("refresh.remembered", 41),
        ("control.unavailable", 1),
    ] {
        let name = format!("portcullis.{name}");
        assert!(counted.contains(&(name, count)), "{counted:?}");
    }

    // Another session of this browser, or of another one, is not concerned.
    let own = std::mem::take(&mut clients.cookie);
    let token = clients.world.token(|claims| claims.jti = "other".into());
    clients.cookie = format!(
        "__Host-access_token={token}; __Host-access_binding={}",
        binding()
    );
    assert_eq!(clients.fetch(43), Effect::AwaitRoot);
    clients.cookie = own;

    // Three seconds later at the latest the control service is asked again, as `retry-after` says.
    clients.world.now += Duration::from_secs(3);
    assert_eq!(clients.fetch(44), Effect::AwaitRoot);
    let call = clients.world.calls().pop().unwrap();
    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);
    let woken = clients.world.wake_due();
    let (_, effect) = woken.into_iter().find(|(stream, _)| *stream == 44).unwrap();
    assert_eq!(changes(effect).response.set_cookies.len(), 2);
}

#[test]
fn each_kind_gets_its_own_refusal() {
    let post = vec![
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/x"),
    ];
    let form = with(post.clone(), &[("sec-fetch-mode", "navigate")]);
    let websocket = with(get("wiki.example", "/x"), &[("upgrade", "websocket")]);
    let grpc = with(post, &[("content-type", "application/grpc")]);
    let page = navigate("wiki.example", "/x");
    let ended = problem(403, "session_ended");
    let (no, silence) = (Some(403), None);
    for (fields, answered, expected, grpc_status) in [
        (&page, no, (302, "session_expired"), None),
        (&form, no, (401, "session_expired"), None),
        (&websocket, no, (401, "session_expired"), None),
        (&grpc, no, (401, "session_expired"), Some(16)),
        (&page, silence, (503, "control_unavailable"), None),
        (&form, silence, (503, "control_unavailable"), None),
        (&websocket, silence, (503, "control_unavailable"), None),
        (&grpc, silence, (503, "control_unavailable"), Some(14)),
    ] {
        let mut clients = Clients::new();
        assert_eq!(clients.request(1, fields), Effect::AwaitRoot);
        let call = clients.world.call();
        clients
            .world
            .answer_call(call.id, answered, answered.map_or(b"", |_| &ended));
        let reply = reply(clients.world.wake_due().remove(0).1);
        assert_eq!((reply.status, reply.reason), expected);
        assert_eq!(reply.grpc_status, grpc_status);
        let retry = all(&reply, "retry-after");
        assert_eq!(retry.len(), usize::from(expected.0 == 503), "{retry:?}");
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
        assert_eq!(clients.world.counted("refresh.refused"), 1);
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
        let call = clients.world.call();
        // Made before the revocation, comes after it.
        let answer = clients.good_answer();
        clients.world.revoke(subject);
        clients.world.answer_call(call.id, Some(200), &answer);
        let woken = clients.world.wake_due();
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
    let call = clients.world.call();
    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);
    let first = clients.world.wake_due();
    first
        .into_iter()
        .for_each(|(_, effect)| drop(changes(effect)));
    clients.world.revoke(Subject::User(claims().sub));
    let rest = clients.world.wake_due();
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
    let call = clients.world.call();
    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);
    clients.world.now += Duration::from_millis(300_001);
    assert_eq!(status(clients.world.wake_due().remove(0).1), (503, "stale"));

    // The application goes.
    let mut clients = Clients::new();
    clients.fetch(1);
    let call = clients.world.call();
    let answer = clients.good_answer();
    clients.world.version += 1;
    clients
        .world
        .load(vec![wire("c", &[at("other.example", None, None)])]);
    clients.world.answer_call(call.id, Some(200), &answer);
    assert_eq!(
        status(clients.world.wake_due().remove(0).1),
        (403, "unknown_host")
    );
}
