//! Sessions of duration `0`: every navigation asks the team domain.

use super::*;

fn clients_with(seconds_since_issued: u64) -> Clients {
    let mut clients = Clients::new();
    let now = clients.world.now.to_seconds();
    let issued = now - Duration::from_secs(seconds_since_issued);
    let exp = issued + Duration::from_secs(60);
    let token = clients.world.token(|claims| {
        (claims.iat, claims.nbf, claims.exp) = (issued, issued, exp);
        claims.every_navigation = true;
    });
    clients.cookie = format!(
        "__Host-access_token={token}; __Host-access_binding={}",
        binding()
    );
    clients
}

const CROSS_SITE_FRAME: [(&str, &str); 6] = [
    (":method", "GET"),
    (":authority", "wiki.example"),
    (":path", "/x"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "iframe"),
    ("sec-fetch-site", "cross-site"),
];

#[test]
fn s04_a_navigation_is_good_on_the_way_back_from_the_team_domain_only() {
    for (seconds, expected) in [(0, None), (9, None), (10, Some(302)), (61, Some(302))] {
        let mut clients = clients_with(seconds);
        let effect = clients.request(1, &navigate("wiki.example", "/x"));
        match expected {
            None => drop(changes(effect)),
            Some(code) => assert_eq!(status(effect), (code, "session_expired"), "{seconds}"),
        }
        let framed = clients.request(2, &CROSS_SITE_FRAME);
        match expected {
            None => drop(changes(framed)),
            Some(_) => assert_eq!(status(framed), (401, "session_expired")),
        }
        assert!(
            clients.world.calls().is_empty(),
            "no refresh inside navigations"
        );
    }
}

#[test]
fn s04_other_requests_are_good_until_the_end_without_leeway_and_then_refreshed() {
    for (seconds, good) in [(10, true), (59, true), (60, false), (89, false)] {
        let mut clients = clients_with(seconds);
        let effect = clients.fetch(1);
        if good {
            drop(changes(effect));
        } else {
            assert_eq!(effect, Effect::AwaitRoot);
            let call = clients.world.call();
            let answer = clients.answer_with(|claims| {
                claims.every_navigation = true;
                claims.exp = claims.iat + Duration::from_secs(60);
            });
            clients.world.answer_call(call.id, Some(200), &answer);
            drop(changes(clients.world.wake_due().remove(0).1));
        }
    }
}
