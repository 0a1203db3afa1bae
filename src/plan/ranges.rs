//! Arithmetic of address ranges: what is taken, what is free. Knows no VPC and no account; decides nothing.

use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// The bits of an IPv4 address.
const BITS: u8 = 32;

/// Addresses that are spoken for, as disjoint intervals from first to last, both included.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    intervals: BTreeMap<u32, u32>,
}

/// What is left of a range: for the note that says why nothing fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Addresses, wherever they lie.
    pub free: u64,
    /// The prefix length of the largest aligned block, if anything is free.
    pub largest: Option<u8>,
}

impl Taken {
    pub(super) fn take(&mut self, range: Ipv4Net) {
        let (mut first, mut last) = bounds(range);
        while let Some((from, to)) = self.touching(first, last) {
            self.intervals.remove(&from);
            first = first.min(from);
            last = last.max(to);
        }
        self.intervals.insert(first, last);
    }

    pub(super) fn is_free(&self, range: Ipv4Net) -> bool {
        let (first, last) = bounds(range);
        self.touching(first, last).is_none()
    }

    /// The interval that shares an address with `first..=last` and begins last.
    fn touching(&self, first: u32, last: u32) -> Option<(u32, u32)> {
        let (from, to) = self.intervals.range(..=last).next_back()?;
        (*to >= first).then_some((*from, *to))
    }

    /// The lowest free block of a prefix length inside a range.
    pub(super) fn lowest(&self, within: Ipv4Net, prefix: u8) -> Option<Ipv4Net> {
        let fits = |(first, last): (u32, u32)| {
            let start = u64::from(first).next_multiple_of(size(prefix));
            block(start, prefix).filter(|_| start + size(prefix) - 1 <= u64::from(last))
        };
        self.gaps(within).into_iter().find_map(fits)
    }

    /// The highest free block of a prefix length inside a range.
    pub(super) fn highest(&self, within: Ipv4Net, prefix: u8) -> Option<Ipv4Net> {
        let fits = |(first, last): (u32, u32)| {
            let end = (u64::from(last) + 1) / size(prefix) * size(prefix);
            let start = end.checked_sub(size(prefix)).filter(|start| *start >= u64::from(first))?;
            block(start, prefix)
        };
        self.gaps(within).into_iter().rev().find_map(fits)
    }

    /// How much of a range is free, and in how large a piece.
    pub(super) fn left(&self, within: Ipv4Net) -> Left {
        let free = self.gaps(within).into_iter().map(|(first, last)| u64::from(last) - u64::from(first) + 1).sum();
        let largest = (within.prefix_len()..=BITS).find(|prefix| self.lowest(within, *prefix).is_some());
        Left { free, largest }
    }

    /// The free intervals inside a range, ascending.
    fn gaps(&self, within: Ipv4Net) -> Vec<(u32, u32)> {
        let (first, last) = bounds(within);
        let before = self.intervals.range(..first).next_back().filter(|(_, to)| **to >= first);
        let mut next = u64::from(first);
        let mut gaps = Vec::new();
        for (from, to) in before.into_iter().chain(self.intervals.range(first..=last)) {
            if u64::from(*from) > next {
                gaps.push((next as u32, from - 1));
            }
            next = u64::from(*to) + 1;
        }
        if next <= u64::from(last) {
            gaps.push((next as u32, last));
        }
        gaps
    }
}

/// The `number`th block of a prefix length inside a range, counted round.
pub(super) fn nth(within: Ipv4Net, prefix: u8, number: u64) -> Option<Ipv4Net> {
    let blocks = 1u64 << prefix.checked_sub(within.prefix_len())?;
    block(u64::from(u32::from(within.network())) + number % blocks * size(prefix), prefix)
}

/// The addresses in a block of a prefix length.
pub(super) fn size(prefix: u8) -> u64 {
    1 << BITS.saturating_sub(prefix)
}

/// Whether two ranges share an address.
pub(super) fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

fn bounds(range: Ipv4Net) -> (u32, u32) {
    (range.network().into(), range.broadcast().into())
}

fn block(start: u64, prefix: u8) -> Option<Ipv4Net> {
    Ipv4Net::new(Ipv4Addr::from(u32::try_from(start).ok()?), prefix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    fn taken(ranges: &[&str]) -> Taken {
        let mut taken = Taken::default();
        ranges.iter().for_each(|text| taken.take(range(text)));
        taken
    }

    #[test]
    fn lowest_and_highest_blocks_are_aligned_and_free() {
        let taken = taken(&["10.0.0.0/20", "10.0.48.0/24", "10.0.0.0/28"]);
        let pool = range("10.0.0.0/16");
        assert_eq!(taken.lowest(pool, 20), Some(range("10.0.16.0/20")));
        assert_eq!(taken.lowest(pool, 19), Some(range("10.0.64.0/19")));
        assert_eq!(taken.highest(pool, 20), Some(range("10.0.240.0/20")));
        assert_eq!(taken.highest(range("10.0.0.0/18"), 24), Some(range("10.0.63.0/24")));
        assert_eq!(taken.lowest(range("10.0.0.0/20"), 28), None);
    }

    #[test]
    fn the_ends_of_the_address_space_are_no_special_case() {
        let whole = range("0.0.0.0/0");
        assert_eq!(taken(&[]).left(whole), Left { free: 1 << 32, largest: Some(0) });
        assert_eq!(taken(&["0.0.0.0/0"]).left(whole), Left { free: 0, largest: None });
        let ends = taken(&["0.0.0.0/32", "255.255.255.255/32"]);
        assert_eq!(ends.left(whole), Left { free: (1 << 32) - 2, largest: Some(2) });
        assert_eq!(ends.highest(whole, 32), Some(range("255.255.255.254/32")));
    }

    #[test]
    fn what_is_left_counts_an_interval_that_begins_before_the_range() {
        let left = taken(&["10.0.0.0/17"]).left(range("10.0.64.0/18"));
        assert_eq!(left, Left { free: 0, largest: None });
        let left = taken(&["10.0.0.0/24", "10.0.2.0/24"]).left(range("10.0.0.0/22"));
        assert_eq!(left, Left { free: 512, largest: Some(24) });
    }

    #[test]
    fn blocks_are_counted_round() {
        assert_eq!(nth(range("10.0.0.0/16"), 20, 17), Some(range("10.0.16.0/20")));
        assert_eq!(nth(range("10.0.0.0/16"), 12, 0), None);
    }

    proptest::proptest! {
        #[test]
        fn free_is_what_no_taken_range_touches(ranges in proptest::collection::vec((0u32..256, 24u8..=32), 0..12), at in 0u32..256, prefix in 24u8..=32) {
            let net = |(low, prefix): (u32, u8)| Ipv4Net::new(Ipv4Addr::from(0x0a00_0000 | low), prefix).unwrap().trunc();
            let mut taken = Taken::default();
            ranges.iter().for_each(|range| taken.take(net(*range)));
            let asked = net((at, prefix));
            proptest::prop_assert_eq!(taken.is_free(asked), !ranges.iter().any(|range| overlap(net(*range), asked)));
            for found in [taken.lowest(net((0, 24)), prefix), taken.highest(net((0, 24)), prefix)] {
                proptest::prop_assert_eq!(found.is_some(), taken.left(net((0, 24))).largest.is_some_and(|largest| largest <= prefix));
                proptest::prop_assert!(found.is_none_or(|found| taken.is_free(found) && found == found.trunc()));
            }
        }
    }
}
