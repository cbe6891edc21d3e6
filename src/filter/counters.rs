//! What happened, counted in the VM and handed to the host on a tick: a count costs no host call.

use std::mem;

use super::effect::Effect;
use super::statistics;
use crate::reply::Reply;
use crate::session::SignatureCounts;

/// Counts since they were last taken.
#[derive(Debug, Default)]
pub(super) struct Counters {
    // A few dozen at most, the frequent ones in front: looked through faster than hashed.
    counts: Vec<Count>,
    /// The totals when they were last taken.
    taken: Totals,
}

/// Counts that others keep from the beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    /// Signatures that were checked.
    pub signatures: SignatureCounts,
    /// Polls of the feed that failed.
    pub feed_errors: u64,
}

#[derive(Debug)]
struct Count {
    group: &'static str,
    name: &'static str,
    count: u64,
}

impl Counters {
    /// Counts one of `group`, such as `verdict` and `continue`.
    pub fn count(&mut self, group: &'static str, name: &'static str) {
        self.add(group, name, 1);
    }

    /// Counts an effect that ends a request. Others end nothing.
    pub fn count_end(&mut self, effect: &Effect) {
        match effect {
            Effect::Continue(changes) => {
                self.count("verdict", changes.verdict());
                if let Some(reason) = changes.reported {
                    self.count("reported", reason);
                }
            }
            Effect::Reply(reply) => {
                self.count("verdict", verdict_of(reply));
                self.count("reason", reply.reason);
            }
            Effect::Pause | Effect::AwaitRoot | Effect::Call(_) => {}
        }
    }

    /// Takes all counts, and by how much the totals have grown.
    pub fn take(&mut self, totals: Totals) -> impl Iterator<Item = (String, u64)> + use<> {
        let before = mem::replace(&mut self.taken, totals);
        let (now, then) = (totals.signatures, before.signatures);
        for (group, name, count) in [
            ("signature", "host", now.by_host - then.by_host),
            ("signature", "pure", now.in_pure_rust - then.in_pure_rust),
            ("feed", "errors", totals.feed_errors - before.feed_errors),
        ] {
            if count > 0 {
                self.add(group, name, count);
            }
        }
        mem::take(&mut self.counts)
            .into_iter()
            .map(|Count { group, name, count }| (format!("portcullis.{group}.{name}"), count))
    }

    fn add(&mut self, group: &'static str, name: &'static str, by: u64) {
        debug_assert!(statistics::is_listed(group, name), "{group}.{name}");
        let known = |count: &&mut Count| count.name == name && count.group == group;
        match self.counts.iter_mut().find(known) {
            Some(known) => known.count += by,
            None => self.counts.push(Count {
                group,
                name,
                count: by,
            }),
        }
    }
}

fn verdict_of(reply: &Reply) -> &'static str {
    match reply.status {
        300..=399 => "redirect",
        200..=299 if reply.grpc_status.is_none() => "answer",
        _ => "refuse",
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
        let totals = Totals {
            feed_errors: 4,
            ..Totals::default()
        };
        let taken: Vec<_> = counters.take(totals).collect();
        let expected = [
            ("portcullis.verdict.continue".to_owned(), 3),
            ("portcullis.feed.errors".to_owned(), 4),
        ];
        assert_eq!(taken, expected);
        assert_eq!(counters.take(totals).count(), 0);
    }
}
