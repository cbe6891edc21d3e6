//! The buttons of the page.

use super::list::List;
use crate::policy::rules::Action;

/// A button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Shows the page again, with all that was typed: what the Enter key does.
    Keep,
    /// Opens a rule.
    Edit(usize),
    /// Moves a rule up.
    Up(usize),
    /// Moves a rule down.
    Down(usize),
    /// Takes a rule out.
    Remove(usize),
    /// Adds a rule with an action at the end.
    Add(Action),
    /// Closes the open rule.
    Done,
    /// Closes it without what was typed.
    Cancel,
    /// Adds a condition to the open rule.
    AddCondition(List),
    /// Takes a condition out of it.
    DropCondition(List, usize),
    /// Says what saving would do.
    Check,
    /// Saves.
    Save,
    /// Asks about a person.
    Test,
    /// Asks about everybody of the last days.
    TestEverybody,
}

impl Press {
    /// Reads the value of a button. `None` if it is none.
    pub fn of(button: &str) -> Option<Self> {
        let mut parts = button.split(':');
        let (name, first, second) = (parts.next()?, parts.next(), parts.next());
        let index = |text: Option<&str>| text?.parse::<usize>().ok();
        let list = first.and_then(List::named);
        Some(match name {
            "keep" => Self::Keep,
            "edit" => Self::Edit(index(first)?),
            "up" => Self::Up(index(first)?),
            "down" => Self::Down(index(first)?),
            "remove" => Self::Remove(index(first)?),
            "add" => Self::Add(first.and_then(Action::named)?),
            "done" => Self::Done,
            "cancel" => Self::Cancel,
            "add-condition" => Self::AddCondition(list?),
            "drop-condition" => Self::DropCondition(list?, index(second)?),
            "check" => Self::Check,
            "save" => Self::Save,
            "test" => Self::Test,
            "test-everybody" => Self::TestEverybody,
            _ => return None,
        })
    }
}
