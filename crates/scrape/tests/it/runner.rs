//! The threads, with a prober that answers by heart and lists from files and a real server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fathom_evidence::{Artefact, Capture, Kind};
use fathom_scrape::config::Config;
use fathom_scrape::schedule::First;
use fathom_scrape::{Answer, Failure, Health, Prober, Reason, Settings, Sink, Target, Task, run};

/// Answers at once; of some addresses not at all, or by a panic.
struct Fake;

impl Prober for Fake {
    fn probe(&self, task: &Task) -> Result<Answer, Failure> {
        let address = task.target.address.as_str();
        if address.starts_with("hang") {
            thread::sleep(Duration::from_secs(30));
        }
        assert!(!address.starts_with("panic"), "wanted");
        if address.starts_with("down") {
            return Err(Failure {
                reason: Reason::Unreachable,
                what: "connection refused".to_owned(),
            });
        }
        let mut capture = Capture::new();
        if task.readings {
            capture.push(Artefact::new(
                Kind::PrometheusText,
                "metrics.txt",
                b"up 1\n".to_vec(),
            ));
        }
        for name in &task.profiles {
            let name = format!("pprof/{name}.pb.gz");
            capture.push(Artefact::new(Kind::Heap, name, vec![1, 2, 3]));
        }
        Ok(Answer::of(capture, task))
    }
}

/// Remembers everything.
#[derive(Default)]
struct Memory {
    looks: Mutex<BTreeMap<String, usize>>,
    told: Mutex<Vec<String>>,
    targets: Mutex<Vec<String>>,
    health: Mutex<Option<Health>>,
}

impl Sink for Memory {
    fn looked(&self, task: &Task, at_unix_nanos: u64, answer: Result<Answer, Failure>) {
        assert!(at_unix_nanos > 1_700_000_000_000_000_000);
        if answer.is_ok() {
            let mut looks = self.looks.lock().unwrap();
            *looks.entry(task.target.address.clone()).or_default() += 1;
        }
    }

    fn told(&self, line: &str) {
        self.told.lock().unwrap().push(line.to_owned());
    }

    fn targets(&self, targets: &[Arc<Target>]) {
        let mut names: Vec<String> = targets
            .iter()
            .map(|target| target.address.clone())
            .collect();
        names.sort();
        *self.targets.lock().unwrap() = names;
    }

    fn health(&self, health: &Health) {
        *self.health.lock().unwrap() = Some(health.clone());
    }
}

/// A server of lists: answers each request with the next of these, the last for ever.
fn list_server(answers: Vec<(&'static str, &'static str)>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/targets", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        let mut answers = answers.into_iter();
        let mut current = answers.next().unwrap();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.ends_with(b"\r\n\r\n") {
                let length = stream.read(&mut buffer).unwrap();
                if length == 0 {
                    break;
                }
                request.extend_from_slice(&buffer[..length]);
            }
            log.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&request).into_owned());
            let (head, body) = current;
            let _ = write!(
                stream,
                "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            current = answers.next().unwrap_or(current);
        }
    });
    (url, asked)
}

/// Runs until a wish is fulfilled, and fails after a minute.
fn run_until(
    yaml: &str,
    folder: &std::path::Path,
    is_enough: &dyn Fn(&Memory) -> bool,
) -> Arc<Memory> {
    let config = Config::parse(yaml, "test.yaml", folder).unwrap();
    let memory = Arc::new(Memory::default());
    let stop = AtomicBool::new(false);
    let settings = Settings {
        first: First::AtOnce,
        grace: Duration::from_secs(4),
        health_interval: Duration::from_millis(200),
    };
    thread::scope(|scope| {
        scope.spawn(|| run(&config, &settings, &Arc::new(Fake), &memory, &stop));
        let end = Instant::now() + Duration::from_mins(1);
        while !is_enough(&memory) && Instant::now() < end {
            thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(is_enough(&memory), "{:?}", memory.told.lock().unwrap());
    memory
}

#[test]
fn targets_are_looked_at_while_others_hang_fail_and_panic() {
    let yaml = "
global: {scrape_interval: 1s, scrape_timeout: 1s, max_concurrent_scrapes: 2}
scrape_configs:
- job_name: api
  static_configs: [{targets: ['hang:1', 'panic:1', 'down:1', 'fine:1', 'fine:2']}]
";
    let looks = |memory: &Memory, name: &str| memory.looks.lock().unwrap().get(name).copied();
    let memory = run_until(yaml, "".as_ref(), &|memory| {
        looks(memory, "fine:1") >= Some(3)
            && looks(memory, "fine:2") >= Some(3)
            && memory
                .health
                .lock()
                .unwrap()
                .as_ref()
                .is_some_and(|health| health.hanging == 1)
    });
    let told = memory.told.lock().unwrap().join("\n");
    for line in [
        "api down:1: connection refused",
        "api hang:1: did not come back within 5s",
        "api panic:1: reading it failed by a mistake of ours (a panic)",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let health = memory.health.lock().unwrap().clone().unwrap();
    assert_eq!((health.targets, health.up), (5, 2));
    assert!(health.failures[&Reason::Unreachable] >= 1);
    let page = fathom_series::export::prometheus::write([(&[][..], &health.look(0))]);
    assert!(page.contains("\nfathom_scrape_targets 5\n"), "{page}");
    assert!(
        page.contains("fathom_scrape_failures_total{reason=\"hung\"} 1\n"),
        "{page}"
    );
    assert!(
        page.contains("fathom_scrape_look_duration_seconds_bucket{le=\"+Inf\"}"),
        "{page}"
    );
}

#[test]
fn lists_of_files_and_servers_are_followed() {
    let json = "200 OK\r\nContent-Type: application/json; charset=utf-8";
    let (url, asked) = list_server(vec![
        (
            json,
            r#"[{"targets": ["fine:80"], "labels": {"env": "x"}}]"#,
        ),
        ("500 No", "[]"),
        ("200 OK\r\nContent-Type: text/html", "[]"),
        (json, "[{"),
        (json, r#"[{"targets": ["fine:81"]}]"#),
    ]);
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("a.json"),
        r#"[{"targets": ["fine:1", "http://x/"]}]"#,
    )
    .unwrap();
    fs::write(folder.path().join("token"), "open sesame\n").unwrap();
    let yaml = format!(
        "
scrape_configs:
- job_name: files
  file_sd_configs: [{{files: ['*.json'], refresh_interval: 1s}}]
- job_name: server
  http_sd_configs:
  - url: {url}
    refresh_interval: 1s
    authorization: {{credentials_file: token}}
"
    );
    let path = folder.path().join("a.json");
    let memory = run_until(&yaml, folder.path(), &|memory| {
        let targets = memory.targets.lock().unwrap();
        if targets.iter().any(|target| target == "fine:80") {
            // The list of the file changes while it is watched: at once, by a new name.
            let new = path.with_extension("new");
            fs::write(&new, r#"[{"targets": ["fine:2"]}]"#).unwrap();
            fs::rename(&new, &path).unwrap();
        }
        *targets == ["fine:2", "fine:81"]
    });
    let told = memory.told.lock().unwrap().clone();
    let mentions = |part: &str| told.iter().filter(|line| line.contains(part)).count();
    assert_eq!(mentions("\"http://x/\" is no address"), 1, "{told:?}");
    assert_eq!(mentions("server response: 500"), 1, "{told:?}");
    assert_eq!(
        mentions("not application/json; the last list stays"),
        1,
        "{told:?}"
    );
    assert_eq!(mentions("EOF while parsing"), 1, "{told:?}");
    assert_eq!(mentions("can be read again"), 1, "{told:?}");
    let first = asked.lock().unwrap()[0].to_ascii_lowercase();
    assert!(
        first.contains("x-prometheus-refresh-interval-seconds: 1\r\n"),
        "{first}"
    );
    assert!(
        first.contains("authorization: bearer open sesame\r\n"),
        "{first}"
    );
    assert!(memory.looks.lock().unwrap().contains_key("fine:80"));
}
