//! Spellings of one address, and what is refused.

use super::characters::mixed_scripts;
use super::*;

fn normal(text: &str) -> Option<String> {
    Address::parse(text).ok().map(|address| address.normal)
}

#[test]
fn one_person_has_one_spelling() {
    for (spellings, normal, shown) in [
        (
            &["ana@example.com", "Ana@Example.COM", "ANA@EXAMPLE。com"][..],
            "ana@example.com",
            "ana@example.com",
        ),
        (
            &[
                "eva@köln.example",
                "eva@ko\u{308}ln.example",
                "EVA@KÖLN.example",
                "eva@xn--kln-sna.example",
                "eva@XN--KLN-SNA.example",
            ],
            "eva@xn--kln-sna.example",
            "eva@köln.example",
        ),
        (
            &[
                "zoë@example.com",
                "zoe\u{308}@example.com",
                "ZOË@example.com",
            ],
            "zoë@example.com",
            "zoë@example.com",
        ),
        (
            &["ΟΔΥΣΣΕΥΣ@example.com", "οδυσσευς@example.com"],
            "οδυσσευσ@example.com",
            "οδυσσευς@example.com",
        ),
        (&["admin@localhost"], "admin@localhost", "admin@localhost"),
        (&["a@b_c.example"], "a@b_c.example", "a@b_c.example"),
    ] {
        for spelling in spellings {
            let address = Address::parse(spelling).unwrap();
            assert_eq!(
                (address.normal(), address.shown()),
                (normal, shown),
                "{spelling}"
            );
            for again in [address.normal(), address.shown()] {
                assert_eq!(
                    Address::parse(again).unwrap().normal(),
                    normal,
                    "{spelling}"
                );
            }
        }
    }
    assert_ne!(normal("straße@a.example"), normal("strasse@a.example"));
    assert_ne!(normal("a@straße.example"), normal("a@strasse.example"));
}

#[test]
fn what_is_no_address_is_refused() {
    for bad in [
        "",
        "ana",
        // A Greek question mark, of which NFC makes a semicolon.
        "ana\u{37e}@example.com",
        "@example.com",
        "ana@",
        "a b@c",
        "a@b@c",
        "a@b..c",
        "a,b@c",
        "a@b.c.",
        "a@.b",
        "a@b c",
        "a@b:c",
        "a@xn--a",
        "a@[127.0.0.1]",
        "a@b/c",
    ] {
        assert_eq!(normal(bad), None, "{bad}");
    }
    for (text, c) in [
        ("\u{202e}ana@example.com", '\u{202e}'),
        ("\u{200b}ana@example.com", '\u{200b}'),
        ("ana@exam\u{ad}ple.com", '\u{ad}'),
        ("ana\u{0}@example.com", '\0'),
        ("ana\u{3164}@example.com", '\u{3164}'),
        ("ana\u{a0}@example.com", '\u{a0}'),
        ("ana\u{e000}@example.com", '\u{e000}'),
        ("a\nna@example.com", '\n'),
        ("ana@exam\u{200d}ple.com", '\u{200d}'),
        ("ana\u{fe0f}@example.com", '\u{fe0f}'),
        ("ana\u{2800}@example.com", '\u{2800}'),
    ] {
        assert_eq!(
            Address::parse(text),
            Err(AddressError::Invisible(c)),
            "{text:?}"
        );
    }
    for (text, c) in [
        ("ａna@example.com", 'ａ'),
        ("ﬁona@a.example", 'ﬁ'),
        ("𝐚na@a.example", '𝐚'),
    ] {
        assert_eq!(
            Address::parse(text),
            Err(AddressError::Compatibility(c)),
            "{text:?}"
        );
    }
}

#[test]
fn marks_that_nobody_sees_are_refused() {
    for (text, mark) in [
        ("i\u{307}an@example.com", '\u{307}'),
        ("\u{130}an@example.com", '\u{307}'),
        ("ani\u{331}\u{307}a@example.com", '\u{307}'),
        ("j\u{307}an@example.com", '\u{307}'),
        ("\u{131}\u{307}an@example.com", '\u{307}'),
        ("\u{456}\u{307}@example.com", '\u{307}'),
        ("ian@i\u{307}.example", '\u{307}'),
        ("\u{301}ana@example.com", '\u{301}'),
        ("\u{20dd}ana@example.com", '\u{20dd}'),
    ] {
        assert_eq!(
            Address::parse(text),
            Err(AddressError::Mark(mark)),
            "{text:?}"
        );
    }
    for good in ["żan@example.com", "x\u{307}an@example.com", "ían@a.example"] {
        assert!(Address::parse(good).is_ok(), "{good}");
    }
}

#[test]
fn the_length_is_that_of_the_normal_form() {
    // In lower case, `Ⱥ` has three bytes instead of two.
    let barred = |count: usize| format!("{}@a.example", "Ⱥ".repeat(count));
    assert_eq!(Address::parse(&barred(31)), Err(AddressError::TooLong));
    assert!(Address::parse(&barred(21)).is_ok());
    let long = |count: usize| format!("{}@a.example", "a".repeat(count));
    assert!(Address::parse(&long(64)).is_ok());
    assert_eq!(Address::parse(&long(65)), Err(AddressError::TooLong));
    assert_eq!(Address::parse(&long(5_000)), Err(AddressError::TooLong));
    let label = "a".repeat(60);
    let domain = |count: usize| format!("a@{}", vec![label.as_str(); count].join("."));
    assert!(Address::parse(&domain(4)).is_ok());
    assert!(Address::parse(&domain(5)).is_err());
    // 63 bytes of ASCII stand for a label that is longer in Unicode.
    assert!(Address::parse(&format!("a@{}.example", "ö".repeat(57))).is_ok());
    assert_eq!(
        Address::parse(&format!("a@{}.example", "ö".repeat(64))),
        Err(AddressError::Domain)
    );
}

#[test]
fn the_normal_form_of_a_normal_form_is_itself() {
    let letters = (0..=u32::from(char::MAX)).filter_map(char::from_u32);
    for c in letters {
        for text in [format!("{c}@a.example"), format!("a{c}\u{301}@a.example")] {
            let Some(once) = normal(&text) else { continue };
            assert_eq!(
                normal(&once).as_ref(),
                Some(&once),
                "U+{:04X}",
                u32::from(c)
            );
        }
    }
}

#[test]
fn scripts_are_named_where_they_are_mixed() {
    for (text, scripts) in [
        ("ana@example.com", &[][..]),
        ("zoë.müller-1@köln.example", &[]),
        ("аna@example.com", &["Cyrillic", "Latin"]),
        ("аса@example.com", &["Cyrillic", "Latin"]),
        ("ανα@example.com", &["Greek", "Latin"]),
        ("анна@пример.испытание", &[]),
        ("さくら桜サクラ@例え.テスト", &[]),
        ("аα@example.com", &["Cyrillic", "Greek", "Latin"]),
    ] {
        assert_eq!(mixed_scripts(text), scripts, "{text}");
    }
}
