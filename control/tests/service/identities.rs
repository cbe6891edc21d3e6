//! Users and sessions of a database from before there were identity providers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, AssertSqlSafe, SqlSafeStr};
use tempfile::TempDir;

use crate::harness::{Service, database_url};

/// The last step before identities.
const BEFORE: i64 = 11;

/// A user with a password and one without, each with a session.
const OLD_ROWS: &str = "\
    INSERT INTO feed_state (only_row, epoch, version, log_start) VALUES (1, 'old', 7, 1); \
    INSERT INTO users (id, email, email_normal, password_hash, administrator, disabled, \
    blocked_until, created_at) VALUES \
    ('ana', 'ana@example.com', 'ana@example.com', '$argon2id$x', 1, 0, 0, 5), \
    ('bob', 'bob@example.com', 'bob@example.com', NULL, 0, 0, 0, 5); \
    INSERT INTO sessions (id, user_id, auth_time, auth_ver, expires_at, created_at) VALUES \
    ('of-ana', 'ana', 5, 6, 4000000000, 5), ('of-bob', 'bob', 5, 7, 4000000000, 6);";

/// The steps up to [`BEFORE`], as a service of that time took them.
fn old_steps(url: &str) -> Migrator {
    let driver = if url.starts_with("sqlite") {
        "sqlite"
    } else {
        "postgres"
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(driver);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let steps = files.into_iter().map(|file| {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let (number, name) = stem.split_once('_').unwrap();
        let sql = AssertSqlSafe(std::fs::read_to_string(&file).unwrap()).into_sql_str();
        let (number, name) = (number.parse().unwrap(), name.to_owned());
        Migration::new(number, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.filter(|step| step.version <= BEFORE).collect())
}

async fn old_database(directory: &TempDir) {
    sqlx::any::install_default_drivers();
    let mut url = database_url(directory).await;
    if url.starts_with("sqlite") {
        url.push_str("?mode=rwc");
    }
    let pool = AnyPool::connect(&url).await.unwrap();
    old_steps(&url).run(&pool).await.unwrap();
    sqlx::raw_sql(OLD_ROWS).execute(&pool).await.unwrap();
    pool.close().await;
}

fn column<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    let mut values: Vec<&str> = items
        .iter()
        .map(|item| item[field].as_str().unwrap())
        .collect();
    values.sort_unstable();
    values
}

#[tokio::test]
async fn a_database_from_before_providers_keeps_every_user_and_session() {
    let directory = Arc::new(TempDir::new().unwrap());
    old_database(&directory).await;
    let service = Service::start_in(directory, "").await.unwrap();
    let users = service.listed("/users").await;
    assert_eq!(column(&users, "id"), ["ana", "bob"]);
    let (_, sessions) = service.over_socket(Method::GET, "sessions").await;
    let sessions = sessions["items"].as_array().unwrap();
    assert_eq!(column(sessions, "id"), ["of-ana", "of-bob"]);
    assert_eq!(column(sessions, "user_id"), ["ana", "bob"]);
    // They still end as before.
    let end = json!({ "id": "of-bob" });
    service.done("/revocations/session", end).await;
    let (_, sessions) = service.over_socket(Method::GET, "sessions").await;
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
}
