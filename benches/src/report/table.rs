//! The report for people at a terminal.

use std::fmt::Write;

use super::{GOALS, Goal, Report};

impl Report {
    /// Rates and keys, a line each.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let (rates, spent) = (self.rates(), self.middles(|answers| answers.cpu_us_each));
        let base = rates.get("no_filter").copied().unwrap_or(f64::NAN);
        let mut by_rate: Vec<_> = rates.iter().collect();
        by_rate.sort_by(|one, other| other.1.total_cmp(one.1));
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{:<22}{:>12}{:>14}{:>14}",
            "course", "requests/s", "to no filter", "CPU µs each"
        );
        for (name, rate) in by_rate {
            let cpu = spent.get(name).copied().unwrap_or(f64::NAN);
            let _ = writeln!(
                text,
                "{name:<22}{rate:>12.0}{:>14.2}{cpu:>14.1}",
                rate / base
            );
        }
        let heads = ("key", "value", "from – to", "goal");
        let _ = writeln!(
            text,
            "\n{:<33}{:>12}{:>24}{:>14}",
            heads.0, heads.1, heads.2, heads.3
        );
        for (key, goal) in GOALS {
            let _ = writeln!(text, "{}", self.row(key, goal));
        }
        text
    }

    fn row(&self, key: &str, goal: Goal) -> String {
        let bound = match goal {
            Goal::AtLeast(bound) => format!("≥ {}", figure(bound)),
            Goal::AtMost(bound) => format!("≤ {}", figure(bound)),
            Goal::Unset => "–".to_owned(),
        };
        let Some(outcome) = self.outcomes.get(key) else {
            let note = self.notes.get(key).map_or("not measured", String::as_str);
            return format!("{key:<33}{:>12}{:>24}{bound:>14}  missed: {note}", "–", "");
        };
        let spread = format!("{} – {}", figure(outcome.min), figure(outcome.max));
        let verdict = match goal {
            Goal::Unset => "",
            _ if goal.is_met(outcome.value) => "met",
            _ => "missed",
        };
        let value = figure(outcome.value);
        format!("{key:<33}{value:>12}{spread:>24}{bound:>14}  {verdict}")
    }
}

/// As many digits as mean something.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => format!("{value:.0}"),
        size if size >= 20.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
