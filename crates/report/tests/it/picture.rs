//! Pictures are what the SVG says, on any machine.

use fathom_report::Error;
use fathom_report::picture::{gif, pdf, png, postscript};
use resvg::tiny_skia::Pixmap;

/// A red box with a word in a font that no machine has, beside an empty quarter.
const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='200pt' height='100pt' \
    viewBox='0 0 200 100'>\
    <rect width='100' height='100' fill='#ff0000'/>\
    <text x='110' y='50' font-family='No Such Font' font-size='20'>runtime</text>\
    <path d='M110 80Q150 60 190 80' fill='none' stroke='#0000ff' stroke-opacity='0.5' \
    stroke-width='2' stroke-dasharray='4 2'/>\
    <image href='/etc/passwd' width='10' height='10'/></svg>";

fn dark_pixels(picture: &Pixmap, from_x: u32, to_x: u32, from_y: u32, to_y: u32) -> usize {
    (from_y..to_y)
        .flat_map(|y| (from_x..to_x).map(move |x| (x, y)))
        .filter_map(|(x, y)| picture.pixel(x, y))
        .filter(|pixel| pixel.alpha() > 128 && pixel.red() < 64 && pixel.blue() < 64)
        .count()
}

#[test]
fn a_png_has_the_size_the_colours_and_the_text() {
    let bytes = png(SVG, 1.5).unwrap();
    let picture = Pixmap::decode_png(&bytes).unwrap();
    assert_eq!((picture.width(), picture.height()), (300, 150));
    let red = picture.pixel(75, 75).unwrap();
    assert_eq!((red.red(), red.green(), red.blue()), (255, 0, 0));
    assert_eq!(picture.pixel(290, 10).unwrap().alpha(), 0);
    // "runtime" is seven letters of 30 pixels' height: several hundred dark pixels.
    let dark = dark_pixels(&picture, 160, 300, 40, 90);
    assert!((300..3_000).contains(&dark), "{dark}");
}

#[test]
fn a_gif_has_the_same_picture_on_white() {
    let bytes = gif(SVG, 1.0).unwrap();
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(&bytes[..]).unwrap();
    assert_eq!((decoder.width(), decoder.height()), (200, 100));
    let frame = decoder.read_next_frame().unwrap().unwrap();
    let pixel = |x: usize, y: usize| &frame.buffer[4 * (y * 200 + x)..][..4];
    assert_eq!(pixel(50, 50), [255, 0, 0, 255]);
    assert_eq!(pixel(195, 5), [255, 255, 255, 255]);
}

#[test]
fn a_pdf_is_one_page_with_the_font_in_it() {
    let bytes = pdf(SVG).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("%PDF-"));
    assert!(text.contains("/MediaBox [0 0 200 100]"));
    assert!(text.contains("DejaVu"), "the font is embedded");
    assert!(text.contains("/ToUnicode"), "the text can be searched");
}

#[test]
fn postscript_draws_paths_alone() {
    let text = postscript(SVG).unwrap();
    assert!(text.starts_with("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 200 100\n"));
    assert!(text.contains("1.000 0.000 0.000 setrgbcolor fill"));
    // Half of blue over white, dashed; the quadratic curve as a cubic.
    assert!(text.contains("[4.00 2.00 ] 0.00 setdash 0.500 0.500 1.000 setrgbcolor stroke"));
    assert!(text.contains("136.67 66.67 163.33 66.67 190.00 80.00 c"));
    let letters = text.matches("newpath").count() - 2;
    assert!(letters >= 1);
    assert!(text.matches(" c\n").count() > 20, "the outlines of letters");
    assert!(text.ends_with("showpage\n%%EOF\n"));
}

#[test]
fn what_is_no_svg_or_too_large_is_refused_in_words() {
    assert!(matches!(
        png("<svg", 1.0),
        Err(Error::Picture { format: "PNG", .. })
    ));
    let error = png(SVG, 1_000.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a PNG of 200000 by 100000 pixels is too large or too small"
    );
    assert!(gif(SVG, 0.0).is_err());
    assert!(gif(SVG, f32::NAN).is_err());
    let wide = SVG.replace("width='200pt'", "width='70000pt'");
    assert!(gif(&wide, 1.0).unwrap_err().to_string().contains("70000"));
}
