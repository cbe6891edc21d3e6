//! The configuration corpus: which configurations are refused, and with which errors; and that every
//! configuration in the documentation is accepted.
//!
//! The name of a file in `tests/config/invalid` says what is wrong with it; the errors are in the
//! file beside it. `PORTCULLIS_WRITE_SNAPSHOTS=1` writes those files.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::config::{Config, schema};
use serde_json::{Value, json};

/// Where the documentation has the schema.
const SCHEMA: &str = "docs/filter-configuration.schema.json";
/// What the filter refuses and the schema cannot, because it neither compares durations nor
/// measures hostnames.
const BEYOND_THE_SCHEMA: [&str; 7] = [
    "stale_after_beyond_numbers",
    "stale_too_late",
    "stale_too_soon",
    "team_domain_hostname_too_long",
    "timeout_too_long",
    "timeout_too_short",
    "timeout_zero",
];

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
        assert_snapshot(&refusal, &snapshot);
    }
}

fn assert_snapshot(text: &str, file: &Path) {
    if std::env::var_os("PORTCULLIS_WRITE_SNAPSHOTS").is_some() {
        fs::write(file, text).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(text, expected, "{}", file.display());
}

#[test]
fn the_schema_is_the_one_in_the_documentation() {
    let schema = serde_json::to_string_pretty(&schema::schema()).unwrap() + "\n";
    assert_snapshot(&schema, &root().join(SCHEMA));
}

#[test]
fn the_schema_agrees_with_the_filter_about_the_corpus() {
    let schema = jsonschema::validator_for(&schema::schema()).unwrap();
    for path in files("tests/config/valid", "yaml") {
        let value = parse(&fs::read_to_string(&path).unwrap());
        let refusal = schema.validate(&value).map_err(|error| error.to_string());
        assert_eq!(refusal, Ok(()), "{}", path.display());
    }
    for path in files("tests/config/invalid", "yaml") {
        let value = parse(&fs::read_to_string(&path).unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap();
        let expected = BEYOND_THE_SCHEMA.contains(&name);
        assert_eq!(schema.is_valid(&value), expected, "{}", path.display());
    }
}

#[test]
fn the_schema_names_the_fields_that_the_filter_knows() {
    let schema = schema::schema();
    let unknown = json!({"x": 0});
    let refusal = read(&json!({
        "x": 0, "control": unknown, "when_stale": unknown, "names": unknown,
    }))
    .unwrap_err();
    for (object, pointer) in [
        ("the configuration", ""),
        ("control", "/properties/control"),
        ("when_stale", "/properties/when_stale"),
        ("names", "/properties/names"),
    ] {
        let known = refusal.split(&format!("; {object} has ")).nth(1).unwrap();
        let mut known: Vec<_> = known.lines().next().unwrap().split(", ").collect();
        known.sort_unstable();
        let described = schema.pointer(&format!("{pointer}/properties")).unwrap();
        let mut described: Vec<_> = described.as_object().unwrap().keys().collect();
        described.sort_unstable();
        assert_eq!(described, known, "{object}");
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
