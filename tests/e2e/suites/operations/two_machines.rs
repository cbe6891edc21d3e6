//! A proxy on another machine than the control service: an Envoy in front of the control service
//! demands a certificate of it. The configurations are those of the documentation.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::certificates::Certificates;
use portcullis_demo::control::{ControlService, EnvoyConfig, User};
use portcullis_demo::envoy::{self, Envoy};
use portcullis_demo::origin::{self, Origin};
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;
use portcullis_e2e::directories;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use super::certificates::{Authority, Certificate};

const GATE: &str = include_str!("../../../../examples/two-machines/control.yaml");
const WIKI: &str = "wiki.localhost";
const TEAM: &str = "team.localhost";
const HERE: &str = "127.0.0.1";
const LIMIT: Duration = Duration::from_secs(30);

/// The control service behind its Envoy.
struct Scene {
    directory: PathBuf,
    tools: Tools,
    control: ControlService,
    gate: Envoy,
    gate_port: u16,
    servers: Authority,
    proxies: Authority,
    origin: Origin,
    site: Certificates,
    port: u16,
    credential: String,
}

impl Scene {
    fn start() -> Result<Self> {
        let tools = Tools::find("control-with-clock")?;
        let directory = directories::of_stand("two-machines")?;
        for part in ["control", "gate", "edge"] {
            fs::create_dir_all(directory.join(part))?;
        }
        let (port, gate_port) = (free_port()?, free_port()?);
        let toml = format!(
            "[server]\nteam_domain = \"https://{TEAM}:{port}\"\nlisten = \"127.0.0.1:0\"\n\
             filters = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1/32\"]\n"
        );
        let control = ControlService::start(&tools.control, &directory.join("control"), &toml)?;
        let servers = Authority::new(&directory, "servers-ca")?;
        let proxies = Authority::new(&directory, "proxies-ca")?;
        let certificate = servers.server(HERE)?;
        let addresses = control.addresses();
        let gate = start_envoy(&tools, &directory.join("gate"), "", || {
            let text = |path: &Path| path.display().to_string();
            changed(&[
                ("port_value: 8443", &format!("port_value: {gate_port}")),
                ("port_value: 8081", &port_of(addresses.listen)),
                ("port_value: 8082", &port_of(addresses.filters)),
                ("address: 0.0.0.0", "address: 127.0.0.1"),
                ("/etc/envoy/control.crt", &text(&certificate.certificate)),
                ("/etc/envoy/control.key", &text(&certificate.key)),
                ("/etc/envoy/proxies-ca.crt", &text(&proxies.file)),
            ])
        })?;
        let origin = Origin::start(origin::application())?;
        let upstream = format!("http://{}", origin.address());
        let place = format!("https://{WIKI}:{port}");
        let add = ["application", "add", "wiki", "--origin", &place];
        let options = ["--upstream", &upstream, "--allow-everyone"];
        control.command::<Value>(&[&add[..], &options].concat())?;
        Ok(Self {
            site: Certificates::make(&directory, &[TEAM, WIKI])?,
            credential: control.new_filter_credential()?,
            directory,
            tools,
            control,
            gate,
            gate_port,
            servers,
            proxies,
            origin,
            port,
        })
    }

    /// An Envoy on the other machine, which shows this certificate.
    fn edge(&self, certificate: Option<&Certificate>) -> Result<Envoy> {
        let address = format!("{HERE}:{}", self.gate_port);
        let text = |path: &'_ Path| path.display().to_string();
        let mut options = vec!["--control-address".to_owned(), address];
        options.extend(["--control-ca".to_owned(), text(&self.servers.file)]);
        if let Some(own) = certificate {
            options.extend(["--control-cert".to_owned(), text(&own.certificate)]);
            options.extend(["--control-key".to_owned(), text(&own.key)]);
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let directory = self.directory.join("edge");
        start_envoy(&self.tools, &directory, &self.credential, || {
            let bootstrap = self.control.envoy_config(&EnvoyConfig {
                listen: (Ipv4Addr::LOCALHOST, self.port).into(),
                certificate: &self.site.certificate,
                key: &self.site.key,
                module: &self.tools.module,
                access_log: &directory.join("access.log"),
                options: &options,
            })?;
            let addresses = self.control.addresses();
            for plain in [addresses.listen, addresses.filters] {
                let port = port_of(plain);
                ensure!(!bootstrap.contains(&port), "{port} is reached without TLS");
            }
            Ok(bootstrap)
        })
    }

    fn url(&self, path: &str) -> String {
        format!("https://{WIKI}:{}{path}", self.port)
    }

    /// What the gate answers to a call of the filter API, without a filter credential.
    fn ask_gate(&self, certificate: Option<&Certificate>) -> Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.servers.file)?)?;
        let config = ClientConfig::builder().with_root_certificates(roots);
        let config = match certificate {
            Some(own) => config.with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&own.certificate)?],
                PrivateKeyDer::from_pem_file(&own.key)?,
            )?,
            None => config.with_no_client_auth(),
        };
        let name = ServerName::try_from(HERE.to_owned())?;
        let session = ClientConnection::new(Arc::new(config), name)?;
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.gate_port))?;
        socket.set_read_timeout(Some(LIMIT))?;
        let mut stream = StreamOwned::new(session, socket);
        stream.write_all(
            b"GET /api/filter/v1/feed HTTP/1.1\r\nhost: portcullis-control\r\n\
              connection: close\r\n\r\n",
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// How many clients the gate refused because they showed no certificate.
    fn refused_clients(&self) -> Result<u64> {
        let stats = self.gate.admin().stats(r"\.ssl\.fail_verify_no_cert$")?;
        Ok(stats.values().sum())
    }
}

#[test]
fn the_filter_api_is_reached_by_mutual_tls_only() -> Result<()> {
    let scene = Scene::start()?;
    let own = scene.proxies.client("proxy")?;

    // A stranger gets no answer at all; a proxy's certificate alone is no credential.
    ensure!(
        scene.ask_gate(None).is_err(),
        "answered without a certificate"
    );
    let stranger = Authority::new(&scene.directory, "strangers-ca")?.client("stranger")?;
    ensure!(
        scene.ask_gate(Some(&stranger)).is_err(),
        "answered a certificate of another authority"
    );
    let answer = scene.ask_gate(Some(&own))?;
    ensure!(
        answer.starts_with("HTTP/1.1 401 ") && answer.contains("credential_invalid"),
        "{answer}"
    );

    // An Envoy without a certificate never gets the feed, and lets no one in.
    let before = scene.refused_clients()?;
    let edge = scene.edge(None)?;
    wait::until(
        "the Envoy without a certificate to be refused",
        LIMIT,
        || Ok((scene.refused_clients()? > before).then_some(())),
    )?;
    let mut browser = Browser::new(&scene.site.authority)?;
    let page = browser.open(&scene.url("/"))?;
    ensure!(page.status == 503, "{}: {}", page.url, page.status);
    drop(edge);

    // With one it works: sign-in, sessions, and revocation.
    let edge = scene.edge(Some(&own))?;
    let user: User = scene.control.command(&["user", "add", "ana@example.com"])?;
    wait::until("the feed", LIMIT, || {
        let name = "wasmcustom.portcullis.feed.version";
        let stats = edge.admin().stats(&format!("^{name}$"))?;
        Ok(stats
            .get(name)
            .is_some_and(|version| *version > 0)
            .then_some(()))
    })?;
    let mut browser = Browser::new(&scene.site.authority)?;
    let page = browser.sign_in(&scene.url("/"), &user)?;
    ensure!(page.status == 200, "{}: {}", page.url, page.status);
    let revoked: Value = scene.control.command(&[
        "revoke",
        "user",
        &user.email,
        "--wait",
        "--wait-for",
        "live",
    ])?;
    let page = browser.fetch(&scene.url("/api/echo"))?;
    ensure!(page.status == 401, "{}: {revoked}", page.status);
    ensure!(scene.origin.address().port() > 0);
    Ok(())
}

fn port_of(address: std::net::SocketAddr) -> String {
    format!("port_value: {}", address.port())
}

/// The documented configuration with ports and files of this test. Each must be there to change.
fn changed(changes: &[(&str, &str)]) -> Result<String> {
    let mut text = GATE.to_owned();
    for (from, to) in changes {
        ensure!(text.contains(from), "the example has no {from}");
        text = text.replace(from, to);
    }
    Ok(text)
}

fn start_envoy(
    tools: &Tools,
    directory: &Path,
    credential: &str,
    bootstrap: impl FnOnce() -> Result<String>,
) -> Result<Envoy> {
    let file = directory.join("envoy.yaml");
    fs::write(&file, bootstrap()?).with_context(|| file.display().to_string())?;
    Envoy::start(&envoy::Settings {
        program: &tools.envoy,
        directory,
        bootstrap: &file,
        credential,
        node: None,
        workers: 1,
        drain: envoy::DRAIN,
    })
}
