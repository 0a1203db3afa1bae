//! Colours, if asked for. Knows nothing of plans.

use crate::model::Risk;

/// Whether to colour, and with what.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub color: bool,
}

/// The colours of a terminal, by what they mean to us.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Heading,
    Added,
    Changed,
    Removed,
    Faint,
}

impl Paint {
    pub(super) fn text(self, ink: Ink, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        // SGR codes (ECMA-48): bold, green, yellow, red, dim.
        let code = match ink {
            Ink::Heading => "1",
            Ink::Added => "32",
            Ink::Changed => "33",
            Ink::Removed => "31",
            Ink::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    pub(super) fn risk(self, risk: Risk, text: &str) -> String {
        match risk {
            Risk::Routine => text.to_owned(),
            Risk::Notable => self.text(Ink::Changed, text),
            Risk::Dangerous => self.text(Ink::Removed, text),
        }
    }
}
