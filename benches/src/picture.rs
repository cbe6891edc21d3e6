//! The report as a picture for the README: a bar for each contender, drawn by hand as SVG.
//!
//! It brings its own colours for light and dark pages, and describes itself in words for
//! readers who cannot see it.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

/// What each bar stands for, in the order of the picture.
const BARS: [(&str, &str, &str); 6] = [
    ("no_filter", "no filter", "other"),
    ("portcullis_100k", "Portcullis, 100,000 revocations", "ours"),
    ("portcullis_1m", "Portcullis, 1,000,000 revocations", "ours"),
    (
        "jwt_authn_cached",
        "jwt_authn with cache (token only)",
        "other",
    ),
    ("same_work", "jwt_authn and Lua (no revocation)", "other"),
    ("ext_authz", "ext_authz that always says yes", "other"),
];
const WIDTH: u32 = 760;
const LABEL: u32 = 250;
const ROW: u32 = 34;
const TOP: u32 = 52;
const STYLE: &str = "text{font:14px system-ui,sans-serif;fill:#1f2328}.small{font-size:12px;fill:#59636e}\
    .ours{fill:#0969da}.other{fill:#afb8c1}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.ours{fill:#4493f8}.other{fill:#656c76}}";

/// Draws the rates of a report.
///
/// # Errors
/// When the report lacks one of them.
pub fn draw(report: &Value) -> Result<String> {
    let base = rate(report, "no_filter")?;
    let (mut bars, mut words) = (String::new(), String::new());
    for ((name, label, class), row) in BARS.iter().zip(0_u32..) {
        let share = rate(report, name)? / base;
        let percent = format!("{:.0} %", share * 100.0);
        bar(&mut bars, (label, class, &percent), row, share)?;
        write!(words, " {label}: {percent}.")?;
    }
    let height = TOP + ROW * u32::try_from(BARS.len())? + 26;
    let machine = machine(report);
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title words">
<title id="title">Requests a second on one core, to Envoy without a filter</title>
<desc id="words">{words} Measured on {machine}.</desc>
<style>{STYLE}</style>
<text x="0" y="20">Requests a second on one core, to Envoy without a filter</text>
<text class="small" x="0" y="38">more is better; Envoy answers by itself, so that only the filters cost anything</text>
{bars}<text class="small" x="0" y="{}">make bench, {machine}</text>
</svg>
"#,
        height - 8
    ))
}

fn bar(bars: &mut String, bar: (&str, &str, &str), row: u32, share: f64) -> Result<()> {
    let (label, class, percent) = bar;
    let y = TOP + ROW * row;
    let room = f64::from(WIDTH - LABEL - 60);
    let width = room * share.clamp(0.0, 1.0);
    writeln!(bars, r#"<text x="0" y="{}">{label}</text>"#, y + 19)?;
    writeln!(
        bars,
        r#"<rect class="{class}" x="{LABEL}" y="{}" width="{width:.0}" height="22" rx="3"/>"#,
        y + 3
    )?;
    let x = f64::from(LABEL + 8) + width;
    writeln!(bars, r#"<text x="{x:.0}" y="{}">{percent}</text>"#, y + 19)?;
    Ok(())
}

fn rate(report: &Value, name: &str) -> Result<f64> {
    let rate = report
        .pointer(&format!("/rates/{name}"))
        .and_then(Value::as_f64);
    rate.with_context(|| format!("the report has no rate of {name}: run `make bench`"))
}

/// Where it was measured, as text in XML.
fn machine(report: &Value) -> String {
    let text = |name: &str| {
        let value = report.pointer(&format!("/machine/{name}"));
        value
            .and_then(Value::as_str)
            .unwrap_or("unknown")
            .to_owned()
    };
    let said = format!("Envoy {}, {}", text("envoy"), text("processor"));
    said.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_bar_is_told_in_words_too() {
        let rates: Value = BARS
            .iter()
            .map(|(name, ..)| ((*name).to_owned(), json!(50.0)))
            .collect();
        let report = json!({"rates": rates, "machine": {"envoy": "1", "processor": "A & B"}});
        let picture = draw(&report).unwrap();
        for (_, label, _) in BARS {
            assert_eq!(picture.matches(label).count(), 2, "{label}");
        }
        assert!(picture.contains("A &amp; B"));
        assert!(draw(&json!({})).is_err());
    }
}
