//! JSON, appended to bytes.

use super::{push_hex_digit, push_number, push_signed};

/// Appends a text as a JSON string. What is no UTF-8 is replaced.
pub(crate) fn push_json(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let is_plain = |byte: &u8| *byte >= b' ' && *byte < 0x7f && !matches!(byte, b'"' | b'\\');
    if text.iter().all(is_plain) {
        out.extend_from_slice(text);
    } else {
        for character in String::from_utf8_lossy(text).chars() {
            match character {
                '"' | '\\' => out.extend_from_slice(&[b'\\', character as u8]),
                '\n' => out.extend_from_slice(b"\\n"),
                '\u{0}'..='\u{1f}' | '\u{7f}' => {
                    out.extend_from_slice(b"\\u00");
                    push_hex_digit(out, character as u8 >> 4);
                    push_hex_digit(out, character as u8 & 0xf);
                }
                _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
    out.push(b'"');
}

/// Writes the fields of one object.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self {
            out,
            is_first: true,
        }
    }

    /// Writes the name of a field, whose value the caller appends.
    pub(crate) fn field(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(crate) fn text(&mut self, name: &str, value: &[u8]) {
        push_json(self.field(name), value);
    }

    pub(crate) fn number(&mut self, name: &str, value: u64) {
        push_number(self.field(name), value);
    }

    pub(crate) fn signed(&mut self, name: &str, value: i64) {
        push_signed(self.field(name), value);
    }

    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_json() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.text("text", "a \"b\"\\\n\t\u{7f} größe".as_bytes());
        object.text("cut", b"\xff");
        object.number("number", u64::MAX);
        object.signed("signed", -5);
        object.end();
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "{\"text\":\"a \\\"b\\\"\\\\\\n\\u0009\\u007f größe\",\"cut\":\"\u{fffd}\",\
             \"number\":18446744073709551615,\"signed\":-5}"
        );
    }
}
