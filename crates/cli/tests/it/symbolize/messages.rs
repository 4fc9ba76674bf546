//! What cannot be named is told, in the real tool's words.

use std::fs;
use std::path::{Path, PathBuf};

use fathom_profile::encode::write_proto;
use fathom_profile::{Limits, Mapping, ProfileBuilder, Symbolization};
use fathom_testkit::GoVersion;
use tempfile::TempDir;

use super::{build, ours, run, text};
use crate::Done;
use crate::pprof::theirs_with;

/// Writes a profile with one address in each of these mappings: file and build id.
fn write(path: &Path, mappings: &[(&str, &str)]) {
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("samples", "count").unwrap();
    let mut stack = Vec::new();
    for (number, (file, build_id)) in (1..).zip(mappings) {
        let start = 0x1000 * number;
        let mapping = Mapping {
            start,
            limit: start + 0x1000,
            offset: 0,
            file: builder.string(file).unwrap(),
            build_id: builder.string(build_id).unwrap(),
            symbols: Symbolization::default(),
        };
        let mapping = Some(builder.add_mapping(mapping).unwrap());
        stack.push(builder.location(start + 0x10, mapping, &[], false).unwrap());
    }
    if stack.is_empty() {
        stack.push(builder.location(0x10, None, &[], false).unwrap());
    }
    builder.add_sample(&stack, &[1], &[]).unwrap();
    fs::write(path, write_proto(&builder.finish())).unwrap();
}

/// Compiles a program with a build id.
fn small_binary(directory: &Path) -> PathBuf {
    fs::write(directory.join("small.c"), "int main(void) { return 0; }\n").unwrap();
    let arguments = ["-Wl,--build-id", "small.c", "-o", "small"];
    run("cc", &arguments, directory);
    directory.join("small")
}

#[test]
fn messages_and_reports_are_those_of_the_real_tool() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("profile.pb");
    let binaries = folder.path().join("binaries");
    let own = small_binary(folder.path());
    for directory in ["ab12cd", "ab"] {
        fs::create_dir_all(binaries.join(directory)).unwrap();
    }
    for copy in ["ab12cd/app", "ab12cd/other", "ab/12cd.debug", "found"] {
        std::os::unix::fs::symlink(&own, binaries.join(copy)).unwrap();
    }
    fs::write(binaries.join("text"), b"no binary").unwrap();
    let plain = text(&binaries.join("text")).to_owned();
    for mappings in [
        &[][..],
        &[("", "")],
        &[("", ""), ("", "")],
        &[("/no/such/app", "")],
        &[("/no/such/app", "ab12cd")],
        &[("/no/such/app", "ab12cd"), ("/no/such/found", "")],
        &[("[vdso]", ""), ("//anon", ""), ("/memfd:x", "")],
        &[("http://h/x", "")],
        &[(&plain, ""), ("/no/such/lib.so", "")],
        &[("C:\\app.exe", "")],
    ] {
        write(&path, mappings);
        for arguments in [
            &["-symbolize=", "-raw"][..],
            &["-symbolize=local", "-top"],
            &["-symbolize=fast:force", "-raw"],
            &["-symbolize=none", "-raw"],
            &["-symbolize=no:x", "-raw"],
            &["-symbolize=x:none", "-raw"],
            &["-symbolize=local", "-buildid=ab12cd", "-raw"],
            &["-symbolize=remote", "-raw"],
        ] {
            let mut asked = vec!["-compat"];
            asked.extend(arguments);
            asked.push(text(&path));
            let search = [("PPROF_BINARY_PATH", text(&binaries))];
            let (ours, theirs) = (ours(&asked, &search), theirs_with(&asked[1..], &search));
            let told = |done: &Done| (done.code, done.stderr.clone(), done.stdout.clone());
            assert_eq!(told(&ours), told(&theirs), "{mappings:?} {arguments:?}");
        }
    }
}

#[test]
fn a_binary_that_cannot_be_read_is_said_where_the_real_tool_says_it() {
    let busy = build("busy", GoVersion::GO_1_27, &[]);
    let folder = busy.directory.path();
    let profile = folder.join("cpu.pb.gz");
    run(&busy.program, &[text(&profile)], folder);
    let whole = fs::read(&busy.program).unwrap();
    let output = format!("-output={}", text(&folder.join("out.txt")));
    for state in ["gone", "no binary", "empty", "folder", "cut"] {
        fs::remove_file(&busy.program).unwrap();
        match state {
            "gone" => {}
            "no binary" => fs::write(&busy.program, "no binary\n").unwrap(),
            "empty" => fs::write(&busy.program, "").unwrap(),
            "folder" => fs::create_dir(&busy.program).unwrap(),
            _ => fs::write(&busy.program, &whole[..whole.len() / 3]).unwrap(),
        }
        let path = text(&profile);
        for arguments in [
            &["-disasm=main", path][..],
            &["-disasm=nowhere", path],
            &["-disasm=0x401000", path],
            &[&output, "-disasm=main", path],
            &["-weblist=main", &output, path],
            &["-symbolize=none", "-list=nowhere", path],
        ] {
            let mut asked = vec!["-compat"];
            asked.extend(arguments);
            let (ours, theirs) = (ours(&asked, &[]), theirs_with(arguments, &[]));
            let told = |done: &Done| (done.code, done.stdout.clone(), done.stderr.clone());
            assert_eq!(told(&ours), told(&theirs), "{state} {arguments:?}");
        }
        // Without -compat all goes to standard error.
        let done = ours(&["-disasm=main", path], &[]);
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{state}");
        assert_eq!(done.stderr.lines().count(), 2, "{state}: {}", done.stderr);
        if state == "folder" {
            fs::remove_dir(&busy.program).unwrap();
        }
        fs::write(&busy.program, &whole).unwrap();
    }
}

#[test]
fn build_ids_decide_which_binary_is_taken() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("profile.pb");
    let binaries = folder.path().join("binaries");
    fs::create_dir_all(binaries.join("ab12cd")).unwrap();
    let own = small_binary(folder.path());
    let own = text(&own);
    std::os::unix::fs::symlink(own, binaries.join("ab12cd/app")).unwrap();
    write(&path, &[("/no/such/app", "ab12cd")]);
    let search = [("PPROF_BINARY_PATH", text(&binaries))];
    let done = ours(&["-raw", text(&path)], &search);
    assert_eq!(done.code, Some(0));
    let refused = format!(
        "Ignoring local file {}/ab12cd/app: build-id mismatch (ab12cd != ",
        text(&binaries)
    );
    assert_eq!(done.stderr.matches(&refused).count(), 1, "{}", done.stderr);
    assert!(
        done.stderr.contains(
            "Local symbolization failed for app (build ID ab12cd): \
             open /no/such/app: no such file or directory\n\
             Some binary filenames not available. Symbolization may be incomplete.\n\
             Try setting PPROF_BINARY_PATH"
        ),
        "{}",
        done.stderr
    );
    // The same, named on the command line.
    let done = ours(&["-raw", own, text(&path)], &[]);
    assert!(
        done.stderr
            .contains("(build ID ab12cd): build ID mismatch: "),
        "{}",
        done.stderr
    );
}

#[test]
fn tools_are_not_needed_and_help_says_so() {
    let help = ours(&["-h"], &[("PPROF_TOOLS", "/opt/tools")]).fine();
    assert!(help.contains("PPROF_TOOLS is set, and ignored"), "{help}");
    assert!(!ours(&["-h"], &[]).fine().contains("is set, and ignored"));
}
