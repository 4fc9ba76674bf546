//! The text of `-d=parsed`, taken apart.

/// An event as the reference's ordered reader gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The thread; -1 for none.
    pub thread: i64,
    /// The processor; -1 for none.
    pub processor: i64,
    /// The goroutine; -1 for none.
    pub goroutine: i64,
    /// The kind, such as `StateTransition` or `TaskBegin`.
    pub kind: &'a str,
    /// Nanoseconds of the trace's clock.
    pub time: i64,
    /// The rest of the line, such as `GoID=21 NotExist->Runnable Reason=""`.
    pub attributes: &'a str,
    /// The stack of the goroutine that changes, innermost frame first.
    pub transition_stack: Vec<Frame<'a>>,
    /// The stack of the goroutine that the event happened on, innermost frame first.
    pub stack: Vec<Frame<'a>>,
}

/// A frame of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame<'a> {
    /// The function.
    pub function: &'a str,
    /// The address.
    pub pc: u64,
    /// The file.
    pub file: &'a str,
    /// The line.
    pub line: u64,
}

/// Takes the text of [`super::Reference::parsed`] apart; or returns the first line that is not
/// as it was when this was written.
///
/// # Errors
///
/// That line.
pub fn events(text: &str) -> Result<Vec<Event<'_>>, &str> {
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut is_transition = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match line {
            "" => {}
            "TransitionStack=" => is_transition = true,
            "Stack=" => is_transition = false,
            _ if line.starts_with('\t') => {
                let place = lines.next().unwrap_or_default();
                let event = events.last_mut().ok_or(line)?;
                let stack = if is_transition {
                    &mut event.transition_stack
                } else {
                    &mut event.stack
                };
                stack.push(frame(line, place).ok_or(line)?);
            }
            _ => events.push(event(line).ok_or(line)?),
        }
    }
    Ok(events)
}

fn event(line: &str) -> Option<Event<'_>> {
    let mut words = line.splitn(6, ' ');
    let mut number = |name: &str| words.next()?.strip_prefix(name)?.parse().ok();
    let thread = number("M=")?;
    let processor = number("P=")?;
    let goroutine = number("G=")?;
    let kind = words.next()?;
    let time = words.next()?.strip_prefix("Time=")?.parse().ok()?;
    Some(Event {
        thread,
        processor,
        goroutine,
        kind,
        time,
        attributes: words.next().unwrap_or_default(),
        transition_stack: Vec::new(),
        stack: Vec::new(),
    })
}

fn frame<'a>(function: &'a str, place: &'a str) -> Option<Frame<'a>> {
    let (function, pc) = function.trim_start_matches('\t').rsplit_once(" @ 0x")?;
    let (file, line) = place.trim_start_matches('\t').rsplit_once(':')?;
    Some(Frame {
        function,
        pc: u64::from_str_radix(pc, 16).ok()?,
        file,
        line: line.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_both_its_stacks() {
        let text = "M=7 P=0 G=1 StateTransition Time=12 GoID=5 NotExist->Runnable Reason=\"\"\n\
                    TransitionStack=\n\tmain.a @ 0x10\n\t\tdir/a.go:3\n\n\
                    Stack=\n\tmain.b @ 0x2f\n\t\tC:/b.go:4\n\tmain.main @ 0x30\n\t\tm.go:5\n\n\
                    M=-1 P=-1 G=-1 Sync Time=13 N=2\n";
        let events = events(text).unwrap();
        let [created, sync] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(created.attributes, "GoID=5 NotExist->Runnable Reason=\"\"");
        assert_eq!(created.transition_stack[0].function, "main.a");
        assert_eq!(
            (created.stack[0].file, created.stack[0].pc),
            ("C:/b.go", 0x2f)
        );
        assert_eq!(created.stack[1].line, 5);
        assert_eq!((sync.thread, sync.kind, sync.time), (-1, "Sync", 13));
    }

    #[test]
    fn a_strange_line_is_returned() {
        assert_eq!(
            events("M=1 P=x G=1 Sync Time=1"),
            Err("M=1 P=x G=1 Sync Time=1")
        );
        assert_eq!(events("\tmain.a @ 0x10"), Err("\tmain.a @ 0x10"));
    }
}
