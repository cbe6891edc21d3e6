//! The words of a user's address and name, by whose beginnings the user is found.

use std::collections::BTreeSet;

use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// The most words of a user, and of a search.
const MOST_WORDS: usize = 16;
/// The longest word, in characters. The rest of a longer one finds nobody.
const LONGEST_WORD: usize = 64;
/// How many users of before get their words in one transaction.
const BATCH: i64 = 500;

/// The words of a text: in lower case, cut at what is neither letter nor digit.
#[must_use]
pub fn words_of(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST_WORD).collect())
        .take(MOST_WORDS)
        .collect()
}

/// Stores the words of a user who is new, or whose address or name may have changed.
pub(in crate::storage) async fn store(
    write: &mut Write,
    user_id: &str,
) -> Result<(), StorageError> {
    let (email, name): (String, String) =
        sqlx::query_as("SELECT email, name FROM users WHERE id = $1")
            .bind(user_id)
            .fetch_one(write.connection())
            .await?;
    let before: Vec<(String,)> = sqlx::query_as("SELECT word FROM user_words WHERE user_id = $1")
        .bind(user_id)
        .fetch_all(write.connection())
        .await?;
    let before: BTreeSet<String> = before.into_iter().map(|(word,)| word).collect();
    let now = words_of(&format!("{email} {name}"));
    for word in before.difference(&now) {
        sqlx::query("DELETE FROM user_words WHERE user_id = $1 AND word = $2")
            .bind(user_id)
            .bind(word)
            .execute(write.connection())
            .await?;
    }
    for word in now.difference(&before) {
        sqlx::query(
            "INSERT INTO user_words (word, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(word)
        .bind(user_id)
        .execute(write.connection())
        .await?;
    }
    Ok(())
}

impl Database {
    /// Stores the words of users who have none: those of before there were words, and those whom a
    /// replica of an older version has added.
    pub async fn store_missing_words(&self) -> Result<(), StorageError> {
        let mut after = String::new();
        loop {
            let mut write = self.write().await?;
            let users: Vec<(String,)> = sqlx::query_as(
                "SELECT id FROM users WHERE id > $1 \
                 AND NOT EXISTS (SELECT 1 FROM user_words WHERE user_id = users.id) \
                 ORDER BY id LIMIT $2",
            )
            .bind(&after)
            .bind(BATCH)
            .fetch_all(write.connection())
            .await?;
            let Some((last,)) = users.last() else {
                return Ok(());
            };
            after.clone_from(last);
            for (id,) in &users {
                store(&mut write, id).await?;
            }
            write.commit_unaudited(Unaudited::Nothing).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_what_is_no_letter_or_digit() {
        let words = words_of("Ana.Naka+x2@Example.com Ärger, O'Neill");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let expected = ["ana", "com", "example", "naka", "neill", "o", "x2", "ärger"];
        assert_eq!(words, expected);
    }

    #[test]
    fn words_are_bounded() {
        assert_eq!(words_of(&"x".repeat(100)).pop_first().unwrap().len(), 64);
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(words_of(&many.join(" ")).len(), 16);
    }
}
