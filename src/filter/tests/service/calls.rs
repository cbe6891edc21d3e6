//! How many calls pairs cause, and who waits for them.

use super::*;

#[test]
fn s19_one_call_for_a_pair_however_many_requests_wait() {
    let mut programs = Programs::new();
    for stream in 1..=50 {
        assert_eq!(programs.show(stream, &secret_of(1)), Effect::AwaitRoot);
    }
    let RootCall { id, call } = programs.world.call();
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    let expected = serde_json::json!({
        "client_id": client_id(ID),
        "client_secret": secret_of(1),
        "origin": "https://wiki.example",
        "audience": "a".repeat(64),
    });
    assert_eq!((call.name, body), ("service", expected));
    assert!(
        programs.world.wake_due().is_empty(),
        "nothing before the answer"
    );
    let good = programs.good();
    programs.world.answer_call(id, Some(200), &good);
    let mut woken = Vec::new();
    while let batch = programs.world.wake_due()
        && !batch.is_empty()
    {
        woken.extend(batch);
    }
    assert_eq!(woken.len(), 50);
    for (_, effect) in woken {
        assert_eq!(admitted(effect).identity.unwrap().id(), subject(ID));
    }
    // The token is kept: later requests cause no call.
    for stream in 51..=60 {
        admitted(programs.show(stream, &secret_of(1)));
    }
    assert!(programs.world.calls().is_empty());
    assert_eq!(programs.world.counted("service.asked"), 1);
}

#[test]
fn s19_a_call_is_made_and_its_token_kept_though_the_client_has_left() {
    let mut programs = Programs::new();
    programs.show(1, &secret_of(1));
    programs.world.filter.forget(1);
    let call = programs.world.call();
    let good = programs.good();
    programs.world.answer_call(call.id, Some(200), &good);
    admitted(programs.show(2, &secret_of(1)));
}

#[test]
fn s19_a_wrong_pair_is_remembered_for_ten_seconds() {
    let mut programs = Programs::new();
    let wrong = (401, "service_token_invalid");
    let first = programs.ask(&secret_of(1), Some(403), &invalid());
    assert_eq!(status(first), wrong);
    programs.world.now += Duration::from_millis(9_999);
    assert_eq!(status(programs.show(1, &secret_of(1))), wrong);
    assert!(!programs.world.filter.has_root_calls());
    programs.world.now += Duration::from_millis(1);
    assert_eq!(programs.show(1, &secret_of(1)), Effect::AwaitRoot);
}

#[test]
fn s19_a_flood_of_wrong_pairs_costs_no_more_calls_than_its_bound() {
    let mut programs = Programs::known(&secret_of(255));
    let mut calls = 0;
    let mut asked_for = 0;
    let mut crowded = 0;
    for second in 0..10_u8 {
        programs.world.now += Duration::from_secs(1);
        for number in 0..=250_u8 {
            // A botnet: each wrong pair from another network.
            programs.world.address = Some([198, 51, second, number].into());
            let mut random = [number; 32];
            random[0] = second;
            match programs.show(1, &secret(&random)) {
                Effect::AwaitRoot => asked_for += 1,
                effect => {
                    assert_eq!(status(effect), (503, "control_unavailable"));
                    crowded += 1;
                }
            }
            // Who is known is not harmed.
            admitted(programs.show(2, &secret_of(255)));
            for call in programs.world.calls() {
                calls += 1;
                programs.world.answer_call(call.id, Some(403), &invalid());
            }
            programs.world.wake_due();
        }
    }
    assert_eq!(calls, asked_for);
    assert!((64..=64 + 200).contains(&calls), "{calls} calls");
    assert_eq!(crowded, 2_510 - calls);
}

#[test]
fn s19_one_sender_of_wrong_pairs_leaves_calls_for_others() {
    let mut programs = Programs::new();
    for number in 0..100 {
        programs.show(u32::from(number), &secret_of(number));
    }
    let of_one = programs.world.calls().len();
    assert_eq!(of_one, 16, "calls of one network");
    // A network shares the first one's bucket by chance: one in 64, and five of eight never.
    let mut others = 0;
    for host in 1..=8 {
        programs.world.address = Some([203, 0, 113, host].into());
        others += usize::from(programs.show(1_000, &secret_of(200 + host)) == Effect::AwaitRoot);
    }
    assert!(others >= 4, "{others} of eight others may ask");
}

#[test]
fn s19_a_known_pair_is_renewed_in_the_middle_of_a_flood() {
    let mut programs = Programs::known(&secret_of(1));
    programs.pass(LIFE);
    for number in 0..=255 {
        programs.world.address = Some([198, 51, 100, number].into());
        programs.show(u32::from(number), &secret_of(number.max(2)));
    }
    while !programs.world.calls().is_empty() {}
    // All places and calls for strangers are taken.
    programs.world.address = Some([198, 51, 101, 1].into());
    let mut strange = [9; 32];
    strange[0] = 8;
    let stranger = programs.show(999, &secret(&strange));
    assert_eq!(status(stranger), (503, "control_unavailable"));
    assert_eq!(programs.show(1_000, &secret_of(1)), Effect::AwaitRoot);
    let call = programs.world.call();
    let good = programs.good();
    programs.world.answer_call(call.id, Some(200), &good);
    let woken = programs.world.wake_due();
    assert_eq!(woken.len(), 1);
    assert_eq!(woken[0].0, 1_000);
}

#[test]
fn s19_one_pair_takes_no_more_places_than_its_own() {
    let mut programs = Programs::new();
    let mut waiting = 0;
    for stream in 0..300 {
        match programs.show(stream, &secret_of(1)) {
            Effect::AwaitRoot => waiting += 1,
            effect => assert_eq!(status(effect), (503, "control_unavailable")),
        }
    }
    assert_eq!(waiting, 64);
    assert_eq!(programs.show(1_000, &secret_of(2)), Effect::AwaitRoot);
    assert_eq!(programs.world.calls().len(), 2);
}

#[test]
fn s19_unknown_pairs_leave_half_of_the_places_and_all_pairs_have_a_bound() {
    let mut programs = Programs::new();
    let known = [1, 2, 3, 4].map(secret_of);
    for secret in &known {
        let good = programs.good();
        admitted(programs.ask(secret, Some(200), &good));
    }
    programs.pass(LIFE);
    let mut streams = 1..;
    let mut waiting = |programs: &mut Programs, secret: &str, requests: usize| {
        let shown = streams.by_ref().take(requests);
        let effects = shown.map(|stream| programs.show(stream, secret));
        effects
            .filter(|effect| *effect == Effect::AwaitRoot)
            .count()
    };
    // Half of the places, by as few pairs as can take them.
    assert_eq!(waiting(&mut programs, &secret_of(5), 64), 64);
    assert_eq!(waiting(&mut programs, &secret_of(6), 64), 64);
    assert_eq!(waiting(&mut programs, &secret_of(7), 1), 0);
    assert_eq!(programs.world.calls().len(), 2, "no call for it either");
    // The others, by pairs that were good before.
    assert_eq!(waiting(&mut programs, &known[0], 64), 64);
    assert_eq!(waiting(&mut programs, &known[1], 63), 63);
    assert_eq!(waiting(&mut programs, &known[2], 2), 1);
    assert_eq!(waiting(&mut programs, &known[3], 1), 0);
    assert_eq!(programs.world.calls().len(), 3);
}

#[test]
fn s19_a_large_head_does_not_wait_but_its_pair_is_asked_for() {
    let mut programs = Programs::new();
    let large = "x".repeat(40_000);
    let (id, secret) = (client_id(ID), secret_of(1));
    let fields = with(shown("wiki.example", &id, &secret), &[("x-own", &large)]);
    let no_answer = (503, "control_unavailable");
    assert_eq!(status(programs.send(1, &fields)), no_answer);
    let call = programs.world.call();
    let good = programs.good();
    programs.world.answer_call(call.id, Some(200), &good);
    admitted(programs.send(1, &fields));
}

#[test]
fn s19_without_an_answer_the_request_may_be_repeated() {
    let mut programs = Programs::new();
    let no_answer = (503, "control_unavailable");
    for (answer, body) in [
        (None, &b""[..]),
        (Some(503), b"{}"),
        (Some(200), b"<html>"),
        (Some(401), &problem(401, "credential_invalid")),
        (Some(401), &invalid()),
        (Some(429), &problem(429, "too_many_requests")),
    ] {
        let reply = reply(programs.ask(&secret_of(1), answer, body));
        assert_eq!((reply.status, reply.reason), no_answer, "{answer:?}");
        assert_eq!(all(&reply, "retry-after"), ["3"]);
        // A moment later it is not asked for again, but soon.
        assert_eq!(status(programs.show(1, &secret_of(1))), no_answer);
        programs.world.now += Duration::from_secs(3);
    }
    // A lost call ends with its deadline.
    assert_eq!(programs.show(1, &secret_of(1)), Effect::AwaitRoot);
    programs.world.calls();
    programs.world.now += Duration::from_secs(2) + LOST_AFTER;
    programs.world.calls();
    let (_, effect) = programs.world.wake_due().remove(0);
    assert_eq!(status(effect), no_answer);
}

#[test]
fn s19_the_refusal_of_a_known_pair_ends_it() {
    let mut programs = Programs::known(&secret_of(1));
    programs.pass(LIFE);
    let effect = programs.ask(&secret_of(1), Some(403), &invalid());
    assert_eq!(status(effect), (401, "service_token_invalid"));
    programs.world.now += Duration::from_secs(10);
    // It has to share the calls for pairs that are not known.
    for number in 2..=60 {
        programs.show(u32::from(number), &secret_of(number));
    }
    let effect = programs.show(1, &secret_of(1));
    assert_eq!(status(effect), (503, "control_unavailable"));
}

#[test]
fn s19_a_dry_run_asks_and_holds_no_request() {
    let config = CONFIG.replacen('{', "{ \"mode\": \"report\",", 1);
    let mut world = World::without_feed(&config);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let mut programs = Programs::of(world);
    let first = admitted(programs.show(1, &secret_of(1)));
    assert_eq!(first.reported, Some("not_ready"));
    let call = programs.world.call();
    let good = programs.good();
    programs.world.answer_call(call.id, Some(200), &good);
    let second = admitted(programs.show(1, &secret_of(1)));
    assert_eq!((second.reported, second.identity.is_some()), (None, true));
    let third = admitted(programs.show(1, "pcs_"));
    assert_eq!(third.reported, Some("token_malformed"));
    assert!(third.remove.contains(&"x-access-client-secret".to_owned()));
}
