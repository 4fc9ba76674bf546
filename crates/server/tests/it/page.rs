//! The page and the ways to it.

use super::*;

#[test]
fn pprofs_own_addresses_lead_to_views() {
    let running = Running::with(vec![small()]);
    let to = |path: &str| {
        let answer = running.get(path);
        assert_eq!(answer.status, 303, "{path}");
        let location = answer.header("location").unwrap();
        location
            .strip_prefix(&format!("/{}/", running.token))
            .unwrap()
            .to_owned()
    };
    assert_eq!(to("/ui/"), "flame");
    assert_eq!(
        to("/ui/top?f=main%5C.work&si=alloc_space"),
        "top?focus=main%5C.work&sample_index=alloc_space"
    );
    assert_eq!(to("/ui/source?f=work"), "source?pattern=work");
    assert_eq!(to("/ui/flamegraph?p=main"), "flame?pivot=main");
    // Nothing that is given gets into the head of the answer.
    assert!(!to("/ui/top?f=a%0d%0aX-Evil:%201").contains('\n'));
    assert_eq!(running.get("/ui/nowhere").status, 404);
    let answer = running.request(
        &format!("/{}", running.token),
        &format!("Host: {}\r\n", running.address),
    );
    assert_eq!(
        answer.header("location"),
        Some(format!("/{}/", running.token).as_str())
    );
}

#[cfg(feature = "page")]
#[test]
fn the_page_is_whole_and_loads_nothing_from_elsewhere() {
    let running = Running::with(vec![small()]);
    let text = |path: &str, media: &str| {
        let answer = running.get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(media)),
            "{path}"
        );
        String::from_utf8(answer.body).unwrap()
    };
    let page = text("/", "text/html; charset=utf-8");
    for view in [
        "explain", "flame", "top", "peek", "tree", "traces", "tags", "graph", "source", "disasm",
    ] {
        assert_eq!(
            text(&format!("/{view}?focus=x"), "text/html; charset=utf-8"),
            page
        );
    }
    assert!(page.contains("assets/app.js") && !page.contains("http"));
    // The policy forbids both.
    assert!(!page.contains("<style") && !page.contains("style="));
    let style = text("/assets/app.css", "text/css; charset=utf-8");
    assert!(!style.contains("http") && !style.contains("@import"));
    let script = text("/assets/app.js", "text/javascript; charset=utf-8");
    assert!(!script.contains("//cdn") && !script.contains("eval("));
    assert!(script.len() < 200_000, "{} bytes", script.len());
    assert_eq!(running.get("/assets/icon.svg").status, 200);
}

#[cfg(not(feature = "page"))]
#[test]
fn without_the_page_there_is_the_api() {
    let running = Running::with(vec![small()]);
    let answer = running.get("/");
    assert_eq!(answer.status, 404);
    assert!(
        answer.json()["hint"]
            .as_str()
            .unwrap()
            .contains("openapi.json")
    );
}
