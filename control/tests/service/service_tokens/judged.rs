//! What a pair gets from the control service.

use super::*;
use crate::metrics::scrape::{Scrape, with_metrics};

async fn feed_of(scene: &Scene) -> Value {
    let feed = scene.service.http.get(scene.service.call("feed"));
    let feed = feed.bearer_auth(&scene.credential).send().await.unwrap();
    feed.json().await.unwrap()
}

#[tokio::test]
async fn s19_the_answer_tells_a_filter_little_and_the_metrics_all() {
    let service = with_metrics().await;
    let audience = service.wiki(json!({})).await;
    let credential = service.credential(&[]).await;
    let scene = Scene {
        service,
        audience,
        credential,
    };
    let good = scene.made("ci").await;
    let other = scene.made("other").await;
    let short = scene
        .service
        .done(ALL, json!({ "name": "short", "expires": "1h" }))
        .await;
    let short = Pair::of(&short);
    let off = scene.made("off").await;
    scene.change("off", "disable", json!({})).await;
    scene.service.clock.advance(3_600);
    let with = |pair: &Pair, secret: &str| Pair {
        client_secret: secret.to_owned(),
        ..pair.clone()
    };
    let secret = &good.client_secret;
    let mut typo = secret.clone();
    let last = if typo.ends_with('a') { 'b' } else { 'a' };
    typo.replace_range(typo.len() - 1.., &last.to_string());
    let unknown = Pair {
        client_id: "AAAAAAAAAAAAAAAAAAAAAA.service".to_owned(),
        ..good.clone()
    };
    for (pair, why, answer) in [
        (with(&good, &typo), "malformed", invalid()),
        (with(&good, &secret[..40]), "malformed", invalid()),
        (with(&good, ""), "malformed", invalid()),
        (unknown, "unknown", invalid()),
        (with(&good, &other.client_secret), "wrong_secret", invalid()),
        (off, "disabled", invalid()),
        (short, "expired", invalid()),
        (good.clone(), "not_admitted", not_admitted()),
    ] {
        let series = format!("portcullis_control_services_refused_total{{why=\"{why}\"}}");
        let before = Scrape::of(&scene.service).await.value(&series);
        assert_eq!(scene.ask(&pair).await, answer, "{why}");
        let after = Scrape::of(&scene.service).await.value(&series);
        assert_eq!(after - before, 1.0, "{why}");
    }
}

#[tokio::test]
async fn s19_a_pair_is_for_an_application_of_the_filter_at_its_origin() {
    let scene = Scene::new().await;
    let pair = scene.made("ci").await;
    let unknown = Err((403, "origin_unknown".to_owned()));
    for more in [
        json!({ "origin": "https://elsewhere.example.com" }),
        json!({ "origin": "nonsense" }),
        json!({ "audience": "0".repeat(64) }),
    ] {
        assert_eq!(scene.ask_with(&pair, more).await, unknown);
    }
    // Applications share origins, so the call says which one it is for.
    let without = json!({ "audience": null });
    let invalid = Err((400, "request_invalid".to_owned()));
    assert_eq!(scene.ask_with(&pair, without).await, invalid);
    let below = json!({ "origins": ["https://wiki.example.com/below"] });
    scene.service.application("below", WIKI, below).await;
    assert_eq!(scene.ask(&pair).await, not_admitted());
    // A credential that is for another application knows nothing of this one.
    let other = scene.service.credential(&["below"]).await;
    let scene = Scene {
        credential: other,
        ..scene
    };
    assert_eq!(scene.ask(&pair).await, unknown);
}

#[tokio::test]
async fn s19_an_old_secret_is_good_for_the_grace_and_no_longer() {
    let scene = Scene::new().await;
    let first = scene.made("ci").await;
    let second = Pair::of(&scene.change("ci", "rotate", json!({ "grace": "2h" })).await);
    for pair in [&first, &second] {
        assert_eq!(scene.ask(pair).await, not_admitted());
    }
    scene.service.clock.advance(2 * 3_600 - 1);
    assert_eq!(scene.ask(&first).await, not_admitted());
    scene.service.clock.advance(1);
    assert_eq!(scene.ask(&first).await, invalid());
    assert_eq!(scene.ask(&second).await, not_admitted());
    let listed = &scene.service.listed(ALL).await[0];
    assert_eq!(listed["old_secret_until"], Value::Null);
    let unharmed = feed_of(&scene).await;
    assert!(unharmed["revocations"].get("put").is_none(), "{unharmed}");

    // Of three secrets two are good. The token of the oldest may be in use, so it is revoked.
    let third = scene.change("ci", "rotate", json!({})).await;
    assert_eq!(third.get("version"), None, "{third}");
    let fourth = scene.change("ci", "rotate", json!({})).await;
    assert!(fourth["version"].is_u64(), "{fourth}");
    let revoked = &feed_of(&scene).await["revocations"]["put"][0];
    let subject = [&revoked[0], &revoked[1]];
    assert_eq!(subject, [&json!("user"), &json!(first.subject())]);
    assert_eq!(scene.ask(&second).await, invalid());
    for pair in [third, fourth] {
        assert_eq!(scene.ask(&Pair::of(&pair)).await, not_admitted());
    }
}

#[tokio::test]
async fn s19_an_expired_service_token_lives_again_only_by_a_rotation_that_says_for_how_long() {
    let scene = Scene::new().await;
    let made = json!({ "name": "ci", "expires": "1d" });
    scene.service.done(ALL, made).await;
    scene.service.clock.advance(DAY);
    assert_eq!(scene.service.listed(ALL).await[0]["state"], "expired");
    let path = format!("{ALL}/ci/rotate");
    let (status, answer) = scene.service.administer(&path, json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.starts_with("expires: is missing"), "{detail}");
    let new = scene
        .change("ci", "rotate", json!({ "expires": "2d" }))
        .await;
    assert_eq!(scene.ask(&Pair::of(&new)).await, not_admitted());
    assert_eq!(new["expires_at"], scene.service.clock_now() + 2 * DAY);
}

/// A secret that was stolen is disabled first, and then replaced.
#[tokio::test]
async fn s19_a_rotation_revives_no_secret_of_a_disabled_or_expired_service_token() {
    let scene = Scene::new().await;
    let grace = json!({ "grace": "30d" });
    let oldest = scene.made("ci").await;
    let stolen = Pair::of(&scene.change("ci", "rotate", grace.clone()).await);
    scene.change("ci", "disable", json!({})).await;
    let new = scene.change("ci", "rotate", grace.clone()).await;
    assert_eq!(new["old_secret_until"], Value::Null);
    scene.change("ci", "enable", json!({})).await;
    for dead in [&oldest, &stolen] {
        assert_eq!(scene.ask(dead).await, invalid());
    }
    assert_eq!(scene.ask(&Pair::of(&new)).await, not_admitted());

    let made = json!({ "name": "short", "expires": "1h" });
    let expired = Pair::of(&scene.service.done(ALL, made).await);
    scene.service.clock.advance(3_600);
    let rotate = json!({ "grace": "30d", "expires": "90d" });
    let new = scene.change("short", "rotate", rotate).await;
    assert_eq!(new["old_secret_until"], Value::Null);
    assert_eq!(scene.ask(&expired).await, invalid());
    assert_eq!(scene.ask(&Pair::of(&new)).await, not_admitted());
}

#[tokio::test]
async fn s19_what_ends_a_service_token_is_in_the_feed_as_a_revocation() {
    let scene = Scene::new().await;
    for end in ["disable", "delete"] {
        let pair = scene.made(end).await;
        let ended = match end {
            "delete" => scene.delete(end).await,
            call => scene.change(end, call, json!({})).await,
        };
        let page = feed_of(&scene).await;
        assert_eq!(page["version"], ended["version"]);
        let put = page["revocations"]["put"].as_array().unwrap();
        let of_it = put.iter().find(|one| one[1] == pair.subject()).unwrap();
        let until = scene.service.clock_now() + 15 * 60 + 60;
        assert_eq!(
            *of_it,
            json!(["user", pair.subject(), ended["version"], 0, until])
        );
        assert_eq!(scene.ask(&pair).await, invalid());
    }
    let pair = scene.made("again").await;
    scene.change("again", "disable", json!({})).await;
    let enabled = scene.change("again", "enable", json!({})).await;
    assert_eq!(enabled.get("version"), None);
    assert_eq!(scene.ask(&pair).await, not_admitted());
}
