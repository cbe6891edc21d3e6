//! The steps that bring a database up to date. Both databases have the same steps, in a folder each.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

macro_rules! migrations {
    ($folder:literal: $($number:literal $name:literal $file:literal,)+) => {
        [$((
            $number,
            $name,
            include_str!(concat!("../../../migrations/", $folder, "/", $file)),
        )),+]
    };
}

/// The steps in a folder, in the order in which they are taken.
macro_rules! migrations_in {
    ($folder:literal) => {
        migrations! {
            $folder:
            1 "begin" "0001_begin.sql",
            2 "refreshes" "0002_refreshes.sql",
            3 "sessions" "0003_sessions.sql",
            4 "device_codes" "0004_device_codes.sql",
            5 "proxies" "0005_proxies.sql",
            6 "keys" "0006_keys.sql",
            7 "credentials" "0007_credentials.sql",
            8 "proxy_nodes" "0008_proxy_nodes.sql",
            9 "known" "0009_known.sql",
            10 "device_shares" "0010_device_shares.sql",
            11 "addresses" "0011_addresses.sql",
            12 "identities" "0012_identities.sql",
            14 "service_tokens" "0014_service_tokens.sql",
            15 "audit" "0015_audit.sql",
            16 "provider_events" "0016_provider_events.sql",
            17 "noted_settings" "0017_noted_settings.sql",
            18 "access_groups" "0018_access_groups.sql",
            19 "asked" "0019_asked.sql",
            21 "roles" "0021_roles.sql",
            22 "users_found" "0022_users_found.sql",
            25 "audit_indexes" "0025_audit_indexes.sql",
            26 "sign_in_counts" "0026_sign_in_counts.sql",
            27 "idempotency_keys" "0027_idempotency_keys.sql",
            28 "people_in" "0028_people_in.sql",
            29 "sessions_listed" "0029_sessions_listed.sql",
            30 "dashboard_indexes" "0030_dashboard_indexes.sql",
            31 "provider_sign_ins" "0031_provider_sign_ins.sql",
        }
    };
}

/// The steps for SQLite.
pub fn sqlite() -> Migrator {
    migrator(&migrations_in!("sqlite"))
}

/// The steps for PostgreSQL.
pub fn postgres() -> Migrator {
    migrator(&migrations_in!("postgres"))
}

fn migrator(steps: &[(i64, &'static str, &'static str)]) -> Migrator {
    let steps = steps.iter().map(|(version, name, sql)| {
        Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(steps.collect())
}
