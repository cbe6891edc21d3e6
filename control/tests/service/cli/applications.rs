//! `application`: what people see, and removal.

use serde_json::json;

use super::usage::nowhere;
use super::{json, run, stderr};
use crate::harness::Service;

#[tokio::test(flavor = "multi_thread")]
async fn every_door_is_shown_by_each_command() {
    let service = Service::start().await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| {
        let output = run(&data, arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let add = [
        "application",
        "add",
        "wiki",
        "--origin",
        "https://wiki.example.com",
        "--bypass",
        "/health",
    ];
    let added = run(&add);
    assert!(added.contains("/health"), "{added}");
    let nobody = "nobody can sign in to it";
    assert!(added.contains(nobody), "{added}");
    let set = [
        "application",
        "set",
        "wiki",
        "--bypass",
        "/health",
        "/static/*",
        "--header-tokens",
        "true",
        "--refresh-in-request",
        "always",
        "--preflight",
        "origin",
        "--cors-origin",
        "https://a.example",
        "--escaped-slashes",
        "keep",
        "--keep-override-headers",
        "true",
        "--binding-cookie",
        "false",
        "--http-only",
        "false",
        "--same-site",
        "none",
        "--allow-domain",
        "example.com",
        "--allow-session-duration",
        "8h",
    ];
    let changed = run(&set);
    assert!(!changed.contains(nobody), "{changed}");
    let shown = run(&["application", "show", "wiki"]);
    let note = "note: escaped slashes are refused at wiki.example.com, although the application \
                `wiki` keeps them: it has a bypass\n";
    assert_eq!(changed, format!("Changed.\n{shown}{note}"));
    for line in [
        "bypass                 /health /static/*",
        "header tokens          true",
        "refresh in request     always",
        "preflight              origin",
        "cors origins           https://a.example",
        "escaped slashes        keep",
        "keep override headers  true",
        "binding cookie         false",
        "http only              false",
        "same site              none",
        "admits                 *@example.com for 8h",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let list = run(&["application", "list"]);
    for part in [
        "*@example.com for 8h",
        "bypass /health /static/*",
        "header tokens",
        "refresh always",
        "preflight origin",
        "CORS https://a.example",
        "escaped slashes",
        "override headers",
        "no binding cookie",
        "scripts read the token",
        "cookies across sites",
    ] {
        assert!(list.contains(part), "{part} in {list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_are_removed() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let data = service.data_dir();
    let removed = json(&run(&data, &["application", "remove", "wiki", "--json"]));
    assert_eq!(removed["audience"], audience);
    assert!(service.listed("/applications").await.is_empty());
    for command in ["remove", "show", "set"] {
        let arguments = ["application", command, "wiki"];
        let more: &[&str] = if command == "set" {
            &["--same-site", "lax"]
        } else {
            &[]
        };
        let output = run(&data, &[&arguments[..], more].concat());
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(stderr(&output).contains("no application has this name"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filter_credentials_are_listed_and_revoked() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| run(&data, arguments);
    let new = ["filter-credential", "new", "--name", "edge-eu", "--json"];
    let made = json(&run(&[&new[..], &["--application", "wiki"]].concat()));
    let (id, secret) = (made["id"].as_str().unwrap(), &made["credential"]);
    let list = String::from_utf8(run(&["filter-credential", "list"]).stdout).unwrap();
    for part in [id, "edge-eu", "wiki", "never", "LIVE PROXIES"] {
        assert!(list.contains(part), "{part} in {list}");
    }
    let secret = secret.as_str().unwrap().split_once('.').unwrap().1;
    assert!(!list.contains(secret), "{list}");

    let output = run(&["filter-credential", "revoke", id]);

    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("(edge-eu): its calls are refused"), "{text}");
    assert!(stderr(&output).contains("no filter credential is left"));
    let again = run(&["filter-credential", "revoke", id]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("filter-credential list"));
    let help = run(&["filter-credential", "revoke", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("when_stale"), "{help}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wildcard_leaves_to_others_is_said() {
    let service = Service::start().await;
    let data = service.data_dir();
    let add = |name: &str, origin: &str| {
        let add = ["application", "add", name, "--allow-everyone"];
        let output = run(&data, &[&add[..], &["--origin", origin]].concat());
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        (output.status.success(), text, stderr(&output))
    };
    let (added, text, _) = add("wiki", "https://wiki.preview.example.org");
    assert!(added && !text.contains("note"), "{text}");
    let (added, text, _) = add("previews", "https://*.preview.example.org");
    let note = "note: https://*.preview.example.org does not include wiki.preview.example.org, \
                which the application `wiki` names\n";
    assert!(added && text.ends_with(note), "{text}");
    let (added, _, error) = add("other", "https://*.preview.example.org");
    let taken = "*.preview.example.org already belongs to the application `previews`";
    assert!(!added && error.contains(taken), "{error}");
    let (added, _, error) = add("all", "https://*.org");
    let refused = "needs at least two labels after `*.`";
    assert!(!added && error.contains(refused), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostname_is_left_to_a_wildcard_by_an_option_alone() {
    let service = Service::start().await;
    let data = service.data_dir();
    for (name, origin) in [
        ("previews", "https://*.preview.example.org"),
        ("pay", "https://pay.preview.example.org"),
        ("shop", "https://shop.preview.example.org"),
    ] {
        let output = run(&data, &["application", "add", name, "--origin", origin]);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let remove = ["application", "remove", "pay", "--yes"];
    let to = ["--origin", "https://shop.example.org"];
    let set = [&["application", "set", "shop"], to.as_slice()].concat();
    for arguments in [remove.as_slice(), &set] {
        let output = run(&data, arguments);
        assert_eq!(output.status.code(), Some(1));
        let error = stderr(&output);
        assert!(error.contains("--leave-to-wildcard"), "{error}");
        let output = run(&data, &[arguments, &["--leave-to-wildcard"]].concat());
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let note = "note: https://*.preview.example.org of the application `previews` includes ";
        assert!(text.contains(note), "{text}");
        assert!(!text.contains("refuse its hostnames"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_declared_wildcard_leaves_to_others_is_said_by_check() {
    let service = Service::start().await;
    let file = service.directory.path().join("wildcard.toml");
    let toml = "[server]\nteam_domain = \"https://team.preview.example.org\"\n\
                [[applications]]\nname = \"previews\"\norigins = [\"https://*.preview.example.org\"]\n\
                [[applications]]\nname = \"pay\"\norigins = [\"https://pay.preview.example.org\"]\n";
    std::fs::write(&file, toml).unwrap();
    let output = nowhere(&["--config", file.to_str().unwrap(), "check"]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for note in [
        "note: https://*.preview.example.org does not include the team domain",
        "note: https://*.preview.example.org does not include pay.preview.example.org",
        "note: pay.preview.example.org no longer belongs to https://*.preview.example.org",
    ] {
        assert!(text.contains(note), "{note} in {text}");
    }
}
