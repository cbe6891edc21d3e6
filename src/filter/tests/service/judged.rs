//! The token of a pair is judged for every request, by everything.

use super::*;

#[test]
fn s19_what_the_origin_gets_to_know_of_a_service() {
    let mut programs = Programs::new();
    let token = programs.token(|_| ());
    let effect = programs.ask(&secret_of(1), Some(200), &answer_of(token.clone()));
    let changes = admitted(effect);
    assert_eq!(
        changes.remove,
        ["x-access-client-id", "x-access-client-secret"]
    );
    assert!(changes.response.is_empty(), "no cookie is set");
    let added: Vec<_> = changes.add().collect();
    let id = subject(ID);
    // A program has no e-mail address, so the header is absent.
    assert_eq!(
        added,
        [
            ("x-access-jwt-assertion", token.as_str()),
            ("x-access-user-id", &id)
        ]
    );
    let state: Vec<_> = changes.filter_state().collect();
    assert_eq!(state, [("access.user_id", id.as_str())]);
}

#[test]
fn s19_the_pair_alone_counts_whatever_comes_with_it() {
    let mut programs = Programs::known(&secret_of(1));
    let (id, secret) = (client_id(ID), secret_of(1));
    let cookie = programs.world.session_cookie();
    let expired = programs.world.token(|claims| {
        (claims.usage, claims.cnf) = (Some(TokenUse::Header), None);
        claims.exp = UnixSeconds::EPOCH;
    });
    let fields = with(
        shown("wiki.example", &id, &secret),
        &[
            ("cookie", &cookie),
            ("x-access-token", &expired),
            ("x-access-user-email", "root@example.com"),
        ],
    );
    let changes = admitted(programs.send(2, &fields));
    assert_eq!(changes.identity.as_ref().unwrap().id(), subject(ID));
    assert_eq!(changes.cookies.unwrap().left, [b"a=1"]);
    for removed in ["x-access-token", "x-access-user-email"] {
        assert!(changes.remove.contains(&removed.to_owned()), "{removed}");
    }
}

#[test]
fn s19_a_revocation_ends_it_at_once_and_only_the_control_service_brings_it_back() {
    let mut programs = Programs::known(&secret_of(1));
    programs.world.now += Duration::from_secs(5);
    programs.world.revoke(Subject::User(subject(ID)));
    // Enabled again meanwhile.
    let good = programs.good();
    admitted(programs.ask(&secret_of(1), Some(200), &good));
    programs.world.now += Duration::from_secs(5);
    programs.world.revoke(Subject::User(subject(ID)));
    let effect = programs.ask(&secret_of(1), Some(403), &invalid());
    assert_eq!(status(effect), (401, "service_token_invalid"));
    for revoked in [
        Subject::Application("a".repeat(64)),
        Subject::UserApplication(subject(ID), "a".repeat(64)),
    ] {
        let mut programs = Programs::known(&secret_of(1));
        programs.world.now += Duration::from_secs(5);
        programs.world.revoke(revoked);
        assert_eq!(programs.show(1, &secret_of(1)), Effect::AwaitRoot);
    }
}

#[test]
fn s19_a_token_that_lost_the_race_with_a_revocation_is_refused_and_not_asked_for_again() {
    let mut programs = Programs::new();
    programs.show(1, &secret_of(1));
    let call = programs.world.call();
    let old = programs.good();
    programs.world.revoke(Subject::User(subject(ID)));
    programs.world.answer_call(call.id, Some(200), &old);
    let (_, effect) = programs.world.wake_due().remove(0);
    assert_eq!(status(effect), (401, "session_revoked"));
    assert_eq!(
        status(programs.show(2, &secret_of(1))),
        (401, "session_revoked")
    );
    assert!(!programs.world.filter.has_root_calls());
    programs.world.now += Duration::from_secs(2);
    assert_eq!(programs.show(2, &secret_of(1)), Effect::AwaitRoot);
}

#[test]
fn s19_a_token_is_renewed_at_its_end() {
    let mut programs = Programs::known(&secret_of(1));
    programs.pass(LIFE - Duration::from_secs(1));
    admitted(programs.show(1, &secret_of(1)));
    programs.world.now += Duration::from_secs(1);
    let good = programs.good();
    admitted(programs.ask(&secret_of(1), Some(200), &good));
}

#[test]
fn s19_what_is_not_the_token_of_a_service_at_this_application_opens_nothing() {
    type Change = fn(&mut ApplicationClaims);
    for (change, reason) in [
        ((|c| c.sub = claims().sub) as Change, "token_not_for_here"),
        (|c| c.usage = None, "token_not_for_here"),
        (|c| c.aud = vec!["b".repeat(64)], "token_not_for_here"),
        (
            |c| c.iss = "https://evil.example".into(),
            "token_not_for_here",
        ),
        (|c| c.exp = UnixSeconds::EPOCH, "session_expired"),
        (|c| c.rule = "gone".into(), "session_expired"),
    ] {
        let mut programs = Programs::new();
        let answer = answer_of(programs.token(change));
        let effect = programs.ask(&secret_of(1), Some(200), &answer);
        assert_eq!(status(effect), (401, reason));
    }
    let mut programs = Programs::new();
    let forged = Signer::new().sign(&{
        let mut claims = claims();
        of_the_service(&mut claims);
        claims
    });
    let effect = programs.ask(&secret_of(1), Some(200), &answer_of(forged));
    assert_eq!(status(effect).0, 401);
}

/// Origins see the token, so it must open nothing for who holds it.
#[test]
fn s19_the_token_by_itself_is_taken_from_nowhere() {
    let mut world = World::without_feed(CONFIG);
    let mut scripts = wire("a", &[at("wiki.example", None, None)]);
    (scripts.header_tokens, scripts.binding) = (true, false);
    world.load(vec![scripts]);
    for usage in [Some(TokenUse::Header), None] {
        let token = world.token(|claims| {
            of_the_service(claims);
            claims.usage = usage;
        });
        let cookie = format!("__Host-access_token={token}");
        let bearer = format!("Bearer {token}");
        for field in [
            ("x-access-token", token.as_str()),
            ("authorization", &bearer),
            ("cookie", &cookie),
        ] {
            let request = with(get("wiki.example", "/"), &[field]);
            let refused = status(world.send(&request));
            assert_eq!(refused, (401, "token_not_for_here"), "{}", field.0);
        }
    }
}

#[test]
fn s19_a_pair_is_judged_for_each_application_by_itself() {
    let mut programs = Programs::known(&secret_of(1));
    let (id, secret) = (client_id(ID), secret_of(1));
    let fields = shown("notes.example", &id, &secret);
    assert_eq!(programs.send(1, &fields), Effect::AwaitRoot);
    let call = programs.world.call();
    let body: serde_json::Value = serde_json::from_str(&call.call.body).unwrap();
    assert_eq!(body["audience"], "b".repeat(64));
    let denied = problem(403, "policy_denied");
    programs.world.answer_call(call.id, Some(403), &denied);
    let (_, effect) = programs.world.wake_due().remove(0);
    assert_eq!(status(effect), (403, "policy_denied"));
    admitted(programs.show(2, &secret_of(1)));
}

#[test]
fn s19_the_networks_of_the_rule_are_asked_on_every_request() {
    let mut world = World::without_feed(CONFIG);
    let mut networks = wire("a", &[at("wiki.example", None, None)]);
    networks.rules = vec![Rule {
        id: "rule1".into(),
        source_ranges: Some(vec!["192.0.2.0/24".into()]),
    }];
    world.load(vec![networks]);
    let mut programs = Programs::of(world);
    programs.show(1, &secret_of(1));
    let call = programs.world.call();
    let good = programs.good();
    programs.world.answer_call(call.id, Some(200), &good);
    admitted(programs.show(2, &secret_of(1)));
    programs.world.address = Some([203, 0, 113, 1].into());
    let denied = (403, "policy_denied");
    assert_eq!(status(programs.show(3, &secret_of(1))), denied);
    assert!(!programs.world.filter.has_root_calls(), "no other token");
    programs.world.address = Some([192, 0, 2, 1].into());
    admitted(programs.show(4, &secret_of(1)));
}

#[test]
fn s19_a_changed_policy_is_asked_about_at_once() {
    let mut programs = Programs::new();
    let denied = problem(403, "policy_denied");
    let effect = programs.ask(&secret_of(1), Some(403), &denied);
    assert_eq!(status(effect), (403, "policy_denied"));
    programs.world.revoke(Subject::User("somebody".into()));
    let good = programs.good();
    admitted(programs.ask(&secret_of(1), Some(200), &good));
}

#[test]
fn s19_a_stream_of_a_service_is_cut_when_it_is_revoked() {
    let mut programs = Programs::known(&secret_of(1));
    let (id, secret) = (client_id(ID), secret_of(1));
    let websocket = with(
        shown("wiki.example", &id, &secret),
        &[("upgrade", "websocket"), ("connection", "upgrade")],
    );
    admitted(programs.send(2, &websocket));
    let now = programs.world.now + Duration::from_secs(1);
    assert!(programs.world.filter.cuts(now, 10).is_empty());
    programs.world.revoke(Subject::User(subject(ID)));
    let cuts = programs.world.filter.cuts(now, 10);
    assert!(cuts.iter().any(|cut| cut.stream == 2));
    assert!(cuts.iter().all(|cut| cut.reply.reason == "session_revoked"));
}

#[test]
fn s19_the_identity_of_a_service_is_told() {
    let mut programs = Programs::new();
    let (id, secret) = (client_id(ID), secret_of(1));
    let pair = [
        ("x-access-client-id", id.as_str()),
        ("x-access-client-secret", &secret),
    ];
    let identity = with(get("wiki.example", "/.access/identity"), &pair);
    assert_eq!(programs.send(1, &identity), Effect::AwaitRoot);
    let call = programs.world.call();
    let good = programs.good();
    programs.world.answer_call(call.id, Some(200), &good);
    let told = reply(programs.world.wake_due().remove(0).1);
    assert_eq!((told.status, told.reason), (200, "identity"));
    let body: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(body["sub"], subject(ID));
    assert_eq!(body["email"], serde_json::Value::Null);
    let typo = with(get("wiki.example", "/.access/identity"), &pair[..1]);
    let refused = programs.send(1, &typo);
    assert_eq!(status(refused), (401, "token_malformed"));
}

/// The applications of a hostname share one endpoint, and a pair is judged for each of them.
#[test]
fn s19_the_identity_is_told_by_the_first_application_that_admits_the_service() {
    const LISTED: &str = "https://app.example";
    let mut world = World::without_feed(CONFIG);
    let places = [("a", "/longest"), ("b", "/longer"), ("c", "/long")];
    world.load(Vec::from(places.map(|(letter, path)| {
        let mut application = wire(letter, &[at("wiki.example", None, Some(path))]);
        application.cors_origins = vec![LISTED.into()];
        application
    })));
    let mut programs = Programs::of(world);
    let (id, secret) = (client_id(ID), secret_of(1));
    let pair = [
        ("x-access-client-id", id.as_str()),
        ("x-access-client-secret", &secret),
        ("origin", LISTED),
    ];
    let identity = with(get("wiki.example", "/.access/identity"), &pair);
    let denied = problem(403, "policy_denied");
    let good = answer_of(programs.token(|claims| claims.aud = vec!["b".repeat(64)]));
    let asked = |programs: &mut Programs, status: Option<u16>, body: &[u8]| {
        let call = programs.world.call();
        let request: serde_json::Value = serde_json::from_str(&call.call.body).unwrap();
        programs.world.answer_call(call.id, status, body);
        let (_, effect) = programs.world.wake_due().remove(0);
        (
            request["audience"].as_str().unwrap()[..1].to_owned(),
            effect,
        )
    };
    assert_eq!(programs.send(1, &identity), Effect::AwaitRoot);
    let first = asked(&mut programs, Some(403), &denied);
    assert_eq!(first, ("a".to_owned(), Effect::AwaitRoot));
    let (second, effect) = asked(&mut programs, Some(200), &good);
    let told = reply(effect);
    assert_eq!((second.as_str(), told.reason), ("b", "identity"));
    // Who may read the reply is remembered through both waits.
    assert_eq!(all(&told, "access-control-allow-origin"), [LISTED]);
    assert_eq!(status(programs.send(1, &identity)), (200, "identity"));

    // None admits it.
    programs.world.revoke(Subject::User(subject(ID)));
    programs.world.now += Duration::from_secs(2);
    assert_eq!(programs.send(1, &identity), Effect::AwaitRoot);
    for audience in ["a", "b"] {
        let next = asked(&mut programs, Some(403), &denied);
        assert_eq!(next, (audience.to_owned(), Effect::AwaitRoot));
    }
    let (last, effect) = asked(&mut programs, Some(403), &denied);
    assert_eq!(
        (last.as_str(), status(effect)),
        ("c", (403, "policy_denied"))
    );

    // A pair that is wrong is wrong everywhere, and without an answer nothing is known.
    for (answer, body, refused) in [
        (Some(403), invalid(), (401, "service_token_invalid")),
        (None, Vec::new(), (503, "control_unavailable")),
    ] {
        programs.world.now += Duration::from_secs(10);
        assert_eq!(programs.send(1, &identity), Effect::AwaitRoot);
        let (first, effect) = asked(&mut programs, answer, &body);
        assert_eq!((first.as_str(), status(effect)), ("a", refused));
        assert!(!programs.world.filter.has_root_calls());
    }
}

#[test]
fn s19_a_request_that_waited_for_the_feed_waits_for_its_pair_too() {
    let mut programs = Programs::of(World::without_feed(CONFIG));
    assert_eq!(programs.show(1, &secret_of(1)), Effect::Pause);
    let applications = vec![wire("a", &[at("wiki.example", None, None)])];
    programs.world.load(applications);
    assert_eq!(programs.world.wake_due(), [(1, Effect::AwaitRoot)]);
    let call = programs.world.call();
    let good = programs.good();
    programs.world.answer_call(call.id, Some(200), &good);
    let (_, effect) = programs.world.wake_due().remove(0);
    admitted(effect);
}
