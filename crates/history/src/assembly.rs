//! From stacks with names back to a profile.

use fathom_profile::{Label, Limits, Line, LocationId, Profile, ProfileBuilder};
use hashbrown::HashMap;
use serde_json::Value;

use crate::dictionary::{FrameRow, StackRow};
use crate::form::Form;
use crate::sources::Stacks;
use crate::{Error, Result};

/// The frames of a sample as locations, its labels as JSON, and its ordinal.
type StackKey = (Vec<LocationId>, String, u32);

/// A profile that is made of the stacks of several sources.
#[derive(Debug)]
pub(crate) struct Assembly {
    builder: ProfileBuilder,
    stacks: HashMap<StackKey, usize>,
    keys: Vec<StackKey>,
    keeps_doubles: bool,
}

impl Assembly {
    /// Begins a profile of a form. With `keeps_doubles`, samples of one profile with the same
    /// stack stay apart; otherwise they become one.
    pub(crate) fn new(form: &Form, keeps_doubles: bool) -> Result<Self> {
        // What is stored passed the limits when it was read.
        let limits = Limits {
            strings: u64::MAX,
            string_bytes: u64::from(u32::MAX),
            samples: u64::MAX,
            locations: u64::MAX,
            lines: u64::MAX,
            functions: u64::MAX,
            depth: u64::MAX,
            stack_entries: u64::from(u32::MAX),
            labels: u64::from(u32::MAX),
            ..Limits::default()
        };
        let mut builder = ProfileBuilder::new(&limits);
        for sample_type in &form.types {
            builder.add_sample_type(&sample_type.name, &sample_type.unit)?;
        }
        builder.set_default_sample_type(&form.default_type)?;
        if let Some((kind, unit)) = &form.period_type {
            builder.set_period(kind, unit, form.period)?;
        }
        Ok(Self {
            builder,
            stacks: HashMap::new(),
            keys: Vec::new(),
            keeps_doubles,
        })
    }

    /// Sets when the profile was taken and for how long.
    pub(crate) fn set_time(&mut self, time_nanos: i64, duration_nanos: i64) {
        self.builder.set_time(time_nanos, duration_nanos);
    }

    /// Gives the stacks of a source their places in the profile.
    pub(crate) fn place(&mut self, (frames, stacks): &Stacks) -> Result<HashMap<u32, usize>> {
        let mut plain: Vec<Option<LocationId>> = vec![None; frames.len()];
        let mut inlined: HashMap<Vec<u32>, LocationId> = HashMap::new();
        let mut places = HashMap::with_capacity(stacks.len());
        for (number, stack) in stacks {
            let locations = self.locations(frames, stack, &mut plain, &mut inlined)?;
            let ordinal = if self.keeps_doubles { stack.ordinal } else { 0 };
            let key = (locations, stack.labels.clone(), ordinal);
            let place = if let Some(&place) = self.stacks.get(&key) {
                place
            } else {
                self.stacks.insert(key.clone(), self.keys.len());
                self.keys.push(key);
                self.keys.len() - 1
            };
            places.insert(*number, place);
        }
        Ok(places)
    }

    /// How many stacks have a place.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The locations of a stack, the leaf first.
    fn locations(
        &mut self,
        frames: &[FrameRow],
        stack: &StackRow,
        plain: &mut [Option<LocationId>],
        inlined: &mut HashMap<Vec<u32>, LocationId>,
    ) -> Result<Vec<LocationId>> {
        let mut locations = Vec::with_capacity(stack.frames.len());
        // From the leaf on: a frame that was inlined belongs to the location of its caller.
        let mut waiting: Vec<u32> = Vec::new();
        for &number in stack.frames.iter().rev() {
            let frame = frames.get(number as usize).ok_or_else(|| {
                Error::unsuitable("a stack names a frame that is missing; remove its block")
            })?;
            waiting.push(number);
            if frame.inlined {
                continue;
            }
            if waiting.len() > 1 {
                let location = if let Some(&location) = inlined.get(&waiting) {
                    location
                } else {
                    let location = self.location(frames, &waiting)?;
                    inlined.insert(waiting.clone(), location);
                    location
                };
                locations.push(location);
            } else {
                let location = match plain[number as usize] {
                    Some(location) => location,
                    None => self.location(frames, &waiting)?,
                };
                plain[number as usize] = Some(location);
                locations.push(location);
            }
            waiting.clear();
        }
        Ok(locations)
    }

    fn location(&mut self, frames: &[FrameRow], of: &[u32]) -> Result<LocationId> {
        let mut lines = Vec::with_capacity(of.len());
        for &number in of {
            let frame = &frames[number as usize];
            if frame.is_bare {
                let digits = frame.function.trim_start_matches("0x");
                let address = u64::from_str_radix(digits, 16).unwrap_or(0);
                return Ok(self.builder.location(address, None, &[], false)?);
            }
            let function = self.builder.function(
                &frame.function,
                &frame.system_name,
                &frame.file,
                frame.start_line,
            )?;
            lines.push(Line {
                function: Some(function),
                line: frame.line,
                column: frame.column,
            });
        }
        Ok(self.builder.location(0, None, &lines, false)?)
    }

    fn labels(&mut self, text: &str) -> Result<Vec<Label>> {
        let Ok(Value::Array(labels)) = serde_json::from_str(text) else {
            return Ok(Vec::new());
        };
        let mut made = Vec::with_capacity(labels.len());
        for label in &labels {
            let word = |at: usize| label.get(at).and_then(Value::as_str).unwrap_or("");
            made.push(match label.get(1).and_then(Value::as_i64) {
                Some(number) => self.builder.number_label(word(0), number, word(2))?,
                None => self.builder.text_label(word(0), word(1))?,
            });
        }
        Ok(made)
    }

    /// Ends the profile with the values of each place; stacks without any are left out. Stacks
    /// come in the order of their content.
    pub(crate) fn finish(mut self, values: impl Fn(usize) -> Vec<i64>) -> Result<Profile> {
        let keys = std::mem::take(&mut self.keys);
        for (place, (locations, labels, _)) in keys.iter().enumerate() {
            let values = values(place);
            if values.iter().all(|value| *value == 0) {
                continue;
            }
            let labels = self.labels(labels)?;
            self.builder.add_sample(locations, &values, &labels)?;
        }
        Ok(self.builder.finish())
    }
}
