//! The built module: an import that an older Envoy lacks would make it refuse the whole module,
//! an export that is missing would make it ignore us, and one too many costs time in every request.

#![expect(clippy::panic, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};

use wasmparser::{Parser, Payload};

/// Envoy compiles the whole module at its start, so growth must be noticed.
const MOST_BYTES: usize = 1_060_000;

fn module() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = std::env::var_os("PORTCULLIS_MODULE")
        .map_or_else(|| root.join("target/portcullis.wasm"), PathBuf::from);
    fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `make wasm` builds it", path.display()))
}

fn listed(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn imports_are_those_that_were_agreed_on() {
    let module = module();
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(&module) {
        if let Payload::ImportSection(section) = payload.unwrap() {
            for import in section.into_imports() {
                let import = import.unwrap();
                imports.push(format!("{} {}", import.module, import.name));
            }
        }
    }
    imports.sort();
    assert_eq!(imports, listed(include_str!("module/imports.txt")));
}

#[test]
fn exports_are_those_that_envoy_is_to_call() {
    let module = module();
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(&module) {
        if let Payload::ExportSection(section) = payload.unwrap() {
            for export in section {
                exports.push(export.unwrap().name.to_owned());
            }
        }
    }
    exports.sort();
    assert_eq!(exports, listed(include_str!("../envoy/module/exports.txt")));
}

#[test]
fn it_has_not_grown() {
    let size = module().len();
    assert!(size <= MOST_BYTES, "{size} bytes");
}
