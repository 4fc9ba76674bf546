//! Numbers as Go's `%#x`, `%+#x` and `%+d` print them.

/// Appends `0x2a`, or `-0x2a`.
pub(super) fn push_signed_hex(text: &mut String, value: i64) {
    if value < 0 {
        text.push('-');
    }
    push_hex(text, value.unsigned_abs());
}

/// Appends `0x2a`.
pub(super) fn push_hex(text: &mut String, value: u64) {
    text.push_str("0x");
    let digits = (64 - value.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        let nibble = (value >> (digit * 4)) & 0xf;
        text.push(char::from(b"0123456789abcdef"[nibble as usize & 0xf]));
    }
}

/// Appends `+42`, or `-42`.
pub(super) fn push_offset(text: &mut String, value: i64) {
    text.push(if value < 0 { '-' } else { '+' });
    push_decimal(text, value.unsigned_abs());
}

/// Appends `42`.
pub(super) fn push_decimal(text: &mut String, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut length = 0;
    loop {
        digits[length] = b'0' + (value % 10) as u8;
        length += 1;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    for &digit in digits[..length].iter().rev() {
        text.push(char::from(digit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut String)) -> String {
        let mut text = String::new();
        write(&mut text);
        text
    }

    #[test]
    fn numbers_look_as_go_prints_them() {
        assert_eq!(written(|text| push_hex(text, 0)), "0x0");
        assert_eq!(written(|text| push_hex(text, 0x10)), "0x10");
        assert_eq!(
            written(|text| push_hex(text, u64::MAX)),
            "0xffffffffffffffff"
        );
        assert_eq!(written(|text| push_signed_hex(text, -1)), "-0x1");
        assert_eq!(
            written(|text| push_signed_hex(text, i64::MIN)),
            "-0x8000000000000000"
        );
        assert_eq!(written(|text| push_offset(text, 0)), "+0");
        assert_eq!(written(|text| push_offset(text, -120)), "-120");
        assert_eq!(
            written(|text| push_decimal(text, u64::MAX)),
            "18446744073709551615"
        );
    }
}
