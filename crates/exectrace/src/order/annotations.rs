//! Numbers of the runtime, what users wrote into the trace, and experiments.

use super::goroutines::check_running;
use super::{Advance, Need, Needs, ON_PROC, Order, Place};
use crate::error::fault;
use crate::event::{EventKind, Log, Metric, Region, Task, TaskId, Text};
use crate::frontier::Raw;
use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::wire::Wire;

impl Order {
    pub(super) fn metric(&mut self, raw: &Raw, place: &mut Place, tables: &Tables) -> Advance {
        let [value, stack, ..] = raw.arguments;
        let (metric, stack) = match raw.wire {
            Wire::ProcsChange => {
                check_running(place)?;
                (Metric::Procs, self.stack(stack, raw.wire, tables)?)
            }
            wire => {
                place.check(ON_PROC)?;
                let metric = if wire == Wire::HeapAlloc {
                    Metric::HeapLive
                } else {
                    Metric::HeapGoal
                };
                (metric, StackId::NONE)
            }
        };
        self.push(raw, place, stack, EventKind::Metric(metric, value));
        Ok(true)
    }

    pub(super) fn label(&mut self, raw: &Raw, place: &mut Place, tables: &mut Tables) -> Advance {
        check_running(place)?;
        let [label, ..] = raw.arguments;
        let label = self.name(label, raw.wire, tables)?;
        self.push(raw, place, StackId::NONE, EventKind::Label(label));
        Ok(true)
    }

    pub(super) fn task(&mut self, raw: &Raw, place: &mut Place, tables: &mut Tables) -> Advance {
        check_running(place)?;
        let [id, second, third, fourth] = raw.arguments;
        let id = TaskId(id);
        let (stack, kind) = if raw.wire == Wire::UserTaskBegin {
            if self.tasks.contains_key(&id) {
                return Err(fault!("task {} begins and has not ended", id.0));
            }
            // A parent of 0 is none. Only regions belong to the background task by themselves.
            let parent = match TaskId(second) {
                TaskId::BACKGROUND => TaskId::NONE,
                parent => parent,
            };
            let kind = self.name(third, raw.wire, tables)?;
            self.tasks.insert(id, (kind, parent));
            (fourth, EventKind::TaskBegin(Task { id, parent, kind }))
        } else {
            // It may have begun before the trace, and may end more than once.
            let (kind, parent) = self
                .tasks
                .remove(&id)
                .unwrap_or((Name::EMPTY, TaskId::NONE));
            (second, EventKind::TaskEnd(Task { id, parent, kind }))
        };
        let stack = self.stack(stack, raw.wire, tables)?;
        self.push(raw, place, stack, kind);
        Ok(true)
    }

    pub(super) fn region(&mut self, raw: &Raw, place: &mut Place, tables: &mut Tables) -> Advance {
        check_running(place)?;
        let [task, name, stack, _] = raw.arguments;
        let task = TaskId(task);
        let kind = self.name(name, raw.wire, tables)?;
        let stack = self.stack(stack, raw.wire, tables)?;
        let goroutine = self.current(raw, place)?;
        let region = Region { task, kind };
        let event = if raw.wire == Wire::UserRegionBegin {
            goroutine.regions.push((task, kind));
            EventKind::RegionBegin(region)
        } else {
            // Regions that began before the trace are not known.
            let innermost = goroutine.regions.pop();
            if innermost.is_some_and(|innermost| innermost != (task, kind)) {
                // Names that are lost may be all that is wrong.
                self.without(fault!(
                    "a region ends on goroutine {} that is not its innermost",
                    place.goroutine.0
                ))?;
            }
            EventKind::RegionEnd(region)
        };
        self.push(raw, place, stack, event);
        Ok(true)
    }

    pub(super) fn log(&mut self, raw: &Raw, place: &mut Place, tables: &mut Tables) -> Advance {
        check_running(place)?;
        let [task, category, message, stack] = raw.arguments;
        let category = self.name(category, raw.wire, tables)?;
        if !tables.has_text(message) {
            self.without(fault!(
                "a log's message is string {message}, which is not there"
            ))?;
        }
        let stack = self.stack(stack, raw.wire, tables)?;
        let log = Log {
            task: TaskId(task),
            category,
            message: Text(message),
        };
        self.push(raw, place, stack, EventKind::Log(log));
        Ok(true)
    }

    pub(super) fn experiment(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        place.check(Needs {
            proc: Need::Any,
            goroutine: Need::Any,
        })?;
        let [first, second, third, _] = raw.arguments;
        let kind = EventKind::Experimental([first, second, third]);
        self.push(raw, place, StackId::NONE, kind);
        Ok(true)
    }
}
