//! The log names users and applications as people know them, beside their ids.

use serde_json::{Value, json};

use crate::browser::{Attempt, between, exchange};
use crate::harness::WIKI;
use crate::kill::json as command;
use crate::replicas::replica::Replica;

const ANA: &str = "ana@example.com";
const EVE: &str = "eve@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn b17_the_log_names_users_and_applications_as_people_know_them() {
    let directory = tempfile::TempDir::new().unwrap();
    let service = Replica::start(&directory.path().join("data"), &[]);
    let data = service.data.clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let password = |email: &str| text(&command(&data, &["user", "add", email])["password"]);
    let (ana, eve) = (password(ANA), password(EVE));
    let add = ["application", "add", "wiki", "--origin", WIKI];
    let wiki = command(&data, &[&add[..], &["--allow-email", ANA]].concat());
    let audience = text(&wiki["audience"]);
    let credential = command(&data, &["filter-credential", "new"]);
    let credential = text(&credential["credential"]);
    let attempt = Attempt::at(&audience);

    service.sign_in(&attempt, ANA, "wrong one").await;
    let typed = "hunter2-typed-into-the-wrong-field";
    service.sign_in(&attempt, typed, "x").await;
    service.sign_in(&attempt, EVE, &eve).await;
    let signed_in = service.sign_in(&attempt, ANA, &ana).await;
    let code = between(&signed_in.location.unwrap(), "code=", "&").to_owned();
    let answer = service
        .call(&credential, "exchange", &exchange(&code))
        .await;
    let refresh = json!({
        "token": answer["token"],
        "binding_secret": answer["binding"],
        "origin": WIKI,
    });
    service.call(&credential, "refresh", &refresh).await;
    command(&data, &["revoke", "application", "wiki"]);
    command(&data, &["revoke", "user", ANA]);
    service.call(&credential, "refresh", &refresh).await;
    let log = service.end();

    for (message, parts) in [
        ("user added", [ANA, "user="]),
        ("application added", ["wiki", &audience]),
        ("sign-in failed", [ANA, "client=127.0.0.1"]),
        ("does not admit", [EVE, "application=\"wiki\""]),
        ("signed in", [ANA, "application=\"wiki\""]),
        ("application token issued", [ANA, "application=\"wiki\""]),
        ("application token refreshed", [ANA, "application=\"wiki\""]),
        ("application revoked", ["application=\"wiki\"", &audience]),
        ("user revoked", [ANA, "by=control socket"]),
        (
            "application token not refreshed",
            [ANA, "application=\"wiki\""],
        ),
    ] {
        let mut lines = log.lines().filter(|line| line.contains(message));
        let names = |line: &str| parts.iter().all(|part| line.contains(part));
        assert!(
            lines.any(names),
            "no line with {message} and {parts:?} in\n{log}"
        );
    }
    assert!(!log.contains("hunter2"), "what was typed may be a password");
}

/// Anyone can invent pairs, so they do not fill the log.
#[tokio::test(flavor = "multi_thread")]
async fn s19_wrong_pairs_have_a_bounded_number_of_lines_without_their_secrets() {
    let directory = tempfile::TempDir::new().unwrap();
    let service = Replica::start(&directory.path().join("data"), &[]);
    let data = service.data.clone();
    let wiki = command(&data, &["application", "add", "wiki", "--origin", WIKI]);
    let credential = command(&data, &["filter-credential", "new"]);
    let ci = command(&data, &["service-token", "new", "ci"]);
    let other = command(&data, &["service-token", "new", "other"]);
    let pair = json!({
        "client_id": ci["client_id"], "client_secret": other["client_secret"],
        "origin": WIKI, "audience": wiki["audience"],
    });
    let credential = credential["credential"].as_str().unwrap();
    for _ in 0..100 {
        let refused = service.call(credential, "service", &pair).await;
        assert_eq!(refused["reason"], "service_token_invalid");
    }
    let log = service.end();
    let refused = "no application token for a service token";
    let lines: Vec<_> = log.lines().filter(|line| line.contains(refused)).collect();
    // Sixty at once, and one a second.
    assert!((60..90).contains(&lines.len()), "{} lines", lines.len());
    for part in ["wrong_secret", "name=\"ci\"", ci["id"].as_str().unwrap()] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    assert!(!log.contains(other["client_secret"].as_str().unwrap()));
}

#[test]
fn the_log_names_a_hostname_that_a_wildcard_gets_from_a_declared_application() {
    let directory = tempfile::TempDir::new().unwrap();
    let data = directory.path().join("data");
    let file = directory.path().join("portcullis.toml");
    let declared = |name: &str, origin: &str| {
        format!("[[applications]]\nname = \"{name}\"\norigins = [\"{origin}\"]\n")
    };
    let previews = declared("previews", "https://*.preview.example.com");
    let pay = declared("pay", "https://pay.preview.example.com");
    let log = |toml: &str| {
        std::fs::write(&file, toml).unwrap();
        // Its file tells that the service runs.
        let _ = std::fs::remove_file(data.join("run.json"));
        let config = file.to_str().unwrap();
        Replica::start(&data, &[("PORTCULLIS_CONFIG", config)]).end()
    };
    let includes = "includes pay.preview.example.com from now on";
    let leaves = "https://*.preview.example.com does not include pay.preview.example.com";

    let both = log(&format!("{previews}{pay}"));
    assert!(both.contains(leaves), "{both}");
    assert!(!both.contains(includes), "{both}");
    let dropped = log(&previews);
    let line = dropped.lines().find(|line| line.contains(includes));
    let line = line.unwrap_or_else(|| panic!("{dropped}"));
    assert!(
        line.contains("WARN") && line.contains("`previews`"),
        "{line}"
    );
    let again = log(&previews);
    assert!(!again.contains(includes), "{again}");
}
