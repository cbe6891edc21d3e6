//! Envoy itself says whether a configuration is complete.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use portcullis_demo::certificates::Certificates;
use portcullis_demo::tools::Tools;
use portcullis_e2e::directories;

#[test]
fn the_envoy_configuration_in_the_readme_is_complete() -> Result<()> {
    let tools = Tools::find("control-with-clock")?;
    let directory = directories::of_stand("readme")?;
    fs::create_dir_all(&directory)?;
    let certificates = Certificates::make(&directory, &["team.example.com"])?;
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme)?;
    let block = readme.split("```yaml\n").nth(1).context("no YAML")?;
    let yaml = block.split("```").next().context("no end")?;
    // Only the files are elsewhere here.
    let text = |path: &Path| path.display().to_string();
    let yaml = yaml
        .replace("/etc/envoy/tls.crt", &text(&certificates.certificate))
        .replace("/etc/envoy/tls.key", &text(&certificates.key))
        .replace("/etc/envoy/portcullis.wasm", &text(&tools.module));
    let file = directory.join("envoy.yaml");
    fs::write(&file, yaml)?;

    let output = Command::new(&tools.envoy)
        .args([
            "--mode",
            "validate",
            "--disable-hot-restart",
            "--config-path",
        ])
        .arg(&file)
        .env("PORTCULLIS_FILTER_CREDENTIAL", "any")
        .output()?;

    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    Ok(())
}
