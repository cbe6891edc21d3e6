//! The filter's configuration.

use std::time::Duration;

use portcullis::config::Config;
use serde_json::Value;

const FIELDS: [&str; 7] = [
    "team_domain",
    "control",
    "when_stale",
    "unknown_hosts",
    "audiences",
    "mode",
    "names",
];

/// A configuration is refused with at least one reason, or it is what it says: nothing in it is
/// unknown, and no bound is passed.
pub fn configuration(input: &[u8]) {
    let config = match Config::read(input) {
        Ok(config) => config,
        Err(errors) => {
            assert!(!errors.0.is_empty(), "refused without a reason");
            assert!(errors.to_string().contains(&errors.0[0].problem));
            return;
        }
    };
    assert_eq!(
        Config::read(input).as_ref(),
        Ok(&config),
        "read in two ways"
    );
    let timeout = Duration::from_millis(100)..=Duration::from_secs(30);
    assert!(timeout.contains(&config.control().timeout));
    let stale_after = Duration::from_secs(1)..=Duration::from_secs(604_800);
    assert!(stale_after.contains(&config.when_stale().after));
    assert!(!config.control().cluster.is_empty() && !config.control().credential_env.is_empty());
    assert!(
        config
            .audiences()
            .iter()
            .all(|audience| audience.len() == 64)
    );
    // The other form, a protocol buffer, has no second reader here.
    let Ok(Value::Object(object)) = serde_json::from_slice(input) else {
        return;
    };
    for (name, value) in &object {
        assert!(FIELDS.contains(&name.as_str()), "{name} was overlooked");
        assert!(name != "mode" || value.is_null() || value == "enforce");
    }
    let team_domain = object["team_domain"].as_str().unwrap_or_default();
    let scheme = team_domain.split(':').next().unwrap_or_default();
    assert_eq!(
        config.team_domain().is_https(),
        scheme.eq_ignore_ascii_case("https")
    );
}
