//! Heap profiles of gperftools and of Go's `debug=1`, and the heap growth and
//! fragmentation profiles of Google's servers.
//!
//! Samples are `count: bytes [count: bytes] @ addresses`: what is in use and what was
//! allocated. The header names the kind and with it what the counts are.

use crate::legacy::Outcome;
use crate::legacy::draft::{Addresses, Draft};
use crate::legacy::maps;
use crate::legacy::number;
use crate::legacy::pattern::{Pattern, group};
use crate::legacy::scanner::{Scanner, is_blank_or_comment};
use crate::limits::Limits;
use crate::text::scaled_heap_sample;

const FORM: &str = "heap profile";

static HEAP: Pattern = Pattern::new(
    r"heap profile: *([0-9]+): *([0-9]+) *\[ *([0-9]+): *([0-9]+) *\] *@ *(heap[_a-z0-9]*)/?([0-9]*)",
);
static GROWTH: Pattern =
    Pattern::new(r"heap profile: *([0-9]+): *([0-9]+) *\[ *([0-9]+): *([0-9]+) *\] @ growthz?");
static FRAGMENTATION: Pattern = Pattern::new(
    r"heap profile: *([0-9]+): *([0-9]+) *\[ *([0-9]+): *([0-9]+) *\] @ fragmentationz?",
);
static SAMPLE: Pattern =
    Pattern::new(r"(-?[0-9]+): *(-?[0-9]+) *\[ *([0-9]+): *([0-9]+) *] @([ x0-9a-f]*)");

/// What the header says.
#[derive(Debug, Clone, Copy)]
struct Header {
    /// The mean number of bytes between two samples.
    period: i64,
    /// Whether counts are of samples, to be scaled to all objects.
    is_sampled: bool,
    /// Whether allocations are shown beside what is in use.
    has_allocations: bool,
}

fn header(line: &str) -> Option<Header> {
    if let Some(fields) = HEAP.captures(line) {
        let [inuse, inuse_bytes, allocated, allocated_bytes] =
            [1, 2, 3, 4].map(|index| group(&fields, index));
        let period = match group(&fields, 6) {
            "" => 0,
            digits => number::decimal(digits).ok()?,
        };
        let has_allocations = (allocated != inuse && allocated != "0")
            || (allocated_bytes != inuse_bytes && allocated_bytes != "0");
        let (period, is_sampled) = match group(&fields, 5) {
            "heapz_v2" | "heap_v2" => (period, true),
            "heapprofile" => (1, false),
            // Shows twice the rate.
            "heap" => (period / 2, true),
            _ => return None,
        };
        return Some(Header {
            period,
            is_sampled,
            has_allocations,
        });
    }
    let is_whole = GROWTH.captures(line).is_some() || FRAGMENTATION.captures(line).is_some();
    is_whole.then_some(Header {
        period: 1,
        is_sampled: false,
        has_allocations: false,
    })
}

/// Reads a heap profile.
pub(crate) fn parse(text: &str, limits: &Limits) -> Outcome {
    let mut scanner = Scanner::new(text);
    scanner.advance();
    let Some(header) = header(scanner.line()) else {
        return Ok(None);
    };
    let sample_types: &[(&str, &str)] = if header.has_allocations {
        &[
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes"),
        ]
    } else {
        &[("objects", "count"), ("space", "bytes")]
    };
    let mut draft = Draft::new(limits, ("space", "bytes"), sample_types);
    draft.period = header.period;
    let mut addresses = Vec::new();
    let mut values = Vec::new();
    while scanner.advance() {
        let line = scanner.line().trim();
        if is_blank_or_comment(line) {
            continue;
        }
        if maps::is_sentinel(line) {
            break;
        }
        draft.at(scanner.position());
        let size = sample(line, header, &mut values, &mut addresses)
            .map_err(|reason| scanner.error(FORM, reason))?;
        let stack = addresses.iter().map(|address| address.wrapping_sub(1));
        draft.add(stack, &values, Some(size))?;
    }
    draft.place(maps::read_behind(&mut scanner, limits)?)?;
    draft.finish(Addresses::Keep).map(Some)
}

/// Reads a sample; returns the size of one object.
fn sample(
    line: &str,
    header: Header,
    values: &mut Vec<i64>,
    addresses: &mut Vec<u64>,
) -> Result<i64, String> {
    let malformed = |reason: String| format!("malformed sample: {line}: {reason}");
    let Some(fields) = SAMPLE.captures(line) else {
        return Err("unexpected number of sample values: got 0, want 6".to_owned());
    };
    values.clear();
    addresses.clear();
    let mut size = 0;
    let mut add = |count: usize, label: &str| {
        let [count, bytes] = [count, count + 1].map(|index| number::decimal(group(&fields, index)));
        let (mut count, mut bytes) = (count.map_err(malformed)?, bytes.map_err(malformed)?);
        if count == 0 && bytes != 0 {
            return Err(format!("{label} count was 0 but {label} bytes was {bytes}"));
        }
        if count != 0 {
            size = bytes.wrapping_div(count);
            if header.is_sampled {
                (count, bytes) = scaled_heap_sample(count, bytes, header.period);
            }
        }
        values.extend([count, bytes]);
        Ok(())
    };
    if header.has_allocations {
        add(3, "allocation")?;
    }
    add(1, "inuse")?;
    number::addresses(group(&fields, 5), addresses).map_err(malformed)?;
    Ok(size)
}

/// Whether a line begins a form of the heap profile that Go does not write.
pub(crate) fn is_foreign(line: &str) -> bool {
    GROWTH.captures(line).is_some() || FRAGMENTATION.captures(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        for pattern in [&HEAP, &GROWTH, &FRAGMENTATION, &SAMPLE] {
            assert!(pattern.is_valid());
        }
    }
}
