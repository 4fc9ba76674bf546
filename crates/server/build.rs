//! Builds the page with Node.js and makes a table of its files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The files of the page and their media types.
const FILES: &[(&str, &str)] = &[
    ("index.html", "text/html; charset=utf-8"),
    ("app.js", "text/javascript; charset=utf-8"),
    ("app.css", "text/css; charset=utf-8"),
    ("icon.svg", "image/svg+xml"),
];

/// What to do without Node.js.
const WITHOUT: &str = "Install Node.js 18 or later with npm, or build fathom without its web page: \
                       cargo build -p fathom --no-default-features";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_PAGE").is_none() {
        return;
    }
    if let Err(message) = build() {
        println!("cargo:warning=the web page cannot be built: {message}");
        println!("cargo:warning={WITHOUT}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), String> {
    let here = env::var("CARGO_MANIFEST_DIR").map_err(|error| error.to_string())?;
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| error.to_string())?);
    let web = Path::new(&here).join("../../web");
    for input in ["src", "package.json", "package-lock.json", "build.mjs"] {
        println!("cargo:rerun-if-changed={}", web.join(input).display());
    }
    install(&web)?;
    let page = out.join("page");
    run(Command::new("node")
        .arg("build.mjs")
        .arg(&page)
        .current_dir(&web))?;
    let mut table = String::from("static FILES: &[File] = &[\n");
    for (name, media) in FILES {
        let hash = fs::read_to_string(page.join(format!("{name}.hash"))).unwrap_or_default();
        let path = page.join(name);
        let path = path.to_str().ok_or("OUT_DIR is no UTF-8")?;
        // Writing to a string does not fail.
        let _ = writeln!(
            table,
            "    File {{ name: {name:?}, media: {media:?}, bytes: include_bytes!({path:?}), hash: {hash:?} }},"
        );
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table).map_err(|error| error.to_string())
}

/// Installs what the lock file says, unless that was done.
fn install(web: &Path) -> Result<(), String> {
    let lock = fs::read(web.join("package-lock.json")).map_err(|error| error.to_string())?;
    let stamp = web.join("node_modules/.fathom-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    // What only tests need is `cargo xtask test`'s matter.
    let arguments = ["ci", "--omit=dev", "--ignore-scripts", "--loglevel=error"];
    run(Command::new(npm).args(arguments).current_dir(web))?;
    fs::write(stamp, lock).map_err(|error| error.to_string())
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{program} does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{program} failed: {}",
        text.trim().replace('\n', " | ")
    ))
}
