//! What docs/FROM-OAUTH2-PROXY.md has Envoy do with the old names of headers.

use anyhow::{Context, Result, ensure};
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::tokens::{self, TOKEN_COOKIE};
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/FROM-OAUTH2-PROXY.md");
/// What oauth2-proxy sets, by all its settings together.
const OLD_NAMES: [&str; 10] = [
    "x-forwarded-email",
    "x-forwarded-user",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-access-token",
    "x-auth-request-email",
    "x-auth-request-user",
    "x-auth-request-groups",
    "x-auth-request-preferred-username",
    "x-auth-request-access-token",
];
const VIRTUAL_HOSTS: &str = "/filter_chains/0/filters/0/typed_config/route_config/virtual_hosts";

/// The page's lists of headers.
fn lists() -> Result<Value> {
    let lists = PAGE
        .split("```yaml\n")
        .find(|block| block.starts_with("request_headers_to_remove:"))
        .and_then(|block| block.split("```").next())
        .context("the page has no lists of headers")?;
    Ok(serde_saphyr::from_str(lists)?)
}

/// The bootstrap with these lists on every virtual host that the filter guards.
fn with_old_names(yaml: String) -> Result<String> {
    let (mut bootstrap, lists): (Value, Value) = (serde_saphyr::from_str(&yaml)?, lists()?);
    let listeners = bootstrap.pointer_mut("/static_resources/listeners");
    let listeners = listeners.and_then(Value::as_array_mut);
    let shipped = listeners.context("no listeners")?.iter_mut();
    let mut shipped = shipped.filter(|listener| listener["name"] == bootstrap::SHIPPED);
    let hosts = shipped
        .next()
        .and_then(|one| one.pointer_mut(VIRTUAL_HOSTS));
    let hosts = hosts.and_then(Value::as_array_mut).context("no hosts")?;
    for host in hosts {
        for (field, value) in lists.as_object().context("no fields")? {
            host[field] = value.clone();
        }
    }
    bootstrap::with_quiet_listener(serde_json::to_string(&bootstrap)?)
}

#[test]
fn an_application_that_reads_the_old_names_gets_them_from_envoy_alone() -> Result<()> {
    let directory = directories::of_stand("from_oauth2_proxy")?;
    let stand = Stand::start_changed(&directory, with_old_names)?;
    let application = stand.application(&ApplicationSettings {
        options: &["--bypass", "/api/echo/open"],
        ..ApplicationSettings::default()
    })?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let token = &tokens::token(&browser, &application)?.value;
    let spoofed = OLD_NAMES.map(|name| format!("{name}: evil\r\n")).concat();
    let cookie = format!("{spoofed}cookie: {TOKEN_COOKIE}={token}\r\n");
    for (path, headers, email) in [
        ("/api/echo", &cookie, Some(user.email.as_str())),
        // No session is needed here, so there is no user, whatever a client says.
        ("/api/echo/open", &spoofed, None),
        ("/api/echo/open", &cookie, None),
    ] {
        let request = application.sub_request(path, headers);
        for answer in stand.workers.each(|worker| worker.send(&request))? {
            let text = String::from_utf8_lossy(&answer.body);
            ensure!(answer.status == 200 && !text.contains("evil"), "{text}");
            let echo: Echo = serde_json::from_slice(&answer.body)?;
            for name in OLD_NAMES {
                let expected = email.filter(|_| name == "x-forwarded-email");
                ensure!(echo.value(name) == expected, "{path}: {name} in {text}");
            }
        }
    }
    Ok(())
}
