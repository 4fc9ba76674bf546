//! The page of `weblist`: one self-contained file, which works without scripts but for the
//! buttons that open many lines at once.
//!
//! A line that code was made of opens to its instructions, each below the inlined calls that
//! lead to it. Numbers are written as in `list`; a bar shows a line's share of its function.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::page::{InlinedCall, PageFunction, PageInstruction, PageLine, SourcePage};
use crate::head::profile_lines;
use crate::paths;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A line is hot from this share of what its function holds on.
const HOT_SHARE: f64 = 0.05;

impl SourcePage {
    /// Writes the page.
    pub fn render_html(&self, zone: &TimeZone) -> String {
        let head = &self.head;
        let title = match head.heading.file.as_str() {
            "" => "Source",
            file => file,
        };
        let format = |value| head.format(value);
        let about = profile_lines(&head.heading, head.total, zone, &format).join("\n");
        let mut out = String::new();
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} {kind}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>{title}</h1>\n<div class=\"about\">{about}\nTotal: {total}</div>\n",
            title = Escaped(title),
            kind = Escaped(&head.heading.sample_type),
            about = Escaped(&about),
            total = Escaped(&head.format(head.total)),
        );
        for note in &self.notes {
            let _ = writeln!(out, "<p class=\"missing\">{}</p>", Escaped(note));
        }
        self.write_contents(&mut out);
        out.push_str("</header>\n<main>\n");
        for (number, function) in self.functions.iter().enumerate() {
            self.write_function(&mut out, number, function);
        }
        let _ = write!(
            out,
            "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
        );
        out
    }

    /// Writes the functions, most first.
    fn write_contents(&self, out: &mut String) {
        let mut order: Vec<(usize, &PageFunction)> = self.functions.iter().enumerate().collect();
        order.sort_by_key(|(_, function)| std::cmp::Reverse(function.cum.unsigned_abs()));
        out.push_str("<nav aria-label=\"Functions\">\n");
        for (number, function) in order {
            let _ = writeln!(
                out,
                "<a href=\"#f{number}\" title=\"{name} in {file}\"><b>{cum}</b><span>{name}</span></a>",
                name = Escaped(&function.name),
                file = Escaped(&function.file),
                cum = Escaped(&self.head.format(function.cum)),
            );
        }
        out.push_str("</nav>\n");
    }

    fn write_function(&self, out: &mut String, number: usize, function: &PageFunction) {
        let head = &self.head;
        let _ = writeln!(
            out,
            "<section id=\"f{number}\">\n<h2>{name}</h2>\n<p class=\"place\">{file} · flat {flat} · \
             cum {cum} · {percent} of total</p>",
            name = Escaped(&function.name),
            file = Escaped(&function.file),
            flat = Escaped(&head.format(function.flat)),
            cum = Escaped(&head.format(function.cum)),
            percent = Escaped(head.percentage(function.cum).trim()),
        );
        if let Some(reason) = &function.missing {
            let _ = writeln!(
                out,
                "<p class=\"missing\">No source: {}</p>",
                Escaped(reason)
            );
        }
        if function
            .lines
            .iter()
            .any(|line| !line.instructions.is_empty())
        {
            out.push_str(
                "<p><button data-open=\"hot\">Open hot lines</button> \
                 <button data-open=\"all\">Open all</button> \
                 <button data-open=\"none\">Close all</button></p>\n",
            );
        }
        out.push_str(
            "<div class=\"code\">\n<div class=\"row\"><span></span><span class=\"n\">flat</span>\
             <span class=\"n\">cum</span><span class=\"number\">line</span><span></span></div>\n",
        );
        for line in &function.lines {
            self.write_line(out, function, line);
        }
        out.push_str("</div>\n</section>\n");
    }

    fn write_line(&self, out: &mut String, function: &PageFunction, line: &PageLine) {
        let share = share(line.cum, function.cum);
        let quiet = if line.cum == 0 && line.flat == 0 {
            " quiet"
        } else {
            ""
        };
        let mut row =
            format!("<div class=\"row\" style=\"--share:{share:.3}\"><span class=\"mark\"></span>");
        self.write_values(&mut row, line.flat, line.cum);
        let text = match (&line.source, line.line) {
            (Some(text), _) => text.to_text(),
            (None, ..1) => "(unknown line)".into(),
            (None, _) => "???".into(),
        };
        let _ = write!(
            row,
            "<span class=\"number\">{}</span><span class=\"text\">{}</span></div>",
            line.line,
            Escaped(&text)
        );
        if line.instructions.is_empty() {
            let _ = writeln!(out, "<div class=\"line{quiet}\">{row}</div>");
            return;
        }
        let hot = u8::from(share >= HOT_SHARE);
        let _ = writeln!(
            out,
            "<details class=\"line{quiet}\" data-hot=\"{hot}\"><summary>{row}</summary>\
             <div class=\"made\">"
        );
        let mut shown: &[InlinedCall] = &[];
        for (place, instruction) in line.instructions.iter().enumerate() {
            if instruction.starts_block && place != 0 {
                out.push_str("<div class=\"gap\"></div>\n");
            }
            shown = self.write_instruction(out, instruction, shown);
        }
        out.push_str("</div></details>\n");
    }

    /// Writes an instruction below those of its calls that were not written for the one before,
    /// and returns its calls.
    fn write_instruction<'i>(
        &self,
        out: &mut String,
        instruction: &'i PageInstruction,
        shown: &[InlinedCall],
    ) -> &'i [InlinedCall] {
        let calls = &instruction.calls;
        let same = calls.iter().zip(shown).take_while(|(a, b)| a == b).count();
        for (depth, call) in calls.iter().enumerate().skip(same) {
            let text = call.source.as_ref().map(|text| text.to_text());
            let text = text.as_deref().unwrap_or("???").trim();
            let _ = writeln!(
                out,
                "<div class=\"row\"><span></span><span></span><span></span>\
                 <span class=\"address\">inlined</span>\
                 <span class=\"call\">{indent}{text}</span>\
                 <span class=\"from\">{function} {file}:{line}</span></div>",
                indent = "  ".repeat(depth),
                text = Escaped(text),
                function = Escaped(&call.function),
                file = Escaped(paths::base(&call.file)),
                line = call.line,
            );
        }
        let mut row = String::new();
        self.write_values(&mut row, instruction.flat, instruction.cum);
        let text = instruction.text.as_deref().unwrap_or("(no binary)");
        let _ = writeln!(
            out,
            "<div class=\"row\"><span></span>{row}<span class=\"address\">{address:x}</span>\
             <span class=\"asm\">{indent}{text}</span><span class=\"from\">{file}:{line}</span></div>",
            address = instruction.address,
            indent = "  ".repeat(calls.len()),
            text = Escaped(text),
            file = Escaped(paths::base(&instruction.file)),
            line = instruction.line,
        );
        calls
    }

    fn write_values(&self, out: &mut String, flat: i64, cum: i64) {
        for value in [flat, cum] {
            let zero = if value == 0 { " zero" } else { "" };
            let text = self.head.format_or_dot(value);
            let _ = write!(out, "<span class=\"n{zero}\">{}</span>", Escaped(&text));
        }
    }
}

/// A share of a function from 0 to 1.
fn share(value: i64, whole: i64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (value as f64 / whole as f64).abs().clamp(0.0, 1.0)
}

/// Text in a page: what means something in HTML is written as a reference.
struct Escaped<'t>(&'t str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => formatter.write_str("&amp;"),
                '<' => formatter.write_str("&lt;"),
                '>' => formatter.write_str("&gt;"),
                '"' => formatter.write_str("&quot;"),
                '\'' => formatter.write_str("&#39;"),
                // Would end or disturb the page.
                '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f' => formatter.write_str("\u{fffd}"),
                other => formatter.write_char(other),
            }?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let text = Escaped("<script>\"a\" & 'b'\t\0</script>").to_string();
        assert_eq!(
            text,
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;\t\u{fffd}&lt;/script&gt;"
        );
    }

    #[test]
    fn shares_stay_between_nothing_and_all() {
        assert_eq!(share(1, 0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(share(-5, 10).to_bits(), 0.5_f64.to_bits());
        assert_eq!(share(i64::MIN, 1).to_bits(), 1.0_f64.to_bits());
    }
}
