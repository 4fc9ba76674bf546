//! What a history tells: targets, moments and stretches of time, and the profiles that stand for
//! them under a name, so that every view can show them.

mod curves;
mod name;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fathom_history::{At, History, Labels, Merge, Range, TargetInfo};
use tokio::sync::watch;

pub(crate) use self::curves::{of_function, of_plot, of_series};
pub(crate) use self::name::{Moment, ProfileName};
use crate::problem::Problem;
use crate::subject::{NamedProfile, Role};

/// The most profiles of a history that are kept in memory.
const MOST_KEPT: usize = 8;

/// Who keeps the history, while it is kept here.
pub trait Collector: Send + Sync {
    /// How the collecting fares, and what is known now, in the text format of Prometheus.
    fn metrics(&self) -> String;

    /// Takes a profile that an agent pushes, as Pyroscope's do: the query of the request, its
    /// content type and its body.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn push(&self, query: &str, content_type: &str, body: &[u8]) -> Result<(), Problem>;
}

/// A history that the page shows.
pub struct Past {
    history: Arc<dyn History>,
    /// Changes when something was stored.
    stored: watch::Receiver<u64>,
    collector: Option<Arc<dyn Collector>>,
    kept: Mutex<VecDeque<(String, Arc<NamedProfile>)>>,
}

impl fmt::Debug for Past {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Past").finish_non_exhaustive()
    }
}

impl Past {
    /// Shows a history. `stored` changes whenever something was stored in it; there is a
    /// `collector` where it is kept by this process.
    pub fn new(
        history: Arc<dyn History>,
        stored: watch::Receiver<u64>,
        collector: Option<Arc<dyn Collector>>,
    ) -> Self {
        Self {
            history,
            stored,
            collector,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn history(&self) -> &dyn History {
        &*self.history
    }

    pub(crate) fn stored(&self) -> watch::Receiver<u64> {
        self.stored.clone()
    }

    pub(crate) fn collector(&self) -> Result<&Arc<dyn Collector>, Problem> {
        self.collector.as_ref().ok_or_else(|| {
            Problem::not_found("nothing is collected here: this history is only shown")
                .hint("fathom serve with targets or --config collects")
        })
    }

    /// Finds a target by its id, or the only one.
    pub(crate) fn target(&self, id: Option<&str>) -> Result<TargetInfo, Problem> {
        let mut targets = self.history.targets().map_err(failed)?;
        let Some(id) = id else {
            if targets.len() == 1
                && let Some(only) = targets.pop()
            {
                return Ok(only);
            }
            let detail = format!("there are {} targets: say which", targets.len());
            return Err(Problem::bad_request(detail).hint("api/v1/history/targets lists them"));
        };
        let found = targets
            .into_iter()
            .find(|known| target_id(&known.labels) == id);
        found.ok_or_else(|| {
            Problem::not_found(format!("there is no target {id:?}"))
                .hint("api/v1/history/targets lists them")
        })
    }

    /// The profile of a name, if it is one of a history.
    pub(crate) fn profile(&self, name: &str) -> Result<Option<Arc<NamedProfile>>, Problem> {
        let Some(parsed) = ProfileName::parse(name)? else {
            return Ok(None);
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = kept.iter().find(|(known, _)| known == name) {
            return Ok(Some(known.clone()));
        }
        let target = self.target(Some(&parsed.target))?;
        let selector = fathom_history::Selector::of(&target.labels);
        let profile = match parsed.moment {
            Moment::At(at_ms) => self
                .history
                .profile_at(&target.labels, &parsed.kind, At::Nearest(at_ms))
                .map_err(failed)?
                .ok_or_else(|| {
                    Problem::not_found(format!(
                        "the history holds no {} profile of {}",
                        parsed.kind, target.labels
                    ))
                })?,
            Moment::Between(from_ms, to_ms, how) => self
                .history
                .merged(&selector, &parsed.kind, Range::new(from_ms, to_ms), how)
                .map_err(failed)?,
        };
        let origin = format!("{} {}", target.labels, parsed.describe());
        let made = Arc::new(NamedProfile::of(
            name.to_owned(),
            origin,
            Role::Loaded,
            Arc::new(profile.into()),
            None,
        ));
        if kept.len() == MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back((name.to_owned(), made.clone()));
        Ok(Some(made))
    }
}

/// Says what a history could not do.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands where errors are turned into problems"
)]
pub(crate) fn failed(error: fathom_history::Error) -> Problem {
    Problem::bad_request(error.to_string())
}

/// Names a target in addresses: the same for the same labels in every run.
pub(crate) fn target_id(labels: &Labels) -> String {
    // FNV-1a, 64 bits: short, and two of some thousand targets hardly ever share one.
    let hash = labels
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("t{hash:016x}")
}

/// Reads how the profiles of a stretch become one.
pub(crate) fn merge_named(text: &str) -> Option<Merge> {
    Some(match text {
        "default" => Merge::Default,
        "mean" => Merge::Mean,
        "max" => Merge::Max,
        "last" => Merge::Last,
        "sum" => Merge::Sum,
        _ => return None,
    })
}
