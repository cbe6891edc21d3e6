//! `user`.

use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::{json, program, run, stderr};
use crate::browser::Browser;
use crate::harness::Service;

const ANA: &str = "ana@example.com";

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_disabled_enabled_and_removed() {
    let service = Service::start().await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| run(&data, arguments);
    let password = service.user(ANA).await;
    Browser::default()
        .sign_in(&service, "/login", (ANA, &password))
        .await;
    let state = || {
        let list = stdout(&run(&["user", "list"]));
        let line = list.lines().find(|line| line.contains(ANA));
        line.map(|line| line.split_whitespace().nth(1).unwrap().to_owned())
    };
    assert_eq!(state().as_deref(), Some("active"));

    let disabled = stdout(&run(&["user", "disable", ANA]));
    assert!(disabled.contains("1 session ended"), "{disabled}");
    assert_eq!(state().as_deref(), Some("disabled"));
    let enabled = stdout(&run(&["user", "enable", ANA]));
    assert!(enabled.starts_with("Enabled ana@example.com"), "{enabled}");
    assert_eq!(state().as_deref(), Some("active"));
    let again = stdout(&run(&["user", "enable", ANA]));
    assert!(again.contains("was not disabled"), "{again}");

    // Standard input is no terminal, so nothing is asked.
    let removed = json(&run(&["user", "remove", "Ana@Example.com", "--json"]));
    assert_eq!(
        (&removed["users"], &removed["sessions_ended"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(state(), None);
    for command in ["remove", "enable", "disable", "passwd"] {
        let output = run(&["user", command, ANA]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(stderr(&output).contains("no user "), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_a_removal_is_confirmed() {
    let service = Service::start().await;
    service.user(ANA).await;
    service.wiki(json!({})).await;
    let data = service.data_dir();
    let typed = |arguments: &[&str], answer: &str| {
        let command = program(&data, arguments);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words
            .map(|word| format!("'{}'", word.to_str().unwrap()))
            .collect();
        // `script` gives the command a terminal.
        let mut child = std::process::Command::new("script")
            .args(["--quiet", "--return", "--command", &words.join(" ")])
            .arg("/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), shown)
    };
    for (arguments, question) in [
        (&["user", "remove", ANA][..], "Remove ana@example.com"),
        (
            &["application", "remove", "wiki"],
            "Remove the application wiki",
        ),
    ] {
        for no in ["n\n", "\n"] {
            let (status, shown) = typed(arguments, no);
            assert!(shown.contains(question), "{shown}");
            assert!(shown.contains("nothing was changed"), "{shown}");
            assert_eq!(status, Some(1));
        }
        assert_eq!(
            service.listed("/users").await.len(),
            usize::from(arguments[0] == "user")
        );
        assert_eq!(service.listed("/applications").await.len(), 1);
        let (status, shown) = typed(arguments, "y\n");
        assert!(shown.contains("Removed "), "{shown}");
        assert_eq!(status, Some(0));
    }
    service.user(ANA).await;
    let (status, shown) = typed(&["user", "remove", ANA, "--yes"], "");
    assert!(!shown.contains("[y/N]"), "{shown}");
    assert_eq!(status, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_set_and_shown_once_if_generated() {
    let service = Service::start().await;
    let data = service.data_dir();
    service.user(ANA).await;
    let text = stdout(&run(&data, &["user", "passwd", ANA]));
    assert!(text.contains("0 sessions ended"), "{text}");
    let generated = text.lines().last().unwrap();
    let mut browser = Browser::default();
    let response = browser.sign_in(&service, "/login", (ANA, generated)).await;
    assert_eq!(response.status(), 303);

    let typed = |password: &'static str, more: &[&str]| {
        let arguments = [&["user", "passwd", ANA, "--password-stdin"][..], more].concat();
        let mut child = program(&data, &arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, password.as_bytes()).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap()
    };
    let set = json(&typed("chosen by hand\n", &["--keep-sessions", "--json"]));
    assert_eq!(
        (&set["password"], &set["version"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(browser.get(&service, "/sessions").await.status(), 200);
    let who = (ANA, "chosen by hand");
    let response = Browser::default().sign_in(&service, "/login", who).await;
    assert_eq!(response.status(), 303);
    let short = typed("short\n", &[]);
    assert_eq!(short.status.code(), Some(1));
    assert!(stderr(&short).contains("at least 8 characters"));
    service
        .done("/users/disable", json!({ "email": ANA }))
        .await;
    let text = stdout(&typed("another one\n", &[]));
    assert!(text.contains("user enable ana@example.com"), "{text}");
}
