//! Pictures, the programs that show them, and Graphviz, with stand-ins for both.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::pprof::heap;
use crate::{Done, command};

/// Puts a program into a folder that keeps what it was given beside itself.
fn stand_in(folder: &Path, name: &str) {
    let kept = folder.join("kept").display().to_string();
    let text = format!(
        "#!/bin/sh\nfor last; do :; done\necho \"$0 $@\" >{kept}.arguments\ncp \"$last\" {kept}.file\n"
    );
    write_program(&folder.join(name), &text);
}

/// Another process writes it: a file that a child of another test still holds open for
/// writing cannot be run.
fn write_program(path: &Path, text: &str) {
    let write = "printf '%s' \"$2\" >\"$1\" && chmod 755 \"$1\"";
    let status = Command::new("sh")
        .args(["-c", write, "sh"])
        .arg(path)
        .arg(text)
        .status()
        .unwrap();
    assert!(status.success());
}

/// Runs with this folder before a few of the system's own on the path.
fn run(folder: &Path, arguments: &[&str]) -> Done {
    let temporary = folder.join("temporary");
    fs::create_dir_all(&temporary).unwrap();
    command(&["pprof", "-symbolize=none"])
        .args(arguments)
        .arg(heap())
        .current_dir(folder)
        .env("PATH", format!("{}:/nonexistent", folder.display()))
        .env("TMPDIR", &temporary)
        .env("HOME", folder)
        .env("PPROF_TMPDIR", folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into()
}

/// `cp` for the stand-ins, whose path is as narrow.
fn with_tools(folder: &Path) {
    for tool in ["cp", "cat"] {
        let found = ["/bin", "/usr/bin"]
            .map(|place| Path::new(place).join(tool))
            .into_iter()
            .find(|path| path.exists())
            .unwrap();
        std::os::unix::fs::symlink(found, folder.join(tool)).unwrap();
    }
}

#[test]
fn each_viewer_gets_its_file() {
    for (flag, program, arguments, begins) in [
        ("-web", "chromium", "", "<svg "),
        ("-evince", "evince", "", "%PDF-"),
        ("-eog", "eog", "", "<svg "),
        ("-gv", "gv", "--noantialias ", "%!PS-Adobe"),
        ("-kcachegrind", "kcachegrind", "", "positions: instr line"),
    ] {
        let folder = TempDir::new().unwrap();
        with_tools(folder.path());
        stand_in(folder.path(), program);
        let done = run(folder.path(), &[flag]);
        assert_eq!(done.code, Some(0), "{flag}: {}", done.stderr);
        assert_eq!(done.stdout, "");
        let told = fs::read_to_string(folder.path().join("kept.arguments")).unwrap();
        let name = folder.path().join(program);
        let file = folder.path().join("temporary/pprof001.");
        let expected = format!("{} {arguments}{}", name.display(), file.display());
        assert!(told.starts_with(&expected), "{told}");
        let shown = fs::read(folder.path().join("kept.file")).unwrap();
        assert!(shown.starts_with(begins.as_bytes()), "{flag}");
        // The file is gone when the program has seen it.
        let left = fs::read_dir(folder.path().join("temporary")).unwrap();
        assert_eq!(left.count(), 0, "{flag}");
    }
}

#[test]
fn without_a_viewer_the_error_names_what_was_tried() {
    let folder = TempDir::new().unwrap();
    let done = run(folder.path(), &["-web"]);
    assert_eq!(done.code, Some(2));
    for browser in ["google-chrome", "chromium", "firefox"] {
        assert!(done.stderr.contains(browser), "{}", done.stderr);
    }
    let done = run(folder.path(), &["-evince"]);
    assert!(
        done.stderr
            .contains("exec: \"evince\": executable file not found")
    );
}

#[test]
fn pictures_are_of_their_format() {
    let folder = TempDir::new().unwrap();
    for (flag, begins) in [
        ("-svg", b"<svg xmlns".as_slice()),
        ("-png", b"\x89PNG"),
        ("-gif", b"GIF89a"),
        ("-pdf", b"%PDF-"),
        ("-ps", b"%!PS-Adobe-3.0"),
    ] {
        let done = run(folder.path(), &[flag, "-output=out"]);
        assert_eq!(done.code, Some(0), "{flag}: {}", done.stderr);
        assert!(done.stderr.contains("Generating report in out"));
        let written = fs::read(folder.path().join("out")).unwrap();
        assert!(written.starts_with(begins), "{flag}");
    }
}

#[test]
fn graphviz_draws_where_it_is_asked_to() {
    let folder = TempDir::new().unwrap();
    with_tools(folder.path());
    let done = run(folder.path(), &["-svg", "-layout=graphviz"]);
    assert_eq!(done.code, Some(2));
    assert!(
        done.stderr.contains("needs the program dot") && done.stderr.contains("-layout=fathom"),
        "{}",
        done.stderr
    );
    write_program(
        &folder.path().join("dot"),
        "#!/bin/sh\necho \"drawn with $1\"\ncat\n",
    );
    let dot = run(folder.path(), &["-dot"]).stdout;
    let done = run(folder.path(), &["-svg", "-layout=graphviz"]);
    assert_eq!(done.stdout, format!("drawn with -Tsvg\n{dot}"));
}
