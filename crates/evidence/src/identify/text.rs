//! Telling what a text is.

use crate::Kind;

use super::NameHints;

/// Lines that are searched for something that may stand anywhere in a log.
const MAX_LOG_LINES: usize = 200_000;

/// Tells whether bytes are text: what is not UTF-8 or a control character is
/// rare in the first 4 KiB, and there is no zero byte.
pub(super) fn looks_like_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    let strange = head
        .iter()
        .filter(|&&byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
        .count();
    !head.contains(&0) && strange * 50 <= head.len()
}

pub(super) fn identify(hints: &NameHints, text: &str) -> Kind {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if body.is_empty() {
        return Kind::Unknown;
    }
    let first = body.lines().next().unwrap_or("").trim_end();
    by_first_line(hints, first)
        .or_else(|| html(body))
        .or_else(|| process_file(body, first))
        .or_else(|| cgroup(hints, body, first))
        .or_else(|| json(body))
        .or_else(|| build_info(body))
        .or_else(|| prometheus(body))
        .or_else(|| log(body))
        .or_else(|| folded(body))
        .unwrap_or(Kind::Unknown)
}

/// The text forms of `runtime/pprof`, which say their name at once.
fn by_first_line(hints: &NameHints, first: &str) -> Option<Kind> {
    if first.starts_with("heap profile:") {
        return Some(hints.heap_kind());
    }
    if first.starts_with("--- mutex") {
        return Some(Kind::Mutex);
    }
    if first.starts_with("--- contention") {
        // Go calls a block profile so; the name may know better.
        return Some(hints.contention_kind());
    }
    let (name, total) = first.split_once(" profile: total ")?;
    total.trim().parse::<u64>().ok()?;
    Some(match name {
        "goroutine" => Kind::Goroutine,
        "goroutineleak" => Kind::GoroutineLeak,
        "threadcreate" => Kind::ThreadCreate,
        _ => Kind::OtherProfile,
    })
}

fn html(body: &str) -> Option<Kind> {
    let head: String = body
        .chars()
        .take(2048)
        .collect::<String>()
        .to_ascii_lowercase();
    let is_html = ["<!doctype html", "<html", "<head"]
        .iter()
        .any(|start| head.starts_with(start));
    if !is_html {
        return None;
    }
    // The index of net/http/pprof, wherever it is mounted.
    if head.contains("types of profiles available") || head.contains("<title>/debug/pprof/") {
        return Some(Kind::PprofIndex);
    }
    Some(Kind::Html)
}

/// The files of `/proc`.
fn process_file(body: &str, first: &str) -> Option<Kind> {
    if first.ends_with("[rollup]") && is_mapping_line(first) {
        return Some(Kind::SmapsRollup);
    }
    if is_mapping_line(first) {
        let has_fields = body.lines().take(64).any(|line| is_kilobytes(line, "Rss:"));
        return Some(if has_fields { Kind::Smaps } else { Kind::Maps });
    }
    if is_kilobytes(first, "Rss:") && body.lines().any(|line| is_kilobytes(line, "Pss:")) {
        return Some(Kind::SmapsRollup);
    }
    if is_kilobytes(first, "MemTotal:") {
        return Some(Kind::MemInfo);
    }
    let is_status =
        first.starts_with("Name:\t") && body.lines().any(|line| line.starts_with("Pid:\t"));
    if is_status {
        return Some(Kind::Status);
    }
    let numbers: Vec<&str> = first.split(' ').collect();
    let is_statm = body.lines().count() == 1
        && numbers.len() == 7
        && numbers.iter().all(|number| number.parse::<u64>().is_ok());
    if is_statm {
        return Some(Kind::Statm);
    }
    if is_stat(first) {
        return Some(Kind::Stat);
    }
    let is_membership = body.lines().all(|line| {
        let mut parts = line.splitn(3, ':');
        parts.next().is_some_and(|id| id.parse::<u32>().is_ok())
            && parts.next().is_some()
            && parts.next().is_some_and(|path| path.starts_with('/'))
    });
    is_membership.then_some(Kind::CgroupMembership)
}

/// Tells whether a line is that of `/proc/PID/stat`: `pid (name) state numbers…`.
fn is_stat(line: &str) -> bool {
    let Some((pid, rest)) = line.split_once(" (") else {
        return false;
    };
    let Some((_, fields)) = rest.rsplit_once(") ") else {
        return false;
    };
    let mut words = fields.split_ascii_whitespace();
    let has_state = words.next().is_some_and(|state| state.len() == 1);
    pid.parse::<u32>().is_ok()
        && has_state
        && words.clone().count() >= 40
        && words.all(|word| word.parse::<i128>().is_ok())
}

/// Tells whether a line heads a mapping: `7f00-7f10 rw-p 0000 00:00 0  name`.
fn is_mapping_line(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let is_hex = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_hexdigit());
    let is_range = words
        .next()
        .and_then(|range| range.split_once('-'))
        .is_some_and(|(start, end)| is_hex(start) && is_hex(end));
    let has_permissions = words
        .next()
        .is_some_and(|word| word.len() == 4 && word.bytes().all(|b| b"rwxsp-".contains(&b)));
    is_range && has_permissions
}

fn is_kilobytes(line: &str, field: &str) -> bool {
    line.strip_prefix(field)
        .is_some_and(|rest| rest.trim_end().ends_with(" kB"))
}

fn cgroup(hints: &NameHints, body: &str, first: &str) -> Option<Kind> {
    const MODES: [&str; 8] = [
        "[always]",
        "[madvise]",
        "[never]",
        "[inherit]",
        "[defer]",
        "[defer+madvise]",
        "[within_size]",
        "[advise]",
    ];
    if MODES.iter().any(|mode| first.contains(mode)) {
        return Some(Kind::HugePageSettings);
    }
    let is_pressure = first.starts_with("some avg10=");
    let is_pair = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        words.next().is_some()
            && words
                .next()
                .is_some_and(|value| value == "max" || value.parse::<u64>().is_ok())
            && words.next().is_none()
    };
    let is_single = body.lines().count() == 1 && (first == "max" || first.parse::<u64>().is_ok());
    if hints.lower.starts_with("memory.") && (is_pressure || is_single || is_pair(first)) {
        return Some(Kind::CgroupFile);
    }
    // `cpu.max` has a quota and a period; in version 1 each is a file, -1 for no quota.
    let is_cpu_limit = match hints.lower.as_str() {
        "cpu.max" => is_pair(first) || is_single,
        "cpu.cfs_quota_us" | "cpu.cfs_period_us" => first.parse::<i64>().is_ok(),
        _ => false,
    };
    if is_cpu_limit && body.lines().count() == 1 {
        return Some(Kind::CgroupFile);
    }
    let names_a_file = first.starts_with("memory.") && is_pair(first);
    let is_stat = is_pair(first)
        && ["anon ", "cache "]
            .iter()
            .any(|start| first.starts_with(start))
        && body.lines().any(|line| line.starts_with("inactive_file "));
    let is_combined = names_a_file || body.contains("# memory.stat") || is_stat;
    is_combined.then_some(Kind::CgroupText)
}

fn json(body: &str) -> Option<Kind> {
    if !body.starts_with('{') {
        return None;
    }
    let has = |name: &str| body.contains(name);
    if has("\"memstats\"") || (has("\"HeapAlloc\"") && has("\"HeapSys\"")) {
        return Some(Kind::ExpVar);
    }
    if has("\"/memory/classes/") || has("\"/gc/heap/") || has("\"/sched/goroutines") {
        return Some(Kind::RuntimeMetricsJson);
    }
    has("\"cmdline\"").then_some(Kind::ExpVar)
}

/// The text of `go version -m`, or of `debug.BuildInfo.String`.
fn build_info(body: &str) -> Option<Kind> {
    let is_head = body.lines().next().is_some_and(|line| {
        let version = line
            .strip_prefix("go\t")
            .or_else(|| line.rsplit_once(": ").map(|(_, version)| version));
        let has_version =
            version.is_some_and(|text| text.starts_with("go1") || text.starts_with("devel "));
        has_version || line.starts_with("path\t")
    });
    let has_module = body.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("path\t") || line.starts_with("build\t")
    });
    (is_head && has_module).then_some(Kind::BuildInfo)
}

fn prometheus(body: &str) -> Option<Kind> {
    let mut lines = body.lines().take(256);
    let is_metrics = lines.any(|line| {
        line.starts_with("# TYPE ")
            || line.starts_with("# HELP ")
            || line.starts_with("go_memstats_")
            || line.starts_with("go_goroutines ")
    });
    is_metrics.then_some(Kind::PrometheusText)
}

/// What stands among other lines: goroutine stacks and collector traces.
fn log(body: &str) -> Option<Kind> {
    let mut goroutines = 0_usize;
    let mut collections = 0_usize;
    for line in body.lines().take(MAX_LOG_LINES) {
        if is_goroutine_line(line) {
            goroutines += 1;
        } else if is_gctrace_line(line) {
            collections += 1;
        }
    }
    if goroutines == 0 && collections == 0 {
        return None;
    }
    Some(if goroutines >= collections {
        Kind::GoroutineDump
    } else {
        Kind::GcTraceLog
    })
}

/// `goroutine 12 [chan receive, 3 minutes]:`, perhaps after a log's prefix.
fn is_goroutine_line(line: &str) -> bool {
    let Some(start) = line.find("goroutine ") else {
        return false;
    };
    let rest = &line[start + "goroutine ".len()..];
    let Some((id, state)) = rest.split_once(' ') else {
        return false;
    };
    id.parse::<u64>().is_ok()
        && (state.starts_with('[') || state.starts_with("gp="))
        && state.trim_end().ends_with(':')
}

/// Lines of gctrace and scavtrace: `gc 5 @0.02s 3%: …`, `gc5(2): …` of old,
/// `scav 1 KiB work …` and `scvg: …`.
fn is_gctrace_line(line: &str) -> bool {
    if line.contains("scvg") && line.contains("inuse:") {
        return true;
    }
    if let Some(start) = line.find("scav ") {
        let rest = &line[start..];
        if rest.contains(" work") && rest.contains("util") {
            return true;
        }
    }
    line.match_indices("gc").any(|(start, _)| {
        let rest = &line[start + 2..];
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(modern) = rest.strip_prefix(' ') {
            let count = digits(modern);
            let after = &modern[count..];
            return count > 0
                && after.starts_with(" @")
                && after.contains("s ")
                && after.contains("%:");
        }
        let count = digits(rest);
        count > 0 && rest[count..].starts_with('(') && rest.contains("):")
    })
}

/// Folded stacks: `a;b;c 12`.
fn folded(body: &str) -> Option<Kind> {
    let mut lines = body
        .lines()
        .filter(|line| !line.is_empty())
        .take(32)
        .peekable();
    lines.peek()?;
    let mut deep = false;
    for line in lines {
        let (stack, count) = line.rsplit_once(' ')?;
        count.parse::<i64>().ok()?;
        deep |= stack.contains(';');
    }
    deep.then_some(Kind::OtherProfile)
}

#[cfg(test)]
mod tests {
    use super::super::identify as identify_bytes;
    use super::*;

    fn kind_of(name: &str, text: &str) -> Kind {
        identify_bytes(name, text.as_bytes())
    }

    #[test]
    fn process_files() {
        let mapping = "00400000-00744000 r-xp 00000000 fe:00 109 /src/prog\n";
        assert_eq!(kind_of("x", mapping), Kind::Maps);
        let smaps = format!("{mapping}Size:  3344 kB\nRss:   1024 kB\n");
        assert_eq!(kind_of("x", &smaps), Kind::Smaps);
        let rollup = "00400000-7ffc ---p 00000000 00:00 0    [rollup]\nRss:  278584 kB\n";
        assert_eq!(kind_of("x", rollup), Kind::SmapsRollup);
        assert_eq!(
            kind_of("x", "Rss:  278584 kB\nPss:  8 kB\n"),
            Kind::SmapsRollup
        );
        assert_eq!(
            kind_of("x", "383702 69646 1274 836 0 86824 0\n"),
            Kind::Statm
        );
        assert_eq!(
            kind_of("x", "MemTotal:  8123 kB\nMemFree: 3 kB\n"),
            Kind::MemInfo
        );
        assert_eq!(
            kind_of("x", "Name:\tprog\nUmask:\t0022\nPid:\t7\n"),
            Kind::Status
        );
        assert_eq!(kind_of("x", "4:memory:/a\n0::/b\n"), Kind::CgroupMembership);
        assert_eq!(
            kind_of("x", "always [madvise] never\n"),
            Kind::HugePageSettings
        );
    }

    #[test]
    fn cgroup_files() {
        assert_eq!(kind_of("memory.current", "281264128\n"), Kind::CgroupFile);
        assert_eq!(kind_of("cgroup/memory.max", "max\n"), Kind::CgroupFile);
        assert_eq!(kind_of("memory.stat", "anon 5\nfile 6\n"), Kind::CgroupFile);
        assert_eq!(
            kind_of("memory.pressure", "some avg10=0.00 avg60=0\n"),
            Kind::CgroupFile
        );
        assert_eq!(
            kind_of("x", "memory.usage_in_bytes 28\n# memory.stat\ncache 0\n"),
            Kind::CgroupText
        );
        assert_eq!(
            kind_of("x", "anon 1\nfile 2\ninactive_file 3\n"),
            Kind::CgroupText
        );
        assert_eq!(kind_of("x", "281264128\n"), Kind::Unknown);
        for (name, body) in [
            ("cpu.max", "max 100000\n"),
            ("above/cpu.max", "150000 100000\n"),
            ("cpu.cfs_quota_us", "-1\n"),
            ("cpu.cfs_period_us", "100000\n"),
        ] {
            assert_eq!(kind_of(name, body), Kind::CgroupFile, "{name}");
            assert_eq!(kind_of("x", body), Kind::Unknown, "{name}");
        }
        assert_eq!(
            kind_of("cpu.max", "main;work 3\nmain 4\n"),
            Kind::OtherProfile
        );
    }

    #[test]
    fn json_of_several_sorts() {
        assert_eq!(
            kind_of("x", "{\"cmdline\":[],\"memstats\":{}}"),
            Kind::ExpVar
        );
        assert_eq!(
            kind_of("x", "{\"/gc/heap/live:bytes\": 1}"),
            Kind::RuntimeMetricsJson
        );
        assert_eq!(kind_of("x", "{\"cause\": \"x\"}"), Kind::Unknown);
    }

    #[test]
    fn logs() {
        let crash = "2026/01/01 boom\npanic: x\n\ngoroutine 1 [running]:\nmain.main()\n";
        assert_eq!(kind_of("crash.log", crash), Kind::GoroutineDump);
        let verbose = "goroutine 7 gp=0xc0 m=nil [select, 2 minutes]:\nmain.f()\n";
        assert_eq!(kind_of("x", verbose), Kind::GoroutineDump);
        let modern = "starting\ngc 1 @0.010s 1%: 0.01+0.5+0.0 ms clock, 4->4->0 MB\n";
        assert_eq!(kind_of("x", modern), Kind::GcTraceLog);
        let old = "gc1(1): 0+0+34 us, 0 -> 0 MB, 21 (21-0) objects\n";
        assert_eq!(kind_of("x", old), Kind::GcTraceLog);
        assert_eq!(kind_of("x", "hello\nworld\n"), Kind::Unknown);
        assert_eq!(kind_of("x", "the gc 5 times\n"), Kind::Unknown);
    }

    #[test]
    fn others() {
        assert_eq!(kind_of("x", "main;f;g 12\nmain;h 3\n"), Kind::OtherProfile);
        assert_eq!(
            kind_of("x", "prog: go1.27.3\n\tpath\tmain\n\tbuild\t-compiler=gc\n"),
            Kind::BuildInfo
        );
        assert_eq!(kind_of("x", "go\tgo1.27.3\npath\tmain\n"), Kind::BuildInfo);
        assert_eq!(
            kind_of("x", "# HELP go_goroutines n\n# TYPE go_goroutines gauge\n"),
            Kind::PrometheusText
        );
        assert_eq!(
            kind_of("x", "<html><head><title>/debug/pprof/</title>"),
            Kind::PprofIndex
        );
        assert_eq!(kind_of("x", "  <!doctype html>\n<p>sign in"), Kind::Html);
        assert_eq!(
            kind_of("x", "--- contention:\ncycles/second=1\n"),
            Kind::Block
        );
        assert_eq!(
            kind_of("x", "example.com/conns profile: total 1\n"),
            Kind::OtherProfile
        );
    }
}
