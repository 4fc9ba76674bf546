//! Who is answered.

use super::*;

#[test]
fn the_secret_part_is_needed() {
    let running = Running::with(vec![small()]);
    let host = format!("Host: {}\r\n", running.address);
    for path in [
        "/",
        "/api/v1/subject",
        "/0000/api/v1/subject",
        "//api/v1/subject",
        "/ui/",
    ] {
        let answer = running.request(path, &host);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&running.token));
    }
    assert_eq!(running.token.len(), 32);
    assert_eq!(running.get("/api/v1/subject").status, 200);
}

#[test]
fn only_names_of_this_machine_lead_here() {
    let running = Running::with(vec![small()]);
    let path = format!("/{}/api/v1/subject", running.token);
    let port = running.address.port();
    let status = |headers: &str| running.request(&path, headers).status;
    assert_eq!(status(&format!("Host: localhost:{port}\r\n")), 200);
    assert_eq!(status(&format!("Host: evil.example:{port}\r\n")), 421);
    assert_eq!(status("Host: 127.0.0.1\r\n"), 421);
    assert_eq!(
        status(&format!("Host: 127.0.0.1.evil.example:{port}\r\n")),
        421
    );
    assert!(matches!(status(""), 400 | 421));
}

#[test]
fn other_sites_are_refused() {
    let running = Running::with(vec![small()]);
    let path = format!("/{}/api/v1/subject", running.token);
    let own = format!("Host: {}\r\n", running.address);
    let status = |further: &str| running.request(&path, &format!("{own}{further}")).status;
    assert_eq!(
        status(&format!("Origin: http://{}\r\n", running.address)),
        200
    );
    assert_eq!(status("Origin: https://evil.example\r\n"), 403);
    assert_eq!(status("Origin: null\r\n"), 403);
    assert_eq!(
        status("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"),
        403
    );
    // Following a link to the page.
    assert_eq!(
        status("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"),
        200
    );
    assert_eq!(
        status("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"),
        200
    );
}

#[test]
fn every_answer_tells_browsers_to_be_strict() {
    let running = Running::with(vec![small()]);
    for path in ["/api/v1/subject", "/", "/no/such", "/api/v1/top?nonsense=1"] {
        let answer = running.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn requests_are_bounded() {
    let running = Running::with(vec![small()]);
    let start = format!("GET /{}/api/v1/top?focus=", running.token);
    let end = format!(
        " HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        running.address
    );
    let long = |bytes: usize| {
        let pattern = "x".repeat(bytes);
        running
            .raw(format!("{start}{pattern}{end}").as_bytes())
            .status
    };
    assert_eq!(long(100), 200);
    assert_eq!(long(20 << 10), 414);
    // The head of a request is not read to its end.
    assert!(matches!(long(10 << 20), 400 | 414 | 431));
    let body = format!(
        "POST /{}/api/v1/top HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}",
        running.token, running.address
    );
    assert_eq!(running.raw(body.as_bytes()).status, 405);
    assert_eq!(
        running.raw(body.replace("POST", "GET").as_bytes()).status,
        413
    );
}

#[test]
fn paths_do_not_leave_the_page() {
    let running = Running::with(vec![small()]);
    for path in [
        "/assets/../../Cargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/..%2fetc/passwd",
        "/assets/",
        "/assets//etc/passwd",
    ] {
        assert_eq!(running.get(path).status, 404, "{path}");
    }
}

#[test]
fn others_are_let_in_only_with_a_secret_of_the_users() {
    let open = |token: Option<&str>, password: Option<&str>| {
        Server::bind(Settings {
            address: "0.0.0.0:0".parse().unwrap(),
            token: token.map(str::to_owned),
            password: password.map(str::to_owned),
            ..settings()
        })
    };
    let refused = open(None, None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "others can reach 0.0.0.0:0, and nothing keeps them out"
    );
    assert!(refused.hint().unwrap().contains("--password"));
    assert!(open(Some("short"), None).is_err());
    assert!(open(Some("../../../../../../etc"), None).is_err());
    assert!(
        open(Some("a-token-of-my-own"), None)
            .unwrap()
            .url()
            .ends_with("/a-token-of-my-own/")
    );
    assert!(open(None, Some("secret")).is_ok());
    assert!(open(None, Some("")).is_err());
}

#[test]
fn a_password_is_asked_for() {
    let running = Running::start(Settings {
        password: Some("secret".to_owned()),
        ..settings()
    });
    running.slot.ready(Subject::default());
    let path = format!("/{}/api/v1/subject", running.token);
    let ask =
        |header: &str| running.request(&path, &format!("Host: {}\r\n{header}", running.address));
    let refused = ask("");
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.header("www-authenticate"),
        Some("Basic realm=\"fathom\"")
    );
    // me:secret, me:wrong
    assert_eq!(ask("Authorization: Basic bWU6c2VjcmV0\r\n").status, 200);
    assert_eq!(ask("Authorization: Basic bWU6d3Jvbmc=\r\n").status, 401);
    assert_eq!(ask("Authorization: Basic !!!\r\n").status, 401);
}

#[test]
fn a_profile_is_taken_from_the_page_alone() {
    let running = Running::with(vec![small()]);
    let post = |headers: &str, body: &[u8], token: &str| {
        let head = format!(
            "POST /{token}/api/v1/profiles?name=late HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        running.raw(&[head.as_bytes(), body].concat())
    };
    let own = format!("Host: {}\r\n", running.address);
    let body = b"main;late 7\n";
    assert_eq!(post(&own, body, "0000000000000000").status, 404);
    let evil = format!("{own}Origin: https://evil.example\r\n");
    assert_eq!(post(&evil, body, &running.token).status, 403);
    let foreign = format!("{own}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n");
    assert_eq!(post(&foreign, body, &running.token).status, 403);
    assert_eq!(running.get("/api/v1/top?base=late").status, 404);
    assert_eq!(running.get("/api/v1/profiles?name=late").status, 405);
    let ours = format!("{own}Origin: http://{}\r\n", running.address);
    let taken = post(&ours, body, &running.token);
    assert_eq!(
        (taken.status, taken.json()["name"].as_str()),
        (200, Some("late"))
    );
    // What was not there is there now.
    let top = running
        .get("/api/v1/top?profile=cpu&base=late&side=base")
        .json();
    assert_eq!(top["total"], 7);
    let subject = running.get("/api/v1/subject").json();
    assert_eq!(subject["profiles"][1]["role"], "dropped");
    // What is none, or too large, is refused.
    let broken = post(&ours, &[0x1f, 0x8b, 8, 0, 1, 2, 3], &running.token);
    assert_eq!(broken.status, 400);
    assert!(
        broken.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("late: ")
    );
    assert_eq!(post(&ours, b"PK\x03\x04....", &running.token).status, 400);
    assert_eq!(
        post(&ours, &vec![b'x'; (1 << 20) + 1], &running.token).status,
        413
    );
}

#[test]
fn a_server_can_take_nothing() {
    let running = Running::start(Settings {
        most_dropped_bytes: 0,
        ..settings()
    });
    running.slot.ready(Subject {
        profiles: vec![small()],
        ..Subject::default()
    });
    let request = format!(
        "POST /{}/api/v1/profiles?name=x HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 7\r\n\r\nmain 1\n",
        running.token, running.address
    );
    assert_eq!(running.raw(request.as_bytes()).status, 413);
}
