//! Two control services on one database behind one Envoy, as the documentation says; one dies.

#[path = "../../../../control/tests/shared/postgres.rs"]
mod postgres;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
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
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../../docs/OPERATIONS.md");
const WIKI: &str = "wiki.localhost";
const TEAM: &str = "team.localhost";
const LIMIT: Duration = Duration::from_secs(30);

struct Scene {
    one: ControlService,
    two: ControlService,
    envoy: Envoy,
    _origin: Origin,
    site: Certificates,
    port: u16,
}

impl Scene {
    fn start() -> Result<Self> {
        let tools = Tools::find("control-with-clock")?;
        let directory = directories::of_stand("failover")?;
        let (port, origin) = (free_port()?, Origin::start(origin::application())?);
        fs::create_dir_all(&directory)?;
        let seal = directory.join("seal.keys");
        let mut new_seal = Command::new(&tools.control);
        let key = new_seal.args(["key", "new-seal"]).output()?;
        fs::write(&seal, key.stdout)?;
        let start = |name: &str| {
            let own = directory.join(name);
            fs::create_dir_all(&own)?;
            let toml = format!(
                "[server]\nteam_domain = \"https://{TEAM}:{port}\"\nlisten = \"127.0.0.1:0\"\n\
                 filters = \"127.0.0.1:0\"\n\n[database]\nurl = \"{}/postgres\"\n\n\
                 [keys.seal]\nfile = \"{}\"\n",
                postgres::server(),
                seal.display()
            );
            ControlService::start(&tools.control, &own, &toml)
        };
        let (one, two) = (start("one")?, start("two")?);
        let upstream = format!("http://{}", origin.address());
        let place = format!("https://{WIKI}:{port}");
        let add = ["application", "add", "wiki", "--origin", &place];
        let options = ["--upstream", &upstream, "--allow-everyone"];
        one.command::<Value>(&[&add[..], &options].concat())?;
        let site = Certificates::make(&directory, &[TEAM, WIKI])?;
        let bootstrap = one.envoy_config(&EnvoyConfig {
            listen: (Ipv4Addr::LOCALHOST, port).into(),
            certificate: &site.certificate,
            key: &site.key,
            module: &tools.module,
            access_log: &directory.join("access.log"),
            options: &[],
        })?;
        let file = directory.join("envoy.yaml");
        fs::write(&file, with_both(&bootstrap, &two)?)?;
        let envoy = Envoy::start(&envoy::Settings {
            program: &tools.envoy,
            directory: &directory,
            bootstrap: &file,
            credential: &one.new_filter_credential()?,
            workers: 2,
            drain: envoy::DRAIN,
            node: None,
        })?;
        Ok(Self {
            one,
            two,
            envoy,
            _origin: origin,
            site,
            port,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("https://{WIKI}:{}{path}", self.port)
    }

    fn signed_in(&self, user: &User) -> Result<Browser> {
        let mut browser = Browser::new(&self.site.authority)?;
        let page = browser.sign_in(&self.url("/"), user)?;
        ensure!(page.status == 200, "{}: {}", page.url, page.status);
        Ok(browser)
    }

    /// Waits until Envoy takes so many control services for healthy, in both clusters.
    fn healthy(&self, count: u64) -> Result<()> {
        wait::until(&format!("{count} healthy control services"), LIMIT, || {
            let filter = r"^cluster\.(team|portcullis_control)\.membership_healthy$";
            let stats = self.envoy.admin().stats(filter)?;
            let all = stats.len() == 2 && stats.values().all(|healthy| *healthy == count);
            Ok(all.then_some(()))
        })
    }
}

#[test]
fn b12_two_control_services_behind_one_envoy_outlive_one_of_them() -> Result<()> {
    let mut scene = Scene::start()?;
    scene.healthy(2)?;
    let user = |email: &str| scene.two.command::<User>(&["user", "add", email]);
    let (ana, eve) = (user("ana@example.com")?, user("eve@example.com")?);
    let mut before = scene.signed_in(&ana)?;

    scene.one.kill();
    let page = before.fetch(&scene.url("/api/echo"))?;
    ensure!(
        page.status == 200,
        "a session does not notice: {}",
        page.status
    );
    scene.healthy(1)?;
    let mut after = scene.signed_in(&eve)?;
    for (browser, user) in [(&mut before, &ana), (&mut after, &eve)] {
        let revoke = ["revoke", "user", &user.email, "--wait"];
        scene.two.command::<Value>(&revoke)?;
        let page = browser.fetch(&scene.url("/api/echo"))?;
        ensure!(
            page.status == 401,
            "{} is revoked: {}",
            user.email,
            page.status
        );
    }

    // The other one comes back, and gets its share again.
    scene.one.restart()?;
    scene.healthy(2)
}

/// The bootstrap with the second control service and the documentation's health check.
fn with_both(bootstrap: &str, second: &ControlService) -> Result<String> {
    let checks = PAGE
        .split("```yaml\n")
        .find(|block| block.trim_start().starts_with("health_checks:"))
        .and_then(|block| block.split("```").next())
        .context("the documentation has no health check")?;
    let checks: Value = serde_saphyr::from_str(checks)?;
    let mut bootstrap: Value = serde_saphyr::from_str(bootstrap)?;
    let addresses = second.addresses();
    let clusters = bootstrap
        .pointer_mut("/static_resources/clusters")
        .and_then(Value::as_array_mut)
        .context("no clusters")?;
    for (name, address) in [
        ("team", addresses.listen),
        ("portcullis_control", addresses.filters),
    ] {
        let cluster = clusters.iter_mut().find(|cluster| cluster["name"] == name);
        let cluster = cluster.with_context(|| format!("no cluster {name}"))?;
        for (field, value) in checks.as_object().context("no fields")? {
            cluster[field] = value.clone();
        }
        cluster
            .pointer_mut("/load_assignment/endpoints/0/lb_endpoints")
            .and_then(Value::as_array_mut)
            .context("no endpoints")?
            .push(endpoint(address));
    }
    Ok(serde_json::to_string_pretty(&bootstrap)?)
}

fn endpoint(address: SocketAddr) -> Value {
    let address = json!({ "address": address.ip(), "port_value": address.port() });
    json!({ "endpoint": { "address": { "socket_address": address } } })
}
