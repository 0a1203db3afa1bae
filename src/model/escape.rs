//! Text from outside, made safe to show: no control character and no invisible one reaches a terminal, a comment or a page.

/// The text with everything that could move the cursor, reorder what is read, or hide, written out as `\u{202e}`.
pub fn line(text: &str) -> String {
    text.chars().flat_map(shown).collect()
}

/// The lines of a text, each made safe by itself.
pub fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(line).collect()
}

fn shown(c: char) -> Vec<char> {
    match c {
        '\n' => vec!['\\', 'n'],
        '\t' => vec!['\\', 't'],
        '\r' => vec!['\\', 'r'],
        c if c.is_control() || is_trickery(c) => c.escape_unicode().collect(),
        c => vec![c],
    }
}

/// Characters that change how others are read, or are not seen at all (Unicode, "Default_Ignorable_Code_Point" and bidirectional controls).
fn is_trickery(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_hides() {
        assert_eq!(line("\u{1b}[31mred\u{7}"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(line("admin\u{202e}nimda\u{200b}"), "admin\\u{202e}nimda\\u{200b}");
        assert_eq!(line("one\ntwo\r\tthree\u{85}\u{2028}"), "one\\ntwo\\r\\tthree\\u{85}\\u{2028}");
        assert_eq!(line("\u{e0041}\u{feff}"), "\\u{e0041}\\u{feff}");
    }

    #[test]
    fn what_people_write_is_left_alone() {
        for text in ["München", "東京 → Zürich", "a, b: {c} \\ \"d\""] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(lines("{\n  \u{1b}\n}"), ["{", "  \\u{1b}", "}"]);
    }
}
