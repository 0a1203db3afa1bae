//! How much a comment says, in defined steps: what is left out first is what matters least, and what was left out is said.

/// How a group of steps is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// With every field.
    Full,
    /// The steps by name, without their fields.
    Named,
    /// One line: how many steps of which kinds.
    Counted,
}

/// How much is shown of each sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub dangerous: Detail,
    pub outliers: Detail,
    pub notable: Detail,
    pub routine: Detail,
    /// The most accounts that a pattern names, and the most notes of a sort.
    pub names: usize,
    /// What is not here that was on the level before, in words; none on the first.
    pub without: Option<&'static str>,
}

/// From everything to the least. Dangerous steps and outliers keep their names on all of them.
pub(super) const LEVELS: &[Level] = {
    use Detail::{Counted, Full, Named};
    &[
        Level { dangerous: Full, outliers: Full, notable: Full, routine: Full, names: usize::MAX, without: None },
        Level {
            dangerous: Full,
            outliers: Full,
            notable: Full,
            routine: Named,
            names: usize::MAX,
            without: Some("the fields of routine patterns"),
        },
        Level {
            dangerous: Full,
            outliers: Full,
            notable: Named,
            routine: Named,
            names: 60,
            without: Some("the fields of patterns, and long lists of accounts"),
        },
        Level {
            dangerous: Full,
            outliers: Named,
            notable: Named,
            routine: Counted,
            names: 30,
            without: Some("the fields of patterns and outliers, and routine patterns but for their number"),
        },
        Level {
            dangerous: Full,
            outliers: Counted,
            notable: Counted,
            routine: Counted,
            names: 12,
            without: Some("everything but the dangerous steps, the names of outliers, and the number of the rest"),
        },
        Level {
            dangerous: Named,
            outliers: Counted,
            notable: Counted,
            routine: Counted,
            names: 6,
            without: Some("all fields, those of dangerous steps included"),
        },
        Level {
            dangerous: Counted,
            outliers: Counted,
            notable: Counted,
            routine: Counted,
            names: 3,
            without: Some("everything but which accounts have dangerous steps and outliers, and the number of the rest"),
        },
    ]
};
