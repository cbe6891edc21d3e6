//! `envoy-config`: Envoy's bootstrap for the applications that exist.

pub mod error;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use serde_json::json;

use super::super::arguments::{EnvoyConfigOptions, UpstreamOf};
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::Output;
use crate::api::applications::ApplicationView;
use crate::api::list::Items;
use crate::applications::Upstream;
use crate::envoy_config::{ControlTls, EnvoyConfig, Guarded};
use crate::local::programs::installed_module;
use crate::server::data_dir::RunFile;
use error::NoBootstrap;

pub async fn run(
    options: &EnvoyConfigOptions,
    data_dir: &Path,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    let all: Items<ApplicationView> = client.get("/applications").await?;
    let applications = guarded(&all.items, &options.upstream)?;
    let run = RunFile::read(data_dir).map_err(NoBootstrap::RunFile)?;
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let listen = options
        .listen
        .unwrap_or_else(|| SocketAddr::new(any, run.team_domain.port()));
    let module = options.module.clone();
    let module = module
        .or_else(installed_module)
        .unwrap_or_else(|| MODULE.into());
    let yaml = EnvoyConfig {
        listen,
        redirect: options
            .redirect_port
            .map(|port| SocketAddr::new(listen.ip(), port)),
        health: options.health,
        http3: options.http3,
        admin: options.admin,
        certificate: &options.certificate,
        key: &options.key,
        module: &module,
        access_log: &options.access_log,
        team_domain: &run.team_domain,
        control: reachable(run.listen),
        filters: reachable(run.filters),
        control_tls: control_tls(options),
        applications: &applications,
        other_hosts: upstream_of(OTHER_HOSTS, &options.upstream),
    }
    .to_yaml()
    .map_err(NoBootstrap::from)?;
    output.result(&json!({ "bootstrap": yaml }), || yaml.trim_end().to_owned());
    Ok(())
}

/// The server in front of the control service, if an option names one.
fn control_tls(options: &EnvoyConfigOptions) -> Option<ControlTls<'_>> {
    let server = options.control_address.as_ref()?;
    let certificate = options.control_cert.as_deref();
    Some(ControlTls {
        server,
        authorities: options.control_ca.as_deref(),
        client: certificate.zip(options.control_key.as_deref()),
    })
}

/// The applications, each with its server: what an option says, else its own.
fn guarded(views: &[ApplicationView], options: &[UpstreamOf]) -> Result<Vec<Guarded>, NoBootstrap> {
    let name = |view: &ApplicationView| view.settings.name.clone().unwrap_or_default();
    if let Some(unknown) = options.iter().find(|option| {
        option.application != OTHER_HOSTS
            && !views.iter().any(|view| name(view) == option.application)
    }) {
        return Err(NoBootstrap::UnknownApplication(unknown.application.clone()));
    }
    let others_have_a_server = upstream_of(OTHER_HOSTS, options).is_some();
    let mut without = Vec::new();
    let mut guarded = Vec::new();
    for view in views {
        let unreadable = || NoBootstrap::Unreadable(name(view));
        let own = view.settings.upstream.as_ref().map(|text| text.parse());
        let own = own.transpose().map_err(|_| unreadable())?;
        let Some(upstream) = upstream_of(&name(view), options).or(own) else {
            // Its host is then one of the others.
            if !others_have_a_server {
                without.push(name(view));
            }
            continue;
        };
        let places = view.settings.origins.iter().flatten();
        let places: Result<Vec<_>, _> = places.map(|text| text.parse()).collect();
        guarded.push(Guarded {
            name: name(view),
            audience: view.audience.clone(),
            places: places.map_err(|_| unreadable())?,
            upstream,
        });
    }
    if without.is_empty() {
        Ok(guarded)
    } else {
        Err(NoBootstrap::NoUpstream(without))
    }
}

fn upstream_of(application: &str, options: &[UpstreamOf]) -> Option<Upstream> {
    let option = options
        .iter()
        .find(|option| option.application == application);
    option.map(|option| option.upstream.clone())
}

/// An address at which Envoy on the same machine reaches a listener.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

/// Where the filter is expected, unless it is installed with this program.
const MODULE: &str = "/etc/envoy/portcullis.wasm";
/// The name that stands for every host without an application.
const OTHER_HOSTS: &str = "*";
