//! `policy show | set | test`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::super::arguments::{PolicyCommand, PolicyTest};
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table};
use super::toml_file;
use crate::administration::policies::answer::PolicyQuestion;
use crate::api::applications::{ApplicationView, StoredApplication};
use crate::api::policies::{AskPolicy, PolicyAnswer};
use crate::problems::config::show;

pub async fn run(command: &PolicyCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        PolicyCommand::Show { application } => {
            let request = json!({ "name": application });
            let shown: ApplicationView = client.post("/applications/show", &request).await?;
            let policy = shown.settings.policy.unwrap_or_default();
            let result = json!({ "application": application, "policy": policy });
            output.result(&result, || in_toml(&policy));
        }
        PolicyCommand::Set { application, file } => {
            let policy = read(file)?;
            let request = json!({ "name": application, "changes": { "policy": policy } });
            let now: StoredApplication = client.post("/applications/set", &request).await?;
            output.result(&now, || {
                let notes = now.notes.iter().map(|note| format!("\nnote: {note}"));
                format!(
                    "Changed the policy of {application}.{}",
                    notes.collect::<String>()
                )
            });
        }
        PolicyCommand::Test(test) => {
            let request = AskPolicy {
                application: test.application.clone(),
                question: question(test),
            };
            let answer: PolicyAnswer = client.post("/policies/test", &request).await?;
            output.result(&answer, || told(&answer));
        }
    }
    Ok(())
}

/// The rules in a file.
fn read(file: &Path) -> Result<Value, CliError> {
    let table = toml_file::table(file)?;
    let policy = table.get("policy").filter(|_| table.len() == 1);
    let policy = policy
        .ok_or_else(|| toml_file::wrong(file, "must hold `policy = [ … ]` and nothing else"))?;
    serde_json::to_value(policy).map_err(|error| toml_file::wrong(file, error))
}

fn in_toml(policy: &[Value]) -> String {
    let rules = policy.iter().map(|rule| format!("  {},\n", show(rule)));
    format!("policy = [\n{}]", rules.collect::<String>())
}

fn question(test: &PolicyTest) -> PolicyQuestion {
    let claims = test.claims.as_ref().map(|claims| {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in claims {
            all.entry(name.clone()).or_default().push(value.clone());
        }
        all
    });
    PolicyQuestion {
        user: test.user.clone(),
        provider: test.provider.clone(),
        groups: test.groups.clone(),
        claims,
        amr: test.amr.clone(),
        service_token: test.service_token.clone(),
        ip: test.ip,
    }
}

/// The rules, one a line, and the decision.
fn told(answer: &PolicyAnswer) -> String {
    let PolicyAnswer {
        application,
        asked,
        explanation,
    } = answer;
    let rows = explanation.rules.iter().map(|rule| {
        let result = match (rule.decides, rule.fits) {
            (true, _) => "decides",
            (false, true) => "not reached",
            (false, false) => "-",
        };
        let action = rule.action.as_str().to_owned();
        [rule.id.clone(), action, result.to_owned(), rule.why.clone()]
    });
    let rows: Vec<[String; 4]> = rows.collect();
    let list = |texts: &Option<Vec<String>>| texts.clone().unwrap_or_default().join(" ");
    let decision = if explanation.admitted {
        "admitted"
    } else {
        "refused"
    };
    let mut text = table(["RULE", "ACTION", "RESULT", "WHY"], &rows);
    if asked.service_token.is_none() {
        text.push_str(&format!(
            "\nasked about: user {}, provider {}, groups [{}], amr [{}]",
            asked.user.as_deref().unwrap_or("unknown"),
            asked.provider.as_deref().unwrap_or("none"),
            list(&asked.groups),
            list(&asked.amr),
        ));
    }
    text.push_str(&format!(
        "\n{application}: {decision}: {}",
        explanation.reason
    ));
    if let Some(addresses) = &explanation.addresses {
        text.push_str(&format!("\nadmitted addresses: {}", addresses.join(" ")));
    }
    text
}
