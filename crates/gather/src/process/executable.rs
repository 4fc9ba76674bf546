//! What an executable says of its build.
//!
//! Only ranges of the file are read: a Go binary may be hundreds of megabytes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use fathom_evidence::{Kind, Missing, Target};
use fathom_goruntime::buildinfo::BuildInfo;

use super::{Process, permission_hint};
use crate::recorder::{Recorder, Wanted};

/// What an executable says of its build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildText {
    /// `go1.27.3`.
    pub(crate) go_version: String,
    /// Path of the main module, or of the main package.
    pub(crate) main_module: Option<String>,
    /// The build record in Go's text form, without the flags of compilers and
    /// linkers: `-X main.key=…` is how secrets get into binaries.
    pub(crate) text: String,
}

/// Takes the build information of a process's executable.
pub(crate) fn take(process: &Process, recorder: &mut Recorder<'_>) {
    let path = process.path("exe");
    let origin = path.display().to_string();
    let name = "proc/buildinfo.txt";
    let mut found = None;
    let wanted = Wanted {
        kind: Kind::BuildInfo,
        name,
        origin: &origin,
        round: 0,
    };
    recorder.take(wanted, || match build_text(&path) {
        Ok(info) => {
            let text = info.text.clone().into_bytes();
            found = Some(info);
            Ok(text)
        }
        Err(reason) => {
            let denied = reason.ends_with("permission denied");
            let missing = Missing::new(name, reason);
            Err(if denied {
                missing.with_hint(permission_hint())
            } else {
                missing
            })
        }
    });
    if let Some(info) = found {
        describe(&mut recorder.capture.target, &info);
    }
}

/// Notes in a target what the build information says.
pub(crate) fn describe(target: &mut Target, info: &BuildText) {
    target.go_version = Some(info.go_version.clone());
    target.main_module.clone_from(&info.main_module);
}

/// Reads the build information of an executable; the error says why there is
/// none.
pub(crate) fn build_text(path: &Path) -> Result<BuildText, String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{shown}: permission denied"),
        _ => format!("{shown}: {error}"),
    })?;
    let read_at = |offset: u64, buffer: &mut [u8]| {
        let mut file = &file;
        file.seek(SeekFrom::Start(offset))?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read(rest)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    };
    let info = BuildInfo::from_binary(&read_at)
        .map_err(|error| format!("{shown}: {error}"))?
        .ok_or_else(|| format!("{shown}: no Go build information in it"))?
        .without_flags();
    Ok(BuildText {
        go_version: info.go_version.clone(),
        main_module: match &info.main_module {
            Some(module) => Some(module.path.clone()),
            None => info.path.clone(),
        },
        text: info.to_string(),
    })
}
