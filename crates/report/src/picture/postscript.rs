//! A page of PostScript, made of paths alone.
//!
//! Operators and comments: PostScript Language Reference, third edition, chapter 8 and
//! appendix G (document structuring, encapsulated files).

use std::fmt::{self, Write};

use resvg::tiny_skia::{PathSegment, Point};
use resvg::usvg::{Color, Fill, FillRule, Group, LineCap, LineJoin, Node, Paint, Path, Stroke};
use resvg::usvg::{PaintOrder, Transform, Tree};

/// Short names for the operators that make up most of a page.
const PROLOGUE: &str = "\
%%BeginProlog
/m /moveto load def
/l /lineto load def
/c /curveto load def
/z /closepath load def
%%EndProlog
";

/// Writes a drawing as an encapsulated page.
pub(super) fn write(tree: &Tree) -> String {
    let mut page = Page(String::new());
    // Writing to a string does not fail.
    let _ = page.document(tree);
    page.0
}

struct Page(String);

impl Page {
    fn document(&mut self, tree: &Tree) -> fmt::Result {
        let (width, height) = (tree.size().width(), tree.size().height());
        writeln!(self.0, "%!PS-Adobe-3.0 EPSF-3.0")?;
        writeln!(
            self.0,
            "%%BoundingBox: 0 0 {} {}",
            width.ceil(),
            height.ceil()
        )?;
        writeln!(self.0, "%%LanguageLevel: 2\n%%Pages: 1\n%%EndComments")?;
        self.0.push_str(PROLOGUE);
        writeln!(self.0, "%%Page: 1 1\ngsave")?;
        // PostScript counts y upwards.
        writeln!(self.0, "0 {height} translate 1 -1 scale")?;
        self.group(tree.root(), 1.0)?;
        writeln!(self.0, "grestore\nshowpage\n%%EOF")
    }

    fn group(&mut self, group: &Group, opacity: f32) -> fmt::Result {
        let opacity = opacity * group.opacity().get();
        for node in group.children() {
            match node {
                Node::Group(group) => self.group(group, opacity)?,
                Node::Path(path) => self.path(path, opacity)?,
                Node::Text(text) => self.group(text.flattened(), opacity)?,
                Node::Image(_) => {}
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &Path, opacity: f32) -> fmt::Result {
        if !path.is_visible() {
            return Ok(());
        }
        let transform = path.abs_transform();
        if path.paint_order() == PaintOrder::StrokeAndFill {
            self.stroke(path, transform, opacity)?;
            self.fill(path, transform, opacity)
        } else {
            self.fill(path, transform, opacity)?;
            self.stroke(path, transform, opacity)
        }
    }

    fn fill(&mut self, path: &Path, transform: Transform, opacity: f32) -> fmt::Result {
        let Some(fill) = path.fill() else {
            return Ok(());
        };
        let Some(colour) = colour(fill.paint(), fill.opacity().get() * opacity) else {
            return Ok(());
        };
        self.outline(path, transform)?;
        let operator = fill_operator(fill);
        writeln!(self.0, "{colour} setrgbcolor {operator}")
    }

    fn stroke(&mut self, path: &Path, transform: Transform, opacity: f32) -> fmt::Result {
        let Some(stroke) = path.stroke() else {
            return Ok(());
        };
        let Some(colour) = colour(stroke.paint(), stroke.opacity().get() * opacity) else {
            return Ok(());
        };
        self.outline(path, transform)?;
        // The pen is taken as round: drawings are scaled alike both ways.
        let scale = transform.get_scale().0;
        write!(self.0, "{:.3} setlinewidth ", stroke.width().get() * scale)?;
        write!(
            self.0,
            "{} setlinecap {} setlinejoin ",
            cap(stroke),
            join(stroke)
        )?;
        self.0.push('[');
        for dash in stroke.dasharray().unwrap_or_default() {
            write!(self.0, "{:.2} ", dash * scale)?;
        }
        write!(self.0, "] {:.2} setdash ", stroke.dashoffset() * scale)?;
        writeln!(self.0, "{colour} setrgbcolor stroke")
    }

    fn outline(&mut self, path: &Path, transform: Transform) -> fmt::Result {
        let place = |mut point: Point| {
            transform.map_point(&mut point);
            point
        };
        let mut at = Point::zero();
        self.0.push_str("newpath\n");
        for segment in path.data().segments() {
            match segment {
                PathSegment::MoveTo(to) => {
                    at = place(to);
                    writeln!(self.0, "{:.2} {:.2} m", at.x, at.y)?;
                }
                PathSegment::LineTo(to) => {
                    at = place(to);
                    writeln!(self.0, "{:.2} {:.2} l", at.x, at.y)?;
                }
                PathSegment::QuadTo(control, to) => {
                    let (control, to) = (place(control), place(to));
                    // The cubic curve of the same shape.
                    let first = towards(at, control);
                    let second = towards(to, control);
                    self.curve(first, second, to)?;
                    at = to;
                }
                PathSegment::CubicTo(first, second, to) => {
                    at = place(to);
                    self.curve(place(first), place(second), at)?;
                }
                PathSegment::Close => self.0.push_str("z\n"),
            }
        }
        Ok(())
    }

    fn curve(&mut self, first: Point, second: Point, to: Point) -> fmt::Result {
        writeln!(
            self.0,
            "{:.2} {:.2} {:.2} {:.2} {:.2} {:.2} c",
            first.x, first.y, second.x, second.y, to.x, to.y
        )
    }
}

/// Returns the point two thirds of the way from an end of a quadratic curve to its control
/// point.
fn towards(end: Point, control: Point) -> Point {
    Point::from_xy(
        end.x + (control.x - end.x) * 2.0 / 3.0,
        end.y + (control.y - end.y) * 2.0 / 3.0,
    )
}

/// Returns red, green and blue between 0 and 1, mixed with white; nothing where nothing is to
/// be painted.
fn colour(paint: &Paint, opacity: f32) -> Option<String> {
    let (Color { red, green, blue }, opacity) = match paint {
        Paint::Color(colour) => (*colour, opacity),
        Paint::LinearGradient(gradient) => {
            let stop = gradient.stops().first()?;
            (stop.color(), opacity * stop.opacity().get())
        }
        Paint::RadialGradient(gradient) => {
            let stop = gradient.stops().first()?;
            (stop.color(), opacity * stop.opacity().get())
        }
        Paint::Pattern(_) => return None,
    };
    if opacity <= 0.0 {
        return None;
    }
    let mixed = [red, green, blue]
        .map(|channel| 1.0 - opacity * (1.0 - f32::from(channel) / f32::from(u8::MAX)));
    Some(format!("{:.3} {:.3} {:.3}", mixed[0], mixed[1], mixed[2]))
}

fn fill_operator(fill: &Fill) -> &'static str {
    match fill.rule() {
        FillRule::NonZero => "fill",
        FillRule::EvenOdd => "eofill",
    }
}

fn cap(stroke: &Stroke) -> u8 {
    match stroke.linecap() {
        LineCap::Butt => 0,
        LineCap::Round => 1,
        LineCap::Square => 2,
    }
}

fn join(stroke: &Stroke) -> u8 {
    match stroke.linejoin() {
        LineJoin::Miter | LineJoin::MiterClip => 0,
        LineJoin::Round => 1,
        LineJoin::Bevel => 2,
    }
}
