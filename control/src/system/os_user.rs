//! Users of the operating system.

/// The user on the other end of a local connection, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerUser(pub u32);

/// The user of this process, by id.
#[must_use]
pub fn own() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The name of a user in the system's own list; `None` if it is not there, as with directories.
#[must_use]
pub fn name_of(id: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    name_in(&users, id)
}

/// passwd(5): the name, the password, the id and more, between colons.
fn name_in(users: &str, id: u32) -> Option<String> {
    let mut users = users.lines().map(|line| line.split(':'));
    users.find_map(|mut fields| {
        let (name, its_id) = (fields.next()?, fields.nth(1)?);
        (its_id.parse() == Ok(id)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_id() {
        let users = "root:x:0:0:root:/root:/bin/sh\n# no user\nana:x:1000:100::/home/ana:\n";
        assert_eq!(name_in(users, 0).as_deref(), Some("root"));
        assert_eq!(name_in(users, 1000).as_deref(), Some("ana"));
        assert_eq!(name_in(users, 100), None);
    }
}
