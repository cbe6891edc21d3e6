//! `examples/grafana`: the dashboard and the alert rules read metrics that exist.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use portcullis_e2e::stand;
use serde_json::Value;

use super::scrape::{of_control, of_envoy};

const DASHBOARD: &str = include_str!("../../../../examples/grafana/dashboard.json");
const ALERTS: &str = include_str!("../../../../examples/grafana/alerts.yaml");

#[test]
fn b17_the_dashboard_reads_metrics_that_exist() -> Result<()> {
    let dashboard: Value = serde_json::from_str(DASHBOARD)?;
    let panels = list(&dashboard, "panels")?;
    let mut ids = BTreeSet::new();
    let mut expressions = Vec::new();
    for panel in panels {
        ensure!(ids.insert(panel["id"].as_u64()), "two panels with one id");
        if panel["type"] == "row" {
            continue;
        }
        ensure!(
            panel["description"].is_string(),
            "{} explains nothing",
            panel["title"]
        );
        ensure!(
            panel["datasource"]["uid"] == "${datasource}",
            "{} reads another data source",
            panel["title"]
        );
        for target in list(panel, "targets")? {
            expressions.push(text(target, "expr")?);
        }
    }
    let variables = list(&dashboard["templating"], "list")?;
    ensure!(variables.iter().any(|one| one["name"] == "datasource"));
    read_what_exists(&expressions)
}

#[test]
fn b17_the_alerts_read_metrics_that_exist() -> Result<()> {
    let alerts: Value = serde_saphyr::from_str(ALERTS)?;
    let mut names = BTreeSet::new();
    let mut expressions = Vec::new();
    for group in list(&alerts, "groups")? {
        for rule in list(group, "rules")? {
            let name = text(rule, "alert")?;
            ensure!(names.insert(name), "two alerts are called {name}");
            text(&rule["annotations"], "summary")?;
            text(&rule["annotations"], "description")?;
            let severity = text(&rule["labels"], "severity")?;
            ensure!(
                ["warning", "critical"].contains(&severity),
                "{name}: {severity}"
            );
            expressions.push(text(rule, "expr")?);
        }
    }
    read_what_exists(&expressions)
}

/// Every metric in the expressions is served by a control service or an Envoy.
fn read_what_exists(expressions: &[&str]) -> Result<()> {
    let stand = stand()?;
    let mut served = of_control(stand)?;
    served.extend(of_envoy(stand)?);
    ensure!(!expressions.is_empty());
    for expression in expressions {
        let metrics = metrics(expression);
        ensure!(!metrics.is_empty(), "{expression} reads nothing of ours");
        for metric in metrics {
            // Where a regular expression selects names, it is their beginning.
            let exists = if metric.ends_with('_') {
                served.iter().any(|name| name.starts_with(metric))
            } else {
                served.contains(metric)
            };
            ensure!(exists, "{expression}: there is no {metric}");
        }
    }
    Ok(())
}

fn metrics(expression: &str) -> Vec<&str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("portcullis_"))
        .collect()
}

fn list<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>> {
    let list = value[field].as_array();
    list.with_context(|| format!("no list {field} in {value}"))
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    let text = value[field].as_str();
    text.with_context(|| format!("no text {field} in {value}"))
}
