//! Requests that are more than a head: uploads and upgrades wait with the others, and nothing of
//! them is lost or sent twice.

use std::thread;

use anyhow::{Context, Result, ensure};
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::Stand;
use portcullis_e2e::connection::Answer;
use portcullis_e2e::request::{PROTOCOLS, Protocol};

use super::scene::{Expired, assert_renewed, held, scene};

const BODY_BYTES: usize = 5 << 20;
const CHUNK_BYTES: usize = 64 << 10;
const WEBSOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// A masked text frame, "hello" with a mask of zeros, and what comes back (RFC 6455, section 5).
const HELLO: &[u8] = b"\x81\x85\0\0\0\0hello";
const HELLO_BACK: &[u8] = b"\x81\x05hello";

#[test]
fn b02_uploads_and_a_websocket_wait_with_the_others_and_arrive_whole() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let (upload, chunked, other) = {
        let stand = &scene.stand().stand;
        (
            stand.unique_path(),
            stand.unique_path(),
            stand.unique_path(),
        )
    };
    let answers = held(scene, (&expired, 6), |stand| {
        thread::scope(|scope| {
            let post = |protocol| {
                let (expired, path) = (&expired, upload.as_str());
                scope.spawn(move || send_upload(stand, expired, (protocol, path)))
            };
            let mut running: Vec<_> = PROTOCOLS.into_iter().map(post).collect();
            running.push(scope.spawn(|| send_chunks(stand, &expired, &chunked)));
            running.push(scope.spawn(|| speak(stand, &expired)));
            for _ in 0..2 {
                running.push(scope.spawn(|| expired.begin(stand, &other)?.read_answer()));
            }
            let ended = running
                .into_iter()
                .map(|thread| thread.join().ok().context("a sender panicked")?);
            ended.collect()
        })
    })?;

    answers.iter().for_each(assert_renewed);
    for answer in answers.iter().take(3) {
        let echo: Echo = serde_json::from_slice(&answer.body)?;
        assert_eq!(
            (echo.method.as_str(), echo.body_length),
            ("POST", BODY_BYTES)
        );
        assert!(echo.values("cookie").is_empty());
        let token = echo.value("x-access-jwt-assertion").context("no token")?;
        assert!(!expired.cookies()?.contains(token), "the old token");
    }
    let stand = &scene.stand().stand;
    assert_eq!(
        (
            stand.reached_origin(&upload),
            stand.reached_origin(&chunked)
        ),
        (2, 1)
    );
    assert!(scene.calls(&expired) <= 2, "one for each worker");
    Ok(())
}

fn send_upload(
    stand: &Stand,
    expired: &Expired,
    (protocol, path): (Protocol, &str),
) -> Result<Answer> {
    let mut request = expired.request("POST", path)?;
    request.body = vec![b'x'; BODY_BYTES];
    stand.ask(&expired.application, protocol, &request)
}

fn send_chunks(stand: &Stand, expired: &Expired, path: &str) -> Result<Answer> {
    let head = String::from_utf8(expired.sub_request(path)?)?;
    let head = head.replacen("GET", "POST", 1);
    let head = head.trim_end();
    let mut connection = stand.connect(&expired.application)?;
    connection.write(format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n").as_bytes())?;
    let size = format!("{CHUNK_BYTES:x}\r\n").into_bytes();
    let chunk = [size.as_slice(), &[b'x'; CHUNK_BYTES], b"\r\n"].concat();
    for _ in 0..BODY_BYTES / CHUNK_BYTES {
        connection.write(&chunk)?;
    }
    connection.write(b"0\r\n\r\n")?;
    connection.read_answer()
}

/// Upgrades to a WebSocket and speaks over it; the upgrade's head is the answer.
fn speak(stand: &Stand, expired: &Expired) -> Result<Answer> {
    let line = format!("Cookie: {}\r\n{WEBSOCKET}", expired.cookies()?);
    let mut connection = stand.connect(&expired.application)?;
    connection.write(&expired.application.sub_request("/ws", &line))?;
    let head = connection.read_head()?;
    ensure!(head.status == 101, "no upgrade but {}", head.status);
    connection.write(HELLO)?;
    let mut heard = Vec::new();
    while heard.len() < HELLO_BACK.len() {
        let more = connection.read_some()?;
        ensure!(!more.is_empty(), "ended after {heard:?}");
        heard.extend(more);
    }
    ensure!(heard == HELLO_BACK, "heard {heard:?}");
    Ok(head)
}
