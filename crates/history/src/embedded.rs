//! The history in one folder.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fathom_profile::Profile;
use rusqlite::Connection;

use crate::answer::{
    ArtefactInfo, At, Counted, Curve, CurveQuery, FunctionCurve, KeptFinding, Maintenance, Merge,
    PointsQuery, ProfileEntry, Range, SeriesInfo, TargetInfo, TargetMark, Usage,
};
use crate::function_query::Place;
use crate::writer::Writer;
use crate::{
    Error, History, Labels, Mark, Options, Result, Scrape, Selector, catalogue, count_query,
    function_query, listing, notes, point_query, profile_query, upkeep,
};

/// How often a query starts anew because a block was replaced while it ran.
const ATTEMPTS: usize = 4;

/// How many idle connections are kept for readers.
const IDLE_READERS: usize = 4;

/// A history in one folder: one process writes, any number read.
///
/// ```
/// use fathom_history::{Build, Embedded, History, Labels, Options, Range, PointsQuery, Scrape};
/// use fathom_history::{Selector, Steps};
/// use fathom_series::{Look, Reading, Unit};
///
/// let folder = std::env::temp_dir().join(format!("history-doc-{}", std::process::id()));
/// let history = Embedded::open(&folder, Options::default())?;
/// let look = Look {
///     at_ms: 1_000,
///     started_ms: None,
///     readings: vec![Reading::gauge("goroutines", Unit::Count, 12.0)],
/// };
/// let target = Labels::new([("job", "shop")]);
/// let build = Build::default();
/// history.append(&Scrape { target: &target, look: &look, build: &build, profiles: &[], marks: &[] })?;
///
/// let query = PointsQuery {
///     selector: Selector::all().equal("job", "shop"),
///     names: vec!["goroutines".to_owned()],
///     range: Range::ALL,
///     step_ms: 0,
/// };
/// let curves = history.points(&query)?;
/// assert!(matches!(&curves[0].steps, Steps::Numbers(steps) if steps[0].last == 12.0));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), fathom_history::Error>(())
/// ```
#[derive(Debug)]
pub struct Embedded {
    folder: PathBuf,
    options: Options,
    /// Nothing when open for reading only.
    writing: Option<Writing>,
    readers: Mutex<Vec<Connection>>,
}

#[derive(Debug)]
struct Writing {
    /// Holds the lock until it is closed.
    _lock: File,
    /// Nothing after an error, which it may not have survived in one piece.
    writer: Mutex<Option<Writer>>,
}

/// What a query sees: the catalogue at one moment, and with it the list of blocks.
#[derive(Debug)]
pub(crate) struct Snapshot<'h> {
    pub(crate) folder: &'h Path,
    pub(crate) connection: &'h Connection,
}

impl Snapshot<'_> {
    /// Makes an error of what SQLite says.
    pub(crate) fn fail(&self, source: rusqlite::Error) -> Error {
        Error::catalogue(&catalogue::path(self.folder), source)
    }
}

impl Embedded {
    /// Opens the history of a folder for writing, and makes both when they do not exist.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] when another process writes to it, [`Error::Newer`] when a newer version
    /// wrote it, and when the folder cannot be written.
    pub fn open(folder: &Path, options: Options) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let lock = lock(folder)?;
        let writer = Writer::open(folder)?;
        upkeep::remove_orphans(folder, &writer.connection)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            options,
            writing: Some(Writing {
                _lock: lock,
                writer: Mutex::new(Some(writer)),
            }),
            readers: Mutex::default(),
        })
    }

    /// Opens the history of a folder for reading, while another process may write to it.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when there is none, [`Error::Newer`] when a newer version wrote it.
    pub fn open_read_only(folder: &Path) -> Result<Self> {
        let connection = catalogue::open_for_reading(folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            options: Options::default(),
            writing: None,
            readers: Mutex::new(vec![connection]),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs what writes; after an error the writer learns everything anew.
    fn write<T>(&self, run: impl FnOnce(&mut Writer) -> Result<T>) -> Result<T> {
        let Some(writing) = &self.writing else {
            return Err(Error::ReadOnly {
                folder: self.folder.clone(),
            });
        };
        let mut slot: MutexGuard<'_, Option<Writer>> =
            writing.writer.lock().unwrap_or_else(|poisoned| {
                let mut slot = PoisonError::into_inner(poisoned);
                *slot = None;
                slot
            });
        let mut writer = match slot.take() {
            Some(writer) => writer,
            None => Writer::open(&self.folder)?,
        };
        let answer = run(&mut writer)?;
        *slot = Some(writer);
        Ok(answer)
    }

    /// Runs a query on one state of the catalogue.
    fn read<T>(&self, query: impl Fn(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        let pool = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let pooled = pool().pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => catalogue::open_for_reading(&self.folder)?,
        };
        let snapshot = Snapshot {
            folder: &self.folder,
            connection: &connection,
        };
        let mut attempt = 0;
        let answer = loop {
            attempt += 1;
            connection
                .execute_batch("begin")
                .map_err(|source| snapshot.fail(source))?;
            let answer = query(&snapshot);
            connection
                .execute_batch("rollback")
                .map_err(|source| snapshot.fail(source))?;
            match answer {
                Err(Error::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::NotFound && attempt < ATTEMPTS => {}
                answer => break answer,
            }
        };
        let mut readers = pool();
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        answer
    }
}

/// Takes the lock of the only writer.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked {
            folder: folder.to_path_buf(),
        }),
        Err(TryLockError::Error(source)) => Err(Error::io(&path)(source)),
    }
}

impl History for Embedded {
    fn append(&self, scrape: &Scrape<'_>) -> Result<()> {
        self.write(|writer| {
            let size = writer.head_size();
            let oldest = size.times.map_or(i64::MAX, |(first_ms, _)| first_ms);
            let is_due = scrape.look.at_ms.saturating_sub(oldest) >= self.options.head_ms
                || size.bytes >= self.options.head_bytes;
            if is_due || writer.is_behind(scrape)? {
                writer.cut(&self.folder)?;
            }
            writer.append(scrape)
        })
    }

    fn targets(&self) -> Result<Vec<TargetInfo>> {
        self.read(listing::targets)
    }

    fn series(&self, selector: &Selector) -> Result<Vec<SeriesInfo>> {
        self.read(|snapshot| listing::series(snapshot, selector))
    }

    fn points(&self, query: &PointsQuery) -> Result<Vec<Curve>> {
        self.read(|snapshot| point_query::points(snapshot, query))
    }

    fn counts(&self, query: &PointsQuery) -> Result<Vec<Counted>> {
        self.read(|snapshot| count_query::counts(snapshot, query))
    }

    fn profiles(
        &self,
        selector: &Selector,
        kind: Option<&str>,
        range: Range,
    ) -> Result<Vec<ProfileEntry>> {
        self.read(|snapshot| profile_query::profiles(snapshot, selector, kind, range))
    }

    fn profile_at(&self, target: &Labels, kind: &str, at: At) -> Result<Option<Profile>> {
        self.read(|snapshot| profile_query::profile_at(snapshot, target, kind, at))
    }

    fn merged(&self, selector: &Selector, kind: &str, range: Range, how: Merge) -> Result<Profile> {
        self.read(|snapshot| profile_query::merged(snapshot, selector, kind, range, how))
    }

    fn function_curve(&self, query: &CurveQuery, function: &str) -> Result<Vec<FunctionCurve>> {
        self.read(|snapshot| function_query::curves(snapshot, query, Place::Function(function)))
    }

    fn stack_curve(&self, query: &CurveQuery, functions: &[&str]) -> Result<Vec<FunctionCurve>> {
        self.read(|snapshot| function_query::curves(snapshot, query, Place::Path(functions)))
    }

    fn marks(&self, selector: &Selector, range: Range) -> Result<Vec<TargetMark>> {
        self.read(|snapshot| notes::marks(snapshot, selector, range))
    }

    fn add_mark(&self, target: Option<&Labels>, mark: &Mark) -> Result<()> {
        self.write(|writer| notes::add_mark(writer, target, mark))
    }

    fn put_finding(&self, finding: &KeptFinding) -> Result<()> {
        self.write(|writer| notes::put_finding(writer, finding))
    }

    fn findings(&self, selector: &Selector, range: Range) -> Result<Vec<KeptFinding>> {
        self.read(|snapshot| notes::findings(snapshot, selector, range))
    }

    fn put_artefact(&self, info: &ArtefactInfo, bytes: &[u8]) -> Result<ArtefactInfo> {
        self.write(|writer| notes::put_artefact(&self.folder, writer, info, bytes))
    }

    fn artefacts(&self, selector: &Selector, range: Range) -> Result<Vec<ArtefactInfo>> {
        self.read(|snapshot| notes::artefacts(snapshot, selector, range))
    }

    fn artefact(&self, id: i64) -> Result<Option<Vec<u8>>> {
        self.read(|snapshot| notes::artefact(snapshot, id))
    }

    fn maintain(&self, now_ms: i64) -> Result<Maintenance> {
        self.write(|writer| writer.maintain(&self.folder, &self.options, now_ms))
    }

    fn usage(&self) -> Result<Usage> {
        listing::usage(&self.folder)
    }
}
