//! `access-group list | show | set | delete`.

use std::path::Path;

use portcullis::reply::percent_encode;
use serde_json::Value;

use super::super::arguments::AccessGroupCommand;
use super::super::client::Client;
use super::super::confirmation::confirm;
use super::super::error::CliError;
use super::super::output::{Output, table};
use super::application::policy::fits;
use super::toml_file;
use crate::api::PATH;
use crate::api::access_groups::{AccessGroupView, ChangedAccessGroup, RemovedAccessGroup};
use crate::api::list::Items;
use crate::policy::rules::Conditions;
use crate::problems::config::show;

pub async fn run(
    command: &AccessGroupCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        AccessGroupCommand::List => {
            let path = format!("{PATH}/access-groups");
            let all: Items<AccessGroupView> = client.all(&path, &[]).await?;
            output.result(&all, || {
                let rows: Vec<[String; 4]> = all.items.iter().map(row).collect();
                table(["NAME", "FITS", "NAMED BY", "FROM"], &rows)
            });
        }
        AccessGroupCommand::Show { name } => {
            let group: AccessGroupView = client.get(&path_of(name)).await?;
            output.result(&group, || in_toml(&group.conditions));
        }
        AccessGroupCommand::Set { name, file } => {
            let conditions = read(file)?;
            let now: ChangedAccessGroup = client.put(&path_of(name), &conditions).await?;
            output.result(&now, || told(&now));
        }
        AccessGroupCommand::Delete { name, yes } => {
            confirm(&format!("Delete the access group {name}?"), *yes)?;
            let removed: RemovedAccessGroup = client.delete(&path_of(name)).await?;
            output.result(&removed, || {
                format!("Deleted the access group {}.", removed.name)
            });
        }
    }
    Ok(())
}

fn row(group: &AccessGroupView) -> [String; 4] {
    /// A group may have thousands of addresses; `access-group show` has them all.
    const WIDEST: usize = 100;
    let from = if group.declared {
        "configuration file"
    } else {
        "access-group set"
    };
    let mut fits = fits(&group.conditions);
    if let Some((end, _)) = fits.char_indices().nth(WIDEST) {
        fits.truncate(end);
        fits.push('…');
    }
    [
        group.name.clone(),
        fits,
        group.used_by.join(", "),
        from.to_owned(),
    ]
}

/// The conditions in a file.
fn read(file: &Path) -> Result<Value, CliError> {
    let table = toml_file::table(file)?;
    serde_json::to_value(table).map_err(|error| toml_file::wrong(file, error))
}

fn in_toml(conditions: &Conditions) -> String {
    let Conditions {
        include,
        require,
        exclude,
    } = conditions;
    let lists = [
        ("include", include),
        ("require", require),
        ("exclude", exclude),
    ];
    let lists = lists.iter().filter(|(_, selectors)| !selectors.is_empty());
    let lists = lists.map(|(name, selectors)| {
        let selectors = selectors.iter().map(|selector| {
            let selector = serde_json::to_value(selector).unwrap_or_default();
            format!("  {},\n", show(&selector))
        });
        format!("{name} = [\n{}]", selectors.collect::<String>())
    });
    lists.collect::<Vec<_>>().join("\n")
}

fn told(now: &ChangedAccessGroup) -> String {
    let ChangedAccessGroup {
        group,
        changed,
        version,
        notes,
    } = now;
    let names = group.used_by.join(", ");
    let text = match (version, changed) {
        (Some(version), _) => format!(
            "Set the access group {}. The policies of {names} follow it with version {version}.",
            group.name
        ),
        (None, true) => format!(
            "Set the access group {}. No policy names it yet.",
            group.name
        ),
        (None, false) => format!("The access group {} is as it was.", group.name),
    };
    let notes = notes.iter().map(|note| format!("\nnote: {note}"));
    text + &notes.collect::<String>()
}

fn path_of(name: &str) -> String {
    format!("{PATH}/access-groups/{}", percent_encode(name.as_bytes()))
}
