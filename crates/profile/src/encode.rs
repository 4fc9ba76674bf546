//! Writing profile.proto as google/pprof's encoder does (`profile/encode.go`): strings in
//! the order in which they are met, repeated numbers packed from the third on, rows
//! numbered as in the file they were read from.
//!
//! The bytes before compression are those of `go tool pprof -proto` for the same profile.
//! Only labels that it would have lost on reading (see
//! [`ZeroLabels`](crate::ZeroLabels)) are written besides.

use crate::compress;
use crate::handle::{FunctionId, LocationId, MappingId, NONE, StringId};
use crate::profile::Profile;
use crate::tables::{Label, LabelValue, ValueType};

/// Writes a profile as gzipped profile.proto, which `go tool pprof` reads. It is compressed
/// as Go's runtime compresses profiles, for speed.
///
/// What [`Profile::parse`] makes of it equals `profile`.
///
/// ```
/// use fathom_profile::{Limits, Profile, encode};
///
/// let profile = Profile::parse(b"main;work 3\n", &Limits::default())?;
/// let again = Profile::parse(&encode::write_proto(&profile), &Limits::default())?;
/// assert_eq!(profile, again);
/// # Ok::<(), fathom_profile::Error>(())
/// ```
pub fn write_proto(profile: &Profile) -> Vec<u8> {
    compress::gzip(&write_raw_proto(profile))
}

/// Writes a profile as profile.proto without compression.
pub fn write_raw_proto(profile: &Profile) -> Vec<u8> {
    let mut writer = Writer {
        profile,
        out: Message::default(),
        order: vec![StringId::EMPTY],
        numbers: vec![NONE; profile.string_count()],
    };
    writer.all();
    writer.out.0
}

struct Writer<'p> {
    profile: &'p Profile,
    out: Message,
    /// The string table as it will be written.
    order: Vec<StringId>,
    /// The position of each of our strings in it.
    numbers: Vec<u32>,
}

impl Writer<'_> {
    fn string(&mut self, id: StringId) -> u64 {
        if self.profile.text(id).is_empty() {
            return 0;
        }
        let Some(number) = self.numbers.get_mut(id.index()) else {
            return 0;
        };
        if *number == NONE {
            *number = u32::try_from(self.order.len()).unwrap_or(NONE);
            self.order.push(id);
        }
        u64::from(*number)
    }

    fn value_type(&mut self, field: u64, kind: ValueType) {
        let mut message = Message::default();
        message.optional(1, self.string(kind.kind));
        message.optional(2, self.string(kind.unit));
        self.out.message(field, &message);
    }

    fn all(&mut self) {
        let profile = self.profile;
        for &kind in &profile.sample_types {
            self.value_type(1, kind);
        }
        self.samples();
        self.mappings();
        self.locations();
        self.functions();
        let drop_frames = self.string(profile.drop_frames);
        let keep_frames = self.string(profile.keep_frames);
        let mut tail = Message::default();
        std::mem::swap(&mut tail, &mut self.out);
        if let Some(kind) = profile.period_type {
            self.value_type(11, kind);
        }
        std::mem::swap(&mut tail, &mut self.out);
        let comments: Vec<u64> = profile.comments.iter().map(|&id| self.string(id)).collect();
        let default_sample_type = self.string(profile.default_sample_type);
        let doc_url = self.string(profile.doc_url);

        for &id in &self.order {
            self.out.bytes(6, profile.text(id).as_bytes());
        }
        self.out.optional(7, drop_frames);
        self.out.optional(8, keep_frames);
        self.out.optional(9, profile.time_nanos.cast_unsigned());
        self.out
            .optional(10, profile.duration_nanos.cast_unsigned());
        self.out.0.extend_from_slice(&tail.0);
        self.out.optional(12, profile.period.cast_unsigned());
        self.out.repeated(13, comments.into_iter());
        self.out.number(14, default_sample_type);
        self.out.optional(15, doc_url);
    }

    fn samples(&mut self) {
        let profile = self.profile;
        let mut message = Message::default();
        let mut written = Message::default();
        for sample in 0..profile.sample_count() {
            message.0.clear();
            let stack = profile.stack(sample).iter();
            message.repeated(1, stack.map(|&location| profile.location_number(location)));
            let values = profile.samples.values.iter();
            message.repeated(2, values.map(|column| column[sample].cast_unsigned()));
            // All texts come before all numbers.
            let is_number = |label: &Label| matches!(label.value, LabelValue::Number { .. });
            for numbers in [false, true] {
                for label in profile.label_rows(sample) {
                    if is_number(label) == numbers {
                        self.label(*label, &mut written);
                        message.message(3, &written);
                    }
                }
            }
            self.out.message(2, &message);
        }
    }

    fn label(&mut self, label: Label, message: &mut Message) {
        message.0.clear();
        message.optional(1, self.string(label.key));
        match label.value {
            // An empty text is written in spite of the rule, to be known for a text.
            LabelValue::Text(text) => message.number(2, self.string(text)),
            LabelValue::Number { value, unit } => {
                message.optional(3, value.cast_unsigned());
                message.optional(4, self.string(unit));
            }
        }
    }

    fn mappings(&mut self) {
        let profile = self.profile;
        for (index, mapping) in profile.mappings.iter().enumerate() {
            let mut message = Message::default();
            message.optional(
                1,
                number(
                    MappingId::from_index(index),
                    Profile::mapping_number,
                    profile,
                ),
            );
            message.optional(2, mapping.start);
            message.optional(3, mapping.limit);
            message.optional(4, mapping.offset);
            message.optional(5, self.string(mapping.file));
            message.optional(6, self.string(mapping.build_id));
            message.optional(7, u64::from(mapping.symbols.functions));
            message.optional(8, u64::from(mapping.symbols.filenames));
            message.optional(9, u64::from(mapping.symbols.line_numbers));
            message.optional(10, u64::from(mapping.symbols.inline_frames));
            self.out.message(3, &message);
        }
    }

    fn locations(&mut self) {
        let profile = self.profile;
        let table = &profile.locations;
        let mut message = Message::default();
        for index in 0..table.len() {
            message.0.clear();
            let id = LocationId::from_index(index);
            message.optional(1, number(id, Profile::location_number, profile));
            let mapping = table.mapping(index);
            message.optional(2, number(mapping, Profile::mapping_number, profile));
            message.optional(3, table.address[index]);
            for row in table.line_range(index) {
                let mut line = Message::default();
                let function = table.line(row).function;
                line.optional(1, number(function, Profile::function_number, profile));
                line.optional(2, table.line_number[row].cast_unsigned());
                line.optional(3, table.line_column[row].cast_unsigned());
                message.message(4, &line);
            }
            message.optional(5, u64::from(table.folded[index]));
            self.out.message(4, &message);
        }
    }

    fn functions(&mut self) {
        let profile = self.profile;
        let table = &profile.functions;
        for index in 0..table.len() {
            let mut message = Message::default();
            let id = FunctionId::from_index(index);
            message.optional(1, number(id, Profile::function_number, profile));
            message.optional(2, self.string(table.name[index]));
            message.optional(3, self.string(table.system_name[index]));
            message.optional(4, self.string(table.file[index]));
            message.optional(5, table.start_line[index].cast_unsigned());
            self.out.message(5, &message);
        }
    }
}

/// Returns the number of a row; 0 for none.
fn number<Id>(id: Option<Id>, number_of: fn(&Profile, Id) -> u64, profile: &Profile) -> u64 {
    id.map_or(0, |id| number_of(profile, id))
}

const fn low_bits(value: u64) -> u8 {
    (value & 0x7f) as u8
}

/// How many bytes a number takes.
const fn varint_length(value: u64) -> usize {
    // Seven bits a byte, at least one byte.
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// The bytes of a message.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(low_bits(value) | 0x80);
            value >>= 7;
        }
        self.0.push(low_bits(value));
    }

    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    /// Writes a number unless it is 0.
    fn optional(&mut self, field: u64, value: u64) {
        if value != 0 {
            self.number(field, value);
        }
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }

    /// Writes numbers, packed when there are more than two.
    fn repeated(&mut self, field: u64, values: impl ExactSizeIterator<Item = u64> + Clone) {
        if values.len() <= 2 {
            values.for_each(|value| self.number(field, value));
            return;
        }
        // The length comes first: the numbers are gone through twice, and copied never.
        let length: usize = values.clone().map(varint_length).sum();
        self.varint(field << 3 | 2);
        self.varint(length as u64);
        self.0.reserve(length);
        values.for_each(|value| self.varint(value));
    }
}
