//! The names of profiles that a history holds.

use fathom_history::Merge;
use jiff::Timestamp;

use super::merge_named;
use crate::problem::Problem;

/// How the name of a profile of a history begins.
const PREFIX: &str = "history:";

/// The moment or the stretch of time that a profile stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The nearest to a moment, in milliseconds since 1970 (UTC).
    At(i64),
    /// All between two moments as one.
    Between(i64, i64, Merge),
}

/// A name such as `history:t0123/heap@1700000000000`, of a stretch
/// `history:t0123/heap@1700000000000-1700000060000`, with `:max` and the like behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileName {
    pub(crate) target: String,
    pub(crate) kind: String,
    pub(crate) moment: Moment,
}

impl ProfileName {
    /// Reads a name; nothing if it is none of a history.
    pub(crate) fn parse(name: &str) -> Result<Option<Self>, Problem> {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            return Ok(None);
        };
        let wrong = || {
            Problem::bad_request(format!("{name:?} is no profile of a history")).hint(
                "history:TARGET/KIND@MS, history:TARGET/KIND@FROM-TO or history:TARGET/KIND@FROM-TO:mean",
            )
        };
        let (target, rest) = rest.split_once('/').ok_or_else(wrong)?;
        let (kind, when) = rest.rsplit_once('@').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| wrong());
        let moment = if let Some((from, rest)) = when.split_once('-') {
            let (to, how) = rest.split_once(':').unwrap_or((rest, "default"));
            let how = merge_named(how).ok_or_else(wrong)?;
            Moment::Between(number(from)?, number(to)?, how)
        } else {
            Moment::At(number(when)?)
        };
        Ok(Some(Self {
            target: target.to_owned(),
            kind: kind.to_owned(),
            moment,
        }))
    }

    /// Says it in words.
    pub(crate) fn describe(&self) -> String {
        let time = |ms: i64| {
            Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
        };
        match self.moment {
            Moment::At(at) => format!("{} nearest to {}", self.kind, time(at)),
            Moment::Between(from, to, _) => {
                format!("{} from {} to {}", self.kind, time(from), time(to))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_a_moment_or_a_stretch() {
        let of = |name: &str| ProfileName::parse(name).unwrap().map(|name| name.moment);
        assert_eq!(of("heap"), None);
        assert_eq!(of("history:t1/heap@17"), Some(Moment::At(17)));
        assert_eq!(
            of("history:t1/heap@17-20"),
            Some(Moment::Between(17, 20, Merge::Default))
        );
        assert_eq!(
            of("history:t1/a/b@c@17-20:max"),
            Some(Moment::Between(17, 20, Merge::Max))
        );
        for wrong in [
            "history:",
            "history:t1/heap",
            "history:t1/heap@x",
            "history:t1/heap@1-2:y",
        ] {
            assert_eq!(
                ProfileName::parse(wrong).unwrap_err().status,
                400,
                "{wrong}"
            );
        }
    }
}
