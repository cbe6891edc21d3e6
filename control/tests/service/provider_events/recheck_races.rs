//! Checks of sessions that meet each other, a sign-in, or a provider that is away.

use std::time::Duration;

use portcullis::time::{UnixMillis, UnixSeconds};
use portcullis_control::audit::{Actor, Initiator};
use portcullis_control::storage::{
    CheckOutcome, Checked, CheckedPerson, ClaimedSession, DueRechecks, IdentityEmail,
};
use portcullis_control::tokens::secret::Plain;
use serde_json::json;
use sqlx::AnyPool;

use super::recheck::{HOUR, ana, answers, column, scene, signed_in, signed_in_with};
use super::{is_in, until};
use crate::metrics::scrape::Scrape;
use crate::openid_provider::{Reply, TOKEN, USERINFO};
use crate::provider_sign_in::Scene;

async fn counted(scene: &Scene, outcome: &str) -> f64 {
    let series = format!("portcullis_control_provider_rechecks_total{{outcome=\"{outcome}\"}}");
    Scrape::of(&scene.service).await.value(&series)
}

async fn pool(scene: &Scene) -> AnyPool {
    AnyPool::connect(&scene.service.database_url).await.unwrap()
}

/// All values of a number.
async fn numbers(scene: &Scene, query: &'static str) -> Vec<i64> {
    let pool = pool(scene).await;
    let rows: Vec<(i64,)> = sqlx::query_as(query).fetch_all(&pool).await.unwrap();
    pool.close().await;
    rows.into_iter().map(|(value,)| value).collect()
}

fn by() -> Initiator {
    Actor::Provider("corp".to_owned()).into()
}

/// Claims all sessions as of this moment.
async fn claim(scene: &Scene, now: u64) -> Vec<ClaimedSession> {
    let due = DueRechecks {
        provider_id: "corp",
        now: UnixSeconds::new(now),
        after: Duration::ZERO,
        longest_wait: Duration::from_secs(HOUR),
        claim_for: Duration::from_secs(60),
        at_most: 10,
    };
    let storage = &scene.service.running.service.storage;
    storage.claim_rechecks(&due).await.unwrap()
}

/// Notes that the provider was asked at this moment, and said these groups and this address.
async fn note(
    scene: &Scene,
    session: &ClaimedSession,
    (asked, group, email): (u64, &str, &str),
) -> CheckOutcome {
    let now = scene.service.clock_now() + 30;
    let checked = Checked {
        person: Some(CheckedPerson {
            email: Some(IdentityEmail {
                shown: email.to_owned(),
                normal: email.to_owned(),
                is_believed: true,
            }),
            groups: vec![group.to_owned()],
            claims: serde_json::Map::new(),
        }),
        by: &by(),
        asked_at: UnixMillis::new(asked * 1_000),
        now: UnixMillis::new(now * 1_000),
        next: UnixSeconds::new(now + HOUR),
    };
    let storage = &scene.service.running.service.storage;
    storage.note_rechecked(session, &checked).await.unwrap()
}

#[tokio::test]
async fn b09_an_older_answer_does_not_replace_a_newer_one() {
    let scene = scene().await;
    signed_in_with(&scene, "r1").await;
    signed_in_with(&scene, "r2").await;
    let now = scene.service.clock_now();
    let claimed = claim(&scene, now).await;
    let [first, second] = &claimed[..] else {
        panic!("{claimed:?}");
    };
    let (old, new) = ("ana@example.com", "anna@example.com");
    let outcome = note(&scene, second, (now + 2, "guests", new)).await;
    assert!(matches!(outcome, CheckOutcome::Changed(_)));
    let outcome = note(&scene, first, (now + 1, "staff", old)).await;
    assert_eq!(outcome, CheckOutcome::Outdated);
    let query = "SELECT COUNT(*) FROM sessions WHERE groups = '[\"guests\"]'";
    assert_eq!(numbers(&scene, query).await, [2]);
    let query = "SELECT COUNT(*) FROM identities JOIN users ON users.id = identities.user_id \
                 WHERE groups = '[\"guests\"]' AND users.email = 'anna@example.com'";
    assert_eq!(numbers(&scene, query).await, [1]);
    // It is due again, at once.
    let again = claim(&scene, now + 30).await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].id, first.id);
    let outcome = note(&scene, &again[0], (now + 3, "guests", new)).await;
    assert_eq!(outcome, CheckOutcome::Kept);
}

#[tokio::test]
async fn an_answer_from_before_a_sign_in_does_not_replace_what_that_one_said() {
    let scene = scene().await;
    signed_in(&scene).await;
    let now = scene.service.clock_now();
    let claimed = claim(&scene, now).await;
    scene.service.clock.advance(10);
    signed_in_with(&scene, "r2").await;
    let before = (now + 5, "guests", "anna@example.com");
    assert_eq!(
        note(&scene, &claimed[0], before).await,
        CheckOutcome::Outdated
    );
    let query = "SELECT COUNT(*) FROM sessions WHERE groups = '[\"staff\"]'";
    assert_eq!(numbers(&scene, query).await, [2]);
}

#[tokio::test]
async fn whoever_lost_the_claim_stores_nothing() {
    let scene = scene().await;
    signed_in(&scene).await;
    let now = scene.service.clock_now();
    let lost = claim(&scene, now).await.remove(0);
    assert!(claim(&scene, now + 59).await.is_empty());
    let held = claim(&scene, now + 60).await.remove(0);
    let service = &scene.service.running.service;
    let (storage, seal) = (&service.storage, &service.seal);
    let token = Plain::new("of-the-loser".to_owned());
    let before = column(&scene, "refresh_token").await;
    assert!(!storage.keep_new_token(&lost, &token, seal).await.unwrap());
    assert_eq!(column(&scene, "refresh_token").await, before);
    let later = UnixSeconds::new(now + HOUR);
    assert!(!storage.put_off_recheck(&lost, later).await.unwrap());
    let said = (now, "guests", "anna@example.com");
    assert_eq!(note(&scene, &lost, said).await, CheckOutcome::Lost);
    let ended = storage.end_rechecked(&lost, &by(), "recheck_refused").await;
    assert_eq!(ended.unwrap(), None);
    assert_eq!(column(&scene, "groups").await, "[\"staff\"]");
    let query = "SELECT COUNT(*) FROM users WHERE email = 'ana@example.com'";
    assert_eq!(numbers(&scene, query).await, [1]);
    assert!(storage.keep_new_token(&held, &token, seal).await.unwrap());
    assert!(matches!(
        note(&scene, &held, said).await,
        CheckOutcome::Changed(_)
    ));
}

#[tokio::test]
async fn a_new_refresh_token_is_stored_before_the_person_is_described() {
    let scene = scene().await;
    signed_in(&scene).await;
    let before = column(&scene, "refresh_token").await;
    // The UserInfo endpoint is asked for the groups, and does not answer.
    let token = ana(&scene, &[]).without("groups");
    answers(&scene, "r1", &token, Some("r2"));
    scene.corp.reply(USERINFO, Reply::nothing());
    scene.service.clock.advance(HOUR);
    until("the person is being described", async || {
        scene.corp.count(USERINFO) > 0
    })
    .await;
    assert_ne!(column(&scene, "refresh_token").await, before);
    scene.service.running.service.rechecks.finished().await;
}

#[tokio::test]
async fn a_claim_that_is_nearly_over_is_left_to_others() {
    let scene = scene().await;
    signed_in(&scene).await;
    answers(&scene, "r1", &ana(&scene, &["staff"]), None);
    let calls = scene.corp.count(TOKEN);
    let rechecks = &scene.service.running.service.rechecks;
    let mut places = Vec::new();
    for _ in 0..32 {
        places.push(rechecks.enter().await);
    }
    scene.service.clock.advance(HOUR);
    let query = "SELECT recheck_at FROM sessions";
    let now = i64::try_from(scene.service.clock_now()).unwrap();
    until("the session is claimed", async || {
        numbers(&scene, query).await == [now + 90]
    })
    .await;
    // It has waited for its turn, and is about to get it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    scene.service.clock.advance(31);
    drop(places);
    rechecks.finished().await;
    assert_eq!(scene.corp.count(TOKEN), calls);
    scene.service.clock.advance(59);
    until("it is claimed again", async || {
        scene.corp.count(TOKEN) == calls + 1
    })
    .await;
    rechecks.finished().await;
}

#[tokio::test]
async fn a_session_that_ended_while_its_provider_was_asked_is_not_ended_by_it() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let no = Reply::json(&json!({ "error": "invalid_grant" })).status(400);
    scene.corp.reply(TOKEN, no.after(Duration::from_secs(2)));
    let calls = scene.corp.count(TOKEN);
    scene.service.clock.advance(HOUR);
    until("the provider is asked", async || {
        scene.corp.count(TOKEN) > calls
    })
    .await;
    let id = column(&scene, "id").await;
    let body = json!({ "id": id });
    scene.service.done("/revocations/session", body).await;
    scene.service.running.service.rechecks.finished().await;
    assert!(!is_in(&scene, &mut browser).await);
    assert_eq!(counted(&scene, "ended").await, 0.0);
    assert_eq!(counted(&scene, "lost").await, 1.0);
    assert!(super::events(&scene).await.is_empty());
}

#[tokio::test]
async fn a_refresh_token_that_cannot_be_read_is_tried_ever_more_rarely() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let pool = pool(&scene).await;
    let other = "UPDATE sessions SET refresh_token = 'sealed1.other.key'";
    sqlx::query(other).execute(&pool).await.unwrap();
    pool.close().await;
    let calls = scene.corp.count(TOKEN);
    for failures in 1..=3 {
        scene.service.clock.advance(HOUR);
        let query = "SELECT recheck_failures FROM sessions";
        until("it is put off", async || {
            numbers(&scene, query).await == [failures]
        })
        .await;
        let wait = numbers(&scene, "SELECT recheck_at FROM sessions").await[0]
            - i64::try_from(scene.service.clock_now()).unwrap();
        let longest = 30 << (failures - 1);
        assert!((longest / 2..=longest).contains(&wait), "{wait}");
    }
    assert_eq!(scene.corp.count(TOKEN), calls);
    assert!(is_in(&scene, &mut browser).await);
}

#[tokio::test]
async fn b09_a_provider_that_is_away_is_asked_about_one_session_at_a_time() {
    let scene = scene().await;
    for number in 0..12 {
        let token = format!("r{number}");
        signed_in_with(&scene, &token).await;
        answers(&scene, &token, &ana(&scene, &["staff"]), None);
    }
    let calls = scene.corp.count(TOKEN);
    let rechecks = &scene.service.running.service.rechecks;
    scene.corp.reply(TOKEN, Reply::text("").status(429));
    scene.service.clock.advance(HOUR);
    until("all are asked that are asked at once", async || {
        scene.corp.count(TOKEN) == calls + 8
    })
    .await;
    rechecks.finished().await;
    // Four are due, and more than a look comes by.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(scene.corp.count(TOKEN), calls + 8);
    scene.service.clock.advance(15);
    until("one is tried", async || {
        scene.corp.count(TOKEN) == calls + 9
    })
    .await;
    rechecks.finished().await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(scene.corp.count(TOKEN), calls + 9);
    scene.corp.behave(TOKEN);
    scene.service.clock.advance(120);
    until("all are checked", async || {
        counted(&scene, "kept").await == 12.0
    })
    .await;
}

#[tokio::test]
async fn a_check_and_a_sign_in_lock_rows_in_the_same_order() {
    let scene = scene().await;
    if !scene.service.database_url.starts_with("postgres") {
        return;
    }
    signed_in(&scene).await;
    let now = scene.service.clock_now();
    let session = claim(&scene, now).await.remove(0);
    let pool = pool(&scene).await;
    // A sign-in that has come as far as the user's row, and goes on to the identity's.
    let mut sign_in = pool.begin().await.unwrap();
    let user = "UPDATE users SET email = email";
    sqlx::query(user).execute(&mut *sign_in).await.unwrap();
    let said = (now + 1, "guests", "anna@example.com");
    let check = note(&scene, &session, said);
    let rest = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let identity = "UPDATE identities SET email = email";
        sqlx::query(identity).execute(&mut *sign_in).await.unwrap();
        sign_in.commit().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(check, rest);
    assert!(matches!(outcome, CheckOutcome::Changed(_)));
    pool.close().await;
}

#[tokio::test]
async fn what_was_said_last_counts_although_the_clock_was_set_back() {
    let scene = scene().await;
    signed_in(&scene).await;
    let now = scene.service.clock_now();
    let session = claim(&scene, now).await.remove(0);
    scene.service.clock.set_back(HOUR);
    let said = (now - HOUR, "guests", "anna@example.com");
    let outcome = note(&scene, &session, said).await;
    assert!(matches!(outcome, CheckOutcome::Changed(_)));
}
