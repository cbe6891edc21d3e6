//! How long a revocation takes until open WebSockets and event streams of the session are closed,
//! on two Envoys.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::propagation::milliseconds;
use super::scene::Scene;
use crate::wire::Connection;

/// A stream that is open longer is not cut at all.
const LIMIT: Duration = Duration::from_secs(3);
/// Of each kind at each Envoy, so that its workers have some with good chance.
const STREAMS: usize = 2;
const WEBSOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Revokes so many sessions, one after the other: milliseconds from the control service's answer to
/// the end of the last stream. Empty if streams are not cut.
pub(super) fn measure(scene: &mut Scene, times: usize) -> Result<Vec<f64>> {
    let mut samples = Vec::new();
    for _ in 0..times {
        match one(scene)? {
            Some(sample) => samples.push(sample),
            None => return Ok(Vec::new()),
        }
    }
    Ok(samples)
}

fn one(scene: &mut Scene) -> Result<Option<f64>> {
    let mut streams = open(scene)?;
    let scene = &*scene;
    thread::scope(|scope| {
        let waiting: Vec<_> = streams
            .iter_mut()
            .map(|stream| scope.spawn(move || stream.end(LIMIT)))
            .collect();
        scene.revoke()?;
        let accepted = Instant::now();
        let ends: Result<Vec<Option<Instant>>> = waiting
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
            .collect();
        let ends: Option<Vec<Instant>> = ends?.into_iter().collect();
        let Some(ends) = ends else {
            return Ok(None);
        };
        let last = ends.into_iter().max().context("no stream")?;
        Ok(Some(milliseconds(last.saturating_duration_since(accepted))))
    })
}

/// WebSockets and event streams of a new session.
fn open(scene: &mut Scene) -> Result<Vec<Connection>> {
    let session = scene.new_session()?;
    let kinds = [
        (session("/ws", WEBSOCKET), 101),
        (session("/events", "Accept: text/event-stream\r\n"), 200),
    ];
    let mut streams = Vec::new();
    for (_, port) in scene.envoys() {
        for (request, expected) in kinds.iter().cycle().take(kinds.len() * STREAMS) {
            let mut stream = scene.connect(port)?;
            let status = stream.begin(request)?.status;
            ensure!(status == *expected, "a stream began with {status}");
            streams.push(stream);
        }
    }
    Ok(streams)
}
