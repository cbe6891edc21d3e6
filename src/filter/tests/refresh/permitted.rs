//! Which requests and which tokens are refreshed at all.

use super::*;

#[test]
fn b02_each_kind_is_refreshed_but_preflights_and_prefetches() {
    let mode = |mode| ("sec-fetch-mode", mode);
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);
    let rows: [Row<'_>; 9] = [
        ("GET", &[], true),
        (
            "GET",
            &[mode("navigate"), ("sec-fetch-dest", "document")],
            true,
        ),
        (
            "GET",
            &[
                mode("navigate"),
                ("sec-fetch-dest", "iframe"),
                ("sec-fetch-site", "cross-site"),
            ],
            true,
        ),
        ("POST", &[mode("navigate")], true),
        ("POST", &[mode("cors")], true),
        ("GET", &[("upgrade", "websocket")], true),
        ("POST", &[("content-type", "application/grpc")], true),
        (
            "OPTIONS",
            &[
                ("origin", "https://x.example"),
                ("access-control-request-method", "PUT"),
            ],
            false,
        ),
        ("GET", &[("sec-purpose", "prefetch")], false),
    ];
    for (method, more, refreshed) in rows {
        let mut clients = Clients::new();
        let fields = [
            (":method", method),
            (":authority", "wiki.example"),
            (":path", "/x"),
        ];
        let effect = clients.request(1, &with(fields.to_vec(), more));
        assert_eq!(effect == Effect::AwaitRoot, refreshed, "{method} {more:?}");
        assert_eq!(clients.world.calls().len(), usize::from(refreshed));
    }
}

#[test]
fn b02_the_application_says_whether_tokens_are_refreshed() {
    use RefreshInRequest::{Always, Never, WithBinding};
    for (setting, bound, refreshed) in [
        (WithBinding, true, true),
        (WithBinding, false, false),
        (Always, true, true),
        (Always, false, true),
        (Never, true, false),
        (Never, false, false),
    ] {
        let mut clients = Clients::at(|settings| {
            settings.refresh_in_request = setting;
            settings.binding = bound;
        });
        if !bound {
            let token = clients.world.token(|claims| claims.cnf = None);
            clients.cookie = format!("__Host-access_token={token}");
        }
        let effect = clients.fetch(1);
        let asked = clients.world.calls();
        if refreshed {
            assert_eq!(effect, Effect::AwaitRoot, "{setting:?} {bound}");
            assert_eq!(asked[0].call.body.contains("binding_secret"), bound);
        } else {
            assert_eq!(status(effect), (401, "session_expired"));
            assert!(asked.is_empty());
        }
    }
}

#[test]
fn only_a_token_that_fails_no_other_check_is_refreshed() {
    type Change = fn(&mut ApplicationClaims);
    let rows: [(Change, Option<&str>); 10] = [
        (|_| (), None),
        // The policy changed: the control service judges by the new one.
        (|claims| claims.rule = "gone".into(), None),
        (
            |claims| (claims.exp, claims.rule) = (claims.session_exp, "gone".into()),
            None,
        ),
        (
            |claims| claims.session_exp = EXPIRED.to_seconds(),
            Some("session_expired"),
        ),
        (
            |claims| claims.nbf = EXPIRED.to_seconds() + Duration::from_secs(31),
            Some("not_yet_valid"),
        ),
        (
            |claims| claims.aud = vec!["b".repeat(64)],
            Some("token_not_for_here"),
        ),
        (|claims| claims.cnf = None, Some("session_expired")),
        (
            |claims| claims.usage = Some(crate::protocol::claims::TokenUse::Header),
            Some("token_not_for_here"),
        ),
        (
            |claims| claims.sub = "revoked".into(),
            Some("session_expired"),
        ),
        (
            |claims| claims.iss = "https://x.example".into(),
            Some("token_not_for_here"),
        ),
    ];
    for (change, refused) in rows {
        let mut clients = Clients::new();
        clients.world.revoke(Subject::User("revoked".into()));
        let token = clients.world.token(change);
        clients.cookie = format!(
            "__Host-access_token={token}; __Host-access_binding={}",
            binding()
        );
        match refused {
            Some(reason) => assert_eq!(status(clients.fetch(1)), (401, reason)),
            None => assert_eq!(clients.fetch(1), Effect::AwaitRoot),
        }
    }
}

#[test]
fn a_stolen_token_is_not_refreshed_without_its_binding() {
    let mut clients = Clients::new();
    let token = clients.world.token(|_| ());
    for cookies in ["", "; __Host-access_binding=AAAA"] {
        clients.cookie = format!("__Host-access_token={token}{cookies}");
        assert_eq!(status(clients.fetch(1)), (401, "session_expired"));
    }
    assert!(clients.world.calls().is_empty());
    // Of several secrets, the control service gets the one that fits.
    clients.cookie = format!(
        "__Host-access_binding=AAAA; __Host-access_token={token}; __Host-access_binding={}",
        binding()
    );
    assert_eq!(clients.fetch(1), Effect::AwaitRoot);
    assert!(clients.world.call().call.body.contains(&binding()));
}

#[test]
fn no_call_is_made_for_an_address_that_the_policy_refuses() {
    let mut clients = Clients::at(|settings| {
        settings.rules[0].source_ranges = Some(vec!["192.0.2.0/24".into()]);
    });
    assert_eq!(status(clients.fetch(1)), (401, "session_expired"));
    assert!(clients.world.calls().is_empty());
}

#[test]
fn b14_a_dry_run_does_not_wait_for_a_refresh() {
    let report = CONFIG.replacen('{', "{\"mode\": \"report\",", 1);
    let mut world = World::without_feed(&report);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let mut clients = Clients::of(world);
    let changes = changes(clients.fetch(1));
    assert_eq!(changes.reported, Some("session_expired"));
    assert!(clients.world.calls().is_empty());
}

#[test]
fn of_several_tokens_the_one_that_fails_no_other_check_is_refreshed() {
    // As after a change of `Partitioned`: browsers then hold two cookies of one name.
    let mut clients = Clients::new();
    clients.world.revoke(Subject::User("revoked".into()));
    let revoked = clients.world.token(|claims| {
        claims.sub = "revoked".into();
        claims.exp = EXPIRED.to_seconds() + Duration::from_secs(60);
    });
    let expired = clients.world.token(|_| ());
    clients.cookie = format!(
        "__Host-access_token={revoked}; __Host-access_token={expired}; __Host-access_binding={}",
        binding()
    );
    assert_eq!(clients.fetch(1), Effect::AwaitRoot);
    assert!(clients.world.call().call.body.contains(&expired));
}
