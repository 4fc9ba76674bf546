//! Pixels.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::Tree;

use super::failed;
use crate::Error;

/// The most pixels of a picture: 400 MB while it is drawn.
pub(super) const MOST_PIXELS: f64 = 1e8;

/// Of 1 (best) to 30 (fastest), how carefully the colours of a GIF are chosen. Graphs have few.
const COLOUR_SPEED: i32 = 20;

/// Draws on a transparent ground.
pub(super) fn draw(tree: &Tree, scale: f32, format: &'static str) -> Result<Pixmap, Error> {
    let width = (f64::from(tree.size().width()) * f64::from(scale)).ceil();
    let height = (f64::from(tree.size().height()) * f64::from(scale)).ceil();
    let is_drawable = width >= 1.0 && height >= 1.0 && width * height <= MOST_PIXELS;
    let pixels = is_drawable
        .then(|| Pixmap::new(whole(width), whole(height)))
        .flatten();
    let Some(mut pixels) = pixels else {
        return Err(Error::PictureSize {
            format,
            size: format!("{width} by {height}"),
        });
    };
    let transform = Transform::from_scale(scale, scale);
    resvg::render(tree, transform, &mut pixels.as_mut());
    Ok(pixels)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and the most pixels"
)]
fn whole(length: f64) -> u32 {
    length as u32
}

/// Writes a GIF of one frame, the transparent parts white.
pub(super) fn encode_gif(pixels: Pixmap) -> Result<Vec<u8>, Error> {
    let (Ok(width), Ok(height)) = (
        u16::try_from(pixels.width()),
        u16::try_from(pixels.height()),
    ) else {
        return Err(Error::PictureSize {
            format: "GIF",
            size: format!("{} by {}", pixels.width(), pixels.height()),
        });
    };
    let mut colours = on_white(pixels);
    let frame = gif::Frame::from_rgba_speed(width, height, &mut colours, COLOUR_SPEED);
    let mut bytes = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut bytes, width, height, &[]).map_err(|error| failed("GIF", &error))?;
    encoder
        .write_frame(&frame)
        .map_err(|error| failed("GIF", &error))?;
    drop(encoder);
    Ok(bytes)
}

fn on_white(pixels: Pixmap) -> Vec<u8> {
    let white = Color::WHITE.to_color_u8();
    let mut bytes = pixels.take();
    // Colours are multiplied by their opacity already: what is missing is white.
    for pixel in bytes.chunks_exact_mut(4) {
        let missing = white.alpha() - pixel[3];
        for channel in &mut *pixel {
            *channel = channel.saturating_add(missing);
        }
    }
    bytes
}
