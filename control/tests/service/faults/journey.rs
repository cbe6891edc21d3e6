//! Every write that the service makes, one after the other, in a process that is killed on the way.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use portcullis::time::{UnixMillis, UnixSeconds};
use portcullis_control::audit::{Actor, Initiator};
use portcullis_control::sessions::client_description::ClientDescription;
use portcullis_control::storage::{
    Checked, DueRechecks, IdentityEmail, KeyedCall, NewSession, ProviderReport, Proxy, ReportId,
    ReportedPerson, ReportedSession, SignedInIdentity, UserRevocation,
};
use portcullis_control::tokens::keys::rotation;
use portcullis_control::tokens::secret::Plain;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Faults;
use crate::browser::{Attempt, Browser, code_of, exchange, exchanged};
use crate::harness::{Service, WIKI, sign_in_of, tester};

const ANA: &str = "ana@example.com";
const BOB: &str = "bob@example.com";
const NEW_PASSWORD: &str = "correct horse battery staple";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An application and an access group that the configuration file declares.
pub const DECLARED: &str = "[[applications]]\nname = \"declared\"\n\
    origins = [\"https://declared.example.com\"]\n\
    [[access_groups]]\nname = \"office\"\ninclude = [{ ip = \"10.0.0.0/8\" }]\n";

/// The functions of `control/src/storage` that write, and the steps below that call them.
pub const WRITES: &[(&str, &str)] = &[
    ("add_admin_token", "admin token"),
    ("add_application", "applications"),
    ("add_code", "sign-in"),
    ("add_device_code", "device code"),
    ("add_event", "failed sign-in"),
    ("add_filter_credential", "filter credentials"),
    ("add_first_signing_key", "start"),
    ("add_refresh", "refresh"),
    ("add_service_token", "service tokens"),
    ("add_user", "users"),
    ("answer_call", "calls with a key"),
    ("answer_device_code", "device code"),
    ("begin_no_later", "start"),
    ("begin_session", "sign-in"),
    ("begin_session_of", "sign-in with a provider"),
    ("burn_code", "burnt code"),
    ("change_application", "applications"),
    ("change_password", "own password"),
    ("claim_call", "calls with a key"),
    ("claim_form", "forms of the dashboard"),
    ("claim_rechecks", "checks of sessions"),
    ("count_events", "failed sign-in"),
    ("declare", "start"),
    ("declare_access_groups", "start"),
    ("delete_admin_token", "admin token"),
    ("delete_expired_signing_keys", "keys"),
    ("delete_in_turn", "upkeep"),
    ("delete_proxies", "proxies"),
    ("enable_service_token", "service tokens"),
    ("enable_users", "disabled and enabled"),
    ("end_every_session", "revocations"),
    ("end_other_sessions", "other sessions"),
    ("end_rechecked", "checks of sessions"),
    ("end_reported_session", "reports of a provider"),
    // Disables and deletes.
    ("end_service_token", "service tokens"),
    ("end_session", "session of a provider"),
    ("finish_form", "forms of the dashboard"),
    ("forget_proxies", "proxies"),
    ("keep_new_token", "checks of sessions"),
    ("known_browser_key", "sign-in"),
    ("look_at_device_code", "device code"),
    ("note_admin_token", "admin token"),
    ("note_filter_credential", "proxies"),
    ("note_header_token", "token for scripts"),
    ("note_rechecked", "checks of sessions"),
    ("note_service_token", "service tokens"),
    ("note_settings", "start"),
    ("note_shared_nodes", "proxies"),
    ("poll_device_code", "device code"),
    ("publish_signing_key", "keys"),
    ("put_off_recheck", "checks of sessions"),
    ("record_proxies", "proxies"),
    ("refuse_signing_key", "keys"),
    ("release_call", "calls with a key"),
    ("release_form", "forms of the dashboard"),
    ("remove_access_group", "access groups"),
    ("remove_application", "applications"),
    ("remove_users", "users"),
    ("reseal", "keys"),
    // Killed by a test of its own.
    ("restore", "restore"),
    ("revoke_application", "revocations"),
    ("revoke_each", "users"),
    ("revoke_filter_credential", "filter credentials"),
    ("revoke_reported", "reports of a provider"),
    ("revoke_users", "revocations"),
    ("rotate_service_token", "service tokens"),
    ("set_access_group", "access groups"),
    ("set_password", "password"),
    ("set_role", "roles"),
    ("shorten_log", "upkeep"),
    ("sign_out", "sign-out"),
    ("store_missing_words", "start"),
    ("try_write", "upkeep"),
    ("use_code", "exchange"),
    ("use_signing_key", "keys"),
];

/// A process on the way. Each step that was answered is noted where no fault is.
pub struct Journey {
    service: Service,
    steps: std::fs::File,
    audience: String,
    credential: String,
    browser: Browser,
    password: String,
    refresh: Value,
}

impl Journey {
    pub async fn make(faults: &Faults) {
        let steps = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(faults.root.join("answered"))
            .unwrap();
        let service = faults.start(DECLARED).await.unwrap();
        let mut journey = Self {
            service,
            steps,
            audience: String::new(),
            credential: String::new(),
            browser: Browser::default(),
            password: String::new(),
            refresh: Value::Null,
        };
        journey.answered("start");
        journey.administration().await;
        journey.access_groups().await;
        journey.sessions().await;
        journey.provider().await;
        journey.reports().await;
        journey.rechecks().await;
        journey.scripts().await;
        journey.services().await;
        journey.keys().await;
        journey.proxies().await;
        journey.ends().await;
        journey.failures().await;
    }

    fn answered(&mut self, step: &str) {
        writeln!(self.steps, "{step}").unwrap();
    }

    async fn done(&mut self, step: &str, path: &str, body: Value) -> Value {
        let answer = self.service.done(path, body).await;
        self.answered(step);
        answer
    }

    async fn administration(&mut self) {
        let added = self.done("users", "/users", json!({ "email": ANA })).await;
        let role = json!({ "email": ANA, "role": "viewer" });
        self.done("roles", "/users/role", role).await;
        self.forms(added["id"].as_str().unwrap()).await;
        self.calls().await;
        self.password = added["password"].as_str().unwrap().to_owned();
        let bob = self.done("users", "/users", json!({ "email": BOB })).await;
        let each = json!({ "ids": [bob["id"]] });
        let path = "/api/admin/v1/users/revoke";
        self.done("users", path, each).await;
        self.done("users", "/users/remove", json!({ "email": BOB }))
            .await;
        self.done("users", "/users", json!({ "email": BOB })).await;
        self.audience = self.service.wiki(json!({ "header_tokens": true })).await;
        self.answered("applications");
        let other = "https://other.example.com";
        self.service.application("other", other, json!({})).await;
        self.answered("applications");
        let change = json!({ "name": "other", "changes": { "session_duration": "1h" } });
        self.done("applications", "/applications/set", change).await;
        let other = json!({ "name": "other" });
        self.done("applications", "/applications/remove", other)
            .await;
        let all = json!({ "applications": [] });
        let path = "/filter-credentials";
        let made = self.done("filter credentials", path, all.clone()).await;
        self.credential = made["credential"].as_str().unwrap().to_owned();
        let made = self.done("filter credentials", path, all).await;
        let id = json!({ "id": made["id"] });
        self.done("filter credentials", "/filter-credentials/revoke", id)
            .await;
        let token = json!({ "name": "ci", "scopes": ["users:read"] });
        let made = self.done("admin token", "/admin-tokens", token).await;
        let token = made["token"].as_str().unwrap();
        let url = self.service.page("/api/admin/v1/users");
        let used = self.service.http.get(url).bearer_auth(token).send().await;
        assert_eq!(used.unwrap().status(), StatusCode::OK);
        let id = json!({ "id": made["id"] });
        self.done("admin token", "/admin-tokens/revoke", id).await;
    }

    async fn access_groups(&mut self) {
        let step = "access groups";
        let origin = "https://grouped.example.com";
        for (name, domain) in [("staff", "example.com"), ("guests", "example.net")] {
            self.set_access_group(name, domain).await;
        }
        let policy = json!([
            { "id": "a", "action": "allow", "include": [{ "access_group": "staff" }] },
        ]);
        self.service
            .application("grouped", origin, json!({ "policy": policy }))
            .await;
        self.answered("applications");
        self.set_access_group("staff", "example.org").await;
        let guests = "access-groups/guests";
        let (status, _) = self.service.over_socket(Method::DELETE, guests).await;
        assert_eq!(status, StatusCode::OK);
        self.answered(step);
    }

    async fn set_access_group(&mut self, name: &str, domain: &str) {
        let path = format!("access-groups/{name}");
        let body = json!({ "include": [{ "email_domain": domain }] });
        let (status, answer) = self.service.put(&path, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        self.answered("access groups");
    }

    async fn code(&mut self, browser: &mut Browser) -> String {
        let attempt = Attempt::at(&self.audience);
        let who = (ANA, self.password.as_str());
        browser.code(&self.service, &attempt, who).await
    }

    async fn forms(&mut self, user: &str) {
        let service = &self.service.running.service;
        let (storage, now) = (&service.storage, service.now());
        for id in ["done", "refused"] {
            storage.claim_form(id, user, now).await.unwrap();
        }
        storage.finish_form("done", "/dashboard").await.unwrap();
        storage.release_form("refused").await.unwrap();
        self.answered("forms of the dashboard");
    }

    async fn calls(&mut self) {
        let service = &self.service.running.service;
        let (storage, now) = (&service.storage, service.now());
        let [done, refused] = ["done", "refused"].map(|key| KeyedCall {
            token_id: "token",
            key,
            call: "call",
        });
        for sent in [done, refused] {
            storage.claim_call(sent, now).await.unwrap();
        }
        storage.answer_call(done, (200, Some("{}"))).await.unwrap();
        storage.release_call(refused).await.unwrap();
        self.answered("calls with a key");
    }

    async fn failures(&mut self) {
        // One more than has a line of its own: it is counted at once or by the next look, once.
        for _ in 0..11 {
            let who = (ANA, "not the one");
            let failed = Browser::default()
                .sign_in(&self.service, "/login", who)
                .await;
            assert!(failed.status().is_client_error());
        }
        self.service.running.service.store_counts().await.unwrap();
        self.answered("failed sign-in");
    }

    async fn sessions(&mut self) {
        let mut browser = Browser::default();
        let code = self.code(&mut browser).await;
        self.answered("sign-in");
        let answer = exchanged(&self.service, &self.credential, &code).await;
        self.answered("exchange");
        self.refresh = json!({
            "token": answer["token"], "binding_secret": answer["binding"], "origin": WIKI,
        });
        let body = self.refresh.clone();
        let refreshed = self.service.post(&self.credential, "refresh", body).await;
        assert_eq!(refreshed.status(), StatusCode::OK);
        self.answered("refresh");
        let attempt = Attempt::at(&self.audience);
        let response = browser.get(&self.service, &attempt.path()).await;
        let code = code_of(&response, &attempt);
        self.answered("sign-in");
        let mut wrong = exchange(&code);
        wrong["code_verifier"] = json!("x".repeat(43));
        let refused = self.service.post(&self.credential, "exchange", wrong).await;
        assert!(refused.status().is_client_error());
        self.answered("burnt code");
        let fields = [
            ("old_password", self.password.as_str()),
            ("new_password", NEW_PASSWORD),
            ("new_password_again", NEW_PASSWORD),
        ];
        let changed = browser.submit(&self.service, "/password", &fields).await;
        assert!(changed.status().as_u16() < 400, "{}", changed.status());
        self.password = NEW_PASSWORD.to_owned();
        self.answered("own password");
        let mut other = Browser::default();
        self.code(&mut other).await;
        let ended = browser.submit(&self.service, "/sessions", &[("end", "others")]);
        assert!(ended.await.status().as_u16() < 400);
        self.answered("other sessions");
        self.browser = browser;
    }

    async fn provider(&mut self) {
        let service = Arc::clone(&self.service.running.service);
        for (identity, session) in [("first", "session-1"), ("second", "session-2")] {
            let identity = identity_of(identity);
            let new = session_of(session, service.now());
            let storage = &service.storage;
            let begun = storage.begin_session_of(&identity, &new, &service.seal, sign_in_of(""));
            begun.await.unwrap();
            self.answered("sign-in with a provider");
            let id = json!({ "id": session });
            self.done("session of a provider", "/revocations/session", id)
                .await;
        }
    }

    /// Another session of Eva.
    async fn eva(&mut self, session: &str) {
        let service = Arc::clone(&self.service.running.service);
        let identity = identity_of("third");
        let new = session_of(session, service.now());
        let storage = &service.storage;
        let begun = storage.begin_session_of(&identity, &new, &service.seal, sign_in_of(""));
        begun.await.unwrap();
        self.answered("sign-in with a provider");
    }

    async fn reports(&mut self) {
        let service = Arc::clone(&self.service.running.service);
        let storage = &service.storage;
        let by = Initiator::from(Actor::Provider("corp".to_owned()));
        let report = |jti: &'static str| ProviderReport {
            provider_id: "corp",
            reason: "back_channel_logout",
            by: &by,
            once: Some(ReportId {
                issuer: "https://sso.example.com",
                jti,
                expires_at: service.now(),
            }),
        };
        self.eva("session-3").await;
        let session = ReportedSession {
            sid: "at-the-provider",
            subject: None,
        };
        let first = report("1");
        let ended = storage.end_reported_session(&first, session);
        ended.await.unwrap();
        self.answered("reports of a provider");
        self.eva("session-4").await;
        let revocation = UserRevocation {
            blocked_until: UnixSeconds::EPOCH,
            until: service.past_leeway(),
            disable: false,
        };
        let person = ReportedPerson::Subject("eva".to_owned());
        let second = report("2");
        let revoked = storage.revoke_reported(&second, &person, revocation);
        revoked.await.unwrap();
        self.answered("reports of a provider");
    }

    async fn rechecks(&mut self) {
        let service = Arc::clone(&self.service.running.service);
        let (storage, now) = (&service.storage, service.now());
        let by = Initiator::from(Actor::Provider("corp".to_owned()));
        for session in ["session-5", "session-6", "session-7"] {
            self.eva(session).await;
        }
        let due = DueRechecks {
            provider_id: "corp",
            now,
            after: Duration::ZERO,
            longest_wait: Duration::from_secs(60),
            claim_for: Duration::from_secs(60),
            at_most: 3,
        };
        let claimed = storage.claim_rechecks(&due).await.unwrap();
        self.answered("checks of sessions");
        let [first, second, third] = &claimed[..] else {
            panic!("{claimed:?}");
        };
        let token = Plain::new("the next one".to_owned());
        let kept = storage.keep_new_token(first, &token, &service.seal);
        assert!(kept.await.unwrap());
        self.answered("checks of sessions");
        assert!(storage.put_off_recheck(first, now).await.unwrap());
        self.answered("checks of sessions");
        let checked = Checked {
            person: None,
            by: &by,
            asked_at: service.clock.now(),
            now: service.clock.now(),
            next: now,
        };
        storage.note_rechecked(second, &checked).await.unwrap();
        self.answered("checks of sessions");
        let ended = storage.end_rechecked(third, &by, "recheck_refused");
        ended.await.unwrap();
        self.answered("checks of sessions");
        let eva = json!({ "email": "eva@example.com" });
        self.done("revocations", "/revocations/user", eva).await;
    }

    async fn scripts(&mut self) {
        let fields = [("application", self.audience.as_str())];
        let made = self.browser.submit(&self.service, "/tokens", &fields).await;
        assert_eq!(made.status(), StatusCode::OK);
        self.answered("token for scripts");
        let post = async |service: &Service, path: &str, form: &[(&str, &str)]| -> Value {
            let request = service.http.post(service.page(path)).form(form);
            request.send().await.unwrap().json().await.unwrap()
        };
        let client = ("client_id", "portcullis-control");
        let form = [client, ("application", "wiki")];
        let codes = post(&self.service, "/device_authorization", &form).await;
        let user_code = codes["user_code"].as_str().unwrap();
        let path = format!("/device?user_code={user_code}");
        let fields = [("user_code", user_code), ("answer", "confirm")];
        let confirmed = self.browser.submit(&self.service, &path, &fields).await;
        assert_eq!(confirmed.status(), StatusCode::OK);
        self.answered("device code");
        let device_code = codes["device_code"].as_str().unwrap();
        let form = [client, ("grant_type", GRANT), ("device_code", device_code)];
        let token = post(&self.service, "/token", &form).await;
        assert!(token["access_token"].is_string(), "{token}");
        self.answered("device code");
    }

    async fn services(&mut self) {
        let step = "service tokens";
        let all = "/api/admin/v1/service-tokens";
        let made = self.done(step, all, json!({ "name": "ci" })).await;
        let rule = json!({
            "id": "ci", "action": "service", "include": [{ "service_token": "ci" }],
        });
        let everyone = json!({
            "id": "people", "action": "allow", "include": [{ "everyone": true }],
        });
        let change = json!({ "name": "wiki", "changes": { "policy": [rule, everyone] } });
        self.done("applications", "/applications/set", change).await;
        let body = json!({
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "origin": WIKI,
            "audience": self.audience,
        });
        let asked = self.service.post(&self.credential, "service", body).await;
        assert_eq!(asked.status(), StatusCode::OK);
        self.answered(step);
        for call in ["rotate", "disable", "enable"] {
            let path = format!("{all}/ci/{call}");
            self.done(step, &path, json!({})).await;
        }
        let (status, _) = self
            .service
            .over_socket(Method::DELETE, "service-tokens/ci")
            .await;
        assert_eq!(status, StatusCode::OK);
        self.answered(step);
    }

    async fn keys(&mut self) {
        let path = "/api/admin/v1/keys/rotate";
        let service = Arc::clone(&self.service.running.service);
        let mut kids = Vec::new();
        for _ in 0..2 {
            let rotated = self.done("keys", path, json!({})).await;
            kids.push(rotated["kid"].as_str().unwrap().to_owned());
            // It signs when every filter has had time to learn of it.
            self.service.clock.advance(3_600);
            rotation::look(&service).await.unwrap();
            self.answered("keys");
            let long_after = service.now() + Duration::from_secs(400 * 24 * 3_600);
            let keys = service.storage.delete_expired_signing_keys(long_after);
            assert!(keys.await.unwrap().is_some());
            self.answered("keys");
        }
        let reseal = "/api/admin/v1/keys/reseal";
        self.done("keys", reseal, json!({})).await;
        let refuse = format!("/api/admin/v1/keys/{}/refuse", kids[1]);
        self.done("keys", &refuse, json!({})).await;
    }

    async fn proxies(&mut self) {
        let service = Arc::clone(&self.service.running.service);
        let storage = &service.storage;
        let url = self.service.call("feed");
        for process in ["p1", "p2"] {
            let query = format!(
                "?instance={process}&stale_after=300&then=deny&node=edge&process={process}&wait=0"
            );
            let poll = self.service.http.get(url.clone() + &query);
            let polled = poll.bearer_auth(&self.credential).send().await.unwrap();
            let status = polled.status();
            assert_eq!(status, StatusCode::OK, "{}", polled.text().await.unwrap());
        }
        let written = service.proxies.write(storage, &service.notifier);
        written.await.unwrap();
        let one = |proxy: &Proxy| (proxy.credential.clone(), proxy.instance.clone());
        let all: Vec<_> = storage.proxies().await.unwrap().iter().map(one).collect();
        storage.note_shared_nodes(&all).await.unwrap();
        storage
            .delete_proxies(&all[1..], service.clock.now())
            .await
            .unwrap();
        self.answered("proxies");
        let forget = json!({ "instance": "p1" });
        self.done("proxies", "/proxies/forget", forget).await;
        self.service.clock.advance(60);
        storage.tidy(service.now(), service.now()).await.unwrap();
        storage.try_write().await.unwrap();
        self.answered("upkeep");
    }

    async fn ends(&mut self) {
        let wiki = json!({ "name": "wiki", "fresh_login": true });
        self.done("revocations", "/revocations/application", wiki)
            .await;
        let service = &self.service.running.service;
        let (until, by) = (service.tokens_end(), tester());
        let ended = service.storage.end_every_session("", until, &by);
        ended.await.unwrap();
        self.answered("revocations");
        let mut browser = Browser::default();
        self.code(&mut browser).await;
        self.answered("sign-in");
        let out = browser.submit(&self.service, "/logout", &[]).await;
        assert!(out.status().as_u16() < 400);
        self.answered("sign-out");
        let ana = json!({ "email": ANA });
        self.done("password", "/users/password", ana.clone()).await;
        self.done("revocations", "/revocations/user", ana.clone())
            .await;
        self.done("disabled and enabled", "/users/disable", ana.clone())
            .await;
        self.done("disabled and enabled", "/users/enable", ana)
            .await;
        // What is written in the background is written meanwhile.
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.answered("the end");
    }
}

/// What a provider says about the same person at two sign-ins.
fn identity_of(id: &str) -> SignedInIdentity {
    SignedInIdentity {
        id: id.to_owned(),
        provider_id: "corp".to_owned(),
        subject: "eva".to_owned(),
        name: "Eva".to_owned(),
        email: Some(IdentityEmail {
            shown: "eva@example.com".to_owned(),
            normal: "eva@example.com".to_owned(),
            is_believed: true,
        }),
        joins: vec!["partner".to_owned()],
        groups: vec!["engineering".to_owned()],
        claims: serde_json::Map::new(),
        amr: vec!["pwd".to_owned()],
        acr: String::new(),
        provider_sid: "at-the-provider".to_owned(),
        auth_time: None,
        auth_ver: 0,
        begun_ver: u64::MAX,
        asked_at: UnixMillis::EPOCH,
        refresh_token: Some(Plain::new("refresh token".to_owned())),
        id_token: Some(Plain::new("ID token".to_owned())),
    }
}

fn session_of(id: &str, now: UnixSeconds) -> NewSession {
    NewSession {
        id: id.to_owned(),
        user_id: format!("user-of-{id}"),
        password: None,
        now,
        expires_at: now + Duration::from_secs(3_600),
        client: ClientDescription {
            browser: "Firefox".to_owned(),
            user_agent: String::new(),
            address: "192.0.2.1".to_owned(),
        },
        network: "192.0.2.0/24".to_owned(),
        before: None,
        form: None,
    }
}
