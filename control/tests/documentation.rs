//! Every configuration of the control service that the documentation shows is accepted.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_control::config::Config;

#[test]
fn every_configuration_in_the_documentation_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("control.toml");
    let mut found = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
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
    let docs = fs::read_dir(root.join("docs")).unwrap();
    let mut pages: Vec<_> = docs.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.push(root.join("README.md"));
    pages
}
