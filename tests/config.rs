//! The configuration corpus: what is refused, and with which words; and that everything that the
//! project shows anybody is accepted.
//!
//! The name of a file in `tests/config/invalid` says what is wrong with it; the text of the
//! refusal stands beside it. `PORTCULLIS_WRITE_SNAPSHOTS=1` writes those texts anew.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::config::Config;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    assert!(!files.is_empty(), "no {ending} in {folder}");
    files
}

fn parse(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap()
}

fn read(value: &Value) -> Result<Config, String> {
    Config::read(value.to_string().as_bytes()).map_err(|errors| errors.to_string())
}

#[test]
fn valid_configurations_are_accepted() {
    for path in files("tests/config/valid", "yaml") {
        let accepted = read(&parse(&fs::read_to_string(&path).unwrap()));
        assert!(accepted.is_ok(), "{}: {accepted:?}", path.display());
    }
}

#[test]
fn invalid_configurations_are_refused_with_their_words() {
    for path in files("tests/config/invalid", "yaml") {
        let refusal = read(&parse(&fs::read_to_string(&path).unwrap())).unwrap_err() + "\n";
        let snapshot = path.with_extension("txt");
        if std::env::var_os("PORTCULLIS_WRITE_SNAPSHOTS").is_some() {
            fs::write(&snapshot, &refusal).unwrap();
        }
        let expected = fs::read_to_string(&snapshot).unwrap_or_default();
        assert_eq!(refusal, expected, "{}", path.display());
    }
}

#[test]
fn a_refusal_of_no_json_says_so() {
    let refusal = Config::read(b"team_domain: x").unwrap_err().to_string();
    assert!(refusal.contains("is not JSON"), "{refusal}");
}

/// Every plugin configuration in a document: wherever a `team_domain` stands beside `control`.
fn configurations(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(object)
            if object.contains_key("team_domain") && object.contains_key("control") =>
        {
            vec![value]
        }
        Value::Object(object) => object.values().flat_map(configurations).collect(),
        Value::Array(list) => list.iter().flat_map(configurations).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_bootstrap_holds_a_configuration_that_is_accepted() {
    let template = fs::read_to_string(root().join("envoy/bootstrap.yaml")).unwrap();
    let bootstrap = template
        .replace("@TEAM_DOMAIN@", "https://team.localhost:8443")
        .replace('@', "");
    // Only the type names lose their `@`, and no configuration holds one.
    let document = parse(&bootstrap);
    let found = configurations(&document);
    assert_eq!(found.len(), 1);
    read(found[0]).unwrap();
}

#[test]
fn every_configuration_in_the_documentation_is_accepted() {
    let mut found = 0;
    let mut pages = files("docs", "md");
    pages.push(root().join("README.md"));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let blocks = text.split("```yaml\n").skip(1);
        for block in blocks.filter_map(|block| block.split("```").next()) {
            for configuration in configurations(&parse(block)) {
                read(configuration).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
                found += 1;
            }
        }
    }
    assert!(found > 0, "the documentation shows no configuration");
}
