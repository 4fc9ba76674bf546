//! The lines of the scavenger, and what a collection scanned.

use serde::Serialize;

use super::cycle::Cursor;

/// Is what the scavenger returned to the system, in KiB.
///
/// Up to Go 1.13 the runtime prints MiB; they are converted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scavenge {
    /// Is what was released since the last line (by the background worker only,
    /// since Go 1.21).
    pub work_kib: Option<u64>,
    /// Is what allocating goroutines had to release since the last line (Go 1.21).
    pub eager_kib: Option<u64>,
    /// Is what is released now (Go 1.21, `released` up to Go 1.13).
    pub released_kib: Option<u64>,
    /// Is what was ever released (Go 1.14 to 1.20).
    pub total_kib: Option<u64>,
    /// Is the part of the heap's unreleased pages that is in use, in percent.
    pub utilisation_percent: Option<u64>,
    /// Is the heap in use (up to Go 1.13).
    pub inuse_kib: Option<u64>,
    /// Is the heap that is idle, released or not (up to Go 1.13).
    pub idle_kib: Option<u64>,
    /// Is the heap's address space (up to Go 1.13).
    pub sys_kib: Option<u64>,
    /// Is what the heap takes of the system's memory (up to Go 1.13).
    pub consumed_kib: Option<u64>,
    /// Tells whether `debug.FreeOSMemory` asked for it.
    pub forced: bool,
}

/// Is what a collection scanned, in all or of one size class (gctrace=2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scan {
    /// Is the slot size in bytes; `None` is the total, 0 large objects.
    pub class_bytes: Option<u64>,
    /// Counts the objects.
    pub objects: u64,
    /// Counts the spans that were scanned as spans (Go 1.26).
    pub spans: Option<u64>,
}

/// Reads what follows `scav `.
///
/// Since Go 1.21 `# KiB work (bg), # KiB work (eager), # KiB now, #% util`; from
/// 1.16 `# KiB work, # KiB total, #% util`; in 1.14 and 1.15 with a generation
/// before (`runtime/mgcscavenge.go`, `printScavTrace`).
pub(super) fn parse_scav(rest: &[u8]) -> Option<Scavenge> {
    let mut line = Cursor::new(rest);
    let mut work = line.number()?;
    line.expect(b" ")?;
    if !line.accept(b"KiB work") {
        work = line.number()?;
        line.expect(b" KiB work")?;
    }
    let mut event = Scavenge {
        work_kib: Some(work),
        ..Scavenge::default()
    };
    if line.accept(b" (bg), ") {
        event.eager_kib = Some(line.number()?);
        line.expect(b" KiB work (eager), ")?;
        event.released_kib = Some(line.number()?);
        line.expect(b" KiB now, ")?;
    } else {
        line.expect(b", ")?;
        event.total_kib = Some(line.number()?);
        line.expect(b" KiB total, ")?;
    }
    event.utilisation_percent = Some(line.number()?);
    line.expect(b"% util")?;
    event.forced = line.accept(b" (forced)");
    Some(event)
}

/// Reads what follows `scvg`: `[N]: # MB released`, `[N]: inuse: #, idle: #,
/// sys: #, released: #, consumed: # (MB)` (`runtime/mheap.go`, up to Go 1.13).
pub(super) fn parse_scvg(rest: &[u8]) -> Option<Scavenge> {
    let mut line = Cursor::new(rest);
    line.number();
    line.expect(b": ")?;
    let kib = |mib: u64| mib.checked_mul(1024);
    if line.accept(b"GC forced") {
        return Some(Scavenge {
            forced: true,
            ..Scavenge::default()
        });
    }
    if !line.accept(b"inuse: ") {
        let released = line.number()?;
        line.expect(b" MB released")?;
        return Some(Scavenge {
            work_kib: kib(released),
            ..Scavenge::default()
        });
    }
    let mut event = Scavenge {
        inuse_kib: kib(line.number()?),
        ..Scavenge::default()
    };
    line.expect(b", idle: ")?;
    event.idle_kib = kib(line.number()?);
    line.expect(b", sys: ")?;
    event.sys_kib = kib(line.number()?);
    line.expect(b", released: ")?;
    event.released_kib = kib(line.number()?);
    line.expect(b", consumed: ")?;
    event.consumed_kib = kib(line.number()?);
    line.expect(b" (MB)")?;
    Some(event)
}

/// Reads what follows `scan: `: `total|class NB # objs` (Go 1.25), or with
/// `a+b+c=# objs, a+b=# spans` (Go 1.26, `runtime/mgcmark_greenteagc.go`).
pub(super) fn parse_scan(rest: &[u8]) -> Option<Scan> {
    let mut line = Cursor::new(rest);
    let class_bytes = if line.accept(b"total ") {
        None
    } else if line.accept(b"class L ") {
        Some(0)
    } else {
        line.expect(b"class ")?;
        let size = line.number()?;
        line.expect(b"B ")?;
        Some(size)
    };
    let objects = sum(&mut line)?;
    line.expect(b" objs")?;
    let mut spans = None;
    if line.accept(b", ") {
        spans = Some(sum(&mut line)?);
        line.expect(b" spans")?;
    }
    Some(Scan {
        class_bytes,
        objects,
        spans,
    })
}

/// Reads `a+b=c` and returns c, or one number.
fn sum(line: &mut Cursor<'_>) -> Option<u64> {
    let mut value = line.number()?;
    while line.accept(b"+") || line.accept(b"=") {
        value = line.number()?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_the_scavenger() {
        let new =
            parse_scav(b"1792 KiB work (bg), 5 KiB work (eager), 3328 KiB now, 68% util (forced)")
                .unwrap();
        assert_eq!(
            (new.work_kib, new.eager_kib, new.released_kib),
            (Some(1792), Some(5), Some(3328))
        );
        assert!(new.forced);
        let middle = parse_scav(b"8 KiB work, 64 KiB total, 68% util").unwrap();
        assert_eq!(
            (
                middle.work_kib,
                middle.total_kib,
                middle.utilisation_percent
            ),
            (Some(8), Some(64), Some(68))
        );
        let with_generation = parse_scav(b"3 8 KiB work, 64 KiB total, 68% util").unwrap();
        assert_eq!(with_generation, middle);
        let old =
            parse_scvg(b"0: inuse: 3, idle: 60, sys: 63, released: 59, consumed: 4 (MB)").unwrap();
        assert_eq!((old.inuse_kib, old.consumed_kib), (Some(3072), Some(4096)));
        assert_eq!(parse_scvg(b": 1 MB released").unwrap().work_kib, Some(1024));
        assert!(parse_scvg(b"7: GC forced").unwrap().forced);
        assert_eq!(parse_scav(b"8 KiB work, 64"), None);
        assert_eq!(parse_scvg(b": inuse: 99999999999999999999"), None);
    }

    #[test]
    fn both_versions_of_scans() {
        let plain = parse_scan(b"class 208B 12254 objs").unwrap();
        assert_eq!(
            (plain.class_bytes, plain.objects, plain.spans),
            (Some(208), 12254, None)
        );
        let sums = parse_scan(b"total 7209+201+0=7410 objs, 29+0=29 spans").unwrap();
        assert_eq!(
            (sums.class_bytes, sums.objects, sums.spans),
            (None, 7410, Some(29))
        );
        assert_eq!(
            parse_scan(b"class L 1+0+0=1 objs, 0+0=0 spans")
                .unwrap()
                .class_bytes,
            Some(0)
        );
    }
}
