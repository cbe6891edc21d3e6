//! `policy`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Show the policy of an application, as a configuration file would have it
    Show {
        /// The application's name
        #[arg(long, value_name = "NAME")]
        application: String,
    },
    /// Replace the policy of an application
    ///
    /// The file holds `policy = [ … ]`, as `policy show` prints it. People who are still admitted keep
    /// their sessions; requests of all others are refused within a second. An application in the
    /// configuration file can only be changed there.
    #[command(after_help = "\
Examples:
  portcullis-control policy show --application wiki > wiki.toml
  portcullis-control policy set --application wiki wiki.toml")]
    Set {
        /// The application's name
        #[arg(long, value_name = "NAME")]
        application: String,
        /// The file, in TOML
        file: PathBuf,
    },
    /// Say whom the policy of an application admits, and why: each rule, and the decision
    ///
    /// With --user, what the user's newest sign-in brought counts: provider, groups, claims, and how
    /// they signed in. What is given here counts instead. Nothing is changed.
    #[command(after_help = "\
Examples:
  portcullis-control policy test --application wiki --user ana@example.com
  portcullis-control policy test --application wiki --groups corp:engineering --amr mfa --ip 10.0.0.7
  portcullis-control policy test --application wiki --service-token ci --ip 10.0.0.7")]
    Test(PolicyTest),
}

/// `policy test`.
#[derive(Debug, Args)]
pub struct PolicyTest {
    /// The application's name
    #[arg(long, value_name = "NAME")]
    pub application: String,
    /// The person's e-mail address
    #[arg(long, value_name = "EMAIL")]
    pub user: Option<String>,
    /// The identity provider
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// The person's groups, as PROVIDER:NAME
    #[arg(long, value_name = "GROUP", num_args(0..))]
    pub groups: Option<Vec<String>>,
    /// The person's claims, as NAME=VALUE
    #[arg(long, value_name = "CLAIM", num_args(0..), value_parser = claim)]
    pub claims: Option<Vec<(String, String)>>,
    /// How the person signed in, such as mfa
    #[arg(long, value_name = "METHOD", num_args(0..))]
    pub amr: Option<Vec<String>>,
    /// The address that the request comes from
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Option<IpAddr>,
    /// Ask about this service token instead of a person
    #[arg(long, value_name = "NAME",
        conflicts_with_all = ["user", "provider", "groups", "claims", "amr"])]
    pub service_token: Option<String>,
}

fn claim(text: &str) -> Result<(String, String), &'static str> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = parts.ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
