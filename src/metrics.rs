//! What happened, counted in the VM and handed to the host on a tick: a count costs no host call.

use std::mem;

/// Counts since they were last taken.
#[derive(Debug, Default)]
pub struct Counters {
    // A few dozen at most, the frequent ones in front: looked through faster than hashed.
    counts: Vec<Count>,
}

#[derive(Debug)]
struct Count {
    group: &'static str,
    name: &'static str,
    many: u64,
}

impl Counters {
    /// Counts one of `group`, such as `verdict` and `continue`.
    pub fn count(&mut self, group: &'static str, name: &'static str) {
        self.add(group, name, 1);
    }

    /// Counts several.
    pub fn add(&mut self, group: &'static str, name: &'static str, many: u64) {
        let known = |count: &&mut Count| count.name == name && count.group == group;
        match self.counts.iter_mut().find(known) {
            Some(count) => count.many += many,
            None => self.counts.push(Count { group, name, many }),
        }
    }

    /// Takes all counts; they begin anew.
    pub fn take(&mut self) -> impl Iterator<Item = (String, u64)> + use<> {
        mem::take(&mut self.counts)
            .into_iter()
            .map(|Count { group, name, many }| (format!("portcullis.{group}.{name}"), many))
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
