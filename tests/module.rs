//! The built module: an import that an older Envoy lacks would make it refuse the whole module,
//! and an export that is missing would make it ignore us.

#![expect(clippy::panic, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};

use wasmparser::{Parser, Payload};

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
fn exports_make_it_a_filter() {
    let module = module();
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(&module) {
        if let Payload::ExportSection(section) = payload.unwrap() {
            exports.extend(
                section
                    .into_iter()
                    .map(|export| export.unwrap().name.to_owned()),
            );
        }
    }
    for needed in [
        "_initialize",
        "proxy_abi_version_0_2_1",
        "proxy_on_configure",
        "proxy_on_http_call_response",
        "proxy_on_memory_allocate",
        "proxy_on_request_headers",
        "proxy_on_tick",
    ] {
        assert!(
            exports.iter().any(|export| export == needed),
            "{needed} is not exported"
        );
    }
}
