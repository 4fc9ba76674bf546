//! Reading the profiles of a capture, unless that was done before.

use crate::missing::Gaps;
use fathom_evidence::Artefact;
use fathom_profile::{Limits, Profile, RuntimeLeaf};
use std::borrow::Cow;

/// What profile.proto is nearly always compressed with (RFC 1952); texts are not.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// The profiles of a capture.
pub(crate) struct Profiles<'a, 'p> {
    /// Gives those that were read before.
    pub(crate) known: &'a dyn Fn(&Artefact) -> Option<&'p Profile>,
}

impl<'p> Profiles<'_, 'p> {
    /// Returns a profile; one that does not parse is noted in `gaps`.
    pub(crate) fn read(
        &self,
        artefact: &Artefact,
        leaf: RuntimeLeaf,
        gaps: &mut Gaps,
    ) -> Option<Cow<'p, Profile>> {
        let known = (self.known)(artefact);
        if let Some(known) = known.filter(|_| artefact.bytes.starts_with(GZIP_MAGIC)) {
            return Some(Cow::Borrowed(known));
        }
        let read = Profile::parse_with(&artefact.bytes, &Limits::default(), leaf);
        gaps.keep(artefact, read).map(Cow::Owned)
    }
}
