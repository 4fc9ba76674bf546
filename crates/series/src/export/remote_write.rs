//! Prometheus' remote write, version 1.0: protobuf (`prometheus.WriteRequest` of its
//! `prompb/remote.proto` and `types.proto`) in one Snappy block.

use super::{SeriesName, cumulative, joined, number, series_name};
use crate::{Look, Value};

/// The headers of a request whose body is what [`write()`] gives.
pub const HEADERS: [(&str, &str); 3] = [
    ("Content-Encoding", "snappy"),
    ("Content-Type", "application/x-protobuf"),
    ("X-Prometheus-Remote-Write-Version", "0.1.0"),
];

/// Why there is no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The bytes before compression.
    pub bytes: usize,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} bytes are more than a Snappy block can hold: send fewer looks at a time",
            self.bytes
        )
    }
}

impl std::error::Error for TooLarge {}

/// Writes looks as the body of one request, each with its labels.
///
/// A reading is a series of one sample. A distribution is a series for each of its buckets, and
/// `_count`.
///
/// # Errors
///
/// [`TooLarge`], of more than four gigabytes.
pub fn write<'a>(
    looks: impl IntoIterator<Item = (&'a [(&'a str, &'a str)], &'a Look)>,
) -> Result<Vec<u8>, TooLarge> {
    let mut request = Vec::new();
    for (labels, look) in looks {
        for reading in &look.readings {
            let SeriesName { name, labels: own } = series_name(reading);
            let labels = joined(labels, &own);
            match &reading.value {
                Value::Number(value) => {
                    series(&mut request, &name, &labels, None, *value, look.at_ms);
                }
                Value::Histogram(histogram) => {
                    let buckets = cumulative(histogram);
                    let bucket = format!("{name}_bucket");
                    for (upper, count) in &buckets {
                        let upper = number(*upper);
                        let count = *count as f64;
                        series(
                            &mut request,
                            &bucket,
                            &labels,
                            Some(&upper),
                            count,
                            look.at_ms,
                        );
                    }
                    let total = buckets.last().map_or(0, |(_, count)| *count) as f64;
                    series(
                        &mut request,
                        &format!("{name}_count"),
                        &labels,
                        None,
                        total,
                        look.at_ms,
                    );
                }
            }
        }
    }
    let bytes = request.len();
    snap::raw::Encoder::new()
        .compress_vec(&request)
        .map_err(|_| TooLarge { bytes })
}

/// Adds `TimeSeries{labels = 1, samples = 2}` as field 1 of the request. Labels must be sorted by
/// name; upper case letters come before `__name__`.
fn series(
    request: &mut Vec<u8>,
    name: &str,
    labels: &[(String, String)],
    le: Option<&str>,
    value: f64,
    at_ms: i64,
) {
    let mut all: Vec<(&str, &str)> = labels
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, _)| *key != "__name__" && (le.is_none() || *key != "le"))
        .collect();
    all.push(("__name__", name));
    all.extend(le.map(|upper| ("le", upper)));
    all.sort_unstable();
    let mut message = Vec::new();
    for (key, value) in all {
        let mut label = Vec::new();
        bytes_field(&mut label, 1, key.as_bytes());
        bytes_field(&mut label, 2, value.as_bytes());
        bytes_field(&mut message, 1, &label);
    }
    // Sample{double value = 1, int64 timestamp = 2}.
    let mut sample = vec![1 << 3 | 1];
    sample.extend(value.to_le_bytes());
    sample.push(2 << 3);
    varint(&mut sample, at_ms.cast_unsigned());
    bytes_field(&mut message, 2, &sample);
    bytes_field(request, 1, &message);
}

fn bytes_field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | 2);
    varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            message.push(low);
            return;
        }
        message.push(low | 0x80);
    }
}
