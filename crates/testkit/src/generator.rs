//! Heap profiles of any size, as a large Go service would give them.
//!
//! The encoder is this crate's own and knows nothing of `profile`, so what one writes and the
//! other reads is a check of both. The stacks are walks over a made-up call graph: few entry
//! points, a skewed choice of the next call, some inlined frames, most callers shared with other
//! stacks. [`Shape::large`] is the profile that the benches are measured on.
//!
//! ```
//! use fathom_testkit::generator::Shape;
//!
//! let mut profile = Vec::new();
//! let written = Shape::small().write(&mut profile)?;
//! assert_eq!(written.samples, 200);
//! assert_eq!(written.bytes, profile.len() as u64);
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::random::{Random, mix};
use crate::wire::Message;

/// Go's default mean of the distance between two sampled bytes.
const SAMPLING_RATE: u64 = 524_288;

/// The call sites of a function, from which a walk chooses with a preference for the first.
const CALL_SITES: u64 = 4;

/// Object sizes that samples have, all of them size classes of Go.
const SIZES: [u64; 12] = [
    16, 32, 48, 64, 96, 128, 256, 512, 1024, 4096, 32_768, 1_048_576,
];

/// Field numbers of the message Profile.
mod profile_field {
    pub(super) const SAMPLE_TYPE: u32 = 1;
    pub(super) const SAMPLE: u32 = 2;
    pub(super) const MAPPING: u32 = 3;
    pub(super) const LOCATION: u32 = 4;
    pub(super) const FUNCTION: u32 = 5;
    pub(super) const STRING_TABLE: u32 = 6;
    pub(super) const TIME_NANOS: u32 = 9;
    pub(super) const PERIOD_TYPE: u32 = 11;
    pub(super) const PERIOD: u32 = 12;
}

/// The strings that every profile begins with, in the order of their numbers.
const FIXED_STRINGS: [&str; 9] = [
    "",
    "alloc_objects",
    "count",
    "alloc_space",
    "bytes",
    "inuse_objects",
    "inuse_space",
    "space",
    "/usr/local/bin/shop",
];

/// How large a profile is and which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The number of samples; most have a stack of their own.
    pub samples: u32,
    /// The fewest locations of a stack.
    pub min_depth: u32,
    /// The most locations of a stack.
    pub max_depth: u32,
    /// The number of functions; there are four locations for each.
    pub functions: u32,
    /// Chooses among all profiles of this size.
    pub seed: u64,
}

/// What a profile that was written holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The bytes of the profile before any compression.
    pub bytes: u64,
    /// The number of samples.
    pub samples: u64,
    /// The number of locations.
    pub locations: u64,
    /// The number of functions.
    pub functions: u64,
    /// The sums of the four values, in the profile's order: allocated objects and bytes, in-use
    /// objects and bytes.
    pub totals: [u64; 4],
}

impl Shape {
    /// 500,000 samples of 30 to 60 locations over 20,000 functions: 77 MB, compressed 32 MB.
    pub fn large() -> Self {
        Self {
            samples: 500_000,
            min_depth: 30,
            max_depth: 60,
            functions: 20_000,
            seed: 1,
        }
    }

    /// 20,000 samples of 10 to 40 locations over 3,000 functions: about 2 MB.
    pub fn medium() -> Self {
        Self {
            samples: 20_000,
            min_depth: 10,
            max_depth: 40,
            functions: 3_000,
            seed: 1,
        }
    }

    /// 200 samples of 3 to 12 locations over 60 functions.
    pub fn small() -> Self {
        Self {
            samples: 200,
            min_depth: 3,
            max_depth: 12,
            functions: 60,
            seed: 1,
        }
    }

    /// Writes the profile uncompressed, one message at a time: the memory it takes does not
    /// depend on the number of samples.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write<W: Write>(&self, output: W) -> io::Result<Written> {
        let mut stream = Stream {
            output,
            bytes: 0,
            field: Message::default(),
        };
        let functions = self.functions.max(1);
        for (kind, unit) in [(1, 2), (3, 4), (5, 2), (6, 4)] {
            stream.delimited(profile_field::SAMPLE_TYPE, value_type(kind, unit).bytes())?;
        }
        let totals = self.write_samples(&mut stream, functions)?;
        let mut mapping = Message::default();
        for (field, value) in [(1, 1), (2, 0x40_0000), (3, 0x4000_0000), (5, 8), (7, 1)] {
            mapping.number(field, value);
        }
        stream.delimited(profile_field::MAPPING, mapping.bytes())?;
        self.write_locations(&mut stream, functions)?;
        write_functions(&mut stream, functions)?;
        stream.number(profile_field::TIME_NANOS, 1_700_000_000_000_000_000)?;
        stream.delimited(profile_field::PERIOD_TYPE, value_type(7, 4).bytes())?;
        stream.number(profile_field::PERIOD, SAMPLING_RATE)?;
        stream.output.flush()?;
        Ok(Written {
            bytes: stream.bytes,
            samples: u64::from(self.samples),
            locations: u64::from(functions) * CALL_SITES,
            functions: u64::from(functions),
            totals,
        })
    }

    /// Writes the profile compressed, as a Go process serves it.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_gzip<W: Write>(&self, output: W) -> io::Result<Written> {
        let mut encoder = GzEncoder::new(output, Compression::fast());
        let written = self.write(&mut encoder)?;
        encoder.finish()?.flush()?;
        Ok(written)
    }

    fn write_samples<W: Write>(
        &self,
        stream: &mut Stream<W>,
        functions: u32,
    ) -> io::Result<[u64; 4]> {
        let mut random = Random::seeded(self.seed);
        let mut stacks = Stacks::new(self.seed, functions);
        let mut totals = [0_u64; 4];
        let mut sample = Message::default();
        let mut label = Message::default();
        let shallowest = self.min_depth.min(self.max_depth);
        let depths = u64::from(self.max_depth - shallowest) + 1;
        for _ in 0..self.samples {
            let depth = u64::from(shallowest) + random.below(depths);
            let stack = stacks.next(&mut random, depth);
            let size = SIZES[usize::try_from(random.below(SIZES.len() as u64)).unwrap_or(0)];
            let values = values(&mut random, size);
            for (total, value) in totals.iter_mut().zip(values) {
                *total += value;
            }
            label.clear();
            label.number(1, 4); // the key "bytes"
            label.number(3, size);
            sample.clear();
            sample.packed(1, stack.iter().rev().copied()); // the leaf comes first
            sample.packed(2, values.into_iter());
            sample.delimited(3, label.bytes());
            stream.delimited(profile_field::SAMPLE, sample.bytes())?;
        }
        Ok(totals)
    }

    fn write_locations<W: Write>(&self, stream: &mut Stream<W>, functions: u32) -> io::Result<()> {
        let functions = u64::from(functions);
        let mut location = Message::default();
        let mut line = Message::default();
        for index in 0..functions * CALL_SITES {
            let function = index / CALL_SITES;
            let scrambled = mix(self.seed ^ index);
            location.clear();
            location.number(1, index + 1);
            location.number(2, 1);
            location.number(3, 0x40_0000 + index * 32);
            // One location in five stands for two frames: a callee that was inlined, and its
            // caller.
            if scrambled.is_multiple_of(5) {
                line.clear();
                line.number(1, (function + 1) % functions + 1);
                line.number(2, 20 + scrambled % 400);
                location.delimited(4, line.bytes());
            }
            line.clear();
            line.number(1, function + 1);
            line.number(2, 10 + (index % CALL_SITES) * 7);
            location.delimited(4, line.bytes());
            stream.delimited(profile_field::LOCATION, location.bytes())?;
        }
        Ok(())
    }
}

/// The stacks that are on their way at a time. Each new one goes on from one of them, so that
/// stacks share most of their callers, and a compressor finds them again, as in real profiles.
struct Stacks {
    recent: Vec<Vec<u64>>,
    seed: u64,
    functions: u64,
}

impl Stacks {
    fn new(seed: u64, functions: u32) -> Self {
        Self {
            recent: vec![Vec::new(); 64],
            seed,
            functions: u64::from(functions),
        }
    }

    /// Walks to a stack of so many locations, entry point first.
    fn next(&mut self, random: &mut Random, depth: u64) -> &[u64] {
        let index = usize::try_from(random.below(self.recent.len() as u64)).unwrap_or(0);
        let stack = &mut self.recent[index];
        // Two thirds of the callers are kept on average, seldom none.
        let kept = random.below(depth + 1).max(random.below(depth + 1));
        stack.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        while (stack.len() as u64) < depth {
            let function = match stack.last() {
                None => random.below(self.functions.min(16)),
                Some(caller) => mix(self.seed.rotate_left(32) ^ caller) % self.functions,
            };
            // In five of eight cases the first site.
            let site = random.below(2) * random.below(CALL_SITES);
            stack.push(function * CALL_SITES + site + 1);
        }
        stack
    }
}

/// Makes up the values of a sample, scaled as Go scales them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small positive numbers, truncated as the Go runtime does"
)]
fn values(random: &mut Random, size: u64) -> [u64; 4] {
    let sampled = 1 + random.below(3);
    let survived = random.below(sampled + 1);
    let scale = 1.0 / (1.0 - (-(size as f64) / SAMPLING_RATE as f64).exp());
    let count = |objects: u64| (objects as f64 * scale) as u64;
    let bytes = |objects: u64| ((objects * size) as f64 * scale) as u64;
    [
        count(sampled),
        bytes(sampled),
        count(survived),
        bytes(survived),
    ]
}

/// Writes the functions and then the string table, which only they add to.
fn write_functions<W: Write>(stream: &mut Stream<W>, functions: u32) -> io::Result<()> {
    let functions = u64::from(functions);
    let fixed = FIXED_STRINGS.len() as u64;
    let files = functions.div_ceil(FUNCTIONS_A_FILE);
    let mut function = Message::default();
    for index in 0..functions {
        let name = fixed + files + index;
        function.clear();
        function.number(1, index + 1);
        function.number(2, name);
        function.number(3, name);
        function.number(4, fixed + index / FUNCTIONS_A_FILE);
        function.number(5, 10 + (index % FUNCTIONS_A_FILE) * 40);
        stream.delimited(profile_field::FUNCTION, function.bytes())?;
    }
    for text in FIXED_STRINGS {
        stream.delimited(profile_field::STRING_TABLE, text.as_bytes())?;
    }
    for file in 0..files {
        let text = format!(
            "/src/shop/internal/package{:03}/file{file:04}.go",
            file / 12
        );
        stream.delimited(profile_field::STRING_TABLE, text.as_bytes())?;
    }
    for index in 0..functions {
        stream.delimited(profile_field::STRING_TABLE, function_name(index).as_bytes())?;
    }
    Ok(())
}

/// The functions that share a file.
const FUNCTIONS_A_FILE: u64 = 8;

/// Names a function as Go would: a plain function, a method, a closure or a generic one.
fn function_name(index: u64) -> String {
    let package = index / (FUNCTIONS_A_FILE * 12);
    let import = format!("example.com/shop/internal/package{package:03}");
    match index % 4 {
        0 => format!("{import}.handle{index}"),
        1 => format!("{import}.(*Server{}).serve{index}", index % 50),
        2 => format!("{import}.load{index}.func1"),
        _ => format!("{import}.collect{index}[...]"),
    }
}

fn value_type(kind: u64, unit: u64) -> Message {
    let mut message = Message::default();
    message.number(1, kind);
    message.number(2, unit);
    message
}

/// A writer of the fields of the outermost message, which counts its bytes.
struct Stream<W> {
    output: W,
    bytes: u64,
    field: Message,
}

impl<W: Write> Stream<W> {
    fn delimited(&mut self, field: u32, content: &[u8]) -> io::Result<()> {
        self.field.clear();
        self.field.delimited(field, content);
        self.send()
    }

    fn number(&mut self, field: u32, value: u64) -> io::Result<()> {
        self.field.clear();
        self.field.number(field, value);
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        self.bytes += self.field.bytes().len() as u64;
        self.output.write_all(self.field.bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (mut first, mut second, mut other) = (Vec::new(), Vec::new(), Vec::new());
        Shape::small().write(&mut first).unwrap();
        Shape::small().write(&mut second).unwrap();
        let reseeded = Shape {
            seed: 2,
            ..Shape::small()
        };
        reseeded.write(&mut other).unwrap();
        assert_eq!(first, second);
        assert_ne!(first, other);
    }

    #[test]
    fn the_compressed_profile_is_the_same_profile() {
        let (mut plain, mut compressed) = (Vec::new(), Vec::new());
        let written = Shape::small().write(&mut plain).unwrap();
        assert_eq!(Shape::small().write_gzip(&mut compressed).unwrap(), written);
        let mut decompressed = Vec::new();
        flate2::read::GzDecoder::new(compressed.as_slice())
            .read_to_end(&mut decompressed)
            .unwrap();
        assert_eq!(decompressed, plain);
    }

    #[test]
    fn a_shape_without_room_still_gives_a_profile() {
        let smallest = Shape {
            samples: 1,
            min_depth: 5,
            max_depth: 1,
            functions: 0,
            seed: 0,
        };
        let mut bytes = Vec::new();
        let written = smallest.write(&mut bytes).unwrap();
        assert_eq!((written.samples, written.functions), (1, 1));
        assert_eq!(written.bytes, bytes.len() as u64);
    }
}
