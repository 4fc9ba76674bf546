//! Traces for other viewers: what is written is what those read.

use std::collections::{HashMap, HashSet};

use fathom_exectrace::Reader;
use fathom_exectrace::export::{Canvas, Chrome, Perfetto, Timeline};
use fathom_exectrace::text::{EventFilter, JsonEvents, Printed};
use fathom_testkit::GoVersion;
use fathom_testkit::fixtures::{Trace, traces};

fn drawn<C: Canvas>(trace: &Trace, canvas: C, from: i64, to: i64) {
    let bytes = trace.read();
    let mut reader = Reader::new(&bytes[..]).expect("a trace");
    let mut timeline = Timeline::new(canvas, from, to);
    reader.run(&mut timeline).expect("a slice is read");
    let tables = reader.into_tables();
    timeline.finish(&tables).expect("memory takes all");
}

/// The traces of the first and the last version: the forms do not depend on it.
fn some_traces() -> impl Iterator<Item = Trace> {
    let versions = [GoVersion::GO_1_22, GoVersion::GO_1_27];
    traces()
        .into_iter()
        .filter(move |trace| versions.contains(&trace.version))
}

/// A field of a message: its number and its value.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for index in 0.. {
        let (&byte, rest) = bytes.split_first().expect("a whole number");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// The fields of a message, as any reader of protobuf finds them.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)),
            1 => {
                let (number, rest) = bytes.split_first_chunk().expect("eight bytes");
                bytes = rest;
                Value::Number(u64::from_le_bytes(*number))
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)).expect("a length");
                let (field, rest) = bytes.split_at(length);
                bytes = rest;
                Value::Bytes(field)
            }
            kind => panic!("a field of kind {kind}"),
        };
        fields.push((key >> 3, value));
    }
    fields
}

fn number(fields: &[(u64, Value<'_>)], field: u64) -> Option<u64> {
    fields.iter().find_map(|(known, value)| match value {
        Value::Number(number) if *known == field => Some(*number),
        _ => None,
    })
}

fn bytes<'a>(fields: &[(u64, Value<'a>)], field: u64) -> Option<&'a [u8]> {
    fields.iter().find_map(|(known, value)| match value {
        Value::Bytes(bytes) if *known == field => Some(*bytes),
        _ => None,
    })
}

/// Reads a trace as Perfetto does, by the numbers of its published schema, and asserts that
/// tracks are described before they are used, that slices end, and that times do not go back.
fn assert_perfetto(trace: &[u8], name: &str) -> usize {
    let mut described = HashSet::new();
    let mut depth = HashMap::<u64, u32>::new();
    let mut flows = HashSet::new();
    let (mut last, mut events) = (0, 0);
    for (field, packet) in fields(trace) {
        assert_eq!(field, 1, "{name}: packets alone");
        let Value::Bytes(packet) = packet else {
            panic!("{name}: a packet is a message");
        };
        let packet = fields(packet);
        assert_eq!(number(&packet, 10), Some(1), "{name}: one sequence");
        if let Some(descriptor) = bytes(&packet, 60) {
            let descriptor = fields(descriptor);
            assert!(described.insert(number(&descriptor, 1).expect("a number")));
            assert!(bytes(&descriptor, 2).is_some() || bytes(&descriptor, 3).is_some());
            continue;
        }
        let event = fields(bytes(&packet, 11).expect("an event"));
        let time = number(&packet, 8).expect("a time");
        assert!(time >= last, "{name}: {time} after {last}");
        last = time;
        let uuid = number(&event, 11).expect("a track");
        assert!(described.contains(&uuid), "{name}: {uuid} is not described");
        match number(&event, 9) {
            Some(1) => {
                assert!(bytes(&event, 23).is_some_and(|name| !name.is_empty()));
                *depth.entry(uuid).or_default() += 1;
            }
            Some(2) => {
                let depth = depth.get_mut(&uuid).expect("an open slice");
                *depth = depth.checked_sub(1).expect("an open slice");
            }
            Some(3) => assert!(bytes(&event, 23).is_some()),
            Some(4) => assert!(number(&event, 30).is_some()),
            kind => panic!("{name}: an event of type {kind:?}"),
        }
        if let Some(flow) = number(&event, 47) {
            assert!(flows.insert(flow), "{name}: an arrow begins once");
        }
        if let Some(flow) = number(&event, 48) {
            assert!(flows.remove(&flow), "{name}: an arrow ends that began");
        }
        events += 1;
    }
    assert!(
        depth.values().all(|&depth| depth == 0),
        "{name}: all slices end"
    );
    events
}

#[test]
fn perfetto_traces_keep_their_schema() {
    let (mut events, mut window) = (0, 0);
    for trace in traces() {
        let mut out = Vec::new();
        drawn(&trace, Perfetto::new(&mut out), 0, i64::MAX);
        events += assert_perfetto(&out, &trace.to_string());
        out.clear();
        drawn(&trace, Perfetto::new(&mut out), 2_000_000, 4_000_000);
        window += assert_perfetto(&out, &trace.to_string());
    }
    assert!(events > 100_000, "{events}");
    assert!(window > 1000 && window < events / 2, "{window}");
}

#[test]
fn chrome_traces_are_json() {
    for trace in some_traces() {
        let mut out = Vec::new();
        drawn(&trace, Chrome::new(&mut out), 0, i64::MAX);
        let json: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        let events = json["traceEvents"].as_array().expect("events");
        let mut depth = HashMap::<(u64, u64), i64>::new();
        for event in events {
            let track = (event["pid"].as_u64(), event["tid"].as_u64());
            let track = (track.0.expect("a group"), track.1.expect("a track"));
            match event["ph"].as_str().expect("a phase") {
                "B" => *depth.entry(track).or_default() += 1,
                "E" => *depth.entry(track).or_default() -= 1,
                "M" | "C" | "i" | "s" | "f" => {}
                phase => panic!("{trace}: {phase}"),
            }
            assert!(depth.get(&track).is_none_or(|&depth| depth >= 0), "{trace}");
        }
        assert!(events.len() > 50, "{trace}");
        assert!(
            depth.values().all(|&depth| depth == 0),
            "{trace}: all slices end"
        );
    }
    let mut empty = Vec::new();
    Chrome::new(&mut empty).finish().expect("memory takes all");
    assert!(serde_json::from_slice::<serde_json::Value>(&empty).is_ok());
}

#[test]
fn events_are_lines_of_json() {
    for trace in some_traces() {
        let bytes = trace.read();
        let mut reader = Reader::new(&bytes[..]).expect("a trace");
        let mut printed = Printed::new(JsonEvents::new(EventFilter::default()), Vec::new());
        let events = reader.run(&mut printed).expect("a slice is read").events;
        let lines = printed.finish().expect("memory takes all");
        let objects = serde_json::Deserializer::from_slice(&lines).into_iter();
        let objects = objects.map(|object| {
            let object: serde_json::Value = object.expect("JSON");
            object["time_ns"].as_i64().expect("a time")
        });
        let times: Vec<_> = objects.collect();
        assert_eq!(times.len() as u64, events, "{trace}");
        assert!(times.is_sorted(), "{trace}");
    }
}
