//! The font that is part of the program: `DejaVu` Sans Condensed 2.37, 680 kB. Its licence is
//! `LICENSE-DEJAVU` at the root of the repository.

use std::sync::{Arc, LazyLock};

use resvg::usvg::FontResolver;
use resvg::usvg::fontdb::{Database, Source};
use ttf_parser::Face;

/// The name under which the font is known.
pub(super) const FAMILY: &str = "DejaVu Sans Condensed";

/// The fonts that drawings ask for: the one whose widths are measured, then what is as wide.
pub(crate) const FAMILIES: &str = "'DejaVu Sans Condensed',Helvetica,Arial,sans-serif";

static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    database.load_font_source(Source::Binary(Arc::new(dejavu::sans_condensed::regular())));
    Arc::new(database)
});

static FACE: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(dejavu::sans_condensed::regular(), 0).ok());

/// The widths of ASCII, in parts of the font's size.
static ASCII: LazyLock<[f64; 128]> = LazyLock::new(|| {
    let mut widths = [UNKNOWN; 128];
    for (width, byte) in widths.iter_mut().zip(0_u8..) {
        *width = advance(char::from(byte));
    }
    widths
});

/// The width of a character that the font lacks: other fonts' ideographs are square.
const UNKNOWN: f64 = 1.0;

/// Returns a database that holds this font and no other.
pub(super) fn database() -> Arc<Database> {
    Arc::clone(&DATABASE)
}

/// Chooses this font whatever an SVG asks for, and has no other for what it lacks.
pub(super) fn resolver<'a>() -> FontResolver<'a> {
    FontResolver {
        select_font: Box::new(|_, database| database.faces().next().map(|face| face.id)),
        select_fallback: Box::new(|_, _, _| None),
    }
}

/// Returns how many points wide a line of text of this size is, without kerning.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let parts = text.chars().map(|character| {
        let known = ASCII.get(character as usize).copied();
        known.unwrap_or_else(|| advance(character))
    });
    parts.sum::<f64>() * size
}

fn advance(character: char) -> f64 {
    let Some(face) = &*FACE else { return UNKNOWN };
    let units = face
        .glyph_index(character)
        .and_then(|glyph| face.glyph_hor_advance(glyph));
    units.map_or(UNKNOWN, |units| {
        f64::from(units) / f64::from(face.units_per_em())
    })
}

#[cfg(test)]
mod tests {
    use super::width;

    #[test]
    fn wider_texts_are_wider() {
        let ten = width("0123456789", 10.0);
        // Digits of the condensed face are 1172 of 2048 units wide.
        assert!((ten - 10.0 * 10.0 * 1172.0 / 2048.0).abs() < 0.01, "{ten}");
        assert!(width("i", 10.0) < width("M", 10.0));
        assert!((width("\u{4e2d}", 8.0) - 8.0).abs() < 1e-9);
        assert!(width("", 10.0).abs() < 1e-9);
    }
}
