//! What the tester says.

use crate::administration::policies::answer::Answer;
use crate::administration::policies::everybody::{DAYS, Everybody, MOST_JUDGED};
use crate::administration::policies::known::Named;
use crate::dashboard::shown::Shown;
use crate::policy::explain::ExplainedRule;
use crate::team_domain::page::time::ShownTime;
use crate::words::counted;

/// The most names of a list.
const MOST_NAMES: usize = 200;

/// What a policy says about one person.
pub struct Verdict {
    /// The address that was asked about.
    pub who: Shown,
    /// Whether it admits them.
    pub admitted: bool,
    /// Why, in a sentence.
    pub reason: Shown,
    /// The networks from which it does; `None`: from anywhere.
    pub addresses: Option<Shown>,
    /// Each rule.
    pub rules: Vec<RuleVerdict>,
    /// What was known of the person: what, and its values.
    pub facts: Vec<(&'static str, Shown)>,
    /// Of when that is; `None`: only the address is known.
    pub as_of: Option<ShownTime>,
}

/// What a rule says.
pub struct RuleVerdict {
    /// Its name.
    pub id: Shown,
    /// Its action.
    pub action: &'static str,
    /// Whether it decides, or would.
    pub result: &'static str,
    /// Why it fits, or why not.
    pub why: Shown,
}

/// Whom a policy admits of those who signed in of late.
pub struct Share {
    /// The share in a sentence.
    pub sentence: String,
    /// Those whom it admits.
    pub admitted: Names,
    /// The others.
    pub refused: Names,
}

/// The beginning of a list of people.
pub struct Names {
    /// How many there are.
    pub count: usize,
    /// The first of them: the user's id, and what they are called.
    pub first: Vec<(String, Shown)>,
    /// How many are not named.
    pub more: usize,
}

impl Verdict {
    /// The answer in words.
    pub fn of(answer: &Answer) -> Self {
        let explanation = &answer.explanation;
        let asked = &answer.asked;
        let list = |texts: &Option<Vec<String>>| match texts.as_deref().unwrap_or_default() {
            [] => Shown::new("none"),
            texts => Shown::new(&texts.join(", ")),
        };
        let claims = asked.claims.iter().flatten();
        let claims = claims.map(|(name, values)| format!("{name} = {}", values.join(", ")));
        let claims: Vec<String> = claims.collect();
        let addresses = explanation.addresses.as_ref();
        Self {
            who: Shown::new(asked.user.as_deref().unwrap_or_default()),
            admitted: explanation.admitted,
            reason: Shown::new(&explanation.reason),
            addresses: addresses.map(|networks| match networks.as_slice() {
                [] => Shown::new("no address"),
                networks => Shown::new(&networks.join(", ")),
            }),
            rules: explanation.rules.iter().map(RuleVerdict::of).collect(),
            facts: vec![
                (
                    "Signed in with",
                    Shown::new(asked.provider.as_deref().unwrap_or("a password")),
                ),
                ("Groups", list(&asked.groups)),
                ("Claims", list(&Some(claims))),
                ("Ways to sign in", list(&asked.amr)),
            ],
            as_of: answer.as_of.map(ShownTime::at),
        }
    }
}

impl RuleVerdict {
    fn of(rule: &ExplainedRule) -> Self {
        Self {
            id: Shown::new(&rule.id),
            action: rule.action.as_str(),
            result: match (rule.decides, rule.fits) {
                (true, _) => "decides",
                (false, true) => "not reached",
                (false, false) => "does not fit",
            },
            why: Shown::new(&rule.why),
        }
    }
}

impl Share {
    /// The answer in words.
    pub fn of(everybody: &Everybody) -> Self {
        let (admitted, refused) = (everybody.admitted.len(), everybody.refused.len());
        let all = admitted + refused;
        let people = counted(all as u64, "user", "users");
        let newest = if everybody.is_cut {
            format!(" Only the {MOST_JUDGED} with the newest sign-ins were looked at.")
        } else {
            String::new()
        };
        let percent = (admitted * 100).checked_div(all);
        let percent = percent.map_or_else(String::new, |percent| format!(", {percent} %"));
        Self {
            sentence: format!(
                "{admitted} of {people} who signed in during the last {DAYS} days would be admitted{percent}.{newest}"
            ),
            admitted: Names::of(&everybody.admitted),
            refused: Names::of(&everybody.refused),
        }
    }
}

impl Names {
    /// The beginning of a list.
    pub fn of(people: &[Named]) -> Self {
        let first = people.iter().take(MOST_NAMES);
        Self {
            count: people.len(),
            first: first
                .map(|one| (one.user_id.clone(), Shown::new(&one.called)))
                .collect(),
            more: people.len().saturating_sub(MOST_NAMES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(count: usize) -> Vec<Named> {
        let person = |number: usize| Named {
            user_id: number.to_string(),
            called: format!("user {number}"),
        };
        (0..count).map(person).collect()
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let names = Names::of(&people(MOST_NAMES + 3));
        assert_eq!((names.count, names.more), (MOST_NAMES + 3, 3));
        assert_eq!(names.first.len(), MOST_NAMES);
        assert_eq!(Names::of(&people(1)).more, 0);
    }

    #[test]
    fn the_share_is_a_sentence_also_of_nobody() {
        let share = |admitted, refused, is_cut| {
            let everybody = Everybody {
                admitted: people(admitted),
                refused: people(refused),
                is_cut,
            };
            Share::of(&everybody).sentence
        };
        let days = "who signed in during the last 30 days would be admitted";
        assert_eq!(share(0, 0, false), format!("0 of 0 users {days}."));
        assert_eq!(share(1, 2, false), format!("1 of 3 users {days}, 33 %."));
        assert!(
            share(1, 0, true)
                .ends_with("100 %. Only the 10000 with the newest sign-ins were looked at.")
        );
    }
}
