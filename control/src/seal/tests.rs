use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::system::randomness::SystemRandomness;

/// More than a source may have.
const MANY: usize = 20;
const PURPOSE: Purpose<'_> = Purpose::SigningKey { kid: "one" };

fn own(directory: &std::path::Path) -> Source {
    Source::of(None, directory)
}

fn made(source: &Source) -> Seal {
    Seal::load(source.clone(), true, &SystemRandomness).unwrap()
}

#[test]
fn a_secret_opens_for_its_purpose_alone() {
    let directory = tempfile::tempdir().unwrap();
    let seal = made(&own(directory.path()));
    let sealed = seal.seal(PURPOSE, b"open sesame").unwrap();
    assert_eq!(seal.open(PURPOSE, &sealed).unwrap(), b"open sesame");
    let other = Purpose::SigningKey { kid: "two" };
    assert!(matches!(seal.open(other, &sealed), Err(SealError::Broken)));
    assert!(!format!("{sealed:?} {seal:?}").contains(&sealed.as_str()[20..]));
    assert_ne!(sealed, seal.seal(PURPOSE, b"open sesame").unwrap());
}

#[test]
fn what_was_changed_does_not_open() {
    let directory = tempfile::tempdir().unwrap();
    let seal = made(&own(directory.path()));
    let text = seal.seal(PURPOSE, b"open sesame").unwrap().0;
    let (start, rest) = text.rsplit_once('.').unwrap();
    for bad in [
        start.to_owned(),
        format!("{start}."),
        format!("{start}.{}", &rest[1..]),
        format!("{start}.{}", rest.replace(&rest[4..5], "~")),
        format!("{start}.{}A", rest),
        rest.to_owned(),
        String::new(),
    ] {
        let opened = seal.open(PURPOSE, &Sealed::stored(bad.clone()));
        assert!(
            matches!(opened, Err(SealError::Broken | SealError::NotSealed)),
            "{bad}: {opened:?}"
        );
    }
    let foreign = format!("{VERSION}.AAAAAAAA.{rest}");
    let error = seal.open(PURPOSE, &Sealed::stored(foreign)).unwrap_err();
    assert!(error.to_string().contains("AAAAAAAA"), "{error}");
    assert!(error.to_string().contains("seal.key"), "{error}");
}

#[test]
fn a_new_key_seals_and_the_old_one_opens_until_it_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let source = own(directory.path());
    let seal = made(&source);
    let old = seal.seal(PURPOSE, b"open sesame").unwrap();
    let replica = made(&source);
    seal.renew(&seal.current(), &SystemRandomness).unwrap();
    let new = seal.again(PURPOSE, &old).unwrap().unwrap();
    assert!(seal.again(PURPOSE, &new).unwrap().is_none());
    assert_eq!(seal.open(PURPOSE, &old).unwrap(), b"open sesame");
    assert_eq!(replica.open(PURPOSE, &new).unwrap(), b"open sesame");
    seal.drop_old().unwrap();
    assert!(matches!(
        seal.open(PURPOSE, &old),
        Err(SealError::UnknownKey { .. })
    ));
    assert_eq!(made(&source).open(PURPOSE, &new).unwrap(), b"open sesame");
}

#[test]
fn a_secret_from_before_is_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let seal = made(&own(directory.path()));
    let plain = Sealed::stored(base64url::encode(b"open sesame"));
    assert!(matches!(
        seal.open(PURPOSE, &plain),
        Err(SealError::NotSealed)
    ));
    let sealed = seal.again(PURPOSE, &plain).unwrap().unwrap();
    assert_eq!(seal.open(PURPOSE, &sealed).unwrap(), b"open sesame");
}

#[test]
fn only_the_owner_reads_the_key_file() {
    let directory = tempfile::tempdir().unwrap();
    let source = own(directory.path());
    let missing = Seal::load(source.clone(), false, &SystemRandomness).unwrap_err();
    assert!(missing.to_string().contains("restore"), "{missing}");
    made(&source);
    let file = fs::metadata(directory.path().join("seal.key")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_of_the_operator_is_read_and_never_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let source = Source::File(path.clone());
    let load = || Seal::load(source.clone(), true, &SystemRandomness);
    assert!(load().is_err() && !path.exists());
    let key = SealKey::generate(&SystemRandomness).unwrap();
    for (text, part) in [
        (String::new(), "0 keys"),
        ("# none\n".to_owned(), "0 keys"),
        (format!("{}\nshort\n", key.to_text()), "line 2"),
        (format!("{}\n", key.to_text()).repeat(17), "17 keys"),
    ] {
        fs::write(&path, text).unwrap();
        let error = load().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(!error.contains(&key.to_text()), "{error}");
    }
    fs::write(&path, format!("# of 2026\n{}\n\n", key.to_text())).unwrap();
    let seal = load().unwrap();
    assert_eq!(seal.current(), key.id);
    seal.renew(&seal.current(), &SystemRandomness).unwrap();
    seal.drop_old().unwrap();
    assert_eq!(seal.current(), key.id);
    assert!(source.write(&[key]).is_err());
}

#[test]
fn attempts_that_fail_leave_one_new_key() {
    let directory = tempfile::tempdir().unwrap();
    let source = own(directory.path());
    let seal = made(&source);
    let in_use = seal.current();
    seal.renew(&in_use, &SystemRandomness).unwrap();
    let new = seal.current();
    for _ in 0..MANY {
        seal.renew(&in_use, &SystemRandomness).unwrap();
    }
    assert_eq!(seal.current(), new);
    let ids: Vec<_> = source
        .read()
        .unwrap()
        .unwrap()
        .into_iter()
        .map(|key| key.id)
        .collect();
    assert_eq!(ids, [new, in_use]);
}

#[test]
fn a_file_that_others_can_read_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let source = own(directory.path());
    made(&source);
    assert!(!source.is_open_to_others());
    let path = directory.path().join("seal.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(source.is_open_to_others());
    assert!(
        !Source::File(path).is_open_to_others(),
        "it may have a group"
    );
}

#[test]
fn only_a_holder_of_the_key_authenticates_and_only_one_message() {
    let directory = tempfile::tempdir().unwrap();
    let seal = made(&own(directory.path()));
    let shown = seal.authenticate(b"one").unwrap();
    assert!(seal.is_authentic(b"one", &shown));
    assert!(!seal.is_authentic(b"two", &shown));
    let id = seal.current();
    for bad in [
        "",
        ".",
        &id,
        &format!("{id}."),
        &format!("{shown}A"),
        &shown[1..],
    ] {
        assert!(!seal.is_authentic(b"one", bad), "{bad}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let other = made(&own(elsewhere.path()));
    assert!(!other.is_authentic(b"one", &shown));
    let (_, mac) = shown.split_once('.').unwrap();
    assert!(!other.is_authentic(b"one", &format!("{}.{mac}", other.current())));
    // Under another key that is new, while the old one is kept.
    seal.renew(&id, &SystemRandomness).unwrap();
    assert!(seal.is_authentic(b"one", &shown));
    assert_ne!(seal.authenticate(b"one").unwrap(), shown);
    seal.drop_old().unwrap();
    assert!(!seal.is_authentic(b"one", &shown));
}
