//! `/proc/PID/statm` (`proc_pid_statm(5)`).

use crate::lines::{self, decimal, words};
use crate::{Error, Input, Limits};

/// The sizes of a process in bytes. They come from the same lagging counters as those of
/// `status`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statm {
    /// The virtual size.
    pub size: u64,
    /// The resident size.
    pub resident: u64,
    /// Resident file mappings and shared memory.
    pub shared: u64,
    /// The virtual size of the program's text.
    pub text: u64,
    /// The virtual size of private writable mappings and the stack.
    pub data: u64,
}

/// Reads the one line; `page_size` is the kernel's, in bytes.
///
/// # Errors
/// Fewer than six numbers, or sizes beyond 2^64 bytes.
pub fn parse(bytes: &[u8], page_size: u64) -> Result<Statm, Error> {
    let input = Input::Statm;
    lines::check_size(bytes, input, &Limits::default())?;
    let pages: Option<Vec<u64>> = words(bytes)
        .take(7)
        .map(|word| decimal(word)?.checked_mul(page_size))
        .collect();
    // The fields are size, resident, shared, text, lib (always 0), data, dt (always 0).
    match pages.as_deref() {
        Some(&[size, resident, shared, text, _, data, ..]) => Ok(Statm {
            size,
            resident,
            shared,
            text,
            data,
        }),
        _ => Err(Error::Malformed {
            input,
            line: 1,
            problem: "expected seven numbers of pages",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_bytes() {
        let statm = parse(b"349228 34361 34028 836 0 18557 0\n", 4096).unwrap();
        assert_eq!(statm.size, 1_396_912 << 10);
        assert_eq!(statm.resident, 137_444 << 10);
        assert_eq!(statm.data, 18557 * 4096);
    }

    #[test]
    fn what_is_no_statm() {
        for bytes in [
            b"1 2 3 4 5".as_slice(),
            b"a b c d e f g",
            b"",
            b"1 2 3 4 5 18446744073709551615 7",
        ] {
            assert!(parse(bytes, 4096).is_err());
        }
    }
}
