//! Programs of the testbed, built with both Go versions and asked.

use fathom_testkit::program::Program;
use fathom_testkit::toolchain::Cgo;
use fathom_testkit::{Error, GoVersion};

#[test]
fn hello_answers_in_both_versions() {
    for version in GoVersion::LIVE {
        let running = match Program::new("hello", version).start() {
            Ok(running) => running,
            Err(error) => panic!("{error}"),
        };
        let vars = running.vars().unwrap();
        assert_eq!(vars["goversion"], format!("go{version}"));
        assert!(vars["memstats"]["HeapAlloc"].as_u64().unwrap() > 0);
        let total = vars["metrics"]["/memory/classes/total:bytes"].as_u64();
        assert!(total.unwrap() > 1 << 20);

        let heap = running.get("/debug/pprof/heap?debug=1").unwrap();
        assert!(heap.starts_with(b"heap profile: "));
        let missing = running.get("/debug/pprof/nosuch").unwrap_err();
        assert!(missing.to_string().contains("404"), "{missing}");
    }
}

#[test]
fn the_environment_reaches_the_runtime_and_the_process_ends_with_its_guard() {
    let running = Program::new("hello", GoVersion::GO_1_27)
        .env("GODEBUG", "gctrace=1")
        .env("GOGC", "50")
        .start()
        .unwrap();
    running.get("/testbed/gc").unwrap();
    assert!(
        running.stderr().starts_with("gc 1 @"),
        "{}",
        running.stderr()
    );
    assert_eq!(running.vars().unwrap()["metrics"]["/gc/gogc:percent"], 50);
    let address = running.address();
    drop(running);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn cgo_is_on_only_where_it_is_asked_for_or_imported() {
    let plain = Program::new("cgo_malloc", GoVersion::GO_1_27).cgo(Cgo::Off);
    // Without cgo the only file of the program is excluded from the build.
    assert!(matches!(plain.build(), Err(Error::Build { .. })));
    Program::new("cgo_malloc", GoVersion::GO_1_27)
        .build()
        .unwrap();
}
