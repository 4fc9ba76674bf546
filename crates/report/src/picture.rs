//! An SVG drawing as PNG, GIF, PDF or PostScript.
//!
//! The same bytes come out on every machine: the only font is `DejaVu` Sans Condensed, which is
//! part of the program (its widths are close to those of Arial and Helvetica, for which
//! drawings leave room), and nothing that an SVG refers to is fetched, neither fonts nor
//! images. A unit of the SVG is a point.
//!
//! ```
//! let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='20' height='10'>\
//!            <rect width='20' height='10' fill='red'/></svg>";
//! let png = fathom_report::picture::png(svg, 2.0)?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), fathom_report::Error>(())
//! ```

pub(crate) mod font;
mod postscript;
mod raster;

use resvg::usvg::{ImageHrefResolver, Options, Tree};
use svg2pdf::{ConversionOptions, PageOptions};

use crate::command::Picture;
use crate::{Drawing, Error};

/// Pixels a point: a screen has 96 an inch, as Graphviz takes it too.
const SCREEN: f64 = 96.0 / 72.0;

/// Makes a picture of a drawing, and tells if it had to be smaller than usual.
pub(crate) fn of(drawing: &Drawing, format: Picture) -> Result<(Vec<u8>, Option<String>), Error> {
    let most_pixels = if format == Picture::Gif {
        raster::MOST_PIXELS.min(MOST_GIF_PIXELS)
    } else {
        raster::MOST_PIXELS
    };
    // The lengths are rounded up to whole pixels.
    let area = (drawing.width + 1.0) * (drawing.height + 1.0);
    let longer = drawing.width.max(drawing.height).max(1.0);
    let scale = SCREEN
        .min((most_pixels / area).sqrt())
        .min(f64::from(u16::MAX - 1) / longer);
    #[expect(clippy::cast_possible_truncation, reason = "a few digits are enough")]
    let pixels = |draw: fn(&str, f32) -> Result<Vec<u8>, Error>| draw(&drawing.svg, scale as f32);
    let note = || {
        let percent = scale / SCREEN * 100.0;
        (percent < 99.0).then(|| {
            format!(
                "The picture would be too large, it is drawn at {percent:.0} % of its size: \
                 -svg and -pdf have no limit, -nodecount draws less"
            )
        })
    };
    Ok(match format {
        Picture::Svg => (drawing.svg.clone().into_bytes(), None),
        Picture::Png => (pixels(png)?, note()),
        Picture::Gif => (pixels(gif)?, note()),
        Picture::Pdf => (pdf(&drawing.svg)?, None),
        Picture::PostScript => (postscript(&drawing.svg)?.into_bytes(), None),
    })
}

/// A GIF takes four times as long a pixel, for its colours are chosen.
const MOST_GIF_PIXELS: f64 = 4e7;

/// Draws an SVG as a PNG of `scale` pixels a point, on the transparent ground it leaves.
///
/// # Errors
///
/// Errs when the SVG cannot be read, and when the picture would have more than 100 million
/// pixels.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let pixels = raster::draw(&parse(svg, "PNG")?, scale, "PNG")?;
    pixels.encode_png().map_err(|error| failed("PNG", &error))
}

/// Draws an SVG as a GIF of `scale` pixels a point and at most 256 colours, on white.
///
/// # Errors
///
/// Errs when the SVG cannot be read, and when the picture would have more than 100 million
/// pixels or be larger than 65,535 pixels one way, which the format cannot say.
pub fn gif(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let pixels = raster::draw(&parse(svg, "GIF")?, scale, "GIF")?;
    raster::encode_gif(pixels)
}

/// Draws an SVG as a PDF of one page whose text can be searched and copied.
///
/// # Errors
///
/// Errs when the SVG cannot be read or uses what a PDF cannot hold.
pub fn pdf(svg: &str) -> Result<Vec<u8>, Error> {
    let tree = parse(svg, "PDF")?;
    svg2pdf::to_pdf(&tree, ConversionOptions::default(), PageOptions::default())
        .map_err(|error| failed("PDF", &error))
}

/// Draws an SVG as one encapsulated page of PostScript, text as outlines.
///
/// PostScript knows no transparency: what is translucent is mixed with white. Gradients take
/// the colour of their first stop; patterns, masks and clipping are left out.
///
/// # Errors
///
/// Errs when the SVG cannot be read.
pub fn postscript(svg: &str) -> Result<String, Error> {
    Ok(postscript::write(&parse(svg, "PostScript")?))
}

fn parse(svg: &str, format: &'static str) -> Result<Tree, Error> {
    let options = Options {
        dpi: 72.0,
        font_family: font::FAMILY.to_owned(),
        font_resolver: font::resolver(),
        fontdb: font::database(),
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(|error| failed(format, &error))
}

fn failed(format: &'static str, error: &dyn std::fmt::Display) -> Error {
    Error::Picture {
        format,
        reason: error.to_string(),
    }
}
