//! An ordinary application works behind the README's Envoy, on a port other than 443.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis::config::Config;
use portcullis_demo::browser::{Browser, Method};
use portcullis_demo::tools::Tools;
use portcullis_e2e::connection::Connection;
use portcullis_e2e::request::{Door, PROTOCOLS, Request};
use serde_json::Value;

use super::application::{LARGE, application};
use super::guide::{Guide, TEAM, WIKI};

/// Longer than Envoy's default for a whole answer, 15 seconds, and for a silent stream's route.
const EVENTS: usize = 40;

#[test]
fn an_ordinary_application_works_behind_the_envoy_of_the_readme() -> Result<()> {
    let guide = Guide::follow("readme", application())?;
    let mut browser = guide.signed_in()?;
    let cookies = cookies(&browser);

    validated(&guide)?;
    thread::scope(|scope| {
        let events = scope.spawn(|| event_stream(&guide, &cookies));
        let slow = scope.spawn(|| slow_request(&guide, &cookies));
        websocket(&guide, &cookies)?;
        continued(&guide, &cookies)?;
        both_protocols(&guide, &cookies)?;
        large_bodies(&guide, &mut browser)?;
        redirects(&guide)?;
        slow.join()
            .map_err(|_| anyhow::anyhow!("the slow request panicked"))??;
        events
            .join()
            .map_err(|_| anyhow::anyhow!("the event stream panicked"))?
    })
}

/// Envoy finds nothing wrong with the file, and the filter nothing with its configuration.
fn validated(guide: &Guide) -> Result<()> {
    let output = Command::new(Tools::find("control-with-clock")?.envoy)
        .args([
            "--mode",
            "validate",
            "--disable-hot-restart",
            "--config-path",
        ])
        .arg(&guide.bootstrap)
        .env("PORTCULLIS_FILTER_CREDENTIAL", "any")
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{log}");
    ensure!(!log.contains("deprecated"), "{log}");

    let text = std::fs::read_to_string(&guide.bootstrap)?;
    let bootstrap: Value = serde_saphyr::from_str(&text)?;
    let configuration = bootstrap
        .pointer("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .and_then(|manager| {
            manager.pointer("/http_filters/0/typed_config/config/configuration/value")
        })
        .context("no configuration of the filter")?;
    Config::read(configuration.to_string().as_bytes())?;
    Ok(())
}

fn event_stream(guide: &Guide, cookies: &str) -> Result<()> {
    let request = get("/events", cookies).with("accept", "text/event-stream");
    let mut connection = connect(guide)?;
    connection.write(&request.http1(&authority(guide)))?;
    let head = connection.read_head()?;
    ensure!(head.status == 200, "{}", head.status);
    let last = format!("data: {EVENTS}\n");
    let mut text = String::new();
    while !text.contains(&last) {
        let bytes = connection.read_some()?;
        ensure!(!bytes.is_empty(), "the stream was cut after {text}");
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    Ok(())
}

fn slow_request(guide: &Guide, cookies: &str) -> Result<()> {
    let answer = connect(guide)?.send(&get("/slow", cookies).http1(&authority(guide)))?;
    ensure!(
        (answer.status, &*answer.body) == (200, b"slow"),
        "{answer:?}"
    );
    Ok(())
}

fn websocket(guide: &Guide, cookies: &str) -> Result<()> {
    let request = get("/ws", cookies)
        .with("upgrade", "websocket")
        .with("connection", "Upgrade")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let mut connection = connect(guide)?;
    connection.write(&request.http1(&authority(guide)))?;
    let head = connection.read_head()?;
    ensure!(head.status == 101, "{}", head.status);
    // A text frame "hi", masked with zeros as a client must mask (RFC 6455, section 5.3).
    connection.write(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'])?;
    let mut frame = Vec::new();
    while frame.len() < 4 {
        let bytes = connection.read_some()?;
        ensure!(
            !bytes.is_empty(),
            "the WebSocket was closed after {frame:?}"
        );
        frame.extend(bytes);
    }
    ensure!(frame == [0x81, 2, b'h', b'i'], "{frame:?}");
    Ok(())
}

fn continued(guide: &Guide, cookies: &str) -> Result<()> {
    let body = b"after the 100";
    let request = Request::new("POST", "/upload")
        .with("cookie", cookies)
        .with("x-requested-with", "XMLHttpRequest")
        .with("expect", "100-continue")
        .with("content-length", body.len().to_string());
    let mut connection = connect(guide)?;
    connection.write(&request.http1(&authority(guide)))?;
    let head = connection.read_head()?;
    ensure!(head.status == 100, "{}", head.status);
    let answer = connection.send(body)?;
    ensure!(
        answer.body == body.len().to_string().as_bytes(),
        "{answer:?}"
    );
    Ok(())
}

/// Each with a part of a file, which is the application's to answer.
fn both_protocols(guide: &Guide, cookies: &str) -> Result<()> {
    let authority = authority(guide);
    let door = Door {
        port: guide.port,
        host: WIKI,
        authority: &authority,
        certificates: &guide.certificates.authority,
    };
    for protocol in PROTOCOLS {
        let answer = door.ask(
            protocol,
            &get("/digits", cookies).with("range", "bytes=2-4"),
        )?;
        ensure!(
            (answer.status, &*answer.body) == (206, b"234"),
            "{protocol}: {answer:?}"
        );
        ensure!(
            answer.header("content-range") == Some("bytes 2-4/10"),
            "{answer:?}"
        );
    }
    Ok(())
}

fn large_bodies(guide: &Guide, browser: &mut Browser) -> Result<()> {
    let answer = browser.request(Method::POST, &guide.url("/upload"), |request| {
        request
            .header("x-requested-with", "XMLHttpRequest")
            .body(vec![b'u'; LARGE])
    })?;
    ensure!(
        answer.text() == LARGE.to_string(),
        "{}: {}",
        answer.status,
        answer.text()
    );
    let answer = browser.xhr(&guide.url("/download"))?;
    ensure!(answer.body.len() == LARGE, "{}", answer.body.len());
    Ok(())
}

/// Plain HTTP leads to HTTPS with path and query; no other host is led anywhere.
fn redirects(guide: &Guide) -> Result<()> {
    for host in [WIKI, TEAM] {
        let head = plain(guide, host, "/a/b?c=d")?;
        let location = format!("location: https://{host}:{}/a/b?c=d\r\n", guide.port);
        ensure!(
            head.starts_with("HTTP/1.1 308 ") && head.contains(&location),
            "{head}"
        );
    }
    let head = plain(guide, "evil.example", "/")?;
    ensure!(
        head.starts_with("HTTP/1.1 404 ") && !head.contains("location"),
        "{head}"
    );
    Ok(())
}

/// The head of an answer on the port for plain HTTP.
fn plain(guide: &Guide, host: &str, target: &str) -> Result<String> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, guide.redirect_port))?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        socket,
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn get(target: &str, cookies: &str) -> Request {
    Request::sub_request(target).with("cookie", cookies)
}

fn connect(guide: &Guide) -> Result<Connection> {
    Connection::open(guide.port, WIKI, &guide.certificates.authority)
}

fn authority(guide: &Guide) -> String {
    format!("{WIKI}:{}", guide.port)
}

/// What the browser sends to the application.
fn cookies(browser: &Browser) -> String {
    let pairs = browser.jar.of(WIKI);
    let pairs: Vec<_> = pairs
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    pairs.join("; ")
}
