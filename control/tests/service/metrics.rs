//! Metrics and health: what they say, and where.

mod documented;
mod proxies;
pub mod scrape;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, exchange, exchanged};
use crate::harness::{Service, WIKI};
use scrape::{Scrape, with_metrics};

const ANA: &str = "ana@example.com";
const EVE: &str = "eve@example.com";

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_and_health_is_on_every_one() {
    let service = with_metrics().await;
    let metrics = service.running.metrics.unwrap();
    let run: Value =
        serde_json::from_slice(&std::fs::read(service.data_dir().join("run.json")).unwrap())
            .unwrap();
    assert_eq!(run["metrics"], metrics.to_string());
    let socket = Client::builder()
        .unix_socket(service.data_dir().join("control.sock"))
        .build()
        .unwrap();
    for (client, base, has_metrics) in [
        (&service.http, format!("http://{metrics}"), true),
        (&service.http, service.page(""), false),
        (
            &service.http,
            format!("http://{}", service.running.filters),
            false,
        ),
        (&socket, "http://control".to_owned(), false),
    ] {
        for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let answer = client.get(format!("{base}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{base}{path}");
            assert_eq!(answer.text().await.unwrap(), text, "{base}{path}");
        }
        let answer = client.get(format!("{base}/metrics")).send().await.unwrap();
        assert_eq!(answer.status() == StatusCode::OK, has_metrics, "{base}");
        if !has_metrics {
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{base}");
        }
    }

    let without = Service::start().await;
    assert_eq!(without.running.metrics, None, "only where it is configured");
}

#[tokio::test]
async fn both_formats_of_prometheus_are_offered() {
    let service = with_metrics().await;
    let url = format!("http://{}/metrics", service.running.metrics.unwrap());
    for (accept, kind) in [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ] {
        let answer = service.http.get(&url).header("accept", accept);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], kind);
        assert!(answer.text().await.unwrap().ends_with("# EOF\n"));
    }
}

#[tokio::test]
async fn sign_ins_are_counted_by_outcome() {
    let service = with_metrics().await;
    let password = service.user(ANA).await;
    let eve = service.user(EVE).await;
    let before = Scrape::of(&service).await;
    for (email, password) in [
        (ANA, password.as_str()),
        (ANA, "wrong one"),
        ("nobody@example.com", "wrong one"),
    ] {
        let mut browser = Browser::default();
        browser.sign_in(&service, "/login", (email, password)).await;
    }
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    service
        .done("/users/disable", json!({ "email": EVE }))
        .await;
    service.clock.advance(61);
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    for (email, password) in [(ANA, &password), (EVE, &eve)] {
        let mut browser = Browser::default();
        browser.sign_in(&service, "/login", (email, password)).await;
    }
    for _ in 0..12 {
        let mut browser = Browser::default();
        let who = ("mallory@example.com", "wrong one");
        browser.sign_in(&service, "/login", who).await;
    }
    let after = Scrape::of(&service).await;
    let more = |outcome: &str| {
        let name = format!("portcullis_control_sign_ins_total{{outcome=\"{outcome}\"}}");
        after.value(&name) - before.value(&name)
    };
    for (outcome, count) in [
        ("signed_in", 1.0),
        ("wrong_password", 12.0),
        ("user_blocked", 1.0),
        ("user_disabled", 1.0),
        ("too_many_failures", 2.0),
        ("busy", 0.0),
        ("error", 0.0),
    ] {
        assert_eq!(more(outcome), count, "{outcome}");
    }
    // The pages that these people saw.
    for (reason, count) in [
        ("user_blocked", 1.0),
        ("user_disabled", 1.0),
        ("too_many_attempts", 2.0),
    ] {
        let name =
            format!("portcullis_control_refusals_total{{endpoint=\"page\",reason=\"{reason}\"}}");
        assert_eq!(after.value(&name), count, "{reason}");
    }
    // 1 right, 12 wrong, and 2 right ones of users who were then refused.
    let hashes = "portcullis_control_password_hash_seconds_count";
    assert_eq!(after.value(hashes) - before.value(hashes), 15.0);
    assert_eq!(
        after.value("portcullis_control_password_hashes_running"),
        0.0
    );
    assert_eq!(
        after.value("portcullis_control_password_hashes_waiting"),
        0.0
    );
}

#[tokio::test]
async fn tokens_and_revocations_are_counted_and_nothing_private_is_told() {
    let service = with_metrics().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({ "header_tokens": true })).await);
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    let answer = exchanged(&service, &credential, &code).await;
    service.clock.advance(60);
    let refresh = json!({
        "token": answer["token"],
        "binding_secret": answer["binding"],
        "origin": WIKI,
    });
    let refreshed = service.post(&credential, "refresh", refresh).await;
    assert_eq!(refreshed.status(), StatusCode::OK);
    let fields = [("application", attempt.app.as_str())];
    let made = browser.submit(&service, "/tokens", &fields).await;
    assert_eq!(made.status(), StatusCode::OK);
    let (user, application) = (json!({ "email": ANA }), json!({ "name": "wiki" }));
    service.done("/revocations/user", user).await;
    service.done("/revocations/application", application).await;

    let scrape = Scrape::of(&service).await;
    for (name, count) in [
        (r#"tokens_issued_total{for="exchange"}"#, 1.0),
        (r#"tokens_issued_total{for="refresh"}"#, 1.0),
        (r#"tokens_issued_total{for="script"}"#, 1.0),
        (r#"revocations_total{scope="user"}"#, 1.0),
        (r#"revocations_total{scope="application"}"#, 1.0),
        (r#"revocations_total{scope="session"}"#, 0.0),
    ] {
        assert_eq!(scrape.sum(name), count, "{name}");
    }
    for name in ["read", "write", "write_wait"] {
        let count = format!("database_{name}_seconds_count");
        assert!(scrape.sum(&count) > 5.0, "{count}");
    }
    // No person, no application, no secret, whatever happened.
    for private in [ANA, "wiki", &attempt.app, "127.0.0.1", &code] {
        assert!(!scrape.text().contains(private), "{private}");
    }
}

#[tokio::test]
async fn b17_refusals_are_counted_with_their_reasons() {
    let service = with_metrics().await;
    let settings = json!({ "policy": [{ "emails": [ANA] }] });
    let attempt = Attempt::at(&service.wiki(settings).await);
    let credential = service.credential(&[]).await;
    let eve = service.user(EVE).await;
    let mut browser = Browser::default();
    let path = attempt.path();
    let denied = browser.sign_in(&service, &path, (EVE, &eve)).await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    for (credential, call) in [
        (credential.as_str(), "exchange"),
        ("x.y", "exchange"),
        (&credential, "refresh"),
    ] {
        service.post(credential, call, exchange("unknown")).await;
    }
    for url in [
        service.call("feed"),
        service.call("nothing"),
        service.page("/nothing"),
        service.page("/api/admin/v1/users"),
    ] {
        service.http.get(url).send().await.unwrap();
    }
    let form = [
        ("client_id", "portcullis-control"),
        ("grant_type", "password"),
        ("device_code", "x"),
    ];
    let token = service.http.post(service.page("/token")).form(&form);
    token.send().await.unwrap();

    let scrape = Scrape::of(&service).await;
    for (endpoint, reason) in [
        ("exchange", "code_unknown"),
        ("exchange", "credential_invalid"),
        ("refresh", "request_invalid"),
        ("feed", "credential_invalid"),
        ("none", "request_invalid"),
        ("page", "policy_denied"),
        ("page", "not_found"),
        ("admin", "token_invalid"),
        ("scripts", "unsupported_grant_type"),
    ] {
        let name = format!("refusals_total{{endpoint=\"{endpoint}\",reason=\"{reason}\"}}");
        assert_eq!(scrape.sum(&name), 1.0, "{name}");
    }
    let unavailable = r#"refusals_total{endpoint="exchange",reason="unavailable"}"#;
    assert_eq!(scrape.sum(unavailable), 0.0);
}

#[tokio::test]
async fn without_the_database_the_rest_is_still_served() {
    let service = with_metrics().await;
    let before = Scrape::of(&service).await;
    assert_eq!(before.value("portcullis_control_database_up"), 1.0);
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    sqlx::query("ALTER TABLE feed_state RENAME TO lost")
        .execute(&pool)
        .await
        .unwrap();
    let url = format!("http://{}/readyz", service.running.filters);
    let ready = service.http.get(url).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let after = Scrape::of(&service).await;
    assert_eq!(after.value("portcullis_control_database_up"), 0.0);
    assert_eq!(after.sum("feed_proxies"), 0.0, "absent");
    assert!(
        !after.text().contains("portcullis_control_feed_lag_seconds"),
        "absent"
    );
    let errors = r#"portcullis_control_database_errors_total{kind="unavailable"}"#;
    assert!(after.value(errors) > before.value(errors));
    let refused = r#"portcullis_control_sign_ins_total{outcome="signed_in"}"#;
    assert_eq!(after.value(refused), 0.0, "counters are there");
}
