//! Strangers who make requests without end: theirs go first.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::AnyPool;

use super::Scene;
use crate::browser::Browser;

const BEHIND_A_PROXY: &str = "[server]\ntrusted_proxies = [\"127.0.0.1/32\"]\n";

impl Scene {
    async fn behind_a_proxy() -> Self {
        let mut scene = Self::new(json!({})).await;
        scene.service = scene.service.restart(BEHIND_A_PROXY).await;
        scene
    }

    /// The codes of a new request from this address.
    async fn codes_from(&self, address: &str) -> Option<(String, String)> {
        let form = [("client_id", "portcullis-control"), ("application", "wiki")];
        let request = self
            .service
            .http
            .post(self.service.page("/device_authorization"));
        let request = request.header("x-forwarded-for", address).form(&form);
        let response = request.send().await.unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let answer: serde_json::Value = response.json().await.unwrap();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Some((text("device_code"), text("user_code")))
    }

    async fn is_waiting(&self, codes: &(String, String)) -> bool {
        self.poll(&codes.0).await != Err("invalid_grant".to_owned())
    }

    /// Ana opens the page of the code, and sees the question.
    async fn looks_at(&mut self, codes: &(String, String)) {
        let path = format!("/device?user_code={}", codes.1);
        assert_eq!(self.page(&path).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_oldest_of_a_full_network_goes_but_none_that_somebody_looks_at() {
    let mut scene = Scene::behind_a_proxy().await;
    let seen = scene.codes_from("2001:db8::1").await.unwrap();
    scene.looks_at(&seen).await;
    let mut others = Vec::new();
    for number in 0..20 {
        scene.service.clock.advance(1);
        let address = format!("2001:db8::1:{number}");
        others.push(scene.codes_from(&address).await.unwrap());
    }
    assert!(!scene.is_waiting(&others[0]).await);
    assert!(scene.is_waiting(&others[1]).await);
    // Another network has room of its own.
    assert!(scene.codes_from("2001:db8:0:1::1").await.is_some());
    scene.confirm(&seen.1).await;
    assert!(scene.poll(&seen.0).await.is_ok());
}

#[tokio::test]
async fn the_largest_network_of_a_full_site_makes_room() {
    let scene = Scene::behind_a_proxy().await;
    let own = scene.codes_from("2001:db8:0:ff::1").await.unwrap();
    let mut first = None;
    for network in 0..11 {
        for host in 0..20 {
            scene.service.clock.advance(1);
            let address = format!("2001:db8:0:{network:x}::{host:x}");
            let codes = scene.codes_from(&address).await.unwrap();
            first.get_or_insert(codes);
        }
    }
    assert!(!scene.is_waiting(&first.unwrap()).await);
    assert!(scene.is_waiting(&own).await, "the older, of a small share");
}

/// Fills all places with requests of fifty sites, ten networks each.
async fn fill(scene: &Scene, pool: &AnyPool) {
    let mut write = pool.begin().await.unwrap();
    let now = i64::try_from(scene.service.clock_now()).unwrap();
    for number in 0..10_000 - 1 {
        let site = format!("2001:db8:{:x}::/48", number / 200);
        let network = format!("2001:db8:{:x}:{:x}::", number / 200, number / 20 % 10);
        let insert = "INSERT INTO device_codes (device_code_hash, user_code_hash, audience, \
             client_address, client_network, client_site, asked_at, expires_at, poll_interval, \
             next_poll_at) VALUES ($1, $1, $2, $3, $3, $4, $5, $6, 5, $5)";
        sqlx::query(insert)
            .bind(format!("code {number}"))
            .bind(&scene.audience)
            .bind(network)
            .bind(site)
            .bind(now)
            .bind(now + 600)
            .execute(&mut *write)
            .await
            .unwrap();
    }
    write.commit().await.unwrap();
}

#[tokio::test]
async fn ten_thousand_requests_of_strangers_leave_room_for_all_others() {
    let mut scene = Scene::behind_a_proxy().await;
    let pool = AnyPool::connect(&scene.service.database_url).await.unwrap();
    let own = scene.codes_from("192.0.2.7").await.unwrap();
    scene.service.clock.advance(1);
    fill(&scene, &pool).await;
    let mut new = Vec::new();
    for last in 1..=10 {
        let address = format!("198.51.{last}.7");
        new.push(scene.codes_from(&address).await.unwrap());
    }
    let (all,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM device_codes")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(all, 10_000);
    for codes in new.iter().chain([&own]) {
        scene.confirm(&codes.1).await;
        assert!(scene.poll(&codes.0).await.is_ok());
    }
}

#[tokio::test]
async fn one_user_can_look_at_a_few_requests_only() {
    let mut scene = Scene::behind_a_proxy().await;
    let mut codes = Vec::new();
    for _ in 0..20 {
        scene.service.clock.advance(1);
        let one = scene.codes_from("2001:db8::1").await.unwrap();
        scene.looks_at(&one).await;
        codes.push(one);
    }
    // The user looks at all twenty, so all but the last few may go.
    for _ in 0..16 {
        assert!(scene.codes_from("2001:db8::2").await.is_some());
    }
    assert!(!scene.is_waiting(&codes[15]).await);
    assert!(scene.is_waiting(&codes[16]).await);
    // Where people look at all of them, none goes.
    let mut browsers = Vec::new();
    for name in ["bob", "cyd", "dan", "eva"] {
        let email = format!("{name}@example.com");
        let password = scene.service.user(&email).await;
        let mut browser = Browser::default();
        let who = (email.as_str(), password.as_str());
        browser.sign_in(&scene.service, "/login", who).await;
        browsers.push(browser);
    }
    for browser in &mut browsers {
        for _ in 0..4 {
            let one = scene.codes_from("2001:db8::3").await.unwrap();
            let path = format!("/device?user_code={}", one.1);
            assert_eq!(
                browser.get(&scene.service, &path).await.status(),
                StatusCode::OK
            );
        }
    }
    assert!(scene.codes_from("2001:db8::4").await.is_none());
    assert!(scene.codes_from("192.0.2.7").await.is_some());
}
