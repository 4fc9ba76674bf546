//! Making a profile of what other formats hold: stacks of named frames with values.

use hashbrown::HashMap;

use crate::builder::ProfileBuilder;
use crate::error::Error;
use crate::handle::{LocationId, StringId};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::tables::{Label, LabelValue, Line};

/// A frame that was read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReadFrame<'a> {
    pub(crate) name: &'a str,
    pub(crate) file: &'a str,
    pub(crate) line: i64,
    pub(crate) column: i64,
}

/// Joins equal stacks while they are read, each with a value a column.
pub(crate) struct Rows {
    pub(crate) builder: ProfileBuilder,
    columns: usize,
    /// The sample of each label and stack.
    seen: HashMap<Option<StringId>, HashMap<Vec<LocationId>, usize>>,
    count: usize,
}

impl Rows {
    /// Starts a profile with these columns, each a kind and a unit.
    pub(crate) fn new(limits: &Limits, columns: &[(&str, &str)]) -> Result<Self, Error> {
        let mut builder = ProfileBuilder::new(limits);
        for (kind, unit) in columns {
            builder.add_sample_type(kind, unit)?;
        }
        Ok(Self {
            builder,
            columns: columns.len(),
            seen: HashMap::new(),
            count: 0,
        })
    }

    /// Returns the location of a frame. A name that is an address and nothing more becomes
    /// an address again.
    pub(crate) fn location(&mut self, frame: ReadFrame<'_>) -> Result<LocationId, Error> {
        let address = frame
            .name
            .strip_prefix("0x")
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .filter(|_| frame.file.is_empty() && frame.line == 0);
        if let Some(address) = address {
            return self.builder.location(address, None, &[], false);
        }
        let function = self
            .builder
            .function(frame.name, frame.name, frame.file, 0)?;
        let line = Line {
            function: Some(function),
            line: frame.line,
            column: frame.column,
        };
        self.builder.location(0, None, &[line], false)
    }

    /// Adds to the value of a stack, leaf first, in a column. All labels have one key, and
    /// texts for values.
    pub(crate) fn add(
        &mut self,
        stack: &[LocationId],
        label: Option<Label>,
        column: usize,
        value: i64,
    ) -> Result<(), Error> {
        let text = label.and_then(|label| match label.value {
            LabelValue::Text(text) => Some(text),
            LabelValue::Number { .. } => None,
        });
        let of_label = self.seen.entry(text).or_default();
        let row = if let Some(&row) = of_label.get(stack) {
            row
        } else {
            let zeros = vec![0; self.columns];
            self.builder.add_sample(stack, &zeros, label.as_slice())?;
            of_label.insert(stack.to_vec(), self.count);
            self.count += 1;
            self.count - 1
        };
        let values = self.builder.profile.samples.values.get_mut(column);
        if let Some(sum) = values.and_then(|values| values.get_mut(row)) {
            *sum = sum.saturating_add(value);
        }
        Ok(())
    }

    /// Returns the profile.
    pub(crate) fn finish(self) -> Profile {
        self.builder.finish()
    }
}
