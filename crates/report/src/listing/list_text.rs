//! The text of `go tool pprof -list`, to the byte.

use std::io::Write as _;

use super::list::{ListedFile, Listing};

/// What stands for a line that the source file does not have; pprof's pages say the same.
const UNKNOWN_LINE: &[u8] = b"???";

impl Listing {
    /// Prints the view as `go tool pprof -list` does. Lines of source code stay as they are,
    /// which need not be UTF-8.
    pub fn render_text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // Writing to memory does not fail.
        let _ = writeln!(out, "Total: {}", self.head.format(self.head.total));
        for function in &self.functions {
            if function.files.is_empty() {
                let _ = writeln!(out, "No source information for {}", function.name);
            }
            for file in &function.files {
                self.write_file(&mut out, &function.name, file);
            }
        }
        out
    }

    fn write_file(&self, out: &mut Vec<u8>, name: &str, file: &ListedFile) {
        let head = &self.head;
        let _ = writeln!(
            out,
            "ROUTINE ======================== {name} in {}\n{:>10} {:>10} (flat, cum) {} of Total",
            file.file,
            head.format(file.flat),
            head.format(file.cum),
            head.percentage(file.cum),
        );
        if let Some(reason) = &file.missing {
            let _ = writeln!(out, " Error: {reason}");
            return;
        }
        for line in &file.lines {
            let _ = write!(
                out,
                "{:>10} {:>10} {:>6}:",
                head.format_or_dot(line.flat),
                head.format_or_dot(line.cum),
                line.line,
            );
            let text = line.source.as_ref();
            out.extend(text.map_or(UNKNOWN_LINE, |text| text.as_bytes()));
            out.push(b'\n');
        }
    }
}
