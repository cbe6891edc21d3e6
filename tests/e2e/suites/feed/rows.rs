//! The attacks, one a row. None of what they send may take effect.

use portcullis_e2e::feed_relay::{Conduct, Poll};
use serde_json::{Value, json};

/// A way to misbehave.
pub struct Attack {
    pub name: &'static str,
    pub misconduct: fn(&Poll) -> Conduct,
    /// How many polls may be made of it until one has failed.
    pub most_polls: usize,
}

const JSON: &str = "application/json";
/// The first poll fails, and pauses grow from then on.
const FEW: usize = 6;
/// A snapshot may have a thousand pages, and a second one may have been begun.
const MANY: usize = 2_700;

const fn attack(name: &'static str, misconduct: fn(&Poll) -> Conduct) -> Attack {
    Attack {
        name,
        misconduct,
        most_polls: FEW,
    }
}

pub const ATTACKS: &[Attack] = &[
    // Not a page at all.
    attack("no answer", |_| Conduct::Send(Vec::new())),
    attack("no HTTP", |_| {
        Conduct::Send(b"220 mail.example ESMTP\r\n".to_vec())
    }),
    attack("no body", |_| Conduct::text("200 OK", JSON, "")),
    attack("HTML", |_| {
        Conduct::text("200 OK", "text/html", "<html>captive portal</html>")
    }),
    attack("status 500", |_| {
        Conduct::text("500 Internal Server Error", JSON, "{}")
    }),
    attack("status 401", |_| {
        Conduct::text("401 Unauthorized", JSON, "{}")
    }),
    attack("a redirect to a page", |_| {
        Conduct::Send(
            b"HTTP/1.1 302 Found\r\nlocation: /api/filter/v1/feed?elsewhere\r\n\
              content-length: 0\r\nconnection: close\r\n\r\n"
                .to_vec(),
        )
    }),
    // Half a page.
    attack("truncated JSON", |poll| {
        let text = poll.delta(&revoke_everybody(poll)).to_string();
        Conduct::text(
            "200 OK",
            JSON,
            text.get(..text.len() / 2).unwrap_or_default(),
        )
    }),
    attack("a connection that ends in the body", |poll| {
        let body = poll.delta(&revoke_everybody(poll));
        Conduct::Send(
            format!("HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n{body}").into_bytes(),
        )
    }),
    // Out of order.
    attack("the service's first page, replayed", |poll| {
        Conduct::Send(poll.first_page.clone())
    }),
    attack("a page from the future", |poll| {
        changed(
            poll,
            json!({"after": poll.after + 1, "version": poll.after + 2}),
        )
    }),
    attack("a page from the past", |poll| {
        changed(
            poll,
            json!({"after": poll.after - 1, "version": poll.after}),
        )
    }),
    attack("a version that does not grow", |poll| {
        changed(poll, json!({"version": poll.after}))
    }),
    attack("a delta of another epoch", |poll| {
        changed(poll, json!({"epoch": "another"}))
    }),
    attack("a snapshot of another epoch without keys", |poll| {
        changed(
            poll,
            json!({"kind": "snapshot", "epoch": "another", "after": 0}),
        )
    }),
    // What cannot be understood.
    attack("an unknown kind", |poll| {
        changed(poll, json!({"kind": "patch"}))
    }),
    attack("an unknown scope", |poll| {
        put(
            poll,
            &json!([["user", "x", 1, 0, 1], ["device", "x", poll.after, 0, 1]]),
        )
    }),
    attack("a revocation of another shape", |poll| {
        put(poll, &json!([{"user": "x"}]))
    }),
    attack("a key that comes twice", |poll| {
        let text = poll.delta(&json!({})).to_string();
        Conduct::text("200 OK", JSON, &text.replacen('{', "{\"version\": 1, ", 1))
    }),
    attack("nesting without end", |poll| {
        // In a field that is skipped, where nothing is expected to end the reading.
        let deep = format!("{{\"unknown\": {}", "[".repeat(1_000_000));
        let text = poll.delta(&json!({})).to_string();
        Conduct::text("200 OK", JSON, &text.replacen('{', &deep, 1))
    }),
    // What is too large.
    attack("a version near 2^64", |poll| {
        changed(poll, json!({"version": u64::MAX}))
    }),
    attack("a version beyond what JSON holds exactly", |poll| {
        changed(poll, json!({"version": 1u64 << 53}))
    }),
    attack("a negative version", |poll| {
        changed(poll, json!({"version": -1}))
    }),
    attack("a revocation for ever", |poll| {
        put(poll, &json!([["user", "x", u64::MAX, 0, u64::MAX]]))
    }),
    attack("a user's id of a megabyte", |poll| {
        put(
            poll,
            &json!([["user", "x".repeat(1 << 20), poll.after, 0, 1]]),
        )
    }),
    attack("a page of 150,000 revocations", |poll| {
        let entry = |number: u32| json!(["session", format!("s{number}"), 1, 0, 1]);
        put(poll, &(0..150_000).map(entry).collect())
    }),
    attack("a body of 40 MiB", |poll| {
        changed(poll, json!({"padding": " ".repeat(40 << 20)}))
    }),
    // What cannot be honoured.
    attack("two applications in one place", |poll| {
        applications(
            poll,
            &[
                application("a", "twins.example"),
                application("b", "twins.example"),
            ],
        )
    }),
    attack("a hostname of odd characters", |poll| {
        applications(poll, &[application("a", "Wiki.example\u{0}/..")])
    }),
    attack("an audience that is none", |poll| {
        applications(poll, &[application("zz", "z.example")])
    }),
    attack("a key that is no point of its curve", |poll| {
        let key =
            json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k", "x": "AA", "y": "AA"});
        changed(
            poll,
            json!({"keys": {"keys": [key]}, "revocations": {"put": everybody(poll)}}),
        )
    }),
    // What never ends.
    attack("pages without content", |poll| snapshot(poll, &json!([]))),
    Attack {
        name: "pages that never end",
        misconduct: |poll| snapshot(poll, &everybody(poll)),
        most_polls: MANY,
    },
    attack("a slow drip", |_| {
        Conduct::Drip(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{".to_vec())
    }),
];

/// The page that follows, with every user revoked and something else wrong.
fn changed(poll: &Poll, mut changes: Value) -> Conduct {
    if let Some(changes) = changes.as_object_mut() {
        changes
            .entry("revocations")
            .or_insert_with(|| json!({"put": everybody(poll)}));
    }
    Conduct::page(&poll.delta(&changes))
}

fn put(poll: &Poll, revocations: &Value) -> Conduct {
    Conduct::page(&poll.delta(&json!({"revocations": {"put": revocations}})))
}

fn revoke_everybody(poll: &Poll) -> Value {
    json!({"revocations": {"put": everybody(poll)}})
}

fn everybody(poll: &Poll) -> Value {
    json!([["user", "everybody", poll.after + 1, 0, 4_102_444_800u64]])
}

fn applications(poll: &Poll, put: &[Value]) -> Conduct {
    changed(poll, json!({"applications": {"put": put}}))
}

fn application(audience: &str, hostname: &str) -> Value {
    json!({
        "audience": audience.repeat(64 / audience.len()), "name": audience,
        "origins": [{"hostname": hostname}], "binding": false,
        "cookie": {"http_only": true, "same_site": "lax", "partitioned": false},
    })
}

/// A page of a snapshot that always names another.
fn snapshot(poll: &Poll, revocations: &Value) -> Conduct {
    let number: u64 = poll
        .next
        .as_ref()
        .and_then(|next| next.parse().ok())
        .unwrap_or(0);
    // A poll for a page names no position.
    let page = json!({
        "epoch": "another-life", "kind": "snapshot", "after": 0, "version": 1_000_000,
        "next": (number + 1).to_string(), "now": 1_795_450_380u64,
        "revocations": {"put": revocations},
    });
    Conduct::page(&page)
}
