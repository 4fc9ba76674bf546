//! Telling what a profile in protocol buffer form is.
//!
//! A tolerant scan of the outermost message, which skips all but what names
//! the profile: field numbers are those of `profile.proto` of
//! github.com/google/pprof. The crate that owns the format reads the rest.

use crate::Kind;

use super::NameHints;

const SAMPLE_TYPE: u64 = 1;
const STRING_TABLE: u64 = 6;
const DURATION_NANOS: u64 = 10;
const PERIOD_TYPE: u64 = 11;
const DEFAULT_SAMPLE_TYPE: u64 = 14;
/// The highest field number of `Profile`.
const LAST_FIELD: u64 = 15;

/// Strings beyond these are no names of sample types: writers number strings
/// in the order of their use, and sample types come first.
const MAX_STRINGS: usize = 4096;
const MAX_STRING_BYTES: usize = 64;

#[derive(Default)]
struct Outline {
    /// Index of the name of each sample type.
    types: Vec<u64>,
    period_type: Option<u64>,
    default_type: Option<u64>,
    duration_nanos: u64,
    strings: Vec<String>,
}

impl Outline {
    fn string(&self, index: u64) -> Option<&str> {
        let index = usize::try_from(index).ok()?;
        self.strings.get(index).map(String::as_str)
    }
}

pub(super) fn identify(hints: &NameHints, bytes: &[u8]) -> Kind {
    let Some(outline) = scan(bytes) else {
        return Kind::Unknown;
    };
    let names: Vec<&str> = outline
        .types
        .iter()
        .filter_map(|&index| outline.string(index))
        .collect();
    if names.len() < outline.types.len() {
        // The strings lie beyond the peek. Four columns are Go's heap.
        return match outline.types.len() {
            4 => hints.heap_kind(),
            2 if hints.says("mutex") || hints.says("block") => hints.contention_kind(),
            2 => Kind::Cpu,
            1 if hints.says("goroutineleak") => Kind::GoroutineLeak,
            1 if hints.says("goroutine") => Kind::Goroutine,
            _ => Kind::OtherProfile,
        };
    }
    let has = |name: &str| names.contains(&name);
    if has("inuse_space") || has("inuse_objects") {
        // Go sets a duration for differences over time alone
        // (net/http/pprof, seconds=N).
        if outline.duration_nanos > 0 {
            return Kind::OtherProfile;
        }
        let default_name = outline.default_type.and_then(|index| outline.string(index));
        return match default_name {
            Some("alloc_space") => Kind::Allocs,
            _ => hints.heap_kind(),
        };
    }
    let period_name = outline.period_type.and_then(|index| outline.string(index));
    if has("contentions") || has("delay") {
        hints.contention_kind()
    } else if has("cpu") || (has("samples") && period_name == Some("cpu")) {
        Kind::Cpu
    } else if has("goroutineleak") {
        Kind::GoroutineLeak
    } else if has("goroutine") || has("goroutines") {
        Kind::Goroutine
    } else if has("threadcreate") {
        Kind::ThreadCreate
    } else {
        Kind::OtherProfile
    }
}

/// Scans the outermost message up to its end, or to where the bytes end; None
/// if this is no profile.
fn scan(bytes: &[u8]) -> Option<Outline> {
    let mut outline = Outline::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((key, after_key)) = varint(rest) else {
            break;
        };
        let field = key >> 3;
        if field == 0 || field > LAST_FIELD {
            return None;
        }
        match key & 7 {
            0 => {
                let Some((value, after)) = varint(after_key) else {
                    break;
                };
                match field {
                    DURATION_NANOS => outline.duration_nanos = value,
                    DEFAULT_SAMPLE_TYPE => outline.default_type = Some(value),
                    _ => {}
                }
                rest = after;
            }
            2 => {
                let Some((length, after)) = varint(after_key) else {
                    break;
                };
                let length = usize::try_from(length).ok()?;
                let Some((body, after)) = after.split_at_checked(length) else {
                    break;
                };
                match field {
                    SAMPLE_TYPE => outline.types.push(value_type_name(body)),
                    PERIOD_TYPE => outline.period_type = Some(value_type_name(body)),
                    STRING_TABLE if outline.strings.len() < MAX_STRINGS => {
                        let short = body.get(..MAX_STRING_BYTES).unwrap_or(body);
                        outline
                            .strings
                            .push(String::from_utf8_lossy(short).into_owned());
                    }
                    _ => {}
                }
                rest = after;
            }
            _ => return None,
        }
    }
    (!outline.types.is_empty()).then_some(outline)
}

/// Returns field 1, the index of the name, of a `ValueType`.
fn value_type_name(mut body: &[u8]) -> u64 {
    while let Some((key, after_key)) = varint(body) {
        let Some((value, after)) = varint(after_key) else {
            break;
        };
        if key == 1 << 3 {
            return value;
        }
        body = after;
    }
    0
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proto(types: &[&str], duration: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        for index in 0..types.len() {
            let name = u8::try_from(index + 1).unwrap();
            bytes.extend([0x0a, 4, 0x08, name, 0x10, 0]);
        }
        if duration > 0 {
            bytes.extend([10 << 3, duration]);
        }
        for string in std::iter::once(&"").chain(types) {
            bytes.extend([0x32, u8::try_from(string.len()).unwrap()]);
            bytes.extend(string.as_bytes());
        }
        bytes
    }

    #[test]
    fn sample_types_name_the_profile() {
        let cases = [
            ("p", &["contentions", "delay"][..], Kind::Block),
            ("mutex.pb.gz", &["contentions", "delay"], Kind::Mutex),
            ("p", &["samples", "cpu"], Kind::Cpu),
            ("p", &["goroutine"], Kind::Goroutine),
            ("p", &["goroutineleak"], Kind::GoroutineLeak),
            ("p", &["threadcreate"], Kind::ThreadCreate),
            ("p", &["example.com/conns"], Kind::OtherProfile),
        ];
        for (name, types, kind) in cases {
            assert_eq!(
                identify(&NameHints::of(name), &proto(types, 0)),
                kind,
                "{types:?}"
            );
        }
    }

    #[test]
    fn a_difference_over_time_is_no_heap() {
        let types = [
            "alloc_objects",
            "alloc_space",
            "inuse_objects",
            "inuse_space",
        ];
        let hints = NameHints::of("x.pb.gz");
        assert_eq!(identify(&hints, &proto(&types, 0)), Kind::Heap);
        assert_eq!(identify(&hints, &proto(&types, 5)), Kind::OtherProfile);
    }

    #[test]
    fn columns_tell_when_the_strings_are_out_of_reach() {
        let types = [
            "alloc_objects",
            "alloc_space",
            "inuse_objects",
            "inuse_space",
        ];
        let whole = proto(&types, 0);
        assert_eq!(identify(&NameHints::of("x"), &whole[..26]), Kind::Heap);
    }

    #[test]
    fn noise_is_unknown() {
        assert_eq!(identify(&NameHints::of("x"), &[0xff; 64]), Kind::Unknown);
        assert_eq!(identify(&NameHints::of("x"), &[0, 1, 2, 3]), Kind::Unknown);
        assert_eq!(identify(&NameHints::of("x"), &[0x0d; 3]), Kind::Unknown);
    }
}
