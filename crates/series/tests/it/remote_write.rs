//! Requests of Prometheus' remote write, read by a decoder of protobuf's wire format.

use fathom_series::export::remote_write;
use fathom_series::{Histogram, Look, Reading, Unit};

/// A field of a message: its number and what it holds.
enum Field<'a> {
    Varint(u64, u64),
    Fixed(u64, [u8; 8]),
    Bytes(u64, &'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a varint of more than ten bytes");
}

fn fields(mut bytes: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        fields.push(match key & 7 {
            0 => Field::Varint(key >> 3, varint(&mut bytes)),
            1 => {
                let (fixed, rest) = bytes.split_at(8);
                bytes = rest;
                Field::Fixed(key >> 3, fixed.try_into().unwrap())
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)).unwrap();
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(key >> 3, content)
            }
            other => panic!("wire type {other}"),
        });
    }
    fields
}

/// Series as `name{…} value @time`.
fn read(body: &[u8]) -> Vec<String> {
    let request = snap::raw::Decoder::new().decompress_vec(body).unwrap();
    let mut found = Vec::new();
    for field in fields(&request) {
        let Field::Bytes(1, series) = field else {
            panic!("a request holds series alone");
        };
        let mut labels = Vec::new();
        let mut samples = Vec::new();
        for field in fields(series) {
            match field {
                Field::Bytes(1, label) => {
                    let parts: Vec<String> = fields(label)
                        .iter()
                        .enumerate()
                        .map(|(index, field)| match field {
                            Field::Bytes(number, text) if *number == index as u64 + 1 => {
                                String::from_utf8(text.to_vec()).unwrap()
                            }
                            _ => panic!("no label"),
                        })
                        .collect();
                    labels.push((parts[0].clone(), parts[1].clone()));
                }
                Field::Bytes(2, sample) => {
                    let (mut value, mut at) = (0.0, 0);
                    for field in fields(sample) {
                        match field {
                            Field::Fixed(1, bytes) => value = f64::from_le_bytes(bytes),
                            Field::Varint(2, time) => at = time.cast_signed(),
                            _ => panic!("no sample"),
                        }
                    }
                    samples.push(format!("{value} @{at}"));
                }
                _ => panic!("no series"),
            }
        }
        assert!(labels.is_sorted(), "{labels:?}");
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        found.push(format!("{} {}", labels.join(","), samples.join(";")));
    }
    found
}

#[test]
fn another_reader_finds_what_was_written() {
    let look = Look {
        at_ms: 1_700_000_000_123,
        started_ms: None,
        readings: vec![
            Reading::gauge("memstats.HeapAlloc", Unit::Bytes, 1.5e9),
            Reading::counter(
                "requests_total{code=\"200\",Zone=\"ü\"}",
                Unit::Count,
                300.0,
            ),
            Reading::histogram(
                "/gc/pauses:seconds",
                Unit::Seconds,
                Histogram {
                    buckets: vec![0.0, 0.5, f64::INFINITY],
                    counts: vec![2, 3],
                },
            ),
        ],
    };
    let past = Look {
        at_ms: -5,
        started_ms: None,
        readings: vec![Reading::gauge("x", Unit::Unknown, -0.25)],
    };
    let labels = [("job", "api"), ("__name__", "forged")];
    let body = remote_write::write([(&labels[..], &look), (&[][..], &past)]).unwrap();
    assert_eq!(
        read(&body),
        [
            "__name__=go_memstats_heap_alloc_bytes,job=api 1500000000 @1700000000123",
            "Zone=ü,__name__=requests_total,code=200,job=api 300 @1700000000123",
            "__name__=go_gc_pauses_seconds_bucket,job=api,le=0.5 2 @1700000000123",
            "__name__=go_gc_pauses_seconds_bucket,job=api,le=+Inf 5 @1700000000123",
            "__name__=go_gc_pauses_seconds_count,job=api 5 @1700000000123",
            "__name__=x -0.25 @-5",
        ]
    );
}

#[test]
fn nothing_is_an_empty_request() {
    assert!(read(&remote_write::write([]).unwrap()).is_empty());
}
