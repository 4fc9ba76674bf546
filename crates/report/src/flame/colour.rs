//! The colours of frames.
//!
//! A flame graph of one profile is coloured by package: one hue each, the runtime's packages
//! in grey, so that what the program itself does stands out. A difference is coloured by
//! change: red where more fell to a frame than in the base, blue where less, the stronger the
//! larger the change is beside the larger of both; grey where nothing changed. Red and blue
//! differ for the colour-blind too, and tooltips tell the numbers.

use super::walk::name_hash;

/// Hue in degrees, saturation and lightness in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour {
    pub(super) hue: u32,
    pub(super) saturation: u32,
    pub(super) lightness: u32,
}

impl Colour {
    /// As `#rrggbb`.
    pub(super) fn hex(self) -> String {
        let saturation = f64::from(self.saturation) / 100.0;
        let lightness = f64::from(self.lightness) / 100.0;
        let reach = saturation * lightness.min(1.0 - lightness);
        let channel = |turn: f64| {
            let place = (turn + f64::from(self.hue) / 30.0) % 12.0;
            let value = lightness - reach * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0);
            byte(value)
        };
        format!(
            "#{:02x}{:02x}{:02x}",
            channel(0.0),
            channel(8.0),
            channel(4.0)
        )
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 255"
)]
fn byte(part: f64) -> u8 {
    (part.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// The hue and saturation of a package on a light ground.
pub(super) fn of_package(package: &str) -> Colour {
    let is_runtime = package == "runtime"
        || package.starts_with("runtime/")
        || package.starts_with("internal/runtime");
    if package.is_empty() || is_runtime {
        return Colour {
            hue: 215,
            saturation: 12,
            lightness: if package.is_empty() { 86 } else { 79 },
        };
    }
    // Mixed so that similar names have different hues.
    let mut hash = name_hash(package);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x2c1b_3c6d);
    hash ^= hash >> 12;
    Colour {
        hue: hash % 360,
        saturation: 52 + (hash >> 9) % 18,
        lightness: 72 + (hash >> 17) % 6,
    }
}

/// The colour of a change on a light ground.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 100"
)]
pub(super) fn of_change(base: i64, new: i64) -> Colour {
    let larger = base.max(new);
    if larger <= 0 || base == new {
        return Colour {
            hue: 215,
            saturation: 8,
            lightness: 85,
        };
    }
    let part = (new as f64 - base as f64) / larger as f64;
    let size = part.abs().sqrt();
    Colour {
        hue: if part > 0.0 { 8 } else { 214 },
        saturation: (25.0 + 55.0 * size) as u32,
        lightness: (88.0 - 22.0 * size) as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_told_as_bytes() {
        let colour = |hue, saturation, lightness| {
            Colour {
                hue,
                saturation,
                lightness,
            }
            .hex()
        };
        assert_eq!(colour(0, 100, 50), "#ff0000");
        assert_eq!(colour(120, 100, 25), "#008000");
        assert_eq!(colour(240, 100, 50), "#0000ff");
        assert_eq!(colour(77, 0, 100), "#ffffff");
    }

    #[test]
    fn growth_is_red_and_shrinking_blue() {
        assert_eq!(of_change(10, 20).hue, 8);
        assert_eq!(of_change(20, 10).hue, 214);
        assert!(of_change(0, 10).saturation > of_change(9, 10).saturation);
        assert_eq!(of_change(5, 5).saturation, 8);
        assert_eq!(of_package("net/http"), of_package("net/http"));
        assert_ne!(of_package("net/http"), of_package("net/url"));
    }
}
