//! Text from outside, made safe to show: no control character and no invisible one reaches a terminal, a comment or a page.

/// The text with everything that could move the cursor, reorder what is read, or hide, written out as `\u{202e}`.
pub fn line(text: &str) -> String {
    text.chars().flat_map(shown).collect()
}

/// The lines of a text, each made safe by itself. None begins as a command of GitHub's runner does, which looks past white space.
pub fn lines(text: &str) -> Vec<String> {
    let defused = |line: String| if line.trim_start().starts_with("::") { format!("\\{line}") } else { line };
    text.split('\n').map(line).map(defused).collect()
}

/// Whether a character could move the cursor, reorder what is read, or hide.
pub fn is_hostile(c: char) -> bool {
    c.is_control() || is_trickery(c)
}

/// A JSON text that says the same, with what could harm whoever looks at it written as JSON's own escapes. JSON escapes only the oldest control
/// characters by itself; all others stand inside of strings, so nothing but their spelling changes.
pub fn json(text: &str) -> String {
    let spelled = |c: char| match c {
        '\n' => vec![c],
        c if c.is_control() || is_trickery(c) => {
            c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>()).collect()
        }
        c => vec![c],
    };
    text.chars().flat_map(spelled).collect()
}

fn shown(c: char) -> Vec<char> {
    match c {
        '\n' => vec!['\\', 'n'],
        '\t' => vec!['\\', 't'],
        '\r' => vec!['\\', 'r'],
        c if is_hostile(c) => c.escape_unicode().collect(),
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
    fn json_says_the_same_in_other_letters() {
        let evil = "a\u{1b}\u{9b}[2J\u{7f}\u{202e}\u{e0041}ü → \n";
        let text = serde_json::to_string_pretty(&vec![evil]).unwrap();
        assert_eq!(json(&text), "[\n  \"a\\u001b\\u009b[2J\\u007f\\u202e\\udb40\\udc41ü → \\n\"\n]");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json(&text)).unwrap(), [evil]);
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(lines("{\n  \u{1b}\n}"), ["{", "  \\u{1b}", "}"]);
        assert_eq!(lines("denied\n ::error::owned\na::b"), ["denied", "\\ ::error::owned", "a::b"]);
    }
}
