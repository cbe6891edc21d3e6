//! Refresh inside the request: many requests of one expired session, calls and answers.

mod answers;
mod every_navigation;
mod permitted;
mod waiting;

use super::*;
use crate::protocol::calls::RefreshAnswer;
use crate::protocol::feed::RefreshInRequest;

/// When the session of [`claims`] has expired for good.
const EXPIRED: UnixMillis = UnixMillis::new(NOW.get() + 700_000);
const TIMEOUT: Duration = Duration::from_secs(2);

/// Everybody's browser.
struct Clients {
    world: World,
    cookie: String,
}

impl Clients {
    fn new() -> Self {
        Self::of(World::new())
    }

    /// At an application of these settings.
    fn at(change: impl FnOnce(&mut FeedApplication)) -> Self {
        let mut world = World::without_feed(CONFIG);
        let mut settings = wire("a", &[at("wiki.example", None, None)]);
        change(&mut settings);
        world.load(vec![settings]);
        Self::of(world)
    }

    fn of(mut world: World) -> Self {
        let cookie = world.session_cookie();
        world.now = EXPIRED;
        // The feed has gone on meanwhile.
        world.revoke(Subject::User("somebody-else".into()));
        Self { world, cookie }
    }

    fn request(&mut self, stream: u32, fields: &[(&str, &str)]) -> Effect {
        let cookie = self.cookie.clone();
        let fields = with(fields.to_vec(), &[("cookie", &cookie)]);
        self.world.begin(stream, &fields)
    }

    fn fetch(&mut self, stream: u32) -> Effect {
        self.request(stream, &get("wiki.example", "/api"))
    }

    /// One request, one call, one answer; what the request gets.
    fn refresh(&mut self, status: Option<u16>, body: &[u8]) -> Effect {
        assert_eq!(self.fetch(1), Effect::AwaitRoot);
        let call = self.world.call();
        self.world.answer_call(call.id, status, body);
        let mut woken = self.world.wake_due();
        assert_eq!(woken.len(), 1);
        woken.remove(0).1
    }

    /// The token that the control service would make now.
    fn new_token(&self, change: impl FnOnce(&mut ApplicationClaims)) -> String {
        let now = self.world.now.to_seconds();
        let exp = now + Duration::from_secs(600);
        let version = self.world.version;
        self.world.token(|claims| {
            claims.jti = "DDDDDDDDDDDDDDDDDDDDDD".into();
            (claims.iat, claims.nbf, claims.exp) = (now, now, exp);
            claims.ver = version;
            change(claims);
        })
    }

    fn good_answer(&self) -> Vec<u8> {
        self.answer_with(|_| ())
    }

    fn answer_with(&self, change: impl FnOnce(&mut ApplicationClaims)) -> Vec<u8> {
        answer_of(self.new_token(change))
    }
}

fn answer_of(token: String) -> Vec<u8> {
    serde_json::to_vec(&RefreshAnswer {
        token,
        session_exp: claims().session_exp,
        cookie: CookieSettings {
            http_only: false,
            same_site: SameSite::None,
            partitioned: true,
        },
    })
    .unwrap()
}

fn changes(effect: Effect) -> Changes {
    match effect {
        Effect::Continue(changes) => changes,
        other => panic!("not let through but {other:?}"),
    }
}

#[test]
fn b02_an_expired_session_continues_with_a_new_token_and_new_cookies() {
    let mut clients = Clients::new();
    assert_eq!(clients.fetch(1), Effect::AwaitRoot);
    assert!(clients.world.filter.has_root_calls());
    let RootCall { id, call } = clients.world.call();
    assert!(!clients.world.filter.has_root_calls());
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    let old = clients.world.token(|_| ());
    assert_eq!((call.name, call.timeout), ("refresh", TIMEOUT));
    assert_eq!(body["binding_secret"], binding());
    assert_eq!(body["origin"], "https://wiki.example");
    let claims_of = |token: &str| token.rsplit_once('.').unwrap().0.to_owned();
    assert_eq!(claims_of(body["token"].as_str().unwrap()), claims_of(&old));
    assert!(
        clients.world.wake_due().is_empty(),
        "nothing before the answer"
    );

    let token = clients.new_token(|_| ());
    clients
        .world
        .answer_call(id, Some(200), &answer_of(token.clone()));
    let (_, effect) = clients.world.wake_due().remove(0);
    let changes = changes(effect);
    assert_eq!(changes.identity.unwrap().token(), token);
    assert_eq!(changes.cookies.unwrap().left, [b"a=1"]);
    // By the answer's settings, until the global session ends; the secret stays as it was.
    let attributes = "SameSite=None; Partitioned; Secure; Path=/; Max-Age=5300";
    assert_eq!(
        changes.response.set_cookies,
        [
            format!("__Host-access_token={token}; {attributes}"),
            format!(
                "__Host-access_binding={}; HttpOnly; {attributes}",
                binding()
            ),
        ]
    );
    assert!(clients.world.wake_due().is_empty(), "driven on once");
    assert_eq!(clients.world.counted("refresh.asked"), 1);
}

#[test]
fn b02_the_identity_of_an_expired_session_is_told_after_its_refresh() {
    let mut clients = Clients::new();
    let identity = get("wiki.example", "/.access/identity");
    assert_eq!(clients.request(1, &identity), Effect::AwaitRoot);
    let call = clients.world.call();
    let answer = clients.good_answer();
    clients.world.answer_call(call.id, Some(200), &answer);
    let told = reply(clients.world.wake_due().remove(0).1);
    assert_eq!((told.status, told.reason), (200, "identity"));
    assert_eq!(all(&told, "set-cookie").len(), 2);
    let body: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(body["exp"], EXPIRED.to_seconds().get() + 600);

    assert_eq!(clients.request(1, &identity), Effect::AwaitRoot);
    let call = clients.world.call();
    clients
        .world
        .answer_call(call.id, Some(403), &problem(403, "session_ended"));
    let refused = reply(clients.world.wake_due().remove(0).1);
    assert_eq!((refused.status, refused.reason), (401, "session_expired"));
    assert!(all(&refused, "set-cookie").is_empty());
    // Nothing else of the filter's own paths waits.
    for path in ["/.access/x", "/.access/logout"] {
        let effect = clients.request(2, &get("wiki.example", path));
        assert!(matches!(effect, Effect::Reply(_)), "{path}");
    }
}
