//! System calls and calls of C by stack, and which of them lose their P; waits for the network.

use hashbrown::HashMap;
use serde::Serialize;

use crate::event::{Event, EventKind, GoroutineState, ProcId, ProcState, Time};
use crate::histogram::{Distribution, Histogram};
use crate::names::Name;
use crate::path::stack_view;
use crate::stacks::StackId;
use crate::states::{Analysis, BySlot, Interval, Live, Slot};
use crate::tables::Tables;

/// Calls on one stack.
#[derive(Debug, Clone, Default)]
struct Row {
    durations: Histogram,
    /// How often the P was lost, and how long calls went on after that.
    lost: u64,
    lost_nanoseconds: i64,
}

/// A call that a goroutine is in.
#[derive(Debug, Clone, Copy, Default)]
struct Current {
    proc: Option<ProcId>,
    lost: Option<Time>,
}

/// Counts system calls and waits for the network. Memory grows with the stacks.
#[derive(Debug, Default)]
pub struct Calls {
    by_stack: HashMap<StackId, Row>,
    network: HashMap<StackId, Histogram>,
    current: BySlot<Current>,
    on_proc: HashMap<ProcId, Slot>,
}

impl Calls {
    /// For people: at most so many rows of each table, those with the most time first.
    pub fn view(&self, tables: &Tables, rows: usize) -> CallsView {
        let mut calls: Vec<_> = self.by_stack.iter().collect();
        calls.sort_by_key(|&(&stack, row)| (std::cmp::Reverse(row.durations.total()), stack));
        let mut network: Vec<_> = self.network.iter().collect();
        network.sort_by_key(|&(&stack, waits)| (std::cmp::Reverse(waits.total()), stack));
        CallsView {
            call_count: calls.len(),
            calls: calls
                .into_iter()
                .take(rows)
                .map(|(&stack, row)| CallView {
                    stack: stack_view(stack, tables),
                    is_c: is_c(stack, tables),
                    durations: row.durations.distribution(),
                    lost: row.lost,
                    lost_nanoseconds: row.lost_nanoseconds,
                })
                .collect(),
            network_count: network.len(),
            network: network
                .into_iter()
                .take(rows)
                .map(|(&stack, waits)| NetworkView {
                    stack: stack_view(stack, tables),
                    waits: waits.distribution(),
                })
                .collect(),
        }
    }
}

/// Whether a call is one of C: cgo makes functions of that name for them.
fn is_c(stack: StackId, tables: &Tables) -> bool {
    let mut frames = tables.stacks.frames(stack).take(2);
    frames.any(|frame| {
        let function = tables.names.get(frame.function);
        function.contains("._Cfunc_") || function == "runtime.cgocall"
    })
}

impl Analysis for Calls {
    #[inline]
    fn event(&mut self, event: &Event, _: &Live, _: &Tables) {
        if let EventKind::Proc(transition) = &event.kind
            && transition.to == ProcState::Idle
            && transition.from != transition.to
            && let Some(slot) = self.on_proc.remove(&transition.proc)
        {
            self.current.get_mut(slot).lost = Some(event.time);
        }
    }

    #[inline]
    fn leave(&mut self, interval: &Interval, _: &Live, _: &Tables) {
        if interval.state == GoroutineState::Waiting && interval.likely_reason == Name::NETWORK {
            let waits = self.network.entry(interval.stack).or_default();
            waits.add(interval.nanoseconds());
        }
        if interval.state != GoroutineState::Syscall {
            return;
        }
        let current = std::mem::take(self.current.get_mut(interval.slot));
        if let Some(proc) = current.proc
            && self.on_proc.get(&proc) == Some(&interval.slot)
        {
            self.on_proc.remove(&proc);
        }
        let row = self.by_stack.entry(interval.stack).or_default();
        row.durations.add(interval.nanoseconds());
        if let Some(lost) = current.lost {
            row.lost += 1;
            let after = interval.end.since(lost);
            row.lost_nanoseconds = row.lost_nanoseconds.saturating_add(after);
        }
    }

    #[inline]
    fn enter(&mut self, slot: Slot, event: &Event, live: &Live, _: &Tables) {
        if live.get(slot).now.state == GoroutineState::Syscall {
            let proc = event.proc.is_some().then_some(event.proc);
            *self.current.get_mut(slot) = Current { proc, lost: None };
            if let Some(proc) = proc {
                self.on_proc.insert(proc, slot);
            }
        }
    }
}

/// System calls, calls of C, and waits for the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallsView {
    /// Calls by stack, those with the most time first.
    pub calls: Vec<CallView>,
    /// How many rows there are, the ones that are left out here too.
    pub call_count: usize,
    /// Waits for the network by stack, those with the most time first.
    pub network: Vec<NetworkView>,
    /// How many rows there are, the ones that are left out here too.
    pub network_count: usize,
}

/// Calls on one stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallView {
    /// Where, the leaf first; empty where the trace says no stack.
    pub stack: Vec<String>,
    /// Whether they are calls of C.
    pub is_c: bool,
    /// How long they took.
    pub durations: Distribution,
    /// How many took so long that their P was taken away.
    pub lost: u64,
    /// How long those went on after that.
    pub lost_nanoseconds: i64,
}

/// Waits for the network on one stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkView {
    /// Where, the leaf first; empty where the trace says no stack.
    pub stack: Vec<String>,
    /// How long they took.
    pub waits: Distribution,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::GoroutineState as G;
    use crate::script::Script;

    #[test]
    fn calls_that_lose_their_processor_are_told() {
        let mut script = Script::new();
        let read = script.stack(&["syscall.Read", "main.main"]);
        let nap = script.stack(&["main._Cfunc_nap", "main.main"]);
        script
            .sync(0)
            .status(1, 7, G::Running, StackId::NONE)
            .call(1_000, 7, read)
            .returns(1_200, 7, G::Running)
            .call(2_000, 7, read)
            .idle(2_300, 7)
            .returns(9_000, 7, G::Runnable)
            .start(9_100, 7)
            .call(9_200, 7, nap)
            .sync(10_000);
        let seen = script.run(Calls::default()).view(&script.tables, 10);
        assert_eq!(seen.call_count, 2);
        let read = &seen.calls[0];
        assert_eq!((read.durations.count, read.durations.total), (2, 7_200));
        assert_eq!(
            (read.lost, read.lost_nanoseconds, read.is_c),
            (1, 6_700, false)
        );
        assert!(seen.calls[1].is_c);
        assert_eq!(seen.calls[1].durations.total, 800);
    }

    #[test]
    fn a_call_ends_after_another_took_its_processor() {
        let mut script = Script::new();
        let read = script.stack(&["syscall.Read"]);
        script
            .sync(0)
            .status(1, 7, G::Running, StackId::NONE)
            .call(1_000, 7, read)
            .idle(1_100, 7)
            .status(1_200, 8, G::Running, StackId::NONE)
            .call(1_300, 8, read)
            .on(7)
            .returns(1_400, 7, G::Runnable)
            .idle(1_500, 7)
            .returns(1_600, 8, G::Runnable)
            .sync(2_000);
        let seen = script.run(Calls::default()).view(&script.tables, 10);
        assert_eq!(
            (seen.calls[0].lost, seen.calls[0].lost_nanoseconds),
            (2, 400)
        );
    }
}
