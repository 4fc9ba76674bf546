//! Generated profiles are what Go's own tool takes them for.

use std::fs::File;
use std::io::BufWriter;

use fathom_testkit::generator::Shape;
use fathom_testkit::toolchain::{Cgo, Toolchain};
use fathom_testkit::{GoVersion, repository};

#[test]
fn go_tool_pprof_reads_the_totals_that_were_written() {
    let directory = repository().join("target/testbed/generated");
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join(format!("small-{}.pb.gz", std::process::id()));
    let file = BufWriter::new(File::create(&path).unwrap());
    let written = Shape::small().write_gzip(file).unwrap();

    let toolchain = match Toolchain::find(GoVersion::GO_1_27) {
        Ok(toolchain) => toolchain,
        Err(error) => panic!("{error}"),
    };
    let output = toolchain
        .command(Cgo::Off)
        .args(["tool", "pprof", "-raw", "-symbolize=none"])
        .arg(&path)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();

    // "Samples:", a line of headings, then for each sample a line of values and locations and a
    // line of labels, then "Locations".
    let mut lines = text.lines().skip_while(|line| *line != "Samples:").skip(1);
    assert_eq!(
        lines.next().unwrap(),
        "alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes"
    );
    let mut samples = 0;
    let mut totals = [0_u64; 4];
    for line in lines.take_while(|line| *line != "Locations") {
        let values = line.split_once(':').unwrap().0.split_whitespace();
        let values: Vec<u64> = values.map_while(|value| value.parse().ok()).collect();
        if values.len() == totals.len() {
            samples += 1;
            for (total, value) in totals.iter_mut().zip(values) {
                *total += value;
            }
        }
    }
    assert_eq!(samples, written.samples);
    assert_eq!(totals, written.totals);
}
