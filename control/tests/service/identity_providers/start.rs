//! The service starts whatever its providers do, and not without their secrets.

use std::sync::Arc;

use tempfile::TempDir;

use super::configuration;
use crate::harness::Service;
use crate::openid_provider::{OpenIdProvider, SECRET};

#[tokio::test]
async fn a_provider_that_is_away_does_not_keep_the_service_from_starting() {
    let mut provider = OpenIdProvider::start().await;
    provider.stop().await;
    let directory = TempDir::new().unwrap();
    let secret = directory.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    let toml = configuration(
        &provider.issuer,
        &format!("client_secret_file = {secret:?}"),
    );
    let service = Service::start_with(&toml).await;
    let providers = &service.running.service.identity_providers;
    assert_eq!(providers.by_id("corp").unwrap().name(), "Corporate account");
    assert!(providers.by_id("other").is_none() && providers.default_provider().is_none());
    assert_eq!(provider.count("discovery"), 0);
}

#[tokio::test]
async fn without_a_secret_the_service_does_not_start() {
    let toml = configuration(
        "https://sso.example.com",
        "client_secret_file = \"/nonexistent/secret\"\ndefault = true",
    );
    let started = Service::start_in(Arc::new(TempDir::new().unwrap()), &toml).await;
    let error = started.err().unwrap().to_string();
    let path = "identity_providers[0].client_secret_file: /nonexistent/secret: ";
    assert!(error.contains(path), "{error}");
}
