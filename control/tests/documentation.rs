//! Every configuration of the control service that the documentation shows is accepted, and every
//! reason that the control service gives is explained.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_control::config::Config;
use serde_json::Value;

#[test]
fn every_configuration_in_the_documentation_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("control.toml");
    let mut found = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        // A block in a list is indented.
        let text = text.replace("\n   ", "\n");
        let blocks = text.split("```toml\n").skip(1);
        for block in blocks.filter_map(|rest| rest.split("```").next()) {
            fs::write(&file, block).unwrap();
            if let Err(error) = Config::load(Some(&file), std::iter::empty()) {
                panic!("{}: {error}", page.display());
            }
            found += 1;
        }
    }
    assert!(found > 1, "{found} configurations in the documentation");
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["docs", "docs/providers"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let docs = folders.into_iter().flatten();
    let mut pages: Vec<_> = docs.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.push(root.join("README.md"));
    pages
}

/// Where the reasons are that the sections of docs/TROUBLESHOOTING.md explain: a file and a function
/// whose text holds them.
const REASONS: [(&str, &[(&str, &str)]); 6] = [
    (
        "Calls of filters",
        &[("../src/protocol/calls.rs", "fn as_str(")],
    ),
    (
        "Pages of the team domain",
        &[
            ("src/team_domain/page/failure.rs", "pub fn reason("),
            ("src/team_domain/login/provider/failed.rs", "fn page("),
            (
                "src/team_domain/login/provider/failed.rs",
                "pub async fn lost(",
            ),
            ("src/dashboard/refusal.rs", "pub fn signed_out("),
            ("src/dashboard/refusal.rs", "pub fn sign_in_too_old("),
            ("src/dashboard/refusal.rs", "pub fn done_already("),
            ("src/dashboard/refusal.rs", "pub fn still_running("),
            ("src/dashboard/refusal.rs", "pub fn no_role("),
            ("src/dashboard/refusal.rs", "pub fn role_too_low("),
            ("src/dashboard/refusal.rs", "pub fn source("),
        ],
    ),
    (
        "Tokens for scripts",
        &[("src/team_domain/oauth/error.rs", "fn parts(")],
    ),
    ("Admin API", &[("src/api/error.rs", "fn parts(")]),
    (
        "Identity providers",
        &[("src/identity_providers/error.rs", "pub fn reason(")],
    ),
    (
        "Reports of identity providers",
        &[("src/provider_events/refusal.rs", "fn reason(")],
    ),
];

/// The description of the admin API, as the program prints it.
fn description() -> String {
    let program = env!("CARGO_BIN_EXE_portcullis-control");
    let printed = Command::new(program).arg("openapi").output().unwrap();
    String::from_utf8(printed.stdout).unwrap()
}

#[test]
fn the_description_of_the_admin_api_in_docs_is_the_one_that_the_program_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let written = fs::read_to_string(file).unwrap();
    let is_stale = written != description();
    assert!(
        !is_stale,
        "docs/openapi.json is stale: `make openapi` writes it"
    );
}

#[test]
fn every_reason_of_the_admin_api_is_in_its_description_and_no_other() {
    let description: Value = serde_json::from_str(&description()).unwrap();
    let reasons = &description["components"]["schemas"]["Reason"]["enum"];
    let reasons: Vec<String> = serde_json::from_value(reasons.clone()).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/error.rs");
    let source = fs::read_to_string(source).unwrap();
    assert_eq!(BTreeSet::from_iter(reasons), words(&source, "fn parts("));
}

#[test]
fn troubleshooting_has_an_entry_for_every_reason_and_for_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../docs/TROUBLESHOOTING.md")).unwrap();
    for (heading, places) in REASONS {
        let mut reasons = BTreeSet::new();
        for (file, function) in places {
            let source = fs::read_to_string(root.join(file)).unwrap();
            let found = words(&source, function);
            assert!(!found.is_empty(), "{function} of {file}");
            reasons.extend(found);
        }
        assert_eq!(entries(&page, heading), reasons, "{heading}");
    }
    let commands = entries(&page, "Reasons of the command line");
    assert_eq!(commands, reasons_of_commands());
}

/// Where the reasons of commands are.
const REASONS_OF_COMMANDS: [(&str, &str); 5] = [
    ("src/api/command_error.rs", "fn reason("),
    ("src/cli/client_error.rs", "pub fn reason("),
    ("src/cli/error.rs", "pub fn reason("),
    ("src/cli/token/certificate.rs", "pub fn reason("),
    ("src/cli/token/error.rs", "pub fn reason("),
];

#[test]
fn every_reason_of_a_command_is_listed_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../docs/COMMAND-LINE.md")).unwrap();
    let (_, table) = page.split_once("| `reason` | meaning |\n").unwrap();
    let cells = table.lines().filter_map(|row| row.split('|').nth(1));
    let listed: BTreeSet<String> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, reasons_of_commands());
}

fn reasons_of_commands() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Commands that use the admin API's calls can get these reasons of theirs.
    let of_calls = [
        "usage",
        "conflict",
        "too_large",
        "token_invalid",
        "scope_missing",
        "source_refused",
        "administrator_protected",
        "place_taken",
    ];
    let mut reasons = BTreeSet::from(of_calls.map(str::to_owned));
    for (file, function) in REASONS_OF_COMMANDS {
        let source = fs::read_to_string(root.join(file)).unwrap();
        let found = words(&source, function);
        assert!(!found.is_empty(), "{function} of {file}");
        reasons.extend(found);
    }
    reasons
}

/// The string literals of one lower-case word in a function.
fn words(source: &str, function: &str) -> BTreeSet<String> {
    let parts = source.split_once(function);
    assert!(parts.is_some(), "{function} is gone");
    let (before, rest) = parts.unwrap();
    let indent = before.rsplit('\n').next().unwrap();
    let indent: String = indent.chars().take_while(|c| *c == ' ').collect();
    let body = rest.split(&format!("\n{indent}}}\n")).next().unwrap();
    let literals = body.split('"').skip(1).step_by(2);
    let is_word =
        |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    literals.filter(is_word).map(str::to_owned).collect()
}

/// The first cells of the table under a heading.
fn entries(page: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = page.split_once(&format!(" {heading}\n")).unwrap();
    let section = section.split("\n#").next().unwrap();
    let mut entries = BTreeSet::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("| `")) {
        let entry = row.split('`').next().unwrap().to_owned();
        assert!(entries.insert(entry.clone()), "{entry} has two entries");
    }
    entries
}
