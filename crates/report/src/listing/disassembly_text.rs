//! The text of `go tool pprof -disasm`, to the byte.

use std::fmt::Write as _;

use super::disassembly::{AnnotatedInstruction, Disassembly};

/// Instructions of fewer bytes have their place beside them, others above.
const SHORT_BYTES: usize = 40;

impl Disassembly {
    /// Prints the view as `go tool pprof -disasm` does.
    pub fn render_text(&self) -> String {
        let head = &self.head;
        let mut out = String::new();
        let _ = writeln!(out, "Total: {}", head.format(head.total));
        for routine in &self.routines {
            let _ = writeln!(out, "ROUTINE ======================== {}", routine.name);
            for alias in &routine.aliases {
                let _ = writeln!(out, "    AKA ======================== {alias}");
            }
            let _ = writeln!(
                out,
                "{:>10} {:>10} (flat, cum) {} of Total",
                head.format(routine.flat),
                head.format(routine.cum),
                head.percentage(routine.cum)
            );
            let mut shown = ("", "", 0);
            for instruction in &routine.instructions {
                let place = (
                    instruction.function.as_str(),
                    instruction.file.as_str(),
                    instruction.line,
                );
                let place = if place == shown {
                    String::new()
                } else {
                    shown = place;
                    place_text(place)
                };
                self.write(&mut out, instruction, &place);
            }
        }
        out
    }

    fn write(&self, out: &mut String, instruction: &AnnotatedInstruction, place: &str) {
        let flat = self.head.format_or_dot(instruction.flat);
        let cum = self.head.format_or_dot(instruction.cum);
        let AnnotatedInstruction { address, text, .. } = instruction;
        let is_short = text.len() < SHORT_BYTES;
        if !place.is_empty() && !is_short {
            let _ = writeln!(out, "{:>74};{place}", "");
        }
        let _ = write!(out, "{flat:>10} {cum:>10} {address:>10x}: ");
        let _ = if !place.is_empty() && is_short {
            writeln!(out, "{text:<40};{place}")
        } else {
            writeln!(out, "{text}")
        };
    }
}

fn place_text((function, file, line): (&str, &str, i64)) -> String {
    let mut text = String::new();
    if !function.is_empty() {
        text.push_str(function);
        text.push(' ');
    }
    if !file.is_empty() {
        text.push_str(file);
        if line != 0 {
            let _ = write!(text, ":{line}");
        }
    }
    text
}
