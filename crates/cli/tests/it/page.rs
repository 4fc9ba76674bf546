//! `fathom open`: what it prints and serves, and its page in a real browser.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

#[cfg(all(feature = "page", target_os = "linux"))]
use fathom_testkit::{GoVersion, program::Program};

use super::*;

const CPU: &str = "profiles/go1.27.3/cpu.pb.gz";

/// A fathom that serves, ended with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a command and returns the address in the first line of a stream.
fn served(arguments: &[&str], is_told_on_stderr: bool) -> (Served, String) {
    let mut child = command(arguments)
        .env_remove("FATHOM_TOKEN")
        .env_remove("FATHOM_PASSWORD")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stream: Box<dyn std::io::Read> = if is_told_on_stderr {
        Box::new(child.stderr.take().unwrap())
    } else {
        Box::new(child.stdout.take().unwrap())
    };
    let served = Served(child);
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    let at = line
        .find("http://")
        .unwrap_or_else(|| panic!("no address in {line:?}"));
    let url = line[at..].trim().to_owned();
    (served, url)
}

/// Asks for a path below the page's.
fn get(url: &str, path: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, below) = rest.split_once('/').unwrap();
    let token = below.split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request =
        format!("GET /{token}/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The JSON of an endpoint.
fn asked(url: &str, path: &str) -> serde_json::Value {
    let answer = get(url, &format!("api/v1/{path}"));
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[test]
fn the_page_answers_as_the_terminal_does() {
    let (_served, url) = served(&["open", "--no-browser", CPU], false);
    let path = "top?nodecount=5&sample_index=samples";
    let ours = asked(&url, path);
    let terminal = json(&["top", CPU, "--json", "-n", "5", "--sample-index", "samples"]);
    assert_eq!(ours, terminal);
}

#[test]
fn a_bundle_is_explained_and_its_profiles_are_named() {
    let incident = "incidents/go1.27.3/orders.fathom";
    let (_served, url) = served(&["open", "--no-browser", incident], false);
    let subject = asked(&url, "subject");
    assert_eq!(subject["title"], "orders.fathom");
    let profiles = subject["profiles"].as_array().unwrap();
    let names: Vec<&str> = profiles
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    // The heap is there as text too, which is no other profile.
    assert_eq!(names, ["heap", "goroutine", "threadcreate"]);
    let terminal = json(&["explain", incident, "--json"]);
    assert_eq!(asked(&url, "explain"), terminal);
}

#[test]
fn two_of_a_kind_are_compared() {
    let older = "profiles/go1.26.6/cpu.pb.gz";
    let (_served, url) = served(&["open", "--no-browser", older, CPU], false);
    let terminal = json(&["diff", older, CPU, "--json"]);
    assert_eq!(asked(&url, "diff"), terminal);
}

#[test]
fn goroutines_are_those_of_the_terminal() {
    let base = format!("{FORMATS}/goroutine_debug2.txt");
    let dump = format!("{LEAK}/goroutine_debug2.txt");
    let (_served, url) = served(&["open", "--no-browser", &dump], false);
    assert_eq!(
        asked(&url, "goroutines"),
        json(&["goroutines", &dump, "--json"])
    );
    let (_served, url) = served(&["open", "--no-browser", "--base", &base, &dump], false);
    assert_eq!(
        asked(&url, "goroutines"),
        json(&["goroutines", &dump, "--base", &base, "--json"])
    );
    let profile = format!("{FORMATS}/goroutine.pb.gz");
    let (_served, url) = served(&["open", "--no-browser", &profile], false);
    assert_eq!(
        asked(&url, "goroutines"),
        json(&["goroutines", &profile, "--json"])
    );
}

#[test]
fn only_goroutines_of_one_form_are_compared() {
    let dump = format!("{LEAK}/goroutine_debug2.txt");
    let base = format!("{FORMATS}/goroutine.pb.gz");
    let (_served, url) = served(&["open", "--no-browser", "--base", &base, &dump], false);
    assert_eq!(
        asked(&url, "goroutines"),
        json(&["goroutines", &dump, "--json"])
    );
    let notes = asked(&url, "subject")["notes"].to_string();
    assert!(notes.contains("no goroutines of this form"), "{notes}");
}

#[test]
fn the_memory_map_sums_to_what_explain_says_is_resident() {
    let incident = "incidents/go1.27.3/swapped.fathom";
    let (_served, url) = served(&["open", "--no-browser", incident], false);
    let map = asked(&url, "memory-map");
    let terminal = json(&["explain", incident, "--json"]);
    assert_eq!(map["schema"], "fathom.memory-map/1");
    assert_eq!(
        map["total"]["resident_bytes"],
        terminal["totals"]["rss_bytes"]
    );
    assert_eq!(map["total"]["swapped_bytes"], 31748 << 10);
}

#[test]
fn the_view_is_a_part_of_the_address() {
    let arguments = ["open", "--no-browser", "--view", "/top?focus=main", CPU];
    let (_served, url) = served(&arguments, false);
    assert!(url.ends_with("/top?focus=main"), "{url}");
}

#[test]
fn pprof_serves_the_page_with_the_options_that_were_given() {
    let arguments = [
        "pprof",
        "-http=localhost:0",
        "-no_browser",
        "-focus=main",
        "-cum",
        CPU,
    ];
    let (_served, url) = served(&arguments, true);
    assert!(url.ends_with("/flame?sort=cum&focus=main"), "{url}");
    assert_eq!(asked(&url, "subject")["profiles"][0]["name"], "profile");
    assert!(get(&url, "ui/top?f=x").contains("/top?focus=x\r\n"));
}

#[test]
fn what_cannot_be_shown_is_told_before_anything_is_opened() {
    let done = fathom(&["open", "--no-browser", "no/such/file"]);
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.starts_with("error: "), "{}", done.stderr);
    let done = fathom(&["open", "--no-browser", "--listen", "0.0.0.0", CPU]);
    assert_eq!(done.code, Some(2));
    assert!(
        done.stderr
            .contains("nothing keeps them out\nhint: --password or --token"),
        "{}",
        done.stderr
    );
    let done = fathom(&["open", "--no-browser", "README.md"]);
    assert_eq!(done.code, Some(2));
    assert!(done.stdout.is_empty(), "{}", done.stdout);
}

/// The page's modules by themselves, and all of it in Chromium.
#[cfg(all(feature = "page", target_os = "linux"))]
#[test]
fn the_page_in_a_browser() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let node = |arguments: &[&str]| {
        let done = Command::new("node")
            .args(arguments)
            .current_dir(&web)
            .output()
            .unwrap();
        let told = [&done.stdout[..], &done.stderr[..]].concat();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&told));
    };
    node(&["--test", "tests/unit.test.mjs"]);
    let chromium = fathom_testkit::chromium().expect("Chromium: apt-get install chromium");
    let fixtures = fixtures();
    let live = Program::new("goroutine_leak", GoVersion::GO_1_27);
    let live = live.start().unwrap();
    node(&[
        "tests/page.mjs",
        chromium,
        env!("CARGO_BIN_EXE_fathom"),
        fixtures.to_str().unwrap(),
        &live.pid().to_string(),
    ]);
}
