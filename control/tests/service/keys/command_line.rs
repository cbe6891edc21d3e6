//! `key list`, `key rotate`, `key refuse`.

use serde_json::Value;

use super::{PUBLISHED, Scene};
use crate::applied::proxy::{DENY, Proxy};
use crate::cli::program;

#[tokio::test(flavor = "multi_thread")]
async fn b16_the_command_line_lists_rotates_and_refuses() {
    let scene = Scene::new("").await;
    let data = scene.service.data_dir();
    let run = |arguments: &[&str]| {
        let output = program(&data, arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |arguments: &[&str]| -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&run(&arguments)).unwrap()
    };
    let first = json(&["key", "list"])["items"][0]["kid"].clone();
    let first = first.as_str().unwrap();
    let rotated = json(&["key", "rotate", "--algorithm", "eddsa"]);
    let new = rotated["kid"].as_str().unwrap();
    assert_eq!(rotated["algorithm"], "eddsa");
    let list = run(&["key", "list"]);
    for part in [
        "published",
        "at the latest",
        "the next key is published",
        new,
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    scene.pass(PUBLISHED).await;
    assert!(run(&["key", "list"]).contains("is deleted"));
    let refused = run(&["key", "refuse", new]);
    assert!(refused.contains("signs now"), "{refused}");
    let list = json(&["key", "list"]);
    let states = list["items"].as_array().unwrap().iter();
    let mut states: Vec<_> = states.map(|key| key["state"].as_str().unwrap()).collect();
    states.sort_unstable();
    assert_eq!(states, ["accepted", "refused", "signing"]);
    assert!(scene.published().await.contains(&first.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn b16_refuse_waits_for_proxies() {
    let scene = Scene::new("").await;
    let mut proxy = Proxy::start(&scene.service, "one", DENY).await;
    proxy.poll(0).await;
    let kid = scene.keys().await[0]["kid"].as_str().unwrap().to_owned();
    let refuse = |timeout: &str| {
        let arguments = ["key", "refuse", &kid, "--wait", "--timeout", timeout];
        program(&scene.service.data_dir(), &arguments)
            .output()
            .unwrap()
    };
    let late = refuse("1ms");
    assert_eq!(late.status.code(), Some(1));
    let error = String::from_utf8_lossy(&late.stderr).into_owned();
    assert!(error.contains("one at 127.0.0.1 (live)"), "{error}");
    proxy.poll(0).await;
    proxy.poll(0).await;
    // Again: it is refused already, and is now applied.
    let done = refuse("10s");
    assert!(done.status.success());
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(told.contains("The one proxy has applied it"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_and_refusals_have_their_status() {
    let scene = Scene::new("").await;
    for (arguments, status, part) in [
        (&["key"][..], 2, "Usage"),
        (&["key", "rotate", "--algorithm", "hs256"], 2, "rs256"),
        (&["key", "refuse"], 2, "KID"),
        (
            &["key", "refuse", "a/../b?c"],
            1,
            "`a/../b?c`; the keys are",
        ),
        (&["key", "refuse", "-dash"], 1, "`-dash`; the keys are"),
    ] {
        let output = program(&scene.service.data_dir(), arguments)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
}
