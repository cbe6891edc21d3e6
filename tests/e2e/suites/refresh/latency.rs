//! What a refresh costs the request that waits for it.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::scene::{assert_renewed, scene, set_cookies};

const MEASURED: usize = 40;
/// For a busy machine; measured is a small part of it.
const LIMIT: Duration = Duration::from_millis(500);

#[test]
fn b02_a_refresh_adds_little_to_a_request() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.alone();
    let mut connection = clock.stand.connect(&expired.application)?;
    let old = expired.sub_request("/api/time")?;
    let answer = connection.send(&old)?;
    let cookies = set_cookies(&answer);
    let pairs = cookies.iter().filter_map(|line| line.split(';').next());
    let line = format!("Cookie: {}\r\n", pairs.collect::<Vec<_>>().join("; "));
    let new = expired.application.sub_request("/api/time", &line);

    // The old token is refreshed each time: no filter keeps the new one for it.
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..MEASURED {
        let began = Instant::now();
        let answer = connection.send(&old)?;
        with.push(began.elapsed());
        assert_renewed(&answer);
        let began = Instant::now();
        let answer = connection.send(&new)?;
        without.push(began.elapsed());
        assert_eq!((answer.status, set_cookies(&answer).len()), (200, 0));
    }
    assert_eq!(scene.calls(&expired), MEASURED + 1);
    let (with, without) = (median(with), median(without));
    println!("median of {MEASURED}: {with:?} with a refresh, {without:?} without");
    assert!(with < without + LIMIT, "{with:?}, {without:?}");
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
