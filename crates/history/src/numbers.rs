//! The numbers of one scrape in few bytes, as the head keeps them.

use crate::varint::{self, Reader};

/// Compression of the head: fast.
const LEVEL: i32 = 1;

/// Decompressed, the numbers of a scrape have at most so many bytes.
const MOST_BYTES: usize = 64 << 20;

/// The numbers and distributions of one scrape, by the ids of their series.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Numbers {
    /// Values of gauges and counters.
    pub(crate) values: Vec<(i64, f64)>,
    /// Cumulative counts of histograms, those that are not 0, by bucket.
    pub(crate) histograms: Vec<(i64, Vec<(u32, u64)>)>,
}

impl Numbers {
    /// Writes them down.
    pub(crate) fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(16 + self.values.len() * 10);
        varint::put(&mut bytes, self.values.len() as u64);
        for (series, value) in &self.values {
            varint::put_signed(&mut bytes, *series);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        varint::put(&mut bytes, self.histograms.len() as u64);
        for (series, counts) in &self.histograms {
            varint::put_signed(&mut bytes, *series);
            varint::put(&mut bytes, counts.len() as u64);
            for (bucket, count) in counts {
                varint::put(&mut bytes, u64::from(*bucket));
                varint::put(&mut bytes, *count);
            }
        }
        zstd::bulk::compress(&bytes, LEVEL)
    }

    /// Reads what [`Numbers::encode`] wrote; nothing when it is damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = zstd::bulk::decompress(bytes, MOST_BYTES).ok()?;
        let mut reader = Reader::new(&bytes);
        let mut numbers = Self::default();
        for _ in 0..reader.get()? {
            let series = reader.get_signed()?;
            numbers.values.push((series, reader.get_f64()?));
        }
        for _ in 0..reader.get()? {
            let series = reader.get_signed()?;
            let mut counts = Vec::new();
            for _ in 0..reader.get()? {
                counts.push((reader.get_u32()?, reader.get()?));
            }
            numbers.histograms.push((series, counts));
        }
        Some(numbers)
    }

    /// Finds the counts of a histogram.
    pub(crate) fn histogram(&self, series: i64) -> Option<&[(u32, u64)]> {
        let mut all = self.histograms.iter();
        all.find(|(known, _)| *known == series)
            .map(|(_, counts)| counts.as_slice())
    }
}

/// By how much a histogram grew: all of it after a new start, which a bucket that fell shows too.
pub(crate) fn growth(
    before: Option<&[(u32, u64)]>,
    now: &[(u32, u64)],
    is_restart: bool,
) -> Vec<(u32, u64)> {
    let before = before.unwrap_or_default();
    let old = |bucket: u32| {
        let at = before.binary_search_by_key(&bucket, |(known, _)| *known);
        at.map_or(0, |at| before[at].1)
    };
    let new = |bucket: u32| {
        let at = now.binary_search_by_key(&bucket, |(known, _)| *known);
        at.map_or(0, |at| now[at].1)
    };
    let fell = before.iter().any(|&(bucket, count)| new(bucket) < count);
    let grown = now.iter().map(|&(bucket, count)| {
        let base = if is_restart || fell { 0 } else { old(bucket) };
        (bucket, count - base)
    });
    grown.filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let numbers = Numbers {
            values: vec![(1, 0.5), (7, f64::NEG_INFINITY)],
            histograms: vec![(9, vec![(0, 3), (150, u64::MAX)])],
        };
        let bytes = numbers.encode().unwrap();
        assert_eq!(Numbers::decode(&bytes), Some(numbers));
        assert_eq!(Numbers::decode(&bytes[..bytes.len() - 3]), None);
        assert_eq!(Numbers::decode(b"nonsense"), None);
    }

    #[test]
    fn a_histogram_grows_and_starts_anew() {
        let before = [(1, 5), (3, 2)];
        let now = [(1, 7), (3, 2), (4, 1)];
        assert_eq!(growth(Some(&before), &now, false), [(1, 2), (4, 1)]);
        assert_eq!(growth(Some(&now), &before, false), before);
        assert_eq!(growth(Some(&before), &now, true), now);
    }
}
