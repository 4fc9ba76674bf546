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

#[cfg(feature = "page")]
#[test]
fn a_saved_page_is_one_file() {
    let running = Running::with(vec![small()]);
    let address = "/api/v1/page.html?view=top%3Ffocus%3Ddeep%26by%3Dname";
    let answer = running.get(address);
    assert_eq!(answer.status, 200);
    let page = String::from_utf8(answer.body).unwrap();
    assert!(!page.contains("assets/"));
    let data = page
        .split_once("id=\"saved\">")
        .and_then(|(_, rest)| rest.split_once("</script>"));
    let data: Value = serde_json::from_str(data.unwrap().0).unwrap();
    assert_eq!(data["view"], "top?focus=deep&by=name");
    let answers = data["answers"].as_object().unwrap();
    // What belongs to the page alone is no part of an address of the API.
    let top = &answers["api/v1/functions?focus=deep"]["json"];
    assert_eq!(top["filters"][0], "focus=deep");
    assert!(answers["api/v1/flame/columns?focus=deep"]["base64"].is_string());
    assert!(answers["api/v1/graph.svg?focus=deep"]["text"].is_string());
    // A text cannot end the element that it is in.
    let evil = folded("main;</script><script>alert(1) 5\n");
    let running = Running::with(vec![NamedProfile::new("cpu", "", evil)]);
    let page = running.get("/api/v1/page.html?view=flame");
    let page = String::from_utf8(page.body).unwrap();
    assert!(!page.contains("<script>alert"));
    assert_eq!(page.matches("</script>").count(), 2);
    for (query, status) in [
        ("view=nix", 404),
        ("view=top%3Ffocus%3D(", 400),
        ("view=source&source=false", 400),
        ("source=perhaps", 400),
    ] {
        let answer = running.get(&format!("/api/v1/page.html?{query}"));
        assert_eq!(answer.status, status, "{query}");
    }
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
