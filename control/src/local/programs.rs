//! Where Envoy and the filter are, and what to do where one is missing.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Envoy and the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// Envoy: `PORTCULLIS_ENVOY`, what `make envoy` installs beside this program, or `envoy` of
    /// `PATH`.
    pub envoy: PathBuf,
    /// The filter: `PORTCULLIS_MODULE`, what `make wasm` builds beside this program, or what
    /// `make install` installs.
    pub module: PathBuf,
}

/// Why one of them is missing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingProgram {
    /// The file that a variable names.
    #[error("{variable} is set to {}, which is not a file", path.display())]
    Named {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        path: PathBuf,
    },
    /// Envoy.
    #[error(
        "Envoy is not installed: run `make envoy` in Portcullis's source directory, or install it \
         (https://www.envoyproxy.io/docs/envoy/latest/start/install) so that `envoy` is on the \
         PATH, or name its file in PORTCULLIS_ENVOY"
    )]
    Envoy,
    /// The filter.
    #[error(
        "the filter, portcullis.wasm, is missing: run `make wasm` (or `make install`) in \
         Portcullis's source directory, or name its file in PORTCULLIS_MODULE"
    )]
    Module,
}

impl Programs {
    /// Finds both, from where this program is and from the environment.
    ///
    /// # Errors
    /// When one is missing, with what to do about it.
    pub fn find() -> Result<Self, MissingProgram> {
        let program = env::current_exe().unwrap_or_default();
        let directory = program.parent().unwrap_or(Path::new("."));
        Self::find_from(directory, |name| env::var_os(name).map(PathBuf::from))
    }

    fn find_from(
        directory: &Path,
        variable: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Self, MissingProgram> {
        let named = |name| {
            let named = variable(name).map(|path| {
                if path.is_file() {
                    Ok(path)
                } else {
                    Err(MissingProgram::Named {
                        variable: name,
                        path,
                    })
                }
            });
            named.transpose()
        };
        let first = |candidates: &[&str]| {
            let mut paths = candidates.iter().map(|path| directory.join(path));
            paths.find(|path| path.is_file())
        };
        let search_path = variable("PATH").unwrap_or_default();
        let envoy = named("PORTCULLIS_ENVOY")?
            .or_else(|| first(&["../venv/bin/envoy"]))
            .or_else(|| on_path("envoy", search_path.as_os_str()))
            .ok_or(MissingProgram::Envoy)?;
        let module = named("PORTCULLIS_MODULE")?
            .or_else(|| first(&["../portcullis.wasm"]))
            .or_else(|| module_installed_with(directory))
            .ok_or(MissingProgram::Module)?;
        Ok(Self { envoy, module })
    }
}

/// The filter that `make install` installed with this program.
#[must_use]
pub fn installed_module() -> Option<PathBuf> {
    module_installed_with(env::current_exe().ok()?.parent()?)
}

/// The filter, by the directory of the program.
fn module_installed_with(directory: &Path) -> Option<PathBuf> {
    let module = directory.parent()?.join("share/portcullis/portcullis.wasm");
    module.is_file().then_some(module)
}

/// The program that a shell would start.
#[must_use]
pub fn on_path(name: &str, search_path: &OsStr) -> Option<PathBuf> {
    env::split_paths(search_path)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn find(root: &Path, variables: &[(&str, &str)]) -> Result<Programs, MissingProgram> {
        Programs::find_from(&root.join("debug"), |name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| root.join(value))
        })
    }

    fn make(root: &Path, file: &str) {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }

    #[test]
    fn where_the_programs_are_looked_for() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir(root.join("debug")).unwrap();
        assert_eq!(find(root, &[]), Err(MissingProgram::Envoy));
        assert!(MissingProgram::Envoy.to_string().contains("`make envoy`"));

        make(root, "bin/envoy");
        assert_eq!(find(root, &[("PATH", "bin")]), Err(MissingProgram::Module));
        make(root, "share/portcullis/portcullis.wasm");
        let found = find(root, &[("PATH", "bin")]).unwrap();
        assert_eq!(found.envoy, root.join("bin/envoy"));
        assert!(found.module.ends_with("share/portcullis/portcullis.wasm"));

        // What was built comes before what is installed, and what is named before both.
        make(root, "venv/bin/envoy");
        make(root, "portcullis.wasm");
        let found = find(root, &[("PATH", "bin")]).unwrap();
        assert!(found.envoy.ends_with("venv/bin/envoy"));
        assert!(found.module.ends_with("debug/../portcullis.wasm"));
        make(root, "my/envoy");
        let found = find(root, &[("PORTCULLIS_ENVOY", "my/envoy")]).unwrap();
        assert_eq!(found.envoy, root.join("my/envoy"));
    }

    #[test]
    fn a_named_file_that_is_missing_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        make(root.path(), "venv/bin/envoy");
        make(root.path(), "portcullis.wasm");
        fs::create_dir(root.path().join("debug")).unwrap();
        for variable in ["PORTCULLIS_ENVOY", "PORTCULLIS_MODULE"] {
            let error = find(root.path(), &[(variable, "nowhere")]).unwrap_err();
            assert!(error.to_string().starts_with(variable), "{error}");
        }
    }
}
