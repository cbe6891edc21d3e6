//! `proxy list`, `proxy forget`.

use serde_json::json;

use super::super::arguments::ProxyCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use crate::api::list::Items;
use crate::api::proxies::{Forgotten, ProxyView};
use crate::feed::proxies::ProxyState;

/// What the mark behind a node means.
const SHARED_NODE: &str = "\n* Several Envoys had this node id at the same time, so each is waited for by \
     itself. Give each Envoy a node id of its own (`--service-node`).";

pub async fn run(command: &ProxyCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        ProxyCommand::List => {
            let all: Items<ProxyView> = client.get("/proxies").await?;
            output.result(&all, || list(&all.items));
        }
        ProxyCommand::Forget { instance } => {
            let request = json!({ "instance": instance });
            let forgotten: Forgotten = client.post("/proxies/forget", &request).await?;
            output.result(&forgotten, || format!("Forgot {instance}."));
        }
    }
    Ok(())
}

fn list(proxies: &[ProxyView]) -> String {
    let row = |proxy: &ProxyView| {
        [
            proxy.instance.clone(),
            node(proxy),
            proxy.credential.clone(),
            proxy.address.clone(),
            proxy.version.to_string(),
            time(proxy.last_poll_at),
            proxy.state.as_str().to_owned(),
            until(proxy),
        ]
    };
    let rows: Vec<[String; 8]> = proxies.iter().map(row).collect();
    let headings = [
        "INSTANCE",
        "NODE",
        "CREDENTIAL",
        "ADDRESS",
        "VERSION",
        "LAST POLL",
        "STATE",
        "UNTIL",
    ];
    let mut text = table(headings, &rows);
    if proxies.iter().any(|proxy| proxy.shares_node) {
        text.push_str(SHARED_NODE);
    }
    text
}

fn node(proxy: &ProxyView) -> String {
    let mark = if proxy.shares_node { " *" } else { "" };
    let node = proxy.node.as_ref();
    node.map_or_else(String::new, |node| format!("{node}{mark}"))
}

/// Until when an unknown proxy is waited for.
fn until(proxy: &ProxyView) -> String {
    match (proxy.state, proxy.until) {
        (ProxyState::Unknown, Some(until)) => time(until),
        (ProxyState::Unknown, None) => "forgotten".to_owned(),
        _ => String::new(),
    }
}
