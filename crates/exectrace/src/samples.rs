//! The samples of the CPU profiler that a trace holds: where the program was, by stack, in any
//! window of time, on any goroutine, P or thread.

use hashbrown::HashMap;

use crate::event::{Event, EventKind, GoroutineId, ProcId, ThreadId, Time};
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::visitor::Visitor;

/// How many samples are kept one by one: those of eight busy cores in twenty minutes.
const MOST_SAMPLES: usize = 1 << 20;

/// How far apart the profiler takes its samples unless the program says otherwise.
pub const USUAL_PERIOD_NS: i64 = 10_000_000;

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuSample {
    /// When it was taken.
    pub time: Time,
    /// On which goroutine; none for the runtime's own work.
    pub goroutine: GoroutineId,
    /// On which P.
    pub proc: ProcId,
    /// On which thread.
    pub thread: ThreadId,
    /// Where the program was.
    pub stack: StackId,
}

/// Which samples count: those for which all holds that is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SampleFilter {
    /// On this goroutine.
    pub goroutine: Option<GoroutineId>,
    /// On this P.
    pub proc: Option<ProcId>,
    /// On this thread.
    pub thread: Option<ThreadId>,
    /// From the first moment on, and before the second.
    pub window: Option<(Time, Time)>,
}

impl SampleFilter {
    fn admits(&self, sample: &CpuSample) -> bool {
        let within = |(from, to): (Time, Time)| from <= sample.time && sample.time < to;
        self.goroutine
            .is_none_or(|wanted| wanted == sample.goroutine)
            && self.proc.is_none_or(|wanted| wanted == sample.proc)
            && self.thread.is_none_or(|wanted| wanted == sample.thread)
            && self.window.is_none_or(within)
    }
}

/// The samples of a trace.
#[derive(Debug, Default)]
pub struct Samples {
    taken: Vec<CpuSample>,
    by_stack: HashMap<StackId, u64>,
    count: u64,
}

impl Samples {
    /// All samples that were kept one by one, in the order of time.
    pub fn list(&self) -> &[CpuSample] {
        &self.taken
    }

    /// How many there are in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many there are of each stack, the most frequent first.
    pub fn by_stack(&self) -> Vec<(StackId, u64)> {
        sorted(self.by_stack.clone())
    }

    /// How many of those that a filter admits there are of each stack, the most frequent first.
    /// In a trace of more than a million samples only the first million can be told apart.
    pub fn filtered(&self, filter: &SampleFilter) -> Vec<(StackId, u64)> {
        if *filter == SampleFilter::default() {
            return self.by_stack();
        }
        let mut by_stack = HashMap::new();
        for sample in self.taken.iter().filter(|sample| filter.admits(sample)) {
            *by_stack.entry(sample.stack).or_default() += 1;
        }
        sorted(by_stack)
    }

    /// The samples that a filter admits as a profile of pprof: `samples/count` and
    /// `cpu/nanoseconds`. A trace does not say how far apart they were taken: see
    /// [`USUAL_PERIOD_NS`].
    ///
    /// # Errors
    ///
    /// When it is larger than a profile may be.
    pub fn profile(
        &self,
        filter: &SampleFilter,
        period_ns: i64,
        tables: &Tables,
    ) -> Result<fathom_profile::Profile, fathom_profile::Error> {
        let mut builder = fathom_profile::ProfileBuilder::new(&fathom_profile::Limits::default());
        builder.add_sample_type("samples", "count")?;
        builder.add_sample_type("cpu", "nanoseconds")?;
        builder.set_period("cpu", "nanoseconds", period_ns)?;
        let mut locations = Vec::new();
        for (stack, count) in self.filtered(filter) {
            locations.clear();
            for frame in tables.stacks.frames(stack) {
                let name = tables.names.get(frame.function);
                let function = builder.function(name, name, tables.names.get(frame.file), 0)?;
                let line = i64::try_from(frame.line).unwrap_or(i64::MAX);
                locations.push(builder.call(frame.address, function, line)?);
            }
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            builder.add_sample(&locations, &[count, count.saturating_mul(period_ns)], &[])?;
        }
        Ok(builder.finish())
    }
}

fn sorted(by_stack: HashMap<StackId, u64>) -> Vec<(StackId, u64)> {
    let mut rows: Vec<_> = by_stack.into_iter().collect();
    rows.sort_unstable_by_key(|&(stack, count)| (std::cmp::Reverse(count), stack));
    rows
}

impl Visitor for Samples {
    #[inline]
    fn event(&mut self, event: &Event, _: &Tables) {
        if event.kind != EventKind::StackSample {
            return;
        }
        self.count += 1;
        *self.by_stack.entry(event.stack).or_default() += 1;
        if self.taken.len() < MOST_SAMPLES {
            self.taken.push(CpuSample {
                time: event.time,
                goroutine: event.goroutine,
                proc: event.proc,
                thread: event.thread,
                stack: event.stack,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;

    fn samples() -> (Stream, Samples, StackId, StackId) {
        let mut stream = Stream::default();
        let (work, idle) = (stream.stack(&["main.work", "main.main"]), StackId::NONE);
        for (time, proc, goroutine, stack) in [
            (10, 0, 1, work),
            (20, 1, 2, work),
            (30, 0, 1, idle),
            (40, 0, 1, work),
        ] {
            stream.event(time, proc, goroutine, EventKind::StackSample);
            stream.with_stack(stack);
        }
        let mut samples = Samples::default();
        stream.run(&mut samples);
        (stream, samples, work, idle)
    }

    #[test]
    fn samples_are_counted_by_stack() {
        let (_, samples, work, idle) = samples();
        assert_eq!(samples.count(), 4);
        assert_eq!(samples.list().len(), 4);
        assert_eq!(samples.by_stack(), [(work, 3), (idle, 1)]);
        let on_first = SampleFilter {
            goroutine: Some(GoroutineId(1)),
            ..SampleFilter::default()
        };
        assert_eq!(samples.filtered(&on_first), [(work, 2), (idle, 1)]);
        let on_second = SampleFilter {
            proc: Some(ProcId(1)),
            thread: Some(ThreadId(1)),
            ..SampleFilter::default()
        };
        assert_eq!(samples.filtered(&on_second), [(work, 1)]);
        let early = SampleFilter {
            window: Some((Time(10), Time(30))),
            ..SampleFilter::default()
        };
        assert_eq!(samples.filtered(&early), [(work, 2)]);
    }

    #[test]
    fn they_make_a_profile() {
        let (stream, samples, ..) = samples();
        let profile = samples
            .profile(&SampleFilter::default(), USUAL_PERIOD_NS, &stream.tables)
            .expect("a small profile");
        let totals: Vec<i64> = (0..2)
            .map(|column| profile.values(column).iter().sum())
            .collect();
        assert_eq!(totals, [4, 4 * USUAL_PERIOD_NS]);
    }
}
