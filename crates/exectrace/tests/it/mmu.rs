//! Mutator utilisation, held against the plots of `go tool trace`.

use fathom_exectrace::mmu::{MmuCurve, Rules, UtilisationFlags, UtilisationWatch};
use fathom_exectrace::{Reader, Tail};
use fathom_testkit::fixtures::{Trace, traces};
use fathom_testkit::tracing::{Reference, Web};

/// What counts, in the reference's words.
const FLAGS: [&[&str]; 6] = [
    &["stw", "background", "assist"],
    &["stw", "background", "assist", "sweep"],
    &["background"],
    &["assist", "sweep"],
    &["perProc", "stw", "background", "assist", "sweep"],
    &["perProc", "assist"],
];

fn curve(trace: &Trace, flags: &[&str], rules: Rules) -> MmuCurve {
    let flags = UtilisationFlags::from_names(&flags.join("|"));
    let mut watch = UtilisationWatch::new(flags).rules(rules);
    let bytes = trace.read();
    let mut reader = Reader::new(&bytes[..]).expect("a trace").tail(Tail::Drop);
    reader.run(&mut watch).expect("a slice is read");
    watch.finish()
}

/// A window of a plot.
#[expect(
    clippy::cast_possible_truncation,
    reason = "plots have whole nanoseconds"
)]
fn nanoseconds(window: f64) -> i64 {
    window as i64
}

#[test]
fn curves_are_those_of_the_reference() {
    let reference = Reference::build().expect("the reference");
    let (mut curves, mut below) = (0, 0);
    for trace in traces() {
        let web = Web::open(&reference, &trace.path).expect("a whole trace");
        for flags in FLAGS {
            let theirs = web.mmu(flags).expect("a plot");
            let curve = curve(&trace, flags, Rules::Reference);
            let ours = curve.plot(&[]);
            assert_eq!(
                (ours.min_window_ns, ours.max_window_ns),
                (theirs.from, theirs.to),
                "{trace} {flags:?}"
            );
            for (our, (window, their)) in ours.points.iter().zip(&theirs.points) {
                // Their logarithms and ours may round a window to another nanosecond.
                assert!(
                    (our.window_ns as f64 - window).abs() <= 1.0,
                    "{trace} {flags:?} {window}"
                );
                let least = curve.least(nanoseconds(*window));
                assert!(
                    (least - their[0]).abs() < 1e-9,
                    "{trace} {flags:?} {window}: {least} {}",
                    their[0]
                );
                below += usize::from(least < 1.0);
            }
            assert_eq!(ours.points.len(), theirs.points.len());
            curves += 1;
        }
    }
    assert!(
        curves > 80 * FLAGS.len(),
        "all traces are looked at: {curves}"
    );
    assert!(below > 10_000, "the collector is seen: {below}");
}

/// The reference says of its percentiles what it says of the least: its distribution stays empty,
/// because it stops adding a window before it comes to that (`addMU` of
/// `src/internal/trace/gc.go`). Ours are those of all windows.
#[test]
fn quantiles_are_those_of_all_windows_where_the_reference_has_none() {
    let reference = Reference::build().expect("the reference");
    let scenarios = ["collections", "service"];
    let mut above = 0;
    for trace in traces() {
        if !scenarios.contains(&trace.scenario.as_str()) {
            continue;
        }
        let web = Web::open(&reference, &trace.path).expect("a whole trace");
        let theirs = web.mmu(&["stw", "background", "assist", "mut"]);
        let theirs = theirs.expect("a plot");
        let curve = curve(&trace, FLAGS[0], Rules::Reference);
        assert_eq!(theirs.quantiles.len(), 4);
        for (window, their) in &theirs.points {
            let window = nanoseconds(*window);
            let least = curve.least(window);
            assert!(their.iter().all(|their| (their - least).abs() < 1e-9));
            let ours = curve.quantiles(window, &theirs.quantiles);
            assert!((ours[0] - least).abs() < 1e-9, "{trace} {window}");
            assert!(ours.is_sorted(), "{trace} {window} {ours:?}");
            above += usize::from(ours[3] > least + 0.01);
        }
    }
    assert!(above > 100, "percentiles tell more than the least: {above}");
}

/// In some traces the reference leaves a P to the collector for ever: see [`Rules::Exact`].
#[test]
fn processors_are_given_back() {
    let least = |trace, rules| curve(trace, FLAGS[0], rules).least(i64::MAX);
    let more = traces()
        .iter()
        .map(|trace| least(trace, Rules::Exact) - least(trace, Rules::Reference))
        .filter(|more| *more > 0.05)
        .count();
    assert!(more > 0);
}
