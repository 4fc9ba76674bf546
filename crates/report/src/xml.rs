//! Text as it stands in XML and HTML.

use std::fmt::{self, Write as _};

/// Text between tags or in an attribute with double quotes.
///
/// Characters that XML 1.0 does not allow at all become U+FFFD, so that a name with control
/// characters does not spoil a drawing.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                '\t' | '\n' | '\r' => formatter.write_char(' ')?,
                '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                    formatter.write_char(char::REPLACEMENT_CHARACTER)?;
                }
                _ => formatter.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_of_a_text_is_markup() {
        let text = Escaped("</title><script>\"'&\u{1}\u{1b}[0m\n").to_string();
        assert_eq!(
            text,
            "&lt;/title&gt;&lt;script&gt;&quot;&#39;&amp;\u{fffd}\u{fffd}[0m "
        );
    }
}
