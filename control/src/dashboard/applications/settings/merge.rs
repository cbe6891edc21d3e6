//! Two administrators who edit at the same time. Of the settings that only one of them changed, that
//! change counts; where both did, the second one decides.

use super::setting::all;
use super::values::Values;

/// A setting that both changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its name.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What it was when the form was opened.
    pub opened: String,
    /// What it is now.
    pub now: String,
    /// What was typed.
    pub yours: String,
}

/// The result of a merge.
#[derive(Debug, PartialEq, Eq)]
pub struct Merged {
    /// The values; where there is a conflict, what was typed.
    pub values: Values,
    /// What both changed, in the order of the page.
    pub conflicts: Vec<Conflict>,
    /// Whether somebody else's changes are in it.
    pub has_others: bool,
}

/// Merges what was typed into a form, which was `opened`, with what is `now`.
pub fn merge(opened: &Values, now: &Values, typed: Values) -> Merged {
    let mut merged = Merged {
        has_others: opened != now,
        values: typed,
        conflicts: Vec::new(),
    };
    for setting in all() {
        let name = setting.name;
        let (was, is) = (opened.text(name), now.text(name));
        let yours = merged.values.text(name).to_owned();
        if is == was || is == yours {
            continue;
        }
        if yours == was {
            merged.values.set(name, is);
        } else {
            merged.conflicts.push(Conflict {
                name,
                label: setting.label,
                opened: was.to_owned(),
                now: is.to_owned(),
                yours,
            });
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::super::super::super::fields::Fields;
    use super::*;

    fn values(settings: &[(&'static str, &str)]) -> Values {
        let mut values = Values::read(&Fields::default(), "");
        for (name, text) in settings {
            values.set(name, text);
        }
        values
    }

    #[test]
    fn a_change_of_one_counts_and_one_of_both_is_a_question() {
        let opened = values(&[
            ("name", "a"),
            ("session_duration", "1h"),
            ("same_site", "lax"),
        ]);
        let now = values(&[
            ("name", "b"),
            ("session_duration", "2h"),
            ("same_site", "lax"),
        ]);
        let typed = values(&[
            ("name", "a"),
            ("session_duration", "3h"),
            ("same_site", "none"),
        ]);
        let merged = merge(&opened, &now, typed);
        let expected = [
            ("name", "b"),
            ("session_duration", "3h"),
            ("same_site", "none"),
        ];
        assert_eq!(merged.values, values(&expected));
        let names: Vec<_> = merged.conflicts.iter().map(|one| one.name).collect();
        assert_eq!(names, ["session_duration"]);
        assert!(merged.has_others);
        // Both changed it in the same way.
        let merged = merge(&opened, &now, now.clone());
        assert_eq!((merged.conflicts.len(), merged.values), (0, now.clone()));
        let merged = merge(&now, &now, opened.clone());
        assert_eq!((merged.has_others, merged.values), (false, opened));
    }
}
