//! The answer as data: the contract of `fathom explain --json`.

use crate::heap_sites::HeapSites;
use crate::heap_state::whole;
use crate::ledger::{Beside, Row};
use crate::missing::Gaps;
use crate::reconcile::{self, Reconciliation};
use crate::rules;
use crate::situation::Situation;
use crate::totals::{TimeTotals, Totals};
use fathom_evidence::Missing;
use fathom_finding::Finding;
use serde::Serialize;

/// The version of the JSON contract.
pub const SCHEMA: &str = "fathom.explain/1";

/// Allocation sites that an explanation lists.
const SITES_SHOWN: usize = 10;

/// Who the explanation is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct About {
    /// The process id.
    pub pid: Option<u32>,
    /// The address of its pprof endpoints.
    pub url: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The executable's path.
    pub exe: Option<String>,
    /// The Go version that built it.
    pub go_version: Option<String>,
    /// The main module.
    pub main_module: Option<String>,
    /// Goroutines.
    pub goroutines: Option<u64>,
    /// OS threads.
    pub threads: Option<u64>,
    /// When the evidence was taken, unix nanoseconds.
    pub taken_at_unix_nanos: Option<u64>,
    /// The process was seen over the network only, without its kernel.
    pub remote: bool,
}

/// One allocation site with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Site {
    /// The program's function, with file and line.
    pub place: String,
    /// The innermost function outside the runtime.
    pub allocated_by: String,
    /// Live bytes, an estimate.
    pub bytes: u64,
    /// The lower end of the 95 % interval.
    pub low_bytes: u64,
    /// The upper end of the 95 % interval.
    pub high_bytes: u64,
    /// Live objects, an estimate.
    pub objects: u64,
}

/// Something that was not taken, not understood, or cannot be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingRow {
    /// The artefact, or the question.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<Missing> for MissingRow {
    fn from(row: Missing) -> Self {
        Self {
            what: row.what,
            why: row.why,
            hint: row.hint,
        }
    }
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// Who it is about.
    pub target: About,
    /// The sums that people compare.
    pub totals: Totals,
    /// What the profiles of time add up to.
    pub time: TimeTotals,
    /// The tree of resident bytes, parents before children.
    pub ledger: Vec<Row>,
    /// Numbers beside the tree.
    pub beside: Vec<Beside>,
    /// Pairs of numbers and their gaps.
    pub reconciliations: Vec<Reconciliation>,
    /// What was found, most important first.
    pub findings: Vec<Finding>,
    /// The allocation sites with the most live bytes.
    pub sites: Vec<Site>,
    /// What was not taken and why.
    pub missing: Vec<MissingRow>,
}

impl Explanation {
    pub(crate) fn of(s: &Situation, gaps: Gaps) -> Self {
        Self {
            schema: SCHEMA,
            target: about(s),
            totals: Totals::of(s),
            time: TimeTotals::of(s),
            ledger: s.ledger.rows.clone(),
            beside: s.ledger.beside.clone(),
            reconciliations: reconcile::all(s),
            findings: rules::run(s),
            sites: s
                .heap_after_gc
                .as_ref()
                .or(s.heap.as_ref())
                .map(sites)
                .unwrap_or_default(),
            missing: gaps.into_rows().into_iter().map(MissingRow::from).collect(),
        }
    }

    /// Returns the finding with this id.
    pub fn finding(&self, id: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.id == id)
    }

    /// Returns the ledger row with this id.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.ledger.iter().find(|row| row.id == id)
    }
}

fn about(s: &Situation) -> About {
    About {
        pid: s
            .target
            .pid
            .or_else(|| u32::try_from(s.status.as_ref()?.pid?).ok()),
        url: s.target.url.clone(),
        host: s.target.host.clone(),
        exe: s.target.exe.clone().or_else(|| {
            s.space
                .as_ref()
                .and_then(|space| space.exe().map(str::to_owned))
        }),
        go_version: s.go_version.as_ref().map(ToString::to_string),
        main_module: s.target.main_module.clone(),
        goroutines: s.goroutine_count(),
        threads: s.threads,
        taken_at_unix_nanos: Some(s.taken_at).filter(|&at| at > 0),
        remote: s.target.remote,
    }
}

fn sites(heap: &HeapSites) -> Vec<Site> {
    heap.sites
        .iter()
        .take(SITES_SHOWN)
        .map(|site| (site, site.bytes()))
        .map(|(site, bytes)| Site {
            place: site.place(),
            allocated_by: site.leaf.clone(),
            bytes: whole(bytes.value),
            low_bytes: whole(bytes.low),
            high_bytes: whole(bytes.high),
            objects: whole(site.objects),
        })
        .collect()
}
