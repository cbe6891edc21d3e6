//! The policy that a form carries, and what its buttons do to it. None of them saves anything.

use serde_json::Value;

use super::press::Press;
use super::rule::RuleDraft;
use super::typed::{add_condition, typed};
use crate::dashboard::fields::Fields;
use crate::policy::rules::Action;

/// The most rules to which one can be added.
pub const MAX_RULES: usize = 100;
/// The most bytes of a policy, as JSON.
pub const MAX_BYTES: usize = 256 * 1024;

/// A policy in the making.
pub struct Edited {
    /// The fingerprint of the policy with which the editing began.
    pub base: String,
    /// Its rules; of the one that is open, as it was when it was opened.
    pub rules: Vec<RuleDraft>,
    /// The rule whose fields the form has.
    pub open: Option<Open>,
    /// The field to which the cursor goes.
    pub focus: Option<String>,
}

/// A rule with its fields.
pub struct Open {
    /// Its place in the policy.
    pub index: usize,
    /// What was typed.
    pub rule: RuleDraft,
}

impl Edited {
    /// What a form carries. `None` if it is no form of this page.
    pub fn of(fields: &Fields) -> Option<Self> {
        let rules: Vec<Value> = serde_json::from_str(fields.text("policy")).ok()?;
        let rules: Vec<RuleDraft> = rules.iter().map(RuleDraft::of).collect::<Option<_>>()?;
        let open = match fields.text("open") {
            "" => None,
            index => {
                let index = index.parse().ok().filter(|index| *index < rules.len())?;
                let rule = typed(fields)?;
                Some(Open { index, rule })
            }
        };
        Some(Self {
            base: fields.text("base").to_owned(),
            rules,
            open,
            focus: None,
        })
    }

    /// Its rules, the open one as it was typed.
    pub fn all_rules(&self) -> Vec<RuleDraft> {
        let mut rules = self.rules.clone();
        if let Some(open) = &self.open
            && let Some(rule) = rules.get_mut(open.index)
        {
            *rule = open.rule.clone();
        }
        rules
    }

    /// Opens a rule. What was typed in another stays.
    pub fn open(&mut self, index: usize) {
        self.close();
        let rule = self.rules.get(index).cloned();
        self.open = rule.map(|rule| Open { index, rule });
    }

    /// Closes the open rule. What was typed stays.
    pub fn close(&mut self) {
        self.rules = self.all_rules();
        self.open = None;
    }

    /// Does what a button says. `Err` is why it cannot.
    pub fn press(&mut self, press: Press, fields: &Fields) -> Result<(), String> {
        match press {
            Press::Edit(index) => {
                self.open(index);
                self.focus = Some("id".to_owned());
            }
            Press::Up(index) => self.move_by(index, -1),
            Press::Down(index) => self.move_by(index, 1),
            Press::Remove(index) => {
                self.close();
                if index < self.rules.len() {
                    self.rules.remove(index);
                }
            }
            Press::Add(action) => self.add(action)?,
            Press::Done => self.close(),
            Press::Cancel => self.cancel(),
            Press::AddCondition(list) => {
                let open = self.open.as_mut();
                self.focus = open.and_then(|open| add_condition(&mut open.rule, list, fields));
            }
            Press::DropCondition(list, position) => {
                if let Some(open) = &mut self.open {
                    open.rule.drop_condition(list, position);
                }
            }
            Press::Keep | Press::Check | Press::Save | Press::Test | Press::TestEverybody => {}
        }
        Ok(())
    }

    fn add(&mut self, action: Action) -> Result<(), String> {
        self.close();
        if self.rules.len() >= MAX_RULES {
            return Err(format!(
                "This policy has {} rules; at most {MAX_RULES} can be made here. Several people or groups fit \
                 into one rule.",
                self.rules.len()
            ));
        }
        self.rules.push(RuleDraft::new("", action.as_str(), ""));
        self.open(self.rules.len() - 1);
        self.focus = Some("id".to_owned());
        Ok(())
    }

    /// Closes the open rule without what was typed; a rule that was just added goes.
    fn cancel(&mut self) {
        let Some(Open { index, .. }) = self.open.take() else {
            return;
        };
        if self.rules.get(index).is_some_and(RuleDraft::is_blank) {
            self.rules.remove(index);
        }
    }

    /// Moves a rule past its neighbour in the same list.
    fn move_by(&mut self, index: usize, step: isize) {
        self.close();
        let Some(rule) = self.rules.get(index) else {
            return;
        };
        let about_requests = rule.is_about_requests();
        let is_same = |other: &usize| {
            let other = self.rules.get(*other);
            other.is_some_and(|other| other.is_about_requests() == about_requests)
        };
        let neighbour = match step {
            ..0 => (0..index).rev().find(is_same),
            _ => (index + 1..self.rules.len()).find(is_same),
        };
        if let Some(neighbour) = neighbour {
            self.rules.swap(index, neighbour);
        }
    }
}
