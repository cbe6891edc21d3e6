//! `proxy list`, `proxy forget`.

use serde_json::json;

use super::super::arguments::ProxyCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use crate::api::list::Items;
use crate::api::proxies::{Forgotten, ProxyView};

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
            proxy.credential.clone(),
            proxy.address.clone(),
            proxy.version.to_string(),
            time(proxy.last_poll_at),
            proxy.state.as_str().to_owned(),
        ]
    };
    let rows: Vec<[String; 6]> = proxies.iter().map(row).collect();
    let headings = [
        "INSTANCE",
        "CREDENTIAL",
        "ADDRESS",
        "VERSION",
        "LAST POLL",
        "STATE",
    ];
    table(headings, &rows)
}
