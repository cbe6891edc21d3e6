//! What polls report of the node and the process.

use super::{Process, scope, settings};
use crate::feed::FeedSettings;

/// `instance`, `node` and `process` of the last poll.
fn reported(process: &Process) -> [Option<String>; 3] {
    let query = process.service.queries.last().unwrap();
    ["instance", "node", "process"].map(|name| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(other, _)| *other == name);
        found.map(|(_, value)| value.to_owned())
    })
}

fn on_node(vms: usize) -> Process {
    let mut process = Process::starting(0);
    process.node = Some("edge/1".into());
    for _ in 0..vms {
        process.add();
    }
    process.ticks(20);
    process
}

#[test]
fn all_groups_of_a_process_report_the_same_process() {
    let mut process = on_node(3);
    let [first, node, name] = reported(&process);
    assert_eq!(node.as_deref(), Some("edge%2F1"));
    let other = FeedSettings {
        audiences: vec!["a".repeat(64)],
        team_hostname: "team.example.com".to_owned(),
        ..settings()
    };
    process.add_to(&scope(), &other);
    process.ticks(20);
    let [second, ..] = reported(&process);
    assert_ne!(first, second, "another group");
    assert_eq!(reported(&process), [second, node.clone(), name.clone()]);

    // The VM that gave its name leaves.
    let leader = process.vms.iter().position(|vm| vm.poll.is_some()).unwrap();
    process.vms[leader].feed.leave(process.now);
    process.vms.remove(leader);
    process.service.version = 42;
    process.ticks(100);
    let [_, node_after, name_after] = reported(&process);
    assert_eq!((node_after, name_after), (node, name));
}

#[test]
fn a_vm_that_polls_for_itself_reports_no_process() {
    let mut process = on_node(2);
    process.memory.fails.set(true);
    process.service.version = 42;
    process.ticks(20);
    let [instance, node, name] = reported(&process);
    assert!(instance.is_some() && node.is_none() && name.is_none());
}

#[test]
fn without_a_node_no_process_is_named() {
    let process = Process::settled(2);
    let [instance, node, name] = reported(&process);
    assert!(instance.is_some() && node.is_none() && name.is_none());
    assert!(process.memory.ending("/process").is_empty());
}
