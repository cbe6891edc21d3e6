//! Sign-ins of the last days as bars, with the same figures as a table; see `dashboard/bars.html`.

use crate::storage::{Day, SignIns};
use crate::team_domain::page::time::day;

/// The height of the highest bar, and the width of a day, in units of the drawing.
const HEIGHT: u64 = 60;
const DAY_WIDTH: u64 = 10;

/// The bars.
pub struct Bars {
    /// The days, oldest first.
    pub days: Vec<Bar>,
    /// All days together.
    pub admitted: u64,
    pub refused: u64,
    /// The size of the drawing.
    pub width: u64,
    pub height: u64,
}

/// A day: refusals stand on the sign-ins.
pub struct Bar {
    /// The date.
    pub date: String,
    /// How many.
    pub admitted: u64,
    pub refused: u64,
    /// Where it is in the drawing.
    pub x: u64,
    pub admitted_y: u64,
    pub admitted_height: u64,
    pub refused_y: u64,
    pub refused_height: u64,
}

impl Bars {
    /// The bars of days.
    pub fn of(days: &[(Day, SignIns)]) -> Self {
        let most = days.iter().map(|(_, of)| of.admitted + of.refused).max();
        let most = most.unwrap_or_default().max(1);
        let bars = (0..).zip(days);
        Self {
            days: bars
                .map(|(place, (day, of))| Bar::of(place, (*day, *of), most))
                .collect(),
            admitted: days.iter().map(|(_, of)| of.admitted).sum(),
            refused: days.iter().map(|(_, of)| of.refused).sum(),
            width: days.len() as u64 * DAY_WIDTH,
            height: HEIGHT,
        }
    }
}

impl Bar {
    fn of(place: u64, (at, of): (Day, SignIns), most: u64) -> Self {
        let admitted_height = height(of.admitted, most);
        let refused_height = height(of.refused, most).min(HEIGHT - admitted_height);
        Self {
            date: day(at.begin()),
            admitted: of.admitted,
            refused: of.refused,
            x: place * DAY_WIDTH,
            admitted_y: HEIGHT - admitted_height,
            admitted_height,
            refused_y: HEIGHT - admitted_height - refused_height,
            refused_height,
        }
    }
}

/// At least one unit for what is there at all.
fn height(count: u64, most: u64) -> u64 {
    count.saturating_mul(HEIGHT).div_ceil(most)
}

#[cfg(test)]
mod tests {
    use portcullis::time::UnixSeconds;

    use super::*;

    #[test]
    fn the_highest_day_fills_the_height_and_the_lowest_is_seen() {
        let day = Day::of(UnixSeconds::new(0));
        let of = |admitted, refused| (day, SignIns { admitted, refused });
        let bars = Bars::of(&[of(1_000_000, 1), of(1, 0), of(0, 0)]);
        let heights: Vec<_> = bars
            .days
            .iter()
            .map(|bar| (bar.admitted_height, bar.refused_height))
            .collect();
        assert_eq!(heights, [(60, 0), (1, 0), (0, 0)]);
        assert_eq!(
            (bars.admitted, bars.refused, bars.width),
            (1_000_001, 1, 30)
        );
        let empty = Bars::of(&[of(0, 0)]);
        assert_eq!(empty.days[0].admitted_height, 0);
    }
}
