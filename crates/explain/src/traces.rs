//! What execution traces add: their own findings.

use fathom_evidence::{Capture, Kind};
use fathom_exectrace::findings::findings;
use fathom_exectrace::{Analyses, Reader};
use fathom_finding::Finding;

use crate::missing::Gaps;

/// Finds what is wrong in the traces of a capture. One that cannot be read is noted; of one that
/// is damaged its beginning is judged, and a finding says so.
pub(crate) fn read(capture: &Capture, gaps: &mut Gaps) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for artefact in capture.all(Kind::Trace) {
        let mut analyses = Analyses::default();
        let read = Reader::new(&artefact.bytes[..]).and_then(|mut reader| {
            let outcome = reader.run(&mut analyses)?.clone();
            Ok((outcome, reader.into_tables()))
        });
        let Some((outcome, tables)) = gaps.keep(artefact, read) else {
            continue;
        };
        for finding in findings(&analyses.finish(&outcome, &tables)) {
            // Several traces of a process say the same once.
            if found.iter().all(|known| known.id != finding.id) {
                found.push(finding);
            }
        }
    }
    found
}
