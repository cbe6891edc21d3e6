//! `provider`: the identity providers of the configuration file. Works without the service.

use std::sync::Arc;

use serde_json::json;

use super::arguments::{Arguments, ProviderCommand};
use super::check::load;
use super::error::CliError;
use super::output::{Output, table};
use crate::config::Config;
use crate::identity_providers::check::{Fit, Report, check};
use crate::identity_providers::settings::{ClientAuthentication, ProviderConfig};
use crate::server;
use crate::sessions::durations::to_text;
use crate::system::clock::{Clock, SystemClock};

/// Runs the command.
///
/// # Errors
/// When the configuration is invalid, there is no such provider, or something must be changed.
pub fn run(
    command: &ProviderCommand,
    arguments: &Arguments,
    output: Output,
) -> Result<(), CliError> {
    let config = load(arguments)?;
    match command {
        ProviderCommand::List => {
            list(&config, output);
            Ok(())
        }
        ProviderCommand::Check { id } => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(check_one(&config, id, output))
        }
    }
}

fn list(config: &Config, output: Output) {
    let providers = &config.identity_providers;
    let items: Vec<_> = providers
        .iter()
        .map(|provider| {
            json!({
                "id": provider.id,
                "name": provider.name,
                "issuer": provider.issuer,
                "client_id": provider.client_id,
                "client_authentication": authentication(provider),
                "recheck": provider.recheck.map(to_text),
                "default": provider.default,
            })
        })
        .collect();
    output.result(&json!({ "items": items }), || {
        if providers.is_empty() {
            return "The configuration has no [[identity_providers]].".to_owned();
        }
        let rows: Vec<[String; 5]> = providers.iter().map(row).collect();
        table(["ID", "NAME", "ISSUER", "CLIENT", "RECHECK"], &rows)
    });
}

fn row(provider: &ProviderConfig) -> [String; 5] {
    let default = if provider.default { " (default)" } else { "" };
    [
        format!("{}{default}", provider.id),
        provider.name.clone(),
        provider.issuer.clone(),
        authentication(provider).to_owned(),
        provider.recheck.map_or("never".to_owned(), to_text),
    ]
}

/// How the client authenticates, without the place of the secret.
fn authentication(provider: &ProviderConfig) -> &'static str {
    match provider.client_authentication {
        ClientAuthentication::Secret(_) => "secret",
        ClientAuthentication::PrivateKeyFile(_) => "private key",
    }
}

async fn check_one(config: &Config, id: &str, output: Output) -> Result<(), CliError> {
    let mut providers = config.identity_providers.iter();
    let Some(provider) = providers.find(|provider| provider.id == id) else {
        return Err(CliError::NoSuchProvider(id.to_owned()));
    };
    let team_domain = server::team_domain(config, config.server.listen)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let report = check(provider, &team_domain, &clock).await;
    output.result(&report, || text(&report));
    if report.ok {
        Ok(())
    } else {
        Err(CliError::ProviderUnfit(id.to_owned()))
    }
}

fn text(report: &Report) -> String {
    let register = &report.register;
    let mut lines = vec![
        format!("Issuer                      {}", report.issuer),
        String::new(),
        "Register at the provider:".to_owned(),
        format!("  redirect URI              {}", register.redirect_uri),
        format!(
            "  post-logout redirect URI  {}",
            register.post_logout_redirect_uri
        ),
        format!(
            "  back-channel logout URI   {}",
            register.backchannel_logout_uri
        ),
    ];
    if let Some(key) = &register.public_key {
        lines.push(format!("  public key                {key}"));
    }
    lines.push(String::new());
    for finding in &report.findings {
        let result = match finding.result {
            Fit::Ok => "ok",
            Fit::Note => "note",
            Fit::Problem => "PROBLEM",
        };
        let message = finding.message.replace('\n', "\n         ");
        lines.push(format!("{result:7}  {}: {message}", finding.check));
    }
    lines.join("\n")
}
