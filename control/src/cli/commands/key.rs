//! `key list`, `key rotate`, `key refuse`, `key reseal`, `key new-seal`.

use portcullis::reply::percent_encode;
use serde_json::json;

use super::super::arguments::{KeyCommand, Wait};
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use super::revoke::{Done, finish};
use crate::api::PATH;
use crate::api::keys::{KeyView, RefusedView, Resealed, RotateRequest, Rotated};
use crate::api::list::Items;
use crate::seal::key::SealKey;
use crate::system::randomness::SystemRandomness;
use crate::words::counted;

pub async fn run(command: &KeyCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        KeyCommand::List => {
            let all: Items<KeyView> = client.get(&format!("{PATH}/keys")).await?;
            output.result(&all, || list(&all.items));
        }
        KeyCommand::Rotate { algorithm } => {
            let request = RotateRequest {
                algorithm: algorithm.clone(),
            };
            let path = format!("{PATH}/keys/rotate");
            let rotated: Rotated = client.post(&path, &request).await?;
            output.result(&rotated, || {
                format!(
                    "Published the key {} ({}). It signs when every proxy has applied version {}: \
                     from {} on, at the latest at {}.",
                    rotated.kid,
                    rotated.algorithm,
                    rotated.version,
                    time(rotated.signs_from),
                    time(rotated.signs_by)
                )
            });
        }
        KeyCommand::Refuse { kid, wait } => refuse(kid, wait, client, output).await?,
        KeyCommand::Reseal => {
            let path = format!("{PATH}/keys/reseal");
            let done: Resealed = client.post(&path, &json!({})).await?;
            output.result(&done, || {
                format!(
                    "The key {} in {} seals all secrets; {} sealed anew.",
                    done.seal_key,
                    done.source,
                    counted(done.resealed, "was", "were")
                )
            });
        }
        KeyCommand::NewSeal => new_seal(output)?,
    }
    Ok(())
}

async fn refuse(kid: &str, wait: &Wait, client: &Client, output: Output) -> Result<(), CliError> {
    let path = format!("{PATH}/keys/{}/refuse", percent_encode(kid.as_bytes()));
    let refused: RefusedView = client.post(&path, &json!({})).await?;
    let mut text = format!(
        "Refused the key {}: filters refuse its tokens from version {} on.",
        refused.kid, refused.version
    );
    if let Some(now_signs) = &refused.now_signs {
        text += &format!(" The key {now_signs} signs now.");
    }
    let done = Done::new(&refused, refused.version, text);
    finish(done, wait, client, output).await
}

fn new_seal(output: Output) -> Result<(), CliError> {
    let key = SealKey::generate(&SystemRandomness).map_err(std::io::Error::other)?;
    let object = json!({ "id": key.id, "key": key.to_text() });
    output.result(&object, || key.to_text());
    Ok(())
}

fn list(keys: &[KeyView]) -> String {
    let row = |key: &KeyView| {
        [
            key.kid.clone(),
            key.algorithm.clone(),
            key.state.clone(),
            time(key.since),
            next(key),
        ]
    };
    let rows: Vec<[String; 5]> = keys.iter().map(row).collect();
    table(["KID", "ALGORITHM", "STATE", "SINCE", "NEXT"], &rows)
}

fn next(key: &KeyView) -> String {
    match (key.signs_by, key.version, key.rotates_at, key.until) {
        (Some(by), Some(version), ..) => format!(
            "signs after 60 s, when every proxy has version {version}; at the latest {}",
            time(by)
        ),
        (_, _, Some(at), _) => format!("the next key is published {}", time(at)),
        (_, _, _, Some(until)) => format!("is deleted {}", time(until)),
        _ => String::new(),
    }
}
