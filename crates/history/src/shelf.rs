//! The stacks of the head, many to a row: those of one profile share most of their frames, so that
//! together they take a tenth.

use rusqlite::{Connection, params};

use crate::dictionary::StackRow;
use crate::varint::{self, Reader};

/// Compression of the head: fast.
const LEVEL: i32 = 1;

/// How many stacks a row holds at most: a single one is found by reading its whole row.
const STACKS_IN_ROW: usize = 4096;

/// Decompressed, the stacks of a row have at most so many bytes.
const MOST_BYTES: u64 = 1 << 30;

/// Stores stacks, whose numbers ascend; gives how many bytes they take.
pub(crate) fn store(connection: &Connection, stacks: &[(u32, StackRow)]) -> rusqlite::Result<u64> {
    let mut written = 0;
    for chunk in stacks.chunks(STACKS_IN_ROW) {
        let (Some((first, _)), Some((last, _))) = (chunk.first(), chunk.last()) else {
            continue;
        };
        let mut plain = Vec::new();
        let mut before = *first;
        for (number, stack) in chunk {
            let bytes = stack.encode();
            varint::put(&mut plain, u64::from(number - before));
            varint::put(&mut plain, bytes.len() as u64);
            plain.extend_from_slice(&bytes);
            before = *number;
        }
        let bytes = zstd::bulk::compress(&plain, LEVEL)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        written += bytes.len() as u64;
        connection
            .prepare_cached("insert into head_stacks (first, last, stacks) values (?1, ?2, ?3)")?
            .execute(params![first, last, bytes])?;
    }
    Ok(written)
}

/// Shows the stacks of all rows that hold some of a range of numbers.
pub(crate) fn each(
    connection: &Connection,
    (first, last): (u32, u32),
    mut see: impl FnMut(u32, StackRow),
) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(
        "select first, stacks from head_stacks where last >= ?1 and first <= ?2 order by first",
    )?;
    let mut rows = select.query([first, last])?;
    while let Some(row) = rows.next()? {
        let first: u32 = row.get(0)?;
        let stacks = row.get_ref(1)?.as_blob().ok();
        let stacks = stacks.and_then(|bytes| decode(first, bytes));
        let damaged = || {
            let what = format!("the stacks of the head from {first} on are damaged");
            rusqlite::Error::InvalidColumnName(what)
        };
        for (number, stack) in stacks.ok_or_else(damaged)? {
            see(number, stack);
        }
    }
    Ok(())
}

fn decode(first: u32, bytes: &[u8]) -> Option<Vec<(u32, StackRow)>> {
    let mut plain = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(bytes).ok()?;
    let mut limited = std::io::Read::take(decoder, MOST_BYTES);
    std::io::Read::read_to_end(&mut limited, &mut plain).ok()?;
    let mut reader = Reader::new(&plain);
    let mut number = first;
    let mut stacks = Vec::new();
    while !reader.is_empty() {
        number = number.checked_add(reader.get_u32()?)?;
        let length = usize::try_from(reader.get()?).ok()?;
        stacks.push((number, StackRow::decode(reader.get_bytes(length)?)?));
    }
    Some(stacks)
}
