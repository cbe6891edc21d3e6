//! The corpus: each file in `tests/config/invalid` is named after what is wrong with it, and has its
//! error message beside it. `UPDATE_CONFIG_CORPUS=1` rewrites the messages.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;

fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/config")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn load(path: &Path) -> Result<Config, ConfigError> {
    Config::load(Some(path), std::iter::empty())
}

#[test]
fn the_valid_are_taken() {
    for path in corpus("valid") {
        if let Err(error) = load(&path) {
            panic!("{}: {error}", path.display());
        }
    }
}

#[test]
fn the_invalid_are_refused_with_all_that_is_wrong() {
    for path in corpus("invalid") {
        let error = load(&path)
            .err()
            .unwrap_or_else(|| panic!("{} was taken", path.display()));
        let folder = path.parent().unwrap().display().to_string();
        let said = format!("{error}\n").replace(&format!("{folder}/"), "");
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_CONFIG_CORPUS").is_some() {
            std::fs::write(&expected, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap();
        assert_eq!(said, expected, "{}", path.display());
    }
}

#[test]
fn without_a_file_everything_has_a_default() {
    let config = Config::load(None, std::iter::empty()).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8081");
    assert_eq!(config.server.filters.to_string(), "127.0.0.1:8082");
    assert_eq!(config.sessions.global_duration, None);
    assert_eq!(
        config.sessions.login_block_after_revoke,
        Duration::from_secs(60)
    );
    assert!(config.applications.is_empty() && !config.server.demo);
}

#[test]
fn the_environment_overrides_and_is_judged_alike() {
    let load = |name: &str, value: &str| {
        Config::load(None, std::iter::once((name.to_owned(), value.to_owned())))
    };
    let config = load("PORTCULLIS_SESSIONS__GLOBAL_DURATION", "8h").unwrap();
    assert_eq!(
        config.sessions.global_duration,
        Some(Duration::from_secs(28_800))
    );
    // Bare, it reads as a number.
    let config = load("PORTCULLIS_SESSIONS__GLOBAL_DURATION", "0").unwrap();
    assert_eq!(config.sessions.global_duration, Some(Duration::ZERO));
    for (name, value, path) in [
        (
            "PORTCULLIS_SESSIONS__GLOBAL_DURATION",
            "8 moons",
            "sessions.global_duration",
        ),
        ("PORTCULLIS_SERVER__LISTEN", "8081", "server.listen"),
        (
            "PORTCULLIS_SERVER__LISTENS",
            "127.0.0.1:1",
            "server.listens",
        ),
        ("PORTCULLIS_SERVERS__LISTEN", "127.0.0.1:1", "servers"),
    ] {
        let error = load(name, value).err().unwrap().to_string();
        assert!(error.starts_with(path), "{error}");
    }
}

#[test]
fn a_database_password_is_not_shown() {
    let url = "PORTCULLIS_DATABASE__URL".to_owned();
    let good = (url.clone(), "postgres://user:hunter2@db/x".to_owned());
    let config = Config::load(None, std::iter::once(good)).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let bad = (url, "mysql://user:hunter2@db/x".to_owned());
    let error = Config::load(None, std::iter::once(bad)).err().unwrap();
    assert!(!error.to_string().contains("hunter2"));
}
