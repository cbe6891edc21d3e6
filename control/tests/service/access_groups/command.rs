//! On the command line.

use super::*;
use crate::cli::{run, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn access_group_list_show_set_and_delete() {
    let service = Service::start_with(
        "[[access_groups]]\nname = \"office\"\ninclude = [{ ip = \"10.0.0.0/8\" }]\n",
    )
    .await;
    let data = service.data_dir();
    let file = service.directory.path().join("staff.toml");
    let file_name = file.to_str().unwrap();
    let run_group = |arguments: &[&str]| {
        let mut all = vec!["access-group"];
        all.extend_from_slice(arguments);
        run(&data, &all)
    };
    let done = |arguments: &[&str]| {
        let output = run_group(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let written = "include = [\n  { email_domain = \"example.com\" },\n]\n\
                   exclude = [\n  { email = \"mallory@example.com\" },\n]\n";
    std::fs::write(&file, written).unwrap();
    let said = done(&["set", "the staff", file_name]);
    assert!(said.contains("No policy names it yet"), "{said}");
    let shown = done(&["show", "the staff"]);
    assert_eq!(shown, written);
    std::fs::write(&file, &shown).unwrap();
    let said = done(&["set", "the staff", file_name]);
    assert_eq!(said, "The access group the staff is as it was.\n");
    service
        .wiki(json!({ "policy": policy_of("the staff") }))
        .await;
    std::fs::write(&file, written.replace("example.com", "example.org")).unwrap();
    let said = done(&["set", "the staff", file_name]);
    assert!(
        said.contains("The policies of wiki follow it with version"),
        "{said}"
    );
    let list = done(&["list"]);
    for part in [
        "*@example.org, except mallory@example.org",
        "wiki",
        "ip 10.0.0.0/8",
        "configuration file",
    ] {
        assert!(list.contains(part), "{part} in {list}");
    }
    let many: Vec<String> = (0..50)
        .map(|number| format!("{number}@example.org"))
        .collect();
    set(&service, "many", json!({ "include": [{ "email": many }] })).await;
    let list = done(&["list"]);
    assert!(
        list.contains("0@example.org, 1@") && list.contains('…'),
        "{list}"
    );
    assert!(!list.contains("49@example.org"), "{list}");
    let refused = run_group(&["delete", "the staff", "--yes"]);
    assert!(stderr(&refused).contains("name the access group: wiki"));
    let refused = run_group(&["set", "office", file_name]);
    assert!(stderr(&refused).contains("declared in the configuration file"));
    let refused = run_group(&["set", "x", "nowhere.toml"]);
    assert!(stderr(&refused).contains("nowhere.toml cannot be used"));
    service
        .done("/applications/remove", json!({ "name": "wiki" }))
        .await;
    assert_eq!(
        done(&["delete", "the staff", "--yes"]),
        "Deleted the access group the staff.\n"
    );
}
