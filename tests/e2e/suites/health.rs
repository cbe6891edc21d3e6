//! Health checks as load balancers and kubelets send them: by address, without a session, in
//! HTTP/1.0, while the control service is away and after it is back.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::routing::any;
use portcullis_demo::certificates::Certificates;
use portcullis_demo::control::{ControlService, EnvoyConfig};
use portcullis_demo::envoy::{self, Envoy};
use portcullis_demo::origin::Origin;
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;
use portcullis_e2e::connection::Answer;
use portcullis_e2e::directories;
use portcullis_e2e::request::{Door, PROTOCOLS, Protocol, Request};
use serde_json::Value;

const TEAM: &str = "team.health.localhost";
const WIKI: &str = "wiki.health.localhost";
const LIMIT: Duration = Duration::from_secs(20);
const READY: &str = "/.access/ready";
const LIVE: &str = "/.access/live";

/// An Envoy by the configuration that is printed, and its control service.
struct Site {
    control: ControlService,
    _envoy: Envoy,
    _server: Origin,
    certificates: Certificates,
    port: u16,
    health_port: u16,
}

impl Site {
    /// Envoy starts while the control service is away.
    fn start() -> Result<Self> {
        let tools = Tools::find("control-with-clock")?;
        let directory = directories::of_stand("health")?;
        fs::create_dir_all(&directory)?;
        let certificates = Certificates::make(&directory, &[TEAM, WIKI])?;
        let server = Origin::start(Router::new().fallback(any(async || "wiki")))?;
        let (port, health_port) = (free_port()?, free_port()?);
        let configuration = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nfilters = \"127.0.0.1:0\"\n\
             team_domain = \"https://{TEAM}:{port}\"\n\
             [[applications]]\nname = \"wiki\"\norigins = [\"https://{WIKI}:{port}\"]\n\
             upstream = \"http://{}\"\nbypass = [{{ path = \"/open\", match = \"exact\" }}]\n\
             policy = [{{ allow = {{ everyone = true }} }}]\n",
            server.address()
        );
        let mut control = ControlService::start(&tools.control, &directory, &configuration)?;
        let made: Value = control.command(&["filter-credential", "new"])?;
        let health = format!("127.0.0.1:{health_port}");
        let yaml = control.envoy_config(&EnvoyConfig {
            listen: (Ipv4Addr::LOCALHOST, port).into(),
            certificate: &certificates.certificate,
            key: &certificates.key,
            module: &tools.module,
            access_log: &directory.join("access.log"),
            options: &["--health", &health],
        })?;
        let bootstrap = directory.join("envoy.yaml");
        fs::write(&bootstrap, yaml)?;
        control.kill();
        let envoy = Envoy::start(&envoy::Settings {
            program: &tools.envoy,
            directory: &directory,
            bootstrap: &bootstrap,
            credential: made["credential"].as_str().context("no credential")?,
            // The first answer that says so is then true for all.
            workers: 1,
            drain: envoy::DRAIN,
            node: None,
        })?;
        Ok(Self {
            control,
            _envoy: envoy,
            _server: server,
            certificates,
            port,
            health_port,
        })
    }

    /// An answer on the HTTPS listener, to whatever host.
    fn ask(&self, protocol: Protocol, host: &str, request: &Request) -> Result<Answer> {
        let door = Door {
            port: self.port,
            host: WIKI,
            authority: host,
            certificates: &self.certificates.authority,
        };
        door.ask(protocol, request)
    }

    /// A whole answer on the listener for health checks, byte for byte.
    fn plain(&self, request: &str) -> Result<String> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.health_port))?;
        socket.set_read_timeout(Some(LIMIT))?;
        socket.write_all(request.as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Checks that all say the same, in every way of asking.
    fn ensure_readiness(&self, status: u16, word: &str) -> Result<()> {
        let any_hosts = [WIKI, TEAM, "10.0.0.7", "[::1]:443", "unknown.example"];
        for protocol in PROTOCOLS {
            for host in any_hosts {
                for method in ["GET", "HEAD"] {
                    let request = Request::new(method, READY).with("user-agent", "GoogleHC/1.0");
                    let answer = self.ask(protocol, host, &request)?;
                    let body = String::from_utf8_lossy(&answer.body).into_owned();
                    assert_eq!(answer.status, status, "{method} {host}: {body}");
                    assert_eq!(answer.header("cache-control"), Some("no-store"));
                    assert_eq!(body.is_empty(), method == "HEAD", "{body}");
                    assert_eq!(body.contains(word), method == "GET", "{body}");
                }
                let live = self.ask(protocol, host, &Request::new("GET", LIVE))?;
                assert_eq!((live.status, &*live.body), (200, &b"live\n"[..]), "{host}");
            }
        }
        for (head, version) in [
            (format!("GET {READY} HTTP/1.0\r\n\r\n"), "1.0"),
            (format!("HEAD {READY} HTTP/1.0\r\n\r\n"), "1.0"),
            (
                format!(
                    "GET {READY} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: kube-probe/1.33\r\n\
                     Connection: close\r\n\r\n",
                    self.health_port
                ),
                "1.1",
            ),
        ] {
            let answer = self.plain(&head)?;
            assert!(
                answer.contains(&format!(" {status} ")),
                "{version}: {answer}"
            );
            assert_eq!(answer.contains(word), head.starts_with("GET"), "{answer}");
        }
        let live = self.plain(&format!("GET {LIVE} HTTP/1.0\r\n\r\n"))?;
        assert!(live.contains(" 200 OK\r\n"), "{live}");
        Ok(())
    }
}

#[test]
fn b10_health_checks_are_answered_whatever_they_know_of_the_host() -> Result<()> {
    let mut site = Site::start()?;
    // Envoy lives, the filter is not ready, and even what needs no session waits for the feed.
    site.ensure_readiness(503, "not_ready")?;
    let bypassed = site.ask(PROTOCOLS[0], WIKI, &Request::sub_request("/open"))?;
    assert_eq!(bypassed.status, 503);

    site.control.restart()?;
    wait::until("the filter to be ready", LIMIT, || {
        let answer = site.ask(PROTOCOLS[0], WIKI, &Request::new("GET", READY))?;
        // Each listener has a filter of its own, which asks again after five seconds at most.
        let plain = site.plain(&format!("GET {READY} HTTP/1.0\r\n\r\n"))?;
        Ok((answer.status == 200 && plain.contains(" 200 ")).then_some(()))
    })?;
    site.ensure_readiness(200, "\"ready\":true")?;
    let authority = format!("{WIKI}:{}", site.port);
    let bypassed = site.ask(PROTOCOLS[0], &authority, &Request::sub_request("/open"))?;
    assert_eq!((bypassed.status, &*bypassed.body), (200, &b"wiki"[..]));

    // The listener for health checks answers nothing else, and no application.
    for path in [
        "/",
        "/open",
        "/.access/identity",
        "/.access/login",
        "/healthz",
    ] {
        let host = format!("Host: {WIKI}\r\nConnection: close\r\n");
        let answer = site.plain(&format!("GET {path} HTTP/1.1\r\n{host}\r\n"))?;
        ensure!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    Ok(())
}
