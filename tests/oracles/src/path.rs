//! The two readings of a path.

use portcullis::application::path::{Readings, is_plain};

/// The second reading is whole segments, resolved for good: reading it again changes nothing.
pub fn path(input: &[u8]) {
    let Some(readings) = Readings::of(input) else {
        return;
    };
    assert_eq!(readings.sent(), input);
    let decoded = readings.decoded();
    assert_eq!(decoded.first(), Some(&b'/'));
    assert!(!decoded.contains(&b'\\') && !decoded.contains(&b';'));
    let segments: Vec<&[u8]> = decoded.split(|byte| *byte == b'/').skip(1).collect();
    let (_, inner) = segments.split_last().unwrap();
    assert!(inner.iter().all(|segment| !segment.is_empty()));
    assert!(
        segments
            .iter()
            .all(|segment| *segment != b"." && *segment != b"..")
    );

    if readings.is_normal() {
        assert!(
            !readings.has_many_readings(),
            "the plainest spelling has many readings"
        );
    }
    if is_plain(input) {
        assert_eq!(decoded, input, "two readings of what has one");
    }
    // A decoded `#` would begin a fragment, which no path holds.
    if !decoded.contains(&b'#') {
        let again = Readings::of(decoded).map(|again| again.decoded().to_vec());
        assert_eq!(again.as_deref(), Some(decoded), "not resolved for good");
    }
}
