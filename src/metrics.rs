//! What happened, counted in the VM and handed to the host on a tick: a count costs no host call.

use std::collections::HashMap;
use std::mem;

/// Counts since they were last taken.
#[derive(Debug, Default)]
pub struct Counters {
    counts: HashMap<(&'static str, &'static str), u64>,
}

impl Counters {
    /// Counts one of `group`, such as `verdict` and `continue`.
    pub fn count(&mut self, group: &'static str, name: &'static str) {
        self.add(group, name, 1);
    }

    /// Counts several.
    pub fn add(&mut self, group: &'static str, name: &'static str, many: u64) {
        *self.counts.entry((group, name)).or_default() += many;
    }

    /// Takes all counts; they begin anew.
    pub fn take(&mut self) -> impl Iterator<Item = (String, u64)> + use<> {
        mem::take(&mut self.counts)
            .into_iter()
            .map(|((group, name), count)| (format!("portcullis.{group}.{name}"), count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_taken_once() {
        let mut counters = Counters::default();
        counters.count("verdict", "continue");
        counters.add("verdict", "continue", 2);
        let taken: Vec<_> = counters.take().collect();
        assert_eq!(taken, [("portcullis.verdict.continue".to_owned(), 3)]);
        assert_eq!(counters.take().count(), 0);
    }
}
