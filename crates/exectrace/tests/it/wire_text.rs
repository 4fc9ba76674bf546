//! From the text form of the wire (`src/internal/trace/raw/textreader.go`, Go 1.27.3) to bytes.

use fathom_exectrace::Wire;

/// The bytes of a trace that is written as text.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let mut lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .filter(|line| !line.trim().is_empty());
    let head = lines.next().expect("a head");
    let minor = head.trim().strip_prefix("Trace Go1.").expect("a version");
    let mut bytes = format!("go 1.{minor} trace\0\0\0").into_bytes();
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        let name = words.next().expect("an event");
        let wire = (1..=u8::MAX)
            .filter_map(Wire::from_number)
            .find(|wire| wire.spec().name == name)
            .unwrap_or_else(|| panic!("{name} is no event"));
        bytes.push(wire as u8);
        let arguments: Vec<u64> = words.map(value).collect();
        for (at, &argument) in arguments.iter().enumerate() {
            if wire == Wire::ExperimentalBatch && at == 0 {
                bytes.push(u8::try_from(argument).expect("an experiment"));
            } else {
                varint(argument, &mut bytes);
            }
        }
        match wire {
            Wire::Stack => {
                for _ in 0..arguments[1] {
                    let frame = lines.next().expect("a frame");
                    for word in frame.split_whitespace() {
                        varint(value(word), &mut bytes);
                    }
                }
            }
            Wire::String | Wire::ExperimentalBatch => {
                let data = lines.next().expect("data");
                let quoted = data.trim().strip_prefix("data=").expect("data");
                let text = unquoted(quoted);
                varint(text.len() as u64, &mut bytes);
                bytes.extend(text);
            }
            _ => {}
        }
    }
    bytes
}

fn value(word: &str) -> u64 {
    let (_, value) = word.split_once('=').expect("a name and a value");
    value.parse().expect("a number")
}

fn varint(mut value: u64, bytes: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return;
        }
    }
}

/// What Go's quoted form of bytes stands for.
pub(crate) fn unquoted(quoted: &str) -> Vec<u8> {
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .expect("quotes");
    let mut bytes = Vec::new();
    let mut rest = inner.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let [kind, tail @ ..] = rest else {
            panic!("an escape ends {quoted}");
        };
        rest = tail;
        bytes.push(match kind {
            b'x' => {
                let (digits, tail) = rest.split_at(2);
                rest = tail;
                let digits = std::str::from_utf8(digits).expect("digits");
                u8::from_str_radix(digits, 16).expect("digits")
            }
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            b'u' => {
                let (digits, tail) = rest.split_at(4);
                rest = tail;
                let digits = std::str::from_utf8(digits).expect("digits");
                let code = u32::from_str_radix(digits, 16).expect("digits");
                let char = char::from_u32(code).expect("a character");
                bytes.extend(char.to_string().into_bytes());
                continue;
            }
            other => *other,
        });
    }
    bytes
}
