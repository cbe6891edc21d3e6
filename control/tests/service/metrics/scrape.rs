//! Reading metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::StatusCode;
use tempfile::TempDir;

use crate::harness::Service;

/// A service that serves its metrics.
pub async fn with_metrics() -> Service {
    let directory = Arc::new(TempDir::new().unwrap());
    let toml = "[server]\nmetrics = \"127.0.0.1:0\"\n";
    Service::start_in(directory, toml).await.unwrap()
}

/// The metrics at one moment.
pub struct Scrape {
    text: String,
    values: BTreeMap<String, f64>,
}

impl Scrape {
    pub async fn of(service: &Service) -> Self {
        let url = format!("http://{}/metrics", service.running.metrics.unwrap());
        let answer = service.http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let text = answer.text().await.unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let values = samples.map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        });
        Self {
            values: values.collect(),
            text,
        }
    }

    /// The value of a series, by its name and labels as written.
    pub fn value(&self, series: &str) -> f64 {
        let value = self.values.get(series);
        *value.unwrap_or_else(|| panic!("no {series} in {}", self.text))
    }

    /// The sum of all series that begin so, after the prefix of every name.
    pub fn sum(&self, beginning: &str) -> f64 {
        let beginning = format!("portcullis_control_{beginning}");
        let all = self.values.iter();
        all.filter(|(name, _)| name.starts_with(&beginning))
            .map(|(_, value)| value)
            .sum()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of all metrics, as one writes them in an expression.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for line in self.text.lines() {
            let Some(rest) = line.strip_prefix("# TYPE ") else {
                continue;
            };
            let (name, kind) = rest.split_once(' ').unwrap();
            names.push(match kind {
                "counter" => format!("{name}_total"),
                "info" => format!("{name}_info"),
                _ => name.to_owned(),
            });
        }
        names.sort();
        names
    }
}
