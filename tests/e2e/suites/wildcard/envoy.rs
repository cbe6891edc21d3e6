//! The Envoy configuration that is printed for a wildcard: requests reach the server of the
//! application whose session they need, on any spelling of the host.

use std::fs;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::any;
use portcullis_demo::browser::Browser;
use portcullis_demo::certificates::Certificates;
use portcullis_demo::control::{ControlService, EnvoyConfig, User};
use portcullis_demo::envoy::{self, Envoy};
use portcullis_demo::origin::Origin;
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;
use portcullis_e2e::directories;
use portcullis_e2e::request::{Door, PROTOCOLS, Request};
use serde_json::Value;

/// Below the wildcard's domain, as the exact hostname is.
const TEAM: &str = "team.preview.localhost";
const EXACT: &str = "exact.preview.localhost";

#[test]
fn each_hostname_leads_to_the_server_of_its_application() -> Result<()> {
    let tools = Tools::find("control-with-clock")?;
    let directory = directories::of_stand("wildcard-envoy")?;
    fs::create_dir_all(&directory)?;
    let certificates = Certificates::make(&directory, &[TEAM, "*.preview.localhost"])?;
    let servers = [server("previews")?, server("exact")?];
    let (port, redirect_port) = (free_port()?, free_port()?);
    let control =
        ControlService::start(&tools.control, &directory, &configuration(port, &servers))?;
    let user: User = control.command(&["user", "add", "ana@example.com"])?;
    let made: Value = control.command(&["filter-credential", "new"])?;
    let credential = made["credential"].as_str().context("no credential")?;
    let yaml = control.envoy_config(&EnvoyConfig {
        listen: (Ipv4Addr::LOCALHOST, port).into(),
        certificate: &certificates.certificate,
        key: &certificates.key,
        module: &tools.module,
        access_log: &directory.join("access.log"),
        options: &["--redirect-port", &redirect_port.to_string()],
    })?;
    let bootstrap = directory.join("envoy.yaml");
    fs::write(&bootstrap, yaml)?;
    let _envoy = Envoy::start(&envoy::Settings {
        program: &tools.envoy,
        directory: &directory,
        bootstrap: &bootstrap,
        credential,
        workers: 1,
        drain: envoy::DRAIN,
        node: None,
    })?;

    let mut browser = Browser::new(&certificates.authority)?;
    for (host, name) in [("one.preview.localhost", "previews"), (EXACT, "exact")] {
        // The team domain has the port in its `host` too, and is no host of the wildcard.
        let url = format!("https://{host}:{port}/");
        let page = if host == EXACT {
            browser.open(&url)?
        } else {
            browser.sign_in(&url, &user)?
        };
        assert_eq!((page.status, page.text().as_str()), (200, name), "{host}");
        for spelling in [host.to_owned(), host.to_uppercase(), format!("{host}.")] {
            let cookies = browser.jar.header(&page.url).context("no cookies")?;
            let authority = format!("{spelling}:{port}");
            let door = Door {
                port,
                host,
                authority: &authority,
                certificates: &certificates.authority,
            };
            for protocol in PROTOCOLS {
                let request = Request::sub_request("/").with("cookie", &cookies);
                let answer = door.ask(protocol, &request)?;
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                // Envoy leads spellings that it does not know nowhere, and never astray.
                let astray = answer.status == 200 && body != name;
                assert!(!astray, "{authority} over {protocol}: {body}");
                if spelling == host {
                    assert_eq!((answer.status, body.as_str()), (200, name));
                }
            }
        }
    }
    let deeper = Door {
        port,
        host: "one.preview.localhost",
        authority: &format!("x.one.preview.localhost:{port}"),
        certificates: &certificates.authority,
    };
    let refused = deeper.ask(PROTOCOLS[0], &Request::sub_request("/"))?;
    assert_eq!(
        refused.status, 403,
        "Envoy's wildcard has any number of labels"
    );
    Ok(())
}

/// A server that says its name.
fn server(name: &'static str) -> Result<Origin> {
    Origin::start(Router::new().fallback(any(move || async move { name })))
}

fn configuration(port: u16, [previews, exact]: &[Origin; 2]) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nfilters = \"127.0.0.1:0\"\n\
         team_domain = \"https://{TEAM}:{port}\"\n\
         [[applications]]\nname = \"previews\"\norigins = [\"https://*.preview.localhost:{port}\"]\n\
         upstream = \"http://{}\"\npolicy = [{{ allow = {{ everyone = true }} }}]\n\
         [[applications]]\nname = \"exact\"\norigins = [\"https://{EXACT}:{port}\"]\n\
         upstream = \"http://{}\"\npolicy = [{{ allow = {{ everyone = true }} }}]\n",
        previews.address(),
        exact.address()
    )
}
