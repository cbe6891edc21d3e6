//! Tabs and workers that refresh the same session at the same time: whichever answer comes last,
//! the user stays signed in.

use std::sync::Barrier;
use std::thread;

use anyhow::{Context, Result};
use portcullis_e2e::bootstrap::QUIET;
use portcullis_e2e::connection::{Answer, Connection};

use super::scene::{assert_renewed, scene, set_cookies};

const TABS: usize = 3;
/// Connections of a tab: enough that both workers take some.
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;

#[test]
fn b02_two_workers_and_three_tabs_refreshing_at_once_log_nobody_out() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.alone();
    let stand = &clock.stand;
    let admin = stand.deployment.envoy.admin();
    let port = admin.listener(QUIET)?.port();
    let taken = || {
        admin.stats(&format!(
            r"^listener\.{QUIET}\.worker_\d+\.downstream_cx_total$"
        ))
    };
    let before = taken()?;
    let start = Barrier::new(TABS);
    let tab = || -> Result<Vec<Answer>> {
        let authority = &stand.deployment.certificates.authority;
        let open = || Connection::open(port, &expired.application.host, authority);
        let connections = (0..CONNECTIONS).map(|_| open()).collect::<Result<Vec<_>>>();
        start.wait();
        let (mut connections, request) = (connections?, expired.sub_request("/api/time")?);
        let mut answers = Vec::new();
        for _ in 0..ROUNDS {
            for connection in &mut connections {
                connection.write(&request)?;
            }
            for connection in &mut connections {
                answers.push(connection.read_answer()?);
            }
        }
        Ok(answers)
    };
    let answers: Vec<Answer> = thread::scope(|scope| {
        let tabs: Vec<_> = (0..TABS).map(|_| scope.spawn(tab)).collect();
        let answers = tabs
            .into_iter()
            .map(|tab| tab.join().ok().context("a tab panicked")?);
        let answers: Vec<_> = answers.collect::<Result<_>>()?;
        anyhow::Ok(answers.concat())
    })?;
    let now = taken()?;
    assert!(
        now.iter()
            .all(|(worker, count)| before.get(worker) < Some(count)),
        "{now:?}"
    );

    assert_eq!(answers.len(), TABS * CONNECTIONS * ROUNDS);
    let mut sessions = Vec::new();
    for answer in &answers {
        assert_renewed(answer);
        let cookies = set_cookies(answer);
        let pairs = cookies.iter().filter_map(|line| line.split(';').next());
        sessions.push(pairs.collect::<Vec<_>>().join("; "));
    }
    sessions.sort();
    sessions.dedup();
    println!("{} answers, {} calls", answers.len(), scene.calls(&expired));
    // Whichever of them a browser ends up with is good everywhere.
    for cookies in &sessions {
        let line = format!("Cookie: {cookies}\r\n");
        let request = expired.application.sub_request("/api/time", &line);
        for answer in stand.workers.each(|worker| worker.send(&request))? {
            assert_eq!((answer.status, set_cookies(&answer).len()), (200, 0));
        }
    }
    Ok(())
}
