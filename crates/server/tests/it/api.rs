//! What is answered.

use super::*;

#[test]
fn views_are_those_of_the_command_line() {
    let running = Running::with(vec![small()]);
    let top = running.get("/api/v1/top?nodecount=2&sort=cum").json();
    assert_eq!(top["schema"], "fathom.top/1");
    let names: Vec<&str> = top["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["main", "work"]);
    let peek = running.get("/api/v1/peek?pattern=%5Ework%24").json();
    assert_eq!(peek["entries"][0]["callers"][0]["name"], "main");
    let focused = running.get("/api/v1/top?focus=deep").json();
    assert_eq!(focused["filters"][0], "focus=deep");
    assert_eq!(focused["shown"], 6);
    let traces = running.get("/api/v1/traces?limit=1").json();
    assert_eq!(traces["traces"][0]["value"], 6);
    assert!(traces["notes"][0].as_str().unwrap().contains("limit=10"));
    let svg = running.get("/api/v1/graph.svg");
    assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
    assert!(String::from_utf8(svg.body).unwrap().contains("<svg"));
    for path in ["tree", "tags", "graph", "flame", "list?pattern=work"] {
        assert_eq!(
            running.get(&format!("/api/v1/{path}")).status,
            200,
            "{path}"
        );
    }
}

#[test]
fn json_keeps_the_contract_of_the_command_line() {
    const SCHEMA: &str = include_str!("../../../cli/schema/profiles-1.schema.json");
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("schema.json", serde_json::from_str(SCHEMA).unwrap())
        .unwrap();
    let mut schemas = boon::Schemas::new();
    let schema = compiler.compile("schema.json", &mut schemas).unwrap();
    let running = Running::with(vec![compared()]);
    for view in [
        "top",
        "tree",
        "peek?pattern=work",
        "traces",
        "tags",
        "graph",
        "list?pattern=work",
        "diff",
        "flame",
    ] {
        let json = running.get(&format!("/api/v1/{view}")).json();
        schemas
            .validate(&json, schema)
            .unwrap_or_else(|error| panic!("{view}: {error}"));
    }
}

fn compared() -> NamedProfile {
    small().with_base(Some(folded("main;work;deep 1\nmain;gone 5\n")))
}

#[test]
fn functions_are_told_in_every_sample_type_and_both_states() {
    let running = Running::with(vec![compared()]);
    let functions = running.get("/api/v1/functions").json();
    let names: Vec<&str> = functions["names"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let row = |name: &str| names.iter().position(|known| *known == name).unwrap();
    assert_eq!(functions["flat"][0][row("deep")], 6);
    assert_eq!(functions["cum"][0][row("main")], 10);
    assert_eq!(functions["base_flat"][0][row("deep")], 1);
    assert_eq!(functions["base_cum"][0][row("main")], 6);
    assert_eq!(functions["flat"][0][row("gone")], 0);
    let one = running.get("/api/v1/functions?limit=1").json();
    assert_eq!(one["names"].as_array().unwrap().len(), 1);
    assert_eq!(one["left_out"], names.len() - 1);
}

#[test]
fn sides_of_a_comparison() {
    let running = Running::with(vec![compared()]);
    let total =
        |side: &str| running.get(&format!("/api/v1/tree?side={side}")).json()["total"].as_i64();
    assert_eq!(total("new"), Some(10));
    assert_eq!(total("base"), Some(6));
    let diff = running.get("/api/v1/diff").json();
    let rows = diff["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|row| row["name"] == "gone" && row["change"] == "gone")
    );
    let alone = Running::with(vec![small()]);
    assert_eq!(alone.get("/api/v1/diff").status, 400);
    assert_eq!(alone.get("/api/v1/top?side=base").status, 400);
}

#[test]
fn problems_say_what_is_wrong() {
    let running = Running::with(vec![small()]);
    let problem = |path: &str, status: u16| {
        let answer = running.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let json = answer.json();
        assert_eq!(json["status"], status);
        json["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        problem("/api/v1/top?colour=red", 400),
        "/api/v1/top has no parameter \"colour\""
    );
    // Where files lie and where results go is not for a page to say.
    for option in ["output", "source_path", "trim_path", "compat"] {
        problem(&format!("/api/v1/list?pattern=x&{option}=1"), 400);
    }
    assert!(problem("/api/v1/top?nodecount=many", 400).starts_with("nodecount: "));
    assert_eq!(
        problem("/api/v1/peek", 400),
        "the parameter pattern is missing"
    );
    problem("/api/v1/peek?pattern=nowhere", 404);
    problem("/api/v1/top?profile=heap", 404);
    problem("/api/v1/explain", 404);
    problem("/api/v1/flame/columns?path=12", 400);
    problem("/api/v1/flame/columns?path=zzzzzzzz", 400);
    problem("/api/v1/flame/columns?path=%F0%9F%A6%80%F0%9F%A6%80", 400);
    assert!(problem("/api/v1/top?focus=%28", 400).contains("focus"));
}

#[test]
fn views_are_files_too() {
    let running = Running::with(vec![compared()]);
    let file = |path: &str, media: &str| {
        let answer = running.get(&format!("/api/v1/{path}"));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(media)),
            "{path}"
        );
        answer.body
    };
    let text = |path: &str, media: &str| String::from_utf8(file(path, media)).unwrap();
    for name in ["flame", "graph"] {
        let svg = text(&format!("{name}.svg?focus=deep"), "image/svg+xml");
        assert!(svg.contains("deep") && !svg.contains("wait"), "{name}");
        let png = file(&format!("{name}.png"), "image/png");
        assert!(png.starts_with(b"\x89PNG"), "{name}");
    }
    let above = text(
        "flame.svg?pivot=deep&walk=callers&side=new",
        "image/svg+xml",
    );
    assert!(above.contains("work") && !above.contains("wait"));
    let csv = "text/csv; charset=utf-8";
    let top = text("top.csv?focus=deep", csv);
    assert!(top.starts_with("name,handle,flat,") && top.contains("\ndeep,"));
    assert!(!top.contains("wait"));
    assert!(text("tree.csv", csv).contains("main"));
    assert!(text("tags.csv", csv).contains(','));
    assert!(text("diff.csv", csv).contains("gone"));
    let bytes = file("profile.pb.gz?focus=deep&side=new", "application/gzip");
    let profile = Profile::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(profile.column_total(0), 6);
}

#[test]
fn a_pattern_that_explodes_is_refused() {
    let running = Running::with(vec![small()]);
    let begun = std::time::Instant::now();
    for pattern in [
        "(a%7B1000%7D)%7B1000%7D",
        "((((a*)*)*)*)*b",
        "%5Cpx%7B99999%7D",
        "(%7C".repeat(2000).as_str(),
    ] {
        let status = running.get(&format!("/api/v1/top?focus={pattern}")).status;
        assert!(matches!(status, 200 | 400), "{pattern}: {status}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_page_can_be_asked_before_the_sources_are_read() {
    let running = Running::start(settings());
    let slot = running.slot.clone();
    let reader = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        slot.ready(Subject {
            title: "late".to_owned(),
            profiles: vec![small()],
            ..Subject::default()
        });
    });
    // Views wait for the sources.
    assert_eq!(running.get("/api/v1/top").status, 200);
    let subject = running.get("/api/v1/subject").json();
    assert_eq!(
        (&subject["state"], &subject["title"]),
        (&"ready".into(), &"late".into())
    );
    let profile = &subject["profiles"][0];
    assert_eq!(
        (&profile["name"], &profile["sample_types"][0]["total"]),
        (&"cpu".into(), &10.into())
    );
    let options = subject["options"].as_array().unwrap();
    assert!(
        options
            .iter()
            .any(|option| option["name"] == "focus" && option["group"] == "Filters")
    );
    reader.join().unwrap();
}

#[test]
fn sources_that_cannot_be_read_are_a_problem() {
    let running = Running::start(settings());
    running.slot.failed(fathom_server::Problem::unreadable(
        "heap.pb: it is cut",
        Some("take it again".to_owned()),
    ));
    for path in ["/api/v1/subject", "/api/v1/top"] {
        let answer = running.get(path);
        assert_eq!(answer.status, 502);
        assert_eq!(answer.json()["detail"], "heap.pb: it is cut");
        assert_eq!(answer.json()["hint"], "take it again");
    }
}

#[test]
fn everything_that_is_described_is_there() {
    let running = Running::with(vec![compared()]);
    let description = running.get("/api/v1/openapi.json").json();
    for (path, methods) in description["paths"].as_object().unwrap() {
        if methods["post"].is_object() {
            assert_eq!(running.get(path).status, 405, "{path}");
            continue;
        }
        let parameters = methods["get"]["parameters"].as_array().unwrap();
        let is_needed = parameters
            .iter()
            .any(|parameter| parameter["required"] == true);
        let query = if is_needed { "?pattern=work" } else { "" };
        let status = running.get(&format!("{path}{query}")).status;
        // There is no explanation, no process, no binary, and no history.
        let is_missing = path.ends_with("page.html") && cfg!(not(feature = "page"));
        let lacking = ["explain", "goroutines", "memory-map", "disasm", "/history/"];
        let expected: &[u16] = if is_missing || lacking.iter().any(|name| path.contains(name)) {
            &[400, 404]
        } else {
            &[200]
        };
        assert!(expected.contains(&status), "{path}: {status}");
    }
}
