//! How pairs are shown, and what is not one.

use super::*;

/// What of a client tells that it opens a page, or another kind of request.
const LOOKS: [&[(&str, &str)]; 9] = [
    &[],
    &[("accept", "text/html,*/*")],
    &[
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ],
    &[
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-site", "cross-site"),
    ],
    &[("accept", "text/html"), ("origin", "https://wiki.example")],
    &[
        ("hx-request", "true"),
        ("hx-current-url", "https://wiki.example/a"),
        ("sec-fetch-mode", "cors"),
    ],
    &[("upgrade", "websocket"), ("connection", "upgrade")],
    &[("content-type", "application/grpc")],
    &[("sec-purpose", "prefetch")],
];

/// The answer to a request by whatever a client looks like: none is a page, leads to a login, or
/// sets a cookie.
fn refused_by(
    programs: &mut Programs,
    methods: &[&str],
    path: &str,
    fields: &[(&str, &str)],
) -> (u16, &'static str) {
    let mut answers = Vec::new();
    for look in LOOKS {
        for method in methods {
            let head = [
                (":method", *method),
                (":authority", "wiki.example"),
                (":path", path),
            ];
            let head = with(with(head.to_vec(), look), fields);
            let reply = reply(programs.send(7, &head));
            for absent in ["location", "set-cookie", "hx-redirect", "hx-location"] {
                assert!(all(&reply, absent).is_empty(), "{look:?}: {reply:?}");
            }
            assert!(!reply.body.contains("login"), "{look:?}: {reply:?}");
            let kind = all(&reply, "content-type");
            assert!(kind.iter().all(|kind| !kind.contains("html")), "{reply:?}");
            assert_eq!(all(&reply, "cache-control"), ["no-store"]);
            answers.push((reply.status, reply.reason));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers[0]
}

/// The same by any method at a path of the application.
fn refused(programs: &mut Programs, fields: &[(&str, &str)]) -> (u16, &'static str) {
    refused_by(programs, &["GET", "POST", "HEAD"], "/a", fields)
}

fn of(secret: &str) -> (&str, &str) {
    ("x-access-client-secret", secret)
}

#[test]
fn s19_a_part_of_a_pair_two_of_one_and_a_typo_are_malformed_and_cause_no_call() {
    let mut programs = Programs::new();
    let (id, secret) = (client_id(ID), secret_of(1));
    let typo = secret.replace("pcs_AQ", "pcs_AR");
    let cut = &secret[..secret.len() - 1];
    let joined = format!("{secret}, {secret}");
    let joined_ids = format!("{id},{id}");
    let id = ("x-access-client-id", id.as_str());
    for fields in [
        &[id][..],
        &[of(&secret)],
        &[id, of("")],
        &[("x-access-client-id", ""), of("")],
        &[id, id, of(&secret)],
        &[id, of(&secret), of(&secret)],
        &[id, of(&secret), of(&secret_of(2))],
        &[id, of(&typo)],
        &[id, of(cut)],
        &[id, of(&joined)],
        &[("x-access-client-id", &joined_ids), of(&secret)],
        &[("x-access-client-id", ID), of(&secret)],
        &[id, of(&secret[4..])],
    ] {
        let answer = refused(&mut programs, fields);
        assert_eq!(answer, (401, "token_malformed"), "{fields:?}");
    }
    assert!(!programs.world.filter.has_root_calls());
    assert!(programs.world.counted("service.malformed") > 0);
    // Good cookies do not help: the pair alone counts.
    let cookie = programs.world.session_cookie();
    let with_cookie = [id, of(&typo), ("cookie", &cookie)];
    let answer = refused(&mut programs, &with_cookie);
    assert_eq!(answer, (401, "token_malformed"));
}

#[test]
fn s19_a_pair_that_is_refused_never_leads_to_a_login() {
    let mut programs = Programs::new();
    let (id, secret) = (client_id(ID), secret_of(1));
    for (body, answer) in [
        (invalid(), (401, "service_token_invalid")),
        (problem(403, "policy_denied"), (403, "policy_denied")),
    ] {
        let effect = programs.ask(&secret, Some(403), &body);
        assert_eq!(status(effect), answer);
        let fields = [
            ("x-access-client-id", id.as_str()),
            ("x-access-client-secret", &secret),
        ];
        assert_eq!(refused(&mut programs, &fields), answer);
        programs.world.now += Duration::from_secs(10);
    }
    // Nor where nothing is: a redirect would take the secret to another place.
    let fields = shown("wiki.example.", &id, &secret);
    let like_a_page = with(fields, LOOKS[2]);
    assert_eq!(
        status(programs.send(1, &like_a_page)),
        (400, "trailing_dot")
    );
}

#[test]
fn s19_a_program_neither_signs_in_nor_out() {
    let mut programs = Programs::known(&secret_of(1));
    let (id, secret) = (client_id(ID), secret_of(1));
    let (cookie, state) = begin_login(&mut programs.world, "same-origin");
    let session = programs.world.session_cookie();
    let callback = format!("/.access/callback?code=abc&state={state}");
    let id = ("x-access-client-id", id.as_str());
    for pair in [&[id, of(&secret)][..], &[id]] {
        for (methods, path, cookie) in [
            (&["GET", "HEAD"][..], "/.access/login", &session),
            (&["GET"], "/.access/login?return_to=%2Fb", &session),
            (&["GET"], "/.access/login?prompt=none", &session),
            (&["GET", "HEAD"], &callback, &cookie),
            (&["GET"], "/.access/callback?code=abc", &cookie),
            (&["GET", "POST"], "/.access/logout", &session),
        ] {
            // Nor if it holds what a browser would.
            for fields in [pair, &[pair, &[("cookie", cookie)]].concat()] {
                let answer = refused_by(&mut programs, methods, path, fields);
                assert_eq!(answer, (401, "token_not_for_here"), "{path}: {fields:?}");
            }
        }
    }
    assert!(!programs.world.filter.has_root_calls());
}

#[test]
fn s19_a_refusal_is_json_with_a_challenge() {
    let mut programs = Programs::new();
    let refused = reply(programs.ask(&secret_of(1), Some(403), &invalid()));
    let body: serde_json::Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(body["status"], 401);
    assert_eq!(body["reason"], "service_token_invalid");
    assert_eq!(
        all(&refused, "www-authenticate"),
        ["Access realm=\"https://team.example.com\", error=\"service_token_invalid\""]
    );
    assert_eq!(all(&refused, "content-type"), ["application/problem+json"]);
}

#[test]
fn s19_a_secret_in_the_query_or_a_cookie_is_none() {
    let mut programs = Programs::new();
    let (id, secret) = (client_id(ID), secret_of(1));
    let path = format!("/?x-access-client-id={id}&x-access-client-secret={secret}");
    let asked = programs.send(1, &get("wiki.example", &path));
    assert_eq!(status(asked), (401, "no_session"));
    let cookie = format!("x-access-client-id={id}; x-access-client-secret={secret}");
    let fields = with(get("wiki.example", "/"), &[("cookie", &cookie)]);
    assert_eq!(status(programs.send(1, &fields)), (401, "no_session"));
    let basic = with(get("wiki.example", "/"), &[("authorization", &secret)]);
    assert_eq!(status(programs.send(1, &basic)), (401, "no_session"));
    assert!(!programs.world.filter.has_root_calls());
}

#[test]
fn s19_the_pair_is_removed_in_every_spelling_whoever_is_admitted() {
    let mut world = World::without_feed(CONFIG);
    let mut open = wire("a", &[at("wiki.example", None, None)]);
    open.bypass = vec![crate::protocol::feed::Bypass {
        path: "/open".into(),
        matching: crate::protocol::feed::PathMatch::Prefix,
        methods: None,
    }];
    open.preflight = crate::protocol::feed::Preflight::Origin;
    world.load(vec![open]);
    let mut programs = Programs::of(world);
    let (id, secret) = (client_id(ID), secret_of(1));
    let pair = [
        ("x-access-client-id", id.as_str()),
        ("x-access-client-secret", &secret),
    ];
    let spelled = [
        ("x_access_client_id", id.as_str()),
        ("x-access_client-secret", &secret),
        ("x.access.client.secret", &secret),
    ];
    let names = |fields: &[(&str, &str)]| -> Vec<String> {
        fields.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    // Of a path that needs no session nothing is judged.
    for fields in [&pair[..], &pair[..1], &spelled] {
        let request = with(get("wiki.example", "/open"), fields);
        let changes = admitted(programs.send(1, &request));
        assert_eq!((changes.remove, changes.identity), (names(fields), None));
    }
    let preflight = [
        (":method", "OPTIONS"),
        (":authority", "wiki.example"),
        (":path", "/a"),
        ("origin", "https://other.example"),
        ("access-control-request-method", "GET"),
    ];
    let changes = admitted(programs.send(1, &with(preflight.to_vec(), &pair)));
    assert_eq!(changes.remove, names(&pair));
    // Another spelling is no pair, and goes no further either.
    let cookie = programs.world.session_cookie();
    let request = with(get("wiki.example", "/"), &spelled);
    let changes = admitted(programs.send(1, &with(request, &[("cookie", &cookie)])));
    assert_eq!(changes.remove, names(&spelled));
    assert_eq!(changes.identity.unwrap().id(), claims().sub);
    assert!(!programs.world.filter.has_root_calls());
    for name in names(&pair) {
        let named = with(get("wiki.example", "/open"), &[("connection", &name)]);
        let effect = programs.send(1, &named);
        assert_eq!(status(effect), (400, "connection_invalid"));
    }
}
