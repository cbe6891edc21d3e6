//! The documentation lists the metrics that there are.

use super::scrape::{Scrape, with_metrics};

const PAGE: &str = include_str!("../../../../docs/OPERATIONS.md");

/// The names in the first column of the tables under a heading.
fn listed(heading: &str) -> Vec<String> {
    let section = PAGE.split_once(&format!("\n### {heading}\n")).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let section = section.split("\n### ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut names: Vec<String> = rows
        .map(|row| row.split(['`', '{']).next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn b17_the_documentation_lists_every_metric_and_no_other() {
    let service = with_metrics().await;
    let scrape = Scrape::of(&service).await;
    assert_eq!(listed("The control service's metrics"), scrape.names());
}
