//! When two profiles say the same.

use crate::handle::StringId;
use crate::profile::Profile;
use crate::tables::{LabelValue, ValueType};

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: StringId, b: StringId| self.text(a) == other.text(b);
        let same_all = |a: &[StringId], b: &[StringId]| {
            a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| same(a, b))
        };
        let same_type = |a: &ValueType, b: &ValueType| same(a.kind, b.kind) && same(a.unit, b.unit);
        let same_period = match (&self.period_type, &other.period_type) {
            (Some(a), Some(b)) => same_type(a, b),
            (None, None) => true,
            _ => false,
        };
        let types = &other.sample_types;
        let heads = same_period
            && (self.period, self.time_nanos, self.duration_nanos)
                == (other.period, other.time_nanos, other.duration_nanos)
            && self.sample_types.len() == types.len()
            && self
                .sample_types
                .iter()
                .zip(types)
                .all(|(a, b)| same_type(a, b))
            && same(self.default_sample_type, other.default_sample_type)
            && same(self.doc_url, other.doc_url)
            && same(self.drop_frames, other.drop_frames)
            && same(self.keep_frames, other.keep_frames)
            && same_all(&self.comments, &other.comments);
        if !heads {
            return false;
        }
        let mappings = self.mappings.len() == other.mappings.len()
            && self.mappings.iter().zip(&other.mappings).all(|(a, b)| {
                (a.start, a.limit, a.offset, a.symbols) == (b.start, b.limit, b.offset, b.symbols)
                    && same(a.file, b.file)
                    && same(a.build_id, b.build_id)
            });
        let (a, b) = (&self.functions, &other.functions);
        let functions = same_all(&a.name, &b.name)
            && same_all(&a.system_name, &b.system_name)
            && same_all(&a.file, &b.file)
            && a.start_line == b.start_line;
        let (a, b) = (&self.locations, &other.locations);
        let locations = a.address == b.address
            && a.mapping == b.mapping
            && a.folded == b.folded
            && a.line_starts == b.line_starts
            && a.line_function == b.line_function
            && a.line_number == b.line_number
            && a.line_column == b.line_column;
        let (a, b) = (&self.samples, &other.samples);
        let samples = a.stack_starts == b.stack_starts
            && a.stacks == b.stacks
            && a.values == b.values
            && a.label_starts == b.label_starts
            && a.labels.len() == b.labels.len()
            && a.labels.iter().zip(&b.labels).all(|(a, b)| {
                let same_value = match (a.value, b.value) {
                    (LabelValue::Text(a), LabelValue::Text(b)) => same(a, b),
                    (
                        LabelValue::Number {
                            value: a,
                            unit: a_unit,
                        },
                        LabelValue::Number {
                            value: b,
                            unit: b_unit,
                        },
                    ) => a == b && same(a_unit, b_unit),
                    _ => false,
                };
                same(a.key, b.key) && same_value
            });
        mappings && functions && locations && samples
    }
}

impl Eq for Profile {}
