//! Wrong usage, reasons of refusals, completions, manual pages.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::{json, run, stderr};
use crate::harness::Service;

pub fn nowhere(arguments: &[&str]) -> Output {
    run(Path::new("/nonexistent"), arguments)
}

fn error(output: &Output) -> Value {
    let text = stderr(output);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON object: {text}"))
}

#[test]
fn wrong_usage_is_one_object_with_json() {
    for (arguments, says) in [
        (&["--json", "frobnicate"][..], "unrecognized subcommand"),
        (&["user", "add", "--json"], "<EMAIL>"),
        (
            &["application", "set", "wiki", "--json"],
            "nothing to change",
        ),
        (&["--json"], "requires a subcommand"),
        (&["--json", "user"], "a command is missing"),
        (&["--json", "admin-token", "new"], "--scope <SCOPE>"),
    ] {
        let output = nowhere(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let error = error(&output);
        assert_eq!(
            (&error["reason"], &error["problems"]),
            (&json!("usage"), &json!([]))
        );
        let text = error["error"].as_str().unwrap();
        assert!(text.contains(says), "{text}");
        assert!(!text.contains("error:") && !text.contains('\u{1b}'));
    }
    let text = stderr(&nowhere(&["user", "add", "--", "--json"]));
    assert!(!text.starts_with('{'), "no option: {text}");
    let help = nowhere(&["--json", "--help"]);
    assert!(help.status.success() && !help.stdout.is_empty());
}

#[test]
fn set_without_a_setting_is_wrong_usage() {
    let output = nowhere(&["application", "set", "wiki"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    for part in [
        "nothing to change",
        "application show wiki",
        "Usage: portcullis-control application set",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // Every setting alone is enough, also one without a value.
    for setting in [
        &["--bypass"][..],
        &["--cors-origin"],
        &["--upstream"],
        &["--rename", "x"],
        &["--allow-nobody"],
        &["--partitioned", "true"],
    ] {
        let output = nowhere(&[&["application", "set", "wiki"], setting].concat());
        assert_eq!(output.status.code(), Some(1), "{setting:?}");
        assert!(stderr(&output).contains("does not answer"), "{setting:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_a_reason() {
    let toml = "[[applications]]\nname = \"fixed\"\norigins = [\"https://fixed.example.com\"]\n";
    let service = Service::start_with(toml).await;
    service.wiki(json!({})).await;
    service.user("ana@example.com").await;
    let data = service.data_dir();
    let add = ["application", "add", "x", "--origin"];
    for (arguments, reason) in [
        (&["user", "add", "nobody"][..], "request_invalid"),
        (&["user", "add", "ana@example.com"], "email_taken"),
        (&["user", "remove", "eve@example.com"], "not_found"),
        (
            &["session", "list", "--user", "eve@example.com"],
            "not_found",
        ),
        (
            &[&add[..], &["https://wiki.example.com"]].concat(),
            "origin_taken",
        ),
        (
            &["application", "set", "wiki", "--rename", "fixed"],
            "name_taken",
        ),
        (
            &["application", "set", "fixed", "--same-site", "lax"],
            "declared",
        ),
        (&["application", "remove", "fixed"], "declared"),
        (&["revocation", "show", "9999"], "not_found"),
    ] {
        let output = run(&data, &[&["--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(error(&output)["reason"], reason, "{arguments:?}");
    }
    let output = nowhere(&["--json", "user", "list"]);
    assert_eq!(error(&output)["reason"], "not_running");
    let file = service.directory.path().join("wrong.toml");
    std::fs::write(&file, "[server]\nlisten = 7\n").unwrap();
    let output = nowhere(&["--json", "--config", file.to_str().unwrap(), "check"]);
    assert_eq!(error(&output)["reason"], "configuration_invalid");
}

#[test]
fn shells_get_completions() {
    for (shell, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef portcullis-control"),
        ("fish", "complete -c portcullis-control"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let output = nowhere(&["completions", shell]);
        assert!(output.status.success(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains(part), "{shell}");
        assert!(script.contains("filter-credential"), "{shell}");
    }
    let object = json(&nowhere(&["--json", "completions", "bash"]));
    assert_eq!(object["shell"], "bash");
    // What bash itself makes of it.
    let script = object["script"].as_str().unwrap();
    let ask = format!(
        "{script}\nCOMP_WORDS=(portcullis-control user re); COMP_CWORD=2\n\
         registered=$(complete -p portcullis-control)\n\
         [[ $registered =~ -F\\ ([^ ]+) ]] && ${{BASH_REMATCH[1]}} portcullis-control re user\n\
         echo \"${{COMPREPLY[@]}}\""
    );
    // An argument may have 128 KiB, and the script has more.
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("ask.bash");
    std::fs::write(&file, ask).unwrap();
    let bash = std::process::Command::new("bash")
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(bash.stdout).unwrap(), "remove\n");
    let unknown = nowhere(&["completions", "csh"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn man_has_a_page_for_each_command() {
    let page = String::from_utf8(nowhere(&["man"]).stdout).unwrap();
    assert!(page.contains(".TH portcullis-control 1"), "{page}");
    let directory = tempfile::TempDir::new().unwrap();
    let pages = directory.path().join("man1");
    let text = nowhere(&["man", pages.to_str().unwrap()]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.starts_with("Wrote ") && text.contains(" pages to "),
        "{text}"
    );
    for name in ["", "-user", "-user-passwd", "-filter-credential-revoke"] {
        let page = pages.join(format!("portcullis-control{name}.1"));
        assert!(page.exists(), "{}", page.display());
    }
    let passwd = pages.join("portcullis-control-user-passwd.1");
    let passwd = std::fs::read_to_string(passwd).unwrap();
    assert!(passwd.contains("keep\\-sessions"), "{passwd}");
    let json = json(&nowhere(&["--json", "man", pages.to_str().unwrap()]));
    assert!(json["pages"].as_array().unwrap().len() > 20);
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = nowhere(&["--json", "man", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(error(&output)["reason"], "system_error");
}
