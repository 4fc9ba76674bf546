//! The catalogue: one SQLite database with the targets, series, marks, findings, the list of
//! blocks, and the head.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use crate::{Error, Result};

/// The version of the tables and of the blocks.
const VERSION: i64 = 1;

/// How long a statement waits for another process's.
const PATIENCE: Duration = Duration::from_secs(10);

const TABLES: &str = "
create table meta (key text primary key, value) without rowid;
create table target (
    id integer primary key,
    labels text not null unique
);
create table run (
    id integer primary key,
    target integer not null,
    started_ms integer,
    first_ms integer not null,
    last_ms integer not null,
    build text not null
);
create index run_of_target on run (target);
create table series (
    id integer primary key,
    target integer not null,
    name text not null,
    meaning text not null,
    unit text not null,
    detail text not null,
    stream integer,
    unique (target, name, meaning, unit, detail, stream)
);
create table stream (
    id integer primary key,
    target integer not null,
    kind text not null,
    form text not null,
    unique (target, kind, form)
);
create table scrape (
    id integer primary key,
    target integer not null,
    at_ms integer not null,
    is_restart integer not null,
    points blob not null
);
create index scrape_of_target on scrape (target);
create table head_profile (
    id integer primary key,
    stream integer not null,
    run integer not null,
    at_ms integer not null,
    entry blob not null,
    changes blob not null
);
create index head_profile_of_stream on head_profile (stream);
create table head_base (
    stream integer primary key,
    run integer not null,
    at_ms integer not null,
    changes blob not null
);
create table head_double (
    stream integer not null,
    stack integer not null,
    variants blob not null,
    primary key (stream, stack)
) without rowid;
create table head_points_base (
    target integer primary key,
    at_ms integer not null,
    points blob not null
);
create table head_frame (id integer primary key, frame blob not null);
create table head_stacks (
    first integer primary key,
    last integer not null,
    stacks blob not null
);
create table block (
    id integer primary key,
    folder text not null unique,
    first_ms integer not null,
    last_ms integer not null,
    level integer not null,
    resolution_ms integer not null,
    bytes integer not null
);
create table block_share (
    block integer not null,
    target integer not null,
    bytes integer not null,
    primary key (block, target)
) without rowid;
create table mark (
    id integer primary key,
    target integer,
    at_ms integer not null,
    kind text not null,
    text text not null
);
create index mark_at on mark (at_ms);
create table finding (
    target integer not null,
    id text not null,
    first_ms integer not null,
    last_ms integer not null,
    payload text not null,
    primary key (target, id)
) without rowid;
create table artefact (
    id integer primary key,
    target integer not null,
    finding text,
    name text not null,
    at_ms integer not null,
    bytes integer not null
);
";

/// Where the catalogue of a folder lies.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("catalog.sqlite")
}

/// Opens the catalogue for writing, and makes it when there is none.
pub(crate) fn open_for_writing(folder: &Path) -> Result<Connection> {
    let path = path(folder);
    let fail = |source| Error::catalogue(&path, source);
    let mut connection = Connection::open(&path).map_err(fail)?;
    connection.busy_timeout(PATIENCE).map_err(fail)?;
    // How space is given back can be chosen only before the first table is made.
    connection
        .execute_batch("pragma auto_vacuum = incremental; pragma journal_mode = wal;")
        .map_err(fail)?;
    // A commit survives the end of the process; the end of the machine may cost the last ones.
    connection
        .execute_batch(
            "pragma synchronous = normal; pragma journal_size_limit = 4194304; \
             pragma cache_size = -8192; pragma temp_store = memory;",
        )
        .map_err(fail)?;
    connection.set_prepared_statement_cache_capacity(64);
    if version(folder, &connection)?.is_none() {
        let transaction = connection.transaction().map_err(fail)?;
        transaction.execute_batch(TABLES).map_err(fail)?;
        transaction
            .execute("insert into meta values ('version', ?1)", [VERSION])
            .map_err(fail)?;
        transaction.commit().map_err(fail)?;
    }
    Ok(connection)
}

/// Opens the catalogue for reading.
pub(crate) fn open_for_reading(folder: &Path) -> Result<Connection> {
    let path = path(folder);
    let missing = || Error::Missing {
        folder: folder.to_path_buf(),
    };
    if !path.exists() {
        return Err(missing());
    }
    let fail = |source| Error::catalogue(&path, source);
    // Readers of a database with a write-ahead log write to its index.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(fail)?;
    connection.busy_timeout(PATIENCE).map_err(fail)?;
    connection
        .execute_batch("pragma query_only = on; pragma cache_size = -8192;")
        .map_err(fail)?;
    connection.set_prepared_statement_cache_capacity(64);
    if version(folder, &connection)?.is_none() {
        return Err(missing());
    }
    Ok(connection)
}

/// Reads the version; nothing when the database is empty.
fn version(folder: &Path, connection: &Connection) -> Result<Option<i64>> {
    let path = path(folder);
    let fail = |source| Error::catalogue(&path, source);
    let tables: i64 = connection
        .query_row(
            "select count(*) from sqlite_master where name = 'meta'",
            [],
            |row| row.get(0),
        )
        .map_err(fail)?;
    if tables == 0 {
        return Ok(None);
    }
    let found: Option<i64> = connection
        .query_row("select value from meta where key = 'version'", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(fail)?;
    match found {
        Some(found) if found > VERSION => Err(Error::Newer {
            folder: folder.to_path_buf(),
            found,
            known: VERSION,
        }),
        Some(_) => Ok(found),
        None => Err(Error::damaged(&path, "its version is missing")),
    }
}
