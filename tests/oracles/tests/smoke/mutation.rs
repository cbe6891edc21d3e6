//! Inputs from seeds, by chance: small damage, pieces twice or elsewhere, words that parsers trip
//! over.

use fastrand::Rng;

const WORDS: [&[u8]; 24] = [
    b";",
    b"=",
    b" ",
    b"\t",
    b"\n",
    b"/",
    b"//",
    b"/../",
    b"/./",
    b"\\",
    b"%2e",
    b"%252f",
    b"%25",
    b"%",
    b"..;",
    b"#",
    b".",
    b"\"",
    b"\0",
    b"\xff\xfe",
    b"\xc2\xa0",
    b"null",
    b"-1",
    b"18446744073709551616",
];

/// One seed with one to eight changes.
pub fn mutated(seeds: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut input = random.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..random.u32(1..=8) {
        change(&mut input, seeds, random);
    }
    input.truncate(16 * 1024);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Rng) {
    let at = random.usize(..=input.len());
    let piece = at..input.len().min(at + random.usize(..16));
    match random.u8(..8) {
        0 if at < input.len() => input[at] ^= 1 << random.u8(..8),
        1 if at < input.len() => input[at] = random.u8(..),
        2 => drop(input.drain(piece)),
        3 => drop(input.splice(
            at..at,
            random.choice(WORDS).unwrap_or_default().iter().copied(),
        )),
        4 => {
            let copy = input[piece].to_vec();
            let to = random.usize(..=input.len());
            input.splice(to..to, copy);
        }
        5 => input.truncate(at),
        6 => {
            let other = random.choice(seeds).cloned().unwrap_or_default();
            let from = random.usize(..=other.len());
            input.splice(at.., other[from..].iter().copied());
        }
        _ => exchange_digits(input, random),
    }
}

/// Another number where one stands.
fn exchange_digits(input: &mut [u8], random: &mut Rng) {
    for byte in input.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        if random.u8(..8) == 0 {
            *byte = random.u8(b'0'..=b'9');
        }
    }
}
