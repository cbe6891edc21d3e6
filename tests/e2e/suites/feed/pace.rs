//! Nothing that answers at once is asked in a hot loop.

use std::time::{Duration, Instant};

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::feed_relay::Conduct;

use super::health::{Attacked, LIMIT};

/// What a filter asked for in half a second when each tick brought a poll.
const POLLS: usize = 10;
/// It pauses for a tenth of a second, then for two, four, eight, then for one each time.
const LEAST: Duration = Duration::from_secs(3);

#[test]
fn answers_without_news_are_not_asked_for_in_a_hot_loop() -> Result<()> {
    let attacked = Attacked::start("feed-pace")?;
    attacked.settled()?;
    attacked.relay.misbehave(|_| {
        Conduct::Send(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec())
    });
    let begin = Instant::now();
    wait::until("the filters to poll", LIMIT, || {
        Ok((attacked.relay.polls() >= POLLS).then_some(()))
    })?;
    let took = begin.elapsed();
    assert!(took >= LEAST, "{POLLS} polls in {took:?}");
    attacked.relay.behave();
    attacked.catches_up()?;
    attacked.no_panic()
}
