//! The time of a refused sign-in does not tell whether an address has an account.

use std::time::Instant;

use crate::browser::Browser;
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const PAIRS: usize = 40;
/// Beyond what chance does once in ten thousand times. If every pair differs in the same direction,
/// the figure is 5.5.
const SUSPICIOUS: f64 = 4.0;
/// A round on a busy machine may be unlucky; a real difference shows in each.
const ROUNDS: usize = 4;
const NO_LIMITS: &str = "[sign_in]\nfailures_per_email = 1000000\nfailures_per_address = 1000000\n";

async fn refused(service: &Service, browser: &mut Browser, email: &str) -> f64 {
    let page = browser.get(service, "/login").await.text().await.unwrap();
    let token = crate::browser::between(&page, "csrf_token\" value=\"", "\"").to_owned();
    let form = [
        ("email", email),
        ("password", "not the password"),
        ("csrf_token", &token),
    ];
    let request = service.http.post(service.page("/login")).form(&form);
    let begun = Instant::now();
    let response = browser.send(request).await;
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(response.status(), 401);
    took
}

/// Wilcoxon's signed-rank test: how many standard deviations the sum of the ranks is off.
fn signed_rank(differences: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = differences.to_vec();
    sorted.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    let ranks = sorted.iter().zip(1_u32..);
    let positive: f64 = ranks
        .filter(|(difference, _)| **difference > 0.0)
        .map(|(_, rank)| f64::from(rank))
        .sum();
    let count = f64::from(u32::try_from(differences.len()).unwrap());
    let mean = count * (count + 1.0) / 4.0;
    let deviation = (count * (count + 1.0) * (2.0 * count + 1.0) / 24.0).sqrt();
    (positive - mean) / deviation
}

async fn round(service: &Service, browser: &mut Browser) -> f64 {
    let mut differences = Vec::new();
    for pair in 0..PAIRS {
        let unknown = format!("nobody-{pair}@example.com");
        // Each first as often as the other.
        let (known, unknown) = if pair % 2 == 0 {
            let known = refused(service, browser, ANA).await;
            (known, refused(service, browser, &unknown).await)
        } else {
            let unknown = refused(service, browser, &unknown).await;
            (refused(service, browser, ANA).await, unknown)
        };
        differences.push(known - unknown);
    }
    signed_rank(&differences)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_refusal_does_not_tell_who_has_an_account() {
    let service = Service::start_with(NO_LIMITS).await;
    service.user(ANA).await;
    let mut browser = Browser::default();
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        let off = round(&service, &mut browser).await;
        if off.abs() < SUSPICIOUS {
            return;
        }
        seen.push(off);
    }
    panic!("standard deviations between known and unknown addresses: {seen:?}");
}

#[test]
fn the_rank_test_tells_a_difference_from_noise() {
    let shifted: Vec<f64> = (0..PAIRS).map(|at| 1.0 + at as f64 / 100.0).collect();
    assert!(signed_rank(&shifted) > SUSPICIOUS);
    let alternating: Vec<f64> = (0..PAIRS)
        .map(|at| (at as f64 + 1.0) * if at % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    assert!(signed_rank(&alternating).abs() < 1.0);
}
