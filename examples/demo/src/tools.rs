//! Where the programs are that a deployment is made of, and what to type when one is missing.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Files that `make` puts under `target/`; each has an environment variable that overrides it.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Envoy: `PORTCULLIS_ENVOY`, or `target/venv/bin/envoy`.
    pub envoy: PathBuf,
    /// The filter: `PORTCULLIS_MODULE`, or `target/portcullis.wasm`.
    pub module: PathBuf,
    /// The control service: `PORTCULLIS_CONTROL`, or the build beside this program.
    pub control: PathBuf,
    /// The build directory, `target/`.
    pub target: PathBuf,
}

impl Tools {
    /// The build directory alone.
    ///
    /// # Errors
    /// When this program lies in none.
    pub fn target() -> Result<PathBuf> {
        Ok(build_directories()?.0)
    }

    /// Finds all of them, the control service as the program called `control`.
    ///
    /// # Errors
    /// When one is missing, with the `make` target that brings it.
    pub fn find(control: &str) -> Result<Self> {
        let (target, programs) = build_directories()?;
        Ok(Self {
            envoy: existing(
                "PORTCULLIS_ENVOY",
                &target.join("venv/bin/envoy"),
                "make envoy",
            )?,
            module: existing(
                "PORTCULLIS_MODULE",
                &target.join("portcullis.wasm"),
                "make wasm",
            )?,
            control: existing(
                "PORTCULLIS_CONTROL",
                &programs.join(control),
                "make control",
            )?,
            target,
        })
    }
}

/// `target/` and the directory with this profile's programs, from where this program lies:
/// `target/<profile>/demo`, or `target/<profile>/deps/<test>`.
fn build_directories() -> Result<(PathBuf, PathBuf)> {
    let program = env::current_exe().context("cannot tell where this program lies")?;
    let directory = program.parent().context("this program lies nowhere")?;
    let programs = if directory.ends_with("deps") {
        directory.parent()
    } else {
        Some(directory)
    };
    let target = programs.and_then(Path::parent);
    match (target, programs) {
        (Some(target), Some(programs)) => Ok((target.to_owned(), programs.to_owned())),
        _ => bail!("{} is not in a build directory", program.display()),
    }
}

fn existing(variable: &str, default: &Path, remedy: &str) -> Result<PathBuf> {
    let path = env::var_os(variable).map_or_else(|| default.to_owned(), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    bail!(
        "{} is missing: run `{remedy}`, or name another file in {variable}",
        path.display()
    );
}
