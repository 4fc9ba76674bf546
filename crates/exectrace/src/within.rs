//! Waits within regions: which of a goroutine's waits lie in its outermost regions of a sort.
//!
//! The rules are those of `pprofMatchingRegions` (`src/cmd/trace/pprof.go`, Go 1.27.3). Whether a
//! region is of the sort is known only when it ends, because its length may decide; until then
//! its waits are held, summed up by stack.

use hashbrown::HashMap;

use crate::event::Time;
use crate::names::Name;
use crate::profiles::WaitKind;
use crate::stacks::StackId;
use crate::tables::Tables;

/// Which regions: those of `/userregion` of the reference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegionFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// Begun on a stack whose root has this address.
    pub address: Option<u64>,
    /// At least so many nanoseconds long.
    pub shortest: Option<i64>,
    /// At most so many nanoseconds long.
    pub longest: Option<i64>,
}

impl RegionFilter {
    /// Whether a region may be one, as far as its beginning tells.
    pub(crate) fn may_match(&self, kind: &str, address: u64) -> bool {
        self.kind.as_ref().is_none_or(|wanted| wanted == kind)
            && self.address.is_none_or(|wanted| wanted == address)
    }

    /// Whether its length is right.
    pub(crate) fn matches_length(&self, nanoseconds: i64) -> bool {
        self.shortest.is_none_or(|shortest| nanoseconds >= shortest)
            && self.longest.is_none_or(|longest| nanoseconds <= longest)
    }
}

/// Waits of one kind on one stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contribution {
    pub(crate) kind: WaitKind,
    pub(crate) stack: StackId,
    pub(crate) count: u64,
    pub(crate) nanoseconds: i64,
}

#[derive(Debug, Default)]
struct Tally(HashMap<(WaitKind, StackId), (u64, i64)>);

impl Tally {
    fn add(&mut self, more: Contribution) {
        let row = self.0.entry((more.kind, more.stack)).or_default();
        row.0 += more.count;
        row.1 = row.1.saturating_add(more.nanoseconds);
    }

    fn drain(self) -> impl Iterator<Item = Contribution> {
        self.0
            .into_iter()
            .map(|((kind, stack), (count, nanoseconds))| Contribution {
                kind,
                stack,
                count,
                nanoseconds,
            })
    }
}

/// What a region holds that may be of the sort.
#[derive(Debug, Default)]
struct Held {
    /// All waits within it.
    all: Tally,
    /// Those of regions within it that were of the sort.
    accepted: Tally,
}

#[derive(Debug)]
struct Open {
    begin: Time,
    /// None where it cannot be of the sort.
    held: Option<Held>,
}

/// The regions that are open on a goroutine, and the waits in them.
#[derive(Debug)]
pub(crate) struct Within {
    open: Vec<Open>,
    /// What may lie in a region that began before the trace: everything.
    before: Option<Held>,
}

impl Within {
    pub(crate) fn new(created_in_trace: bool) -> Self {
        Self {
            open: Vec::new(),
            before: (!created_in_trace).then(Held::default),
        }
    }

    /// Whether a region is open.
    pub(crate) fn is_inside(&self) -> bool {
        !self.open.is_empty()
    }

    pub(crate) fn add(&mut self, wait: Contribution) {
        let open = self.open.iter_mut().filter_map(|open| open.held.as_mut());
        for held in open.chain(&mut self.before) {
            held.all.add(wait);
        }
    }

    pub(crate) fn begin(
        &mut self,
        kind: Name,
        stack: StackId,
        begin: Time,
        filter: &RegionFilter,
        tables: &Tables,
    ) {
        let address = tables.stacks.root(stack).map_or(0, |root| root.address);
        let may = filter.may_match(tables.names.get(kind), address);
        let held = may.then(Held::default);
        self.open.push(Open { begin, held });
    }

    /// Ends the innermost region, or one that began before the trace.
    pub(crate) fn end(
        &mut self,
        kind: Name,
        first: Time,
        now: Time,
        filter: &RegionFilter,
        tables: &Tables,
        out: &mut Vec<Contribution>,
    ) {
        if let Some(open) = self.open.pop() {
            self.close(
                open,
                |nanoseconds| filter.matches_length(nanoseconds),
                now,
                out,
            );
        } else if filter.may_match(tables.names.get(kind), 0)
            && filter.matches_length(now.since(first))
            && let Some(held) = self.before.take()
        {
            out.extend(held.all.drain());
        }
    }

    fn close(
        &mut self,
        open: Open,
        is_right: impl Fn(i64) -> bool,
        now: Time,
        out: &mut Vec<Contribution>,
    ) {
        let Some(held) = open.held else {
            return;
        };
        let result = if is_right(now.since(open.begin)) {
            held.all
        } else {
            held.accepted
        };
        let outer = self
            .open
            .iter_mut()
            .rev()
            .find_map(|open| open.held.as_mut());
        if let Some(outer) = outer.or(self.before.as_mut()) {
            for wait in result.drain() {
                outer.accepted.add(wait);
            }
        } else {
            out.extend(result.drain());
        }
    }

    /// Ends all regions, with the goroutine or the trace. Those of the runtime's goroutines do
    /// not count.
    pub(crate) fn finish(
        &mut self,
        now: Time,
        is_system: bool,
        filter: &RegionFilter,
        out: &mut Vec<Contribution>,
    ) {
        while let Some(open) = self.open.pop() {
            let is_right = |nanoseconds| !is_system && filter.matches_length(nanoseconds);
            self.close(open, is_right, now, out);
        }
        if let Some(held) = self.before.take() {
            out.extend(held.accepted.drain());
        }
    }
}
