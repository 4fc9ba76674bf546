//! Names of Go functions between the linker and the reader.

use std::borrow::Cow;

/// A Go function's name as stacks and profiles have it: what stands from the first `[` to the
/// last `]`, the shapes of types that the compiler made one body for, becomes `...`.
///
/// The rule of `funcNameForPrint` in runtime/symtab.go (Go 1.21 and later; before, names had no
/// shapes or `[...]` already).
///
/// ```
/// use fathom_symbols::names::printed;
///
/// assert_eq!(printed("slices.Sort[go.shape.[]int,go.shape.int]"), "slices.Sort[...]");
/// assert_eq!(printed("main.main"), "main.main");
/// ```
pub fn printed(name: &str) -> Cow<'_, str> {
    match (name.find('['), name.rfind(']')) {
        (Some(open), Some(close)) if open < close => {
            let (before, rest) = name.split_at(open);
            let (_, after) = rest.split_at(close - open + 1);
            Cow::Owned(format!("{before}[...]{after}"))
        }
        _ => Cow::Borrowed(name),
    }
}

/// A linker's name with what the compiler escaped in the import path made plain again.
///
/// In the last element of a path dots, and everywhere `"`, `%`, control characters and what is
/// not ASCII stand as `%` and two hexadecimal digits (`PathToPrefix` in cmd/internal/objabi).
/// Profiles carry the escaped names, so this is for display only. What is no escape stays.
///
/// ```
/// use fathom_symbols::names::unescaped;
///
/// assert_eq!(unescaped("gopkg.in/yaml%2ev2.Unmarshal"), "gopkg.in/yaml.v2.Unmarshal");
/// assert_eq!(unescaped("100%"), "100%");
/// ```
pub fn unescaped(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let bytes = name.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1).zip(bytes.get(at + 2));
        let escaped = digits.and_then(|(high, low)| Some(hex(*high)? << 4 | hex(*low)?));
        match escaped {
            Some(value) if byte == b'%' => {
                plain.push(value);
                at += 3;
            }
            _ => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    match String::from_utf8(plain) {
        Ok(plain) => Cow::Owned(plain),
        // Escapes that make no text are not the compiler's.
        Err(_) => Cow::Borrowed(name),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_become_dots() {
        assert_eq!(
            printed("main.(*Set[go.shape.int]).Add[x].func1"),
            "main.(*Set[...].func1"
        );
        assert_eq!(printed("a]b["), "a]b[");
    }

    #[test]
    fn only_escapes_are_undone() {
        assert_eq!(unescaped("a/b%2ec%2Ed.F"), "a/b.c.d.F");
        assert_eq!(unescaped("%e4%b8%96.F"), "世.F");
        assert_eq!(unescaped("%zz%2"), "%zz%2");
        assert_eq!(unescaped("%ff"), "%ff");
    }
}
