//! The colours of a call graph: grey for nothing, towards red for much, towards green for
//! what a difference shrank (google/pprof `internal/graph/dotgraph.go`, `dotColor`).

/// A share of the total, from -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score(f64);

impl Score {
    /// Shares beyond the total count as the total.
    pub(crate) const fn new(share: f64) -> Self {
        Self(share.clamp(-1.0, 1.0))
    }

    /// The colour of lines, as `#rrggbb`.
    pub(crate) fn foreground(self) -> String {
        self.colour(1.0, 0.7)
    }

    /// The colour of areas, as `#rrggbb`.
    pub(crate) fn background(self) -> String {
        self.colour(0.1, 0.93)
    }

    fn colour(self, saturation: f64, value: f64) -> String {
        /// Below this share colours fade to grey rather than to yellow.
        const FADING: f64 = 0.2;
        /// Moves small shares away from grey, so that more colours are used.
        const EXPONENT: f64 = 0.3;
        let Self(share) = self;
        let size = share.abs();
        let saturation = if size < FADING {
            saturation * (size / FADING)
        } else {
            saturation
        };
        let moved = size.powf(EXPONENT);
        let (red, green) = if share < 0.0 {
            (value * (1.0 + saturation * -moved), value)
        } else {
            (value, value * (1.0 - saturation * moved))
        };
        let blue = value * (1.0 - saturation);
        format!("#{:02x}{:02x}{:02x}", byte(red), byte(green), byte(blue))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 255, cut off as pprof does"
)]
fn byte(part: f64) -> u8 {
    (part * 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_run_from_green_over_grey_to_red() {
        // Seen in the output of go tool pprof -dot.
        assert_eq!(Score::new(1.0).foreground(), "#b20000");
        assert_eq!(Score::new(1.0).background(), "#edd5d5");
        assert_eq!(Score::new(0.0).foreground(), "#b2b2b2");
        assert_eq!(Score::new(-1.0).foreground(), "#00b200");
        assert_eq!(Score::new(7.0), Score::new(1.0));
    }
}
