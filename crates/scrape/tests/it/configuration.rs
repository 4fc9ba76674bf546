//! The configuration file: the example, and what mistakes are told.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use fathom_scrape::Error;
use fathom_scrape::config::{Auth, Config, Stored};

fn parse(text: &str) -> Result<Config, Error> {
    Config::parse(text, "f.yaml", "/etc/fathom".as_ref())
}

fn in_job(yaml: &str) -> Result<Config, Error> {
    parse(&format!("scrape_configs:\n- job_name: api\n{yaml}"))
}

#[test]
fn the_example_is_read_and_has_every_key() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/fathom.example.yaml");
    let config = Config::load(&path).unwrap();
    assert_eq!(config.jobs.len(), 2);
    assert_eq!(config.external_labels.get("cluster"), "test");
    let (shop, all) = (&config.jobs[0], &config.jobs[1]);
    assert_eq!(shop.interval, Duration::from_secs(15));
    let names = |index: usize| -> Vec<&str> {
        let profiles = config.jobs[index].profiles.iter();
        profiles.map(|profile| profile.name.as_str()).collect()
    };
    assert_eq!(names(0), ["heap", "goroutine"]);
    assert_eq!(names(1).len(), 9);
    let cpu = all
        .profiles
        .iter()
        .find(|profile| profile.name == "cpu")
        .unwrap();
    assert_eq!(
        (cpu.seconds, cpu.interval),
        (Some(10), Duration::from_mins(10))
    );
    assert_eq!(all.relabel.len(), 7);
    let docs = path.parent().unwrap();
    assert_eq!(all.file_sd[0].files[0], docs.join("targets/*.json"));
    assert_eq!(
        all.client.auth,
        Some(Auth::Basic {
            user: "scraper".to_owned(),
            password: Stored::File(docs.join("scraper.password")),
        })
    );
    assert!((all.limits.max_share - 0.05).abs() < 1e-12);
    assert_eq!(
        config.storage.retention,
        Some(Duration::from_hours(30 * 24))
    );
    assert_eq!(config.storage.max_bytes, Some(20 << 30));
    assert_eq!(config.listen.as_deref(), Some("127.0.0.1:7070"));
    assert_eq!(config.remote_write.len(), 1);
    assert!(config.line_protocol.is_some() && config.webhook.is_some());
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let config = parse("").unwrap();
    assert!(config.jobs.is_empty());
    assert_eq!(config.max_concurrent_scrapes, 32);
}

#[test]
fn unknown_keys_name_themselves_their_line_and_the_nearest() {
    for (text, error, hint) in [
        (
            "globl: {}\n",
            "f.yaml:1:1: unknown key \"globl\"",
            "did you mean global?",
        ),
        (
            "global:\n  scrape_intervl: 5s\n",
            "f.yaml:2:3: unknown key \"scrape_intervl\"",
            "did you mean scrape_interval?",
        ),
        (
            "scrape_configs:\n- job_name: x\n  static_configs:\n  - target: [a]\n",
            "f.yaml:4:5: unknown key \"target\"",
            "did you mean targets?",
        ),
        (
            "scrape_configs:\n- job_name: x\n  basic_auth: {user: me}\n",
            "f.yaml:3:16: unknown key \"user\"",
            "did you mean username?",
        ),
        (
            "server: {kubernetes_sd_configs: []}\n",
            "f.yaml:1:10: unknown key \"kubernetes_sd_configs\"",
            "known here: listen",
        ),
    ] {
        let found = parse(text).unwrap_err();
        assert_eq!(found.to_string(), error);
        assert_eq!(found.hint(), Some(hint));
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (yaml, expected) in [
        (
            "  scrape_interval: 5\n",
            "f.yaml:3:20: \"5\" is no duration",
        ),
        (
            "  scrape_interval: 10ms\n",
            "job \"api\": scrape_interval 10ms is shorter",
        ),
        ("  scrape_timeout: 20s\n", "scrape_timeout 20s must be"),
        ("  scheme: ftp\n", "scheme \"ftp\""),
        (
            "  metrics_path: metrics\n",
            "metrics_path \"metrics\" is no path",
        ),
        (
            "  pprof_path: /p?gc=1\n",
            "pprof_path \"/p?gc=1\" is no path",
        ),
        ("  params: {gc: ['1']}\n", "would force a collection"),
        ("  params: {seconds: ['5']}\n", "subtract two profiles"),
        ("  profiles: {'heap?gc=1': }\n", "would force a collection"),
        (
            "  profiles: {'heap?seconds=5': }\n",
            "subtract two profiles, in-use values too",
        ),
        (
            "  profiles: {heap: {seconds: 5}}\n",
            "subtract two profiles, in-use values too",
        ),
        (
            "  profiles: {x: {path: '/x?gc=1'}}\n",
            "would force a collection",
        ),
        (
            "  profiles: {cpu: {seconds: 60, interval: 1m}}\n",
            "the profiles would overlap",
        ),
        ("  profiles: {cpu: {seconds: 0}}\n", "seconds cannot be 0"),
        ("  profiles: {profile: }\n", "called cpu here"),
        (
            "  profiles: {trace: }\n",
            "an execution trace is no profile",
        ),
        ("  profiles: {'../x': }\n", "no name of a profile"),
        (
            "  profiles: {heap: {intervall: 1m}}\n",
            "unknown key \"intervall\"",
        ),
        (
            "  profiles: {heap: {interval: 1ms}}\n",
            "shorter than a second",
        ),
        ("  static_configs: [{targets: a}]\n", "f.yaml:3:30"),
        (
            "  static_configs: [{targets: [a], labels: {1x: y}}]\n",
            "no name of a label",
        ),
        (
            "  file_sd_configs: [{files: [a.txt]}]\n",
            "must end in .json",
        ),
        (
            "  file_sd_configs: [{files: ['*/a.json']}]\n",
            "last element",
        ),
        (
            "  http_sd_configs: [{url: 'ftp://x'}]\n",
            "neither http:// nor https://",
        ),
        (
            "  relabel_configs: [{action: hashmod, target_label: x}]\n",
            "needs a modulus",
        ),
        ("  limits: {max_bytes: many}\n", "is no size"),
        ("  limits: {max_share: 0}\n", "is no share"),
        (
            "  tls_config: {server_name: x}\n",
            "server_name cannot be set",
        ),
        ("  tls_config: {key_file: x}\n", "key_file needs cert_file"),
        ("  scheme: http\n  scheme: http\n", "duplicate"),
        ("- job_name: api\n", "two jobs have this name"),
    ] {
        let error = in_job(yaml).map(|_| ()).unwrap_err().to_string();
        assert!(
            error.starts_with("f.yaml:") && error.contains(expected),
            "{yaml}: {error}"
        );
    }
    for text in [
        "a: [\n",
        "a:\n\tb: 1\n",
        "scrape_configs: [{}]\n",
        "- x\n",
        "&a [*a]\n",
        "x: &x [*x, *x]",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn an_alias_that_multiplies_is_refused_in_time() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let list = vec![format!("*a{before}"); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{list}]");
    }
    assert!(parse(&text).is_err());
    assert!(parse(&"[".repeat(100_000)).is_err());
}

#[test]
fn secrets_are_never_shown() {
    let yaml = "
global: {external_labels: {a: b}}
scrape_configs:
- job_name: x
  basic_auth: {username: me, password: hunter2}
  http_sd_configs:
  - {url: 'http://me:hunter2@host/x', authorization: {credentials: hunter2}}
alerts: {webhook: 'https://hooks.example/hunter2'}
remote_write: [{url: 'https://me:hunter2@host/'}]
line_protocol: {url: 'http://host/?p=hunter2', authorization: {type: Token, credentials: hunter2}}
";
    let config = parse(yaml).unwrap();
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let options = config.jobs[0]
        .client
        .options(Duration::from_secs(1), 1)
        .unwrap();
    assert_eq!(options.basic.unwrap().1, "hunter2");
    let lines = config.line_protocol.unwrap();
    let options = lines.client.options(Duration::from_secs(1), 1).unwrap();
    assert_eq!(
        options.headers,
        [("Authorization".to_owned(), "Token hunter2".to_owned())]
    );
    // Nor in what is said of mistakes.
    for yaml in [
        "alerts: {webhook: hunter2}\n",
        "alerts: {webhook: [hunter2]}\n",
        "remote_write: [{url: hunter2}]\n",
        "scrape_configs: [{job_name: x, basic_auth: hunter2}]\n",
        "scrape_configs: [{job_name: x, basic_auth: {username: a, password: {hunter2: 1}}}]\n",
        "scrape_configs: [{job_name: x, http_sd_configs: [{url: 'x://hunter2'}]}]\n",
    ] {
        let error = parse(yaml).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
