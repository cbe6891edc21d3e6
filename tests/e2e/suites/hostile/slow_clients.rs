//! Clients that send their requests byte by byte, at the team domain.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_e2e::connection::Connection;
use portcullis_e2e::tokens::{self, TOKEN_COOKIE};
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};

/// More than the control service serves at once.
const CLIENTS: usize = 520;
const DRIP: Duration = Duration::from_secs(1);
/// Envoy ends a request to the team domain 30 s after it began. What is written later could make the
/// system drop the answer.
const DRIPPING: Duration = Duration::from_secs(12);
const CHUNK: &[u8] = b"4\r\nslow\r\n";

/// A client at the sign-in form.
struct Slow {
    client: Connection,
    since: Instant,
}

fn slow(stand: &Stand) -> Result<Slow> {
    let authority = stand.deployment.team_domain();
    let authority = authority.trim_start_matches("https://");
    let host = authority.split(':').next().context("no host")?;
    let certificates = &stand.deployment.certificates.authority;
    let mut client = Connection::open(stand.deployment.port(), host, certificates)?;
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: {authority}\r\ncontent-length: 1000\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\ne"
    );
    let since = Instant::now();
    client.write(head.as_bytes())?;
    Ok(Slow { client, since })
}

/// An upload to an application that lasts until `enough`. The status, and how many bytes were sent.
fn upload(
    stand: &Stand,
    application: &Application,
    (token, enough): (&str, &AtomicBool),
) -> Result<(u16, usize, Vec<u8>)> {
    let mut client = stand.connect(application)?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nX-Requested-With: XMLHttpRequest\r\n\
         Cookie: {TOKEN_COOKIE}={token}\r\nTransfer-Encoding: chunked\r\n\r\n",
        stand.unique_path(),
        application.authority(),
    );
    client.write(head.as_bytes())?;
    let mut sent = 0;
    while !enough.load(Ordering::SeqCst) {
        client.write(CHUNK)?;
        sent += 4;
        thread::sleep(Duration::from_millis(200));
    }
    client.write(b"0\r\n\r\n")?;
    let answer = client.read_answer()?;
    Ok((answer.status, sent, answer.body))
}

/// Signs in again and again until `enough`. How often.
fn sign_in(stand: &Stand, application: &Application, enough: &AtomicBool) -> Result<usize> {
    let user = stand.user()?;
    let listen = stand.deployment.control.addresses().listen;
    let mut times = 0;
    while times == 0 || !enough.load(Ordering::SeqCst) {
        stand.sign_in(&user, application)?;
        let mut health = String::new();
        let mut probe = TcpStream::connect(listen)?;
        probe.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
        probe.read_to_string(&mut health)?;
        ensure!(health.starts_with("HTTP/1.1 200 "), "{health}");
        times += 1;
    }
    Ok(times)
}

/// Keeps all clients sending, and waits until Envoy has answered each.
fn drip(mut clients: Vec<Slow>) -> Result<()> {
    loop {
        let young = |slow: &&mut Slow| slow.since.elapsed() < DRIPPING;
        let mut sent = false;
        for slow in clients.iter_mut().filter(young) {
            slow.client.write(b"x")?;
            sent = true;
        }
        if !sent {
            break;
        }
        thread::sleep(DRIP);
    }
    for slow in &mut clients {
        let answer = slow.client.read_answer()?;
        ensure!(answer.status == 408, "answered with {}", answer.status);
    }
    Ok(())
}

#[test]
fn slow_forms_end_at_envoy_while_slow_uploads_to_applications_go_on() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let token = tokens::token(&browser, &application)?.value.clone();
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        let upload = scope.spawn(|| upload(stand, &application, (&token, &enough)));
        let clients: Result<Vec<Slow>> = (0..CLIENTS).map(|_| slow(stand)).collect();
        let signing_in = scope.spawn(|| sign_in(stand, &application, &enough));
        let ended = clients.and_then(|clients| {
            // None of them has a connection to the control service.
            let name = "cluster.team.upstream_rq_active";
            let stats = stand.deployment.envoy.admin().stats(name)?;
            let active = stats.get(name).copied().context("no such statistic")?;
            ensure!(active < CLIENTS as u64 / 4, "{active} arrived");
            drip(clients)
        });
        enough.store(true, Ordering::SeqCst);
        let times = signing_in.join().ok().context("it panicked")??;
        ensure!(times >= 2, "only {times} sign-ins");
        let (status, sent, body) = upload.join().ok().context("it panicked")??;
        let echo: serde_json::Value = serde_json::from_slice(&body)?;
        ensure!(
            status == 200 && echo["body_length"] == sent,
            "{status}: {echo}"
        );
        ended
    })
}
