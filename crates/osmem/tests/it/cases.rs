//! The recorded causes: 22 Go programs, each with what Linux said of it.

use std::path::{Path, PathBuf};

use fathom_osmem::classify::AddressSpace;
use fathom_osmem::{Limits, smaps};

/// One recorded program.
pub(crate) struct Case {
    pub(crate) name: String,
    directory: PathBuf,
}

/// What MemStats said of it, in bytes.
pub(crate) struct MemStats(serde_json::Value);

impl MemStats {
    pub(crate) fn bytes(&self, field: &str) -> u64 {
        self.0["memstats"][field].as_u64().unwrap()
    }
}

impl Case {
    pub(crate) fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/causes/go1.27.3");
        let mut cases: Vec<Self> = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("smaps.txt").exists())
            .map(|directory| Self {
                name: directory.file_name().unwrap().to_str().unwrap().to_owned(),
                directory,
            })
            .collect();
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(cases.len(), 22);
        cases
    }

    pub(crate) fn named(name: &str) -> Self {
        Self::all()
            .into_iter()
            .find(|case| case.name == name)
            .unwrap()
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.directory.join(file)).unwrap()
    }

    pub(crate) fn mem_stats(&self) -> MemStats {
        MemStats(serde_json::from_slice(&self.read("vars.json")).unwrap())
    }

    pub(crate) fn space(&self) -> AddressSpace {
        let mappings = smaps::parse(&self.read("smaps.txt"), &Limits::default()).unwrap();
        AddressSpace::classify(mappings, None)
    }
}
