//! Editing the rules: every button, what is wrong, and what is kept.

use serde_json::{Value, json};

use super::desk::Desk;
use super::form::Form;
use super::{row, stored};

fn rule(id: &str, action: &str, include: Value) -> Value {
    json!({ "id": id, "action": action, "include": include })
}

#[tokio::test]
async fn s07_a_rule_is_added_with_buttons_and_nothing_is_saved_before_save() {
    let before = json!([rule("rest", "block", json!([{ "everyone": true }]))]);
    let mut desk = Desk::with(before.clone()).await;
    assert_eq!(desk.press("add:allow", &[]).await, 200);
    let conditions = [
        ("include", "email_domain", " example.com \r\n\r\nx.example"),
        ("include", "claim", "it"),
        ("require", "ip", "10.0.0.0/8"),
        ("exclude", "email", "guest@example.com"),
    ];
    desk.press("keep", &[("id", "staff"), ("session_duration", "8h")])
        .await;
    for (list, kind, values) in conditions {
        let (add, button) = (format!("add-{list}"), format!("add-condition:{list}"));
        assert_eq!(desk.press(&button, &[(&add, kind)]).await, 200);
        desk.press("keep", &[(&format!("{list}-values"), values)])
            .await;
    }
    desk.press("keep", &[("include-name", "department")]).await;
    // One too many goes again.
    desk.press("add-condition:require", &[("add-require", "amr")])
        .await;
    desk.press("drop-condition:require:1", &[]).await;
    assert_eq!(desk.press("done", &[]).await, 200);
    assert!(
        desk.shown.contains("Your changes are not saved yet."),
        "{}",
        desk.shown
    );
    assert_eq!(desk.ids(), ["rest", "staff"]);
    desk.press("up:1", &[]).await;
    assert_eq!(desk.ids(), ["staff", "rest"]);
    assert_eq!(desk.press("check", &[]).await, 200);
    assert_eq!(stored(&desk.service).await, before);
    desk.save().await;
    assert!(
        desk.shown.contains("Saved. No proxy follows the feed."),
        "{}",
        desk.shown
    );
    let staff = json!({ "id": "staff", "action": "allow", "session_duration": "8h",
        "include": [{ "email_domain": ["example.com", "x.example"] },
                    { "claim": { "name": "department", "value": "it" } }],
        "require": [{ "ip": ["10.0.0.0/8"] }], "exclude": [{ "email": "guest@example.com" }] });
    assert_eq!(stored(&desk.service).await, json!([staff, before[0]]));
}

#[tokio::test]
async fn a_rule_is_added_to_the_list_in_which_the_button_is() {
    let mut desk = Desk::with(json!([rule("a", "allow", json!([{ "everyone": true }]))])).await;
    desk.press("add:bypass", &[]).await;
    assert_eq!(Form::of_rules(&desk.shown).value("action"), "bypass");
    let add = [("add-include", "path")];
    desk.press("add-condition:include", &add).await;
    desk.press("done", &[("id", "health"), ("include-values", "/healthz")])
        .await;
    assert_eq!(desk.ids(), ["health", "a"]);
    // The same for the command line.
    let toml = "{ action = &#34;bypass&#34;, id = &#34;health&#34;, include = [{ path = &#34;/healthz&#34; }] },";
    assert!(desk.shown.contains(toml), "{}", desk.shown);
    let command = "portcullis-control policy set --application wiki policy.toml";
    assert!(desk.shown.contains(command), "{}", desk.shown);
}

#[tokio::test]
async fn rules_move_within_their_list_and_go() {
    let everyone = json!([{ "everyone": true }]);
    let path = |path: &str| json!([{ "path": path }]);
    let policy = json!([
        rule("a", "allow", everyone.clone()),
        rule("x", "bypass", path("/x")),
        rule("b", "allow", everyone.clone()),
        rule("y", "bypass", path("/y")),
    ]);
    let mut desk = Desk::with(policy).await;
    assert_eq!(desk.ids(), ["x", "y", "a", "b"]);
    // The first of a list cannot move up, nor the last down.
    for button in [
        "up:0", "up:1", "down:2", "down:3", "up:9", "down:9", "remove:9", "edit:9",
    ] {
        assert_eq!(desk.press(button, &[]).await, 200);
        assert_eq!(desk.ids(), ["x", "y", "a", "b"], "{button}");
    }
    desk.press("down:1", &[]).await;
    assert_eq!(desk.ids(), ["y", "x", "a", "b"]);
    desk.press("up:2", &[]).await;
    assert_eq!(desk.ids(), ["y", "x", "b", "a"]);
    desk.press("remove:1", &[]).await;
    assert_eq!(desk.ids(), ["x", "b", "a"]);
}

#[tokio::test]
async fn what_was_typed_in_a_rule_stays_until_it_is_undone() {
    let policy = json!([
        rule("a", "allow", json!([{ "email": "ana@example.com" }])),
        rule("b", "allow", json!([{ "email": "bo@example.com" }])),
    ]);
    let mut desk = Desk::with(policy).await;
    desk.press("edit:0", &[]).await;
    assert_eq!(
        Form::of_rules(&desk.shown).value("include-values"),
        "ana@example.com"
    );
    // Another rule is opened: nothing is lost.
    desk.press("edit:1", &[("id", "first")]).await;
    assert_eq!(desk.ids(), ["first", "b"]);
    desk.press("cancel", &[("id", "second")]).await;
    assert_eq!(desk.ids(), ["first", "b"]);
    // A rule that was just added goes with it.
    desk.press("add:allow", &[]).await;
    desk.press("keep", &[("id", "new")]).await;
    assert_eq!(desk.ids(), ["first", "b", "new"]);
    desk.press("cancel", &[]).await;
    assert_eq!(desk.ids(), ["first", "b"]);
    assert_eq!(stored(&desk.service).await[0]["id"], "a");
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once_beside_its_field() {
    let policy = json!([rule("a", "allow", json!([{ "email": "ana@example.com" }]))]);
    let mut desk = Desk::with(policy.clone()).await;
    let hostile = "<b>\"'&\u{202e}";
    desk.press("edit:0", &[]).await;
    desk.press("add-condition:require", &[("add-require", "claim")])
        .await;
    let typed = [
        ("id", hostile),
        ("include-values", hostile),
        ("require-name", ""),
        ("session_duration", hostile),
    ];
    assert_eq!(desk.press("check", &typed).await, 422);
    let shown = desk.shown.clone();
    assert!(shown.contains("<title>Error: "), "{shown}");
    assert!(!shown.contains("<b>"), "{shown}");
    for (field, words) in [
        ("id", "must be 1 to 64 lower-case letters"),
        ("include-0", "has an invisible character"),
        ("require-0-name", "must be 1 to 256 bytes"),
        ("require-0", "has no value"),
        ("session_duration", "duration"),
    ] {
        let (_, summary) = shown
            .split_once(&format!("<li><a href=\"#{field}\">"))
            .unwrap();
        let summary = summary.split_once("</a>").unwrap().0;
        assert!(summary.contains(words), "{field}: {summary}");
        let (_, beside) = shown.split_once(&format!("id=\"wrong-{field}\">")).unwrap();
        assert!(
            beside.starts_with(&format!("<p>{summary}</p>")),
            "{field}: {beside}"
        );
        assert!(shown.contains(&format!(" id=\"{field}\"")), "{field}");
    }
    // All of it is kept.
    let form = Form::of_rules(&shown);
    assert_eq!(form.value("id"), hostile);
    assert_eq!(form.value("include-values"), hostile);
    assert_eq!(form.value("session_duration"), hostile);
    assert_eq!(stored(&desk.service).await, policy);
    // The row of the rule has it as text, too.
    assert!(
        shown.contains("<bdi>&lt;b&gt;&quot;&#39;&amp;U+202E</bdi></th>"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_first_rule_that_is_wrong_is_opened() {
    let policy = json!([
        rule("a", "allow", json!([{ "email": "ana@example.com" }])),
        rule("b", "allow", json!([{ "email": "bo@example.com" }])),
    ]);
    let mut desk = Desk::with(policy).await;
    desk.press("edit:1", &[]).await;
    desk.press("done", &[("id", "a")]).await;
    assert_eq!(desk.press("check", &[]).await, 422);
    assert!(
        desk.shown
            .contains("<li><a href=\"#id\"><bdi>Rule a, Name: `a` is used twice</bdi>")
    );
    assert_eq!(Form::of_rules(&desk.shown).value("open"), "1");
    assert!(row(&desk.shown, "a").contains(">Edit<"), "{}", desk.shown);
}

#[tokio::test]
async fn there_are_bounds() {
    let rules: Vec<Value> = (0..100)
        .map(|count| {
            rule(
                &format!("r{count}"),
                "allow",
                json!([{ "email": "a@example.com" }]),
            )
        })
        .collect();
    let mut desk = Desk::with(json!(rules)).await;
    assert_eq!(desk.press("add:allow", &[]).await, 422);
    assert!(
        desk.shown.contains("at most 100 can be made here"),
        "{}",
        desk.shown
    );
    desk.press("remove:0", &[]).await;
    assert_eq!(desk.press("add:allow", &[]).await, 200);
    let long: String = (0..20_000)
        .map(|count| format!("a{count}@example.com\n"))
        .collect();
    desk.press("add-condition:include", &[("add-include", "email")])
        .await;
    let typed = [("id", "long"), ("include-values", long.as_str())];
    assert_eq!(desk.press("check", &typed).await, 422);
    assert!(
        desk.shown.contains("The policy is too large for this page"),
        "{}",
        &desk.shown[..2000]
    );
}

#[tokio::test]
async fn a_form_that_is_none_of_this_page_is_refused() {
    let policy = json!([rule("a", "allow", json!([{ "everyone": true }]))]);
    let mut desk = Desk::with(policy).await;
    for (name, value) in [
        ("policy", "x"),
        ("policy", "[1]"),
        ("policy", "[{\"id\":\"a\",\"include\":[{\"x\":1}]}]"),
        ("open", "1"),
        ("open", "x"),
    ] {
        let form = Form::of_rules(&desk.shown).typed(name, value);
        let refused = form.press(&desk.service, &mut desk.browser, (&desk.path, "keep"));
        assert_eq!(refused.await.status(), 400, "{name} {value}");
    }
    let form = Form::of_rules(&desk.shown);
    for button in [
        "",
        "x",
        "edit",
        "edit:x",
        "add:x",
        "add-condition:x",
        "drop-condition:include",
    ] {
        let refused = form.press(&desk.service, &mut desk.browser, (&desk.path, button));
        assert_eq!(refused.await.status(), 400, "{button}");
    }
    // A button that saves nothing can be pressed again, as after Back.
    for _ in 0..2 {
        let shown = form.press(&desk.service, &mut desk.browser, (&desk.path, "add:allow"));
        assert_eq!(shown.await.status(), 200);
    }
}
