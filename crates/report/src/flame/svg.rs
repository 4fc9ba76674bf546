//! The flame graph as one SVG.

use std::fmt::{self, Write as _};

use fathom_symbols::names::shortened;

use super::colour::{of_change, of_package};
use super::{Direction, Flame, FlameOptions};
use crate::picture::font;
use crate::xml::Escaped;

const SCRIPT: &str = include_str!("svg.js");

/// Only what a dark ground changes: frames stay light, their text dark.
const STYLE: &str = "\
.frame{cursor:pointer}\
.frame:hover rect{stroke:#000;stroke-width:1}\
.faded{opacity:.4}\
.button{cursor:pointer}\
@media (prefers-color-scheme:dark){.ground{fill:#17191d}.outside{fill:#dfe2e6}}";

/// Pixels.
const ROW: f64 = 18.0;
const MARGIN: f64 = 12.0;
const TEXT: f64 = 12.0;
const TITLE: f64 = 16.0;
const SMALL: f64 = 11.0;
const SMALL_ROW: f64 = 15.0;
/// Where a text's line lies in a row of frames.
const BASELINE: f64 = 12.8;

/// Writes a flame graph as an SVG: one file, nothing is fetched from elsewhere.
///
/// It is a whole picture without scripts; in a browser frames can be zoomed and searched.
pub fn render_svg(flame: &Flame, options: &FlameOptions) -> String {
    let mut page = Page {
        out: String::new(),
        flame,
        options,
        width: f64::from(options.width.max(200)),
        scale: 0.0,
        top: 0.0,
        depth: 0,
    };
    // Writing to a string does not fail.
    let _ = page.document();
    page.out
}

struct Page<'a> {
    out: String,
    flame: &'a Flame,
    options: &'a FlameOptions,
    width: f64,
    /// Pixels a unit of value.
    scale: f64,
    /// Where the first row of frames begins.
    top: f64,
    /// The deepest frame drawn.
    depth: u32,
}

impl Page<'_> {
    fn document(&mut self) -> fmt::Result {
        let frames = &self.flame.frames;
        let root = frames.value.first().copied().unwrap_or(0);
        self.scale = if root > 0 {
            (self.width - 2.0 * MARGIN) / root as f64
        } else {
            0.0
        };
        let drawn: Vec<usize> = (0..self.flame.len())
            .filter(|&frame| frame == 0 || self.length(frame) >= self.options.least_width.max(0.05))
            .collect();
        let depths = drawn.iter().filter_map(|&frame| frames.depth.get(frame));
        self.depth = depths.copied().max().unwrap_or(0);

        let mut lines = self.flame.lines(&self.options.zone);
        lines.extend(self.flame.notes.iter().cloned());
        let narrow = self.flame.len() - drawn.len();
        if narrow > 0 {
            lines.push(format!(
                "{narrow} frames narrower than {} pixels are not drawn",
                self.options.least_width
            ));
        }
        let wrapped = self.wrap(&lines);
        let gone = self.gone();
        self.top = MARGIN + TITLE * 1.5 + wrapped.len() as f64 * SMALL_ROW + 10.0;
        let below = self.top + f64::from(self.depth + 1) * ROW + 10.0;
        let height = below + SMALL_ROW * gone.len() as f64 + SMALL_ROW + MARGIN;
        let width = self.width;
        writeln!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{}\">",
            font::FAMILIES
        )?;
        let title = self.flame.title(self.options);
        writeln!(self.out, "<title>{}</title>", Escaped(&title))?;
        writeln!(
            self.out,
            "<style>{STYLE}</style>\n<rect class=\"ground\" width=\"100%\" height=\"100%\" \
             fill=\"#ffffff\"/>"
        )?;
        let mut y = MARGIN + TITLE;
        self.text(MARGIN, y, TITLE, "", &title)?;
        for line in &wrapped {
            y += SMALL_ROW;
            self.text(MARGIN, y, SMALL, "", line)?;
        }
        writeln!(self.out, "<g id=\"frames\" data-margin=\"{MARGIN}\">")?;
        for &frame in &drawn {
            self.frame(frame)?;
        }
        writeln!(self.out, "</g>")?;
        let mut y = below + SMALL_ROW;
        self.text(MARGIN, y, SMALL, " id=\"told\"", " ")?;
        for line in &gone {
            y += SMALL_ROW;
            self.text(MARGIN, y, SMALL, "", line)?;
        }
        for (place, id, label) in [(150.0, "search", "Search"), (70.0, "reset", "Reset zoom")] {
            let attributes =
                format!(" id=\"{id}\" visibility=\"hidden\" text-decoration=\"underline\"");
            self.text(
                width - MARGIN - place,
                MARGIN + SMALL,
                SMALL,
                &attributes,
                label,
            )?;
        }
        writeln!(self.out, "<script><![CDATA[\n{SCRIPT}]]></script>\n</svg>")
    }

    /// Pixels.
    fn length(&self, frame: usize) -> f64 {
        let value = self.flame.frames.value.get(frame).copied().unwrap_or(0);
        value as f64 * self.scale
    }

    fn frame(&mut self, place: usize) -> fmt::Result {
        let frames = &self.flame.frames;
        let number = |column: &[i64]| column.get(place).copied().unwrap_or(0);
        let (value, own, start) = (
            number(&frames.value),
            number(&frames.own),
            number(&frames.start),
        );
        let base = number(&frames.base);
        let depth = frames.depth.get(place).copied().unwrap_or(0);
        let is_inlined = frames.inlined.get(place).copied().unwrap_or(false);
        let row = match self.options.direction {
            Direction::Down => depth,
            Direction::Up => self.depth - depth.min(self.depth),
        };
        let (x, y) = (
            MARGIN + start as f64 * self.scale,
            self.top + f64::from(row) * ROW,
        );
        let width = if place == 0 {
            self.width - 2.0 * MARGIN
        } else {
            self.length(place)
        };
        let function = frames
            .function
            .get(place)
            .and_then(|&function| self.flame.functions.get(function as usize));
        let (name, package) = function.map_or(("", ""), |it| (&it.name, &it.package));
        let colour = if self.flame.is_difference() {
            of_change(base, value)
        } else {
            of_package(package)
        };
        let inline = if is_inlined { " (inline)" } else { "" };
        let flame = self.flame;
        let told = if flame.is_difference() {
            let change = value.saturating_sub(base);
            format!(
                "{name}{inline}: base {}, new {} ({}), change {}{}",
                flame.format(base),
                flame.format(value),
                flame.percentage(value),
                if change > 0 { "+" } else { "" },
                flame.format(change)
            )
        } else {
            format!(
                "{name}{inline}: flat {} ({}), cum {} ({})",
                flame.format(own),
                flame.percentage(own),
                flame.format(value),
                flame.percentage(value)
            )
        };
        let gap = if width > 3.0 { 0.8 } else { 0.0 };
        write!(
            self.out,
            "<g class=\"frame\" data-x=\"{start}\" data-w=\"{value}\" data-d=\"{depth}\">\
             <title>{}</title><rect x=\"{x:.2}\" y=\"{y:.1}\" width=\"{:.2}\" height=\"{}\" \
             fill=\"{}\"/>",
            Escaped(&told),
            width - gap,
            ROW - 1.0,
            colour.hex()
        )?;
        let short = shortened(name);
        let shown = fitting(&short, width - 8.0);
        let style = if is_inlined {
            " font-style=\"italic\""
        } else {
            ""
        };
        writeln!(
            self.out,
            "<text x=\"{:.2}\" y=\"{:.1}\" font-size=\"{TEXT}\"{style} data-n=\"{}\">{}</text></g>",
            x + 4.0,
            y + BASELINE,
            Escaped(&short),
            Escaped(&shown)
        )
    }

    fn text(&mut self, x: f64, y: f64, size: f64, attributes: &str, text: &str) -> fmt::Result {
        writeln!(
            self.out,
            "<text class=\"outside\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{attributes}>{}</text>",
            Escaped(text)
        )
    }

    /// Texts in lines of the picture's width.
    fn wrap(&self, texts: &[String]) -> Vec<String> {
        let room = self.width - 2.0 * MARGIN;
        let mut lines: Vec<String> = Vec::new();
        for text in texts {
            let joined = lines.last().map(|line| format!("{line} \u{b7} {text}"));
            match joined.filter(|joined| font::width(joined, SMALL) <= room) {
                Some(joined) => {
                    lines.pop();
                    lines.push(joined);
                }
                None => lines.push(cut(text, SMALL, room)),
            }
        }
        lines
    }

    /// A few of the calls that only the base has.
    fn gone(&self) -> Vec<String> {
        const MOST: usize = 10;
        let gone = &self.flame.gone;
        let mut lines = Vec::new();
        if gone.is_empty() {
            return lines;
        }
        lines.push(format!("Only in the base ({}):", gone.len()));
        for call in gone.iter().take(MOST) {
            let callers: Vec<String> = call.callers.iter().map(|name| shortened(name)).collect();
            let line = format!(
                "{} {} \u{2190} {}",
                self.flame.format(call.base),
                call.name,
                callers.join(" \u{2190} ")
            );
            lines.push(cut(&line, SMALL, self.width - 2.0 * MARGIN));
        }
        lines
    }
}

/// As much of a frame's name as there is room for; nothing rather than two letters.
fn fitting(name: &str, room: f64) -> String {
    if room < 16.0 {
        return String::new();
    }
    let cut = cut(name, TEXT, room);
    if cut.chars().count() < 3 && cut != name {
        return String::new();
    }
    cut
}

/// A text's beginning that is no wider than `room` points, with dots where it ends early.
fn cut(text: &str, size: f64, room: f64) -> String {
    if font::width(text, size) <= room {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut left = room - font::width("\u{2026}", size);
    for character in text.chars() {
        left -= font::width(character.encode_utf8(&mut [0; 4]), size);
        if left < 0.0 {
            break;
        }
        cut.push(character);
    }
    cut.push('\u{2026}');
    cut
}
