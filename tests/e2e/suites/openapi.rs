//! The description of the admin API, as a validator made by others judges it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use portcullis_demo::tools::Tools;

#[test]
fn the_description_of_the_admin_api_is_valid() -> Result<()> {
    let program = Tools::target()?.join("verifiers/venv/bin/openapi-spec-validator");
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let output = Command::new(program)
        .args(["--schema", "3.1"])
        .arg(document)
        .output()
        .context("run `make verifiers`")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{said}");
    Ok(())
}
