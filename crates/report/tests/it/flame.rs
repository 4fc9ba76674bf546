//! Flame graphs add up, say what they leave out, and are safe pages.

use std::collections::HashMap;

use fathom_profile::{Limits, Profile, ProfileBuilder};
use fathom_report::flame::{Direction, Flame, FlameOptions, render_html, render_svg};
use fathom_report::options::Options;
use fathom_report::top::{Intervals, Top};
use fathom_testkit::generator::Shape;
use proptest::collection::vec;
use proptest::prelude::*;
use resvg::usvg::roxmltree::{Document, Node};

fn parse(bytes: &[u8]) -> Profile {
    Profile::parse(bytes, &Limits::default()).expect("a profile")
}

fn generated() -> Profile {
    let mut bytes = Vec::new();
    let shape = Shape {
        samples: 3_000,
        ..Shape::medium()
    };
    shape.write(&mut bytes).expect("written");
    parse(&bytes)
}

fn everything() -> Options {
    Options {
        trim: false,
        ..Options::default()
    }
}

/// Names from the root, with what they hold.
fn paths(flame: &Flame) -> Vec<(String, i64, i64)> {
    let frames = &flame.frames;
    let path = |frame: usize| {
        let mut names = vec![flame.name(frame)];
        let mut at = frame;
        while at != 0 {
            at = frames.parent[at] as usize;
            names.push(flame.name(at));
        }
        names.reverse();
        names.join(";")
    };
    (0..flame.len())
        .map(|frame| (path(frame), frames.value[frame], frames.own[frame]))
        .collect()
}

/// Every frame is itself and its callees, which stand side by side inside it.
fn adds_up(flame: &Flame) {
    let frames = &flame.frames;
    let mut callees = vec![0_i64; flame.len()];
    let mut base_callees = vec![0_i64; flame.len()];
    for frame in 1..flame.len() {
        let parent = frames.parent[frame] as usize;
        assert!(parent < frame);
        assert_eq!(frames.depth[frame], frames.depth[parent] + 1);
        assert_eq!(frames.start[frame], frames.start[parent] + callees[parent]);
        callees[parent] += frames.value[frame];
        if flame.is_difference() {
            base_callees[parent] += frames.base[frame];
        }
    }
    let mut missing = 0;
    for (frame, below) in callees.iter().enumerate() {
        let rest = frames.value[frame] - frames.own[frame] - below;
        assert!(rest >= 0, "frame {frame}");
        missing += rest;
        if flame.is_difference() && flame.left_out.frames == 0 {
            let base = frames.base_own[frame] + base_callees[frame];
            assert_eq!(frames.base[frame], base);
        }
    }
    assert_eq!(missing, flame.left_out.value);
}

#[test]
fn frames_add_up_to_the_total() {
    let profile = generated();
    for column in 0..profile.sample_types().len() {
        let options = Options {
            sample_index: column.to_string(),
            ..everything()
        };
        let flame = Flame::new(&profile, &options).expect("a view");
        adds_up(&flame);
        assert_eq!(flame.left_out.frames, 0);
        assert_eq!(flame.left_out.value, 0);
        assert_eq!(flame.frames.value[0], profile.column_sum(column));
        assert_eq!(flame.total, profile.column_total(column));
        assert_eq!(
            flame.frames.own.iter().sum::<i64>(),
            profile.column_sum(column)
        );
        // What falls to a function itself is what `top` says.
        let mut own: HashMap<&str, i64> = HashMap::new();
        for frame in 1..flame.len() {
            *own.entry(flame.name(frame)).or_default() += flame.frames.own[frame];
        }
        let top = Top::new(&profile, &options, Intervals::Omit).expect("a view");
        for row in top.rows {
            assert_eq!(own[row.name.as_str()], row.flat, "{}", row.name);
        }
    }
}

#[test]
fn narrow_frames_are_left_out_and_counted() {
    let lines = (1..3_000).map(|number| format!("main;a{};b{number} {number}\n", number % 900));
    let profile = parse(lines.collect::<String>().as_bytes());
    let whole = Flame::new(&profile, &everything()).expect("a view");
    let cut = Flame::new(&profile, &Options::default()).expect("a view");
    assert!(cut.len() < whole.len());
    adds_up(&cut);
    assert_eq!(cut.frames.value[0], whole.frames.value[0]);
    let narrow = |frame: &usize| whole.frames.value[*frame] < cut.left_out.below;
    let left_out: Vec<usize> = (1..whole.len())
        .filter(narrow)
        .filter(|&frame| !narrow(&(whole.frames.parent[frame] as usize)))
        .collect();
    assert_eq!(cut.left_out.frames, left_out.len() as u64);
    let value: i64 = left_out
        .iter()
        .map(|&frame| whole.frames.value[frame])
        .sum();
    assert_eq!(cut.left_out.value, value);
    assert_eq!(
        cut.len(),
        whole.len() - (1..whole.len()).filter(narrow).count()
    );
    let page = render_html(&cut, &FlameOptions::default());
    let summary = cut.left_out_summary().expect("something is left out");
    assert!(page.contains(&summary), "{summary}");
}

#[test]
fn callees_stand_by_width_and_name() {
    let profile = parse(b"main;b 2\nmain;a 2\nmain;c;d 5\nmain;c 1\nother 1\nmain 3\n");
    let flame = Flame::new(&profile, &Options::default()).expect("a view");
    insta::assert_debug_snapshot!(paths(&flame), @r#"
    [
        (
            "all",
            14,
            0,
        ),
        (
            "all;main",
            13,
            3,
        ),
        (
            "all;main;c",
            6,
            1,
        ),
        (
            "all;main;c;d",
            5,
            5,
        ),
        (
            "all;main;a",
            2,
            2,
        ),
        (
            "all;main;b",
            2,
            2,
        ),
        (
            "all;other",
            1,
            1,
        ),
    ]
    "#);
    assert_eq!(flame.frames.start, [0, 0, 0, 0, 6, 8, 13]);
    assert_eq!(flame.depth(), 3);
}

#[test]
fn options_shape_the_stacks() {
    let profile = parse(b"main;work;parse 60\nmain;work;write 25\nmain;idle 15\n");
    let flame = |options: Options| Flame::new(&profile, &options).expect("a view");
    let focused = flame(Options {
        focus: "parse".to_owned(),
        ..Options::default()
    });
    assert_eq!((focused.frames.value[0], focused.total), (60, 100));
    let relative = flame(Options {
        focus: "parse".to_owned(),
        relative_percentages: true,
        ..Options::default()
    });
    assert_eq!((relative.frames.value[0], relative.total), (60, 60));
    let hidden = flame(Options {
        hide: "work".to_owned(),
        ..Options::default()
    });
    let names: Vec<String> = paths(&hidden).into_iter().map(|(path, ..)| path).collect();
    assert_eq!(
        names,
        [
            "all",
            "all;main",
            "all;main;parse",
            "all;main;write",
            "all;main;idle"
        ]
    );
    let missed = flame(Options {
        focus: "absent".to_owned(),
        mean: true,
        ..Options::default()
    });
    assert_eq!(missed.len(), 1);
    assert_eq!(missed.notes.len(), 2, "{:?}", missed.notes);
    adds_up(&missed);
    assert!(Document::parse(&render_svg(&missed, &FlameOptions::default())).is_ok());
    let error = Flame::new(
        &profile,
        &Options {
            focus: "(".to_owned(),
            ..Options::default()
        },
    );
    assert!(error.is_err());
}

#[test]
fn inlined_calls_are_frames_of_their_own() {
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("samples", "count").expect("added");
    let mut line = |name: &str, file: &str| {
        let function = builder.function(name, name, file, 0).expect("added");
        fathom_profile::Line {
            function: Some(function),
            line: 1,
            column: 0,
        }
    };
    let (outer, inner) = (line("a/b.outer", "/a/b.go"), line("a/c.inner", "/a/c.go"));
    let location = builder
        .location(0x10, None, &[inner, outer], false)
        .expect("added");
    builder.add_sample(&[location], &[7], &[]).expect("added");
    let profile = builder.finish();

    let flame = Flame::new(&profile, &Options::default()).expect("a view");
    assert_eq!(flame.frames.inlined, [false, false, true]);
    assert_eq!(flame.name(1), "a/b.outer");
    assert_eq!(flame.functions[2].file, "/a/c.go");
    assert_eq!(flame.functions[2].package, "a/c");
    let options = Options {
        noinlines: true,
        ..Options::default()
    };
    let flame = Flame::new(&profile, &options).expect("a view");
    assert_eq!(flame.len(), 2);
    assert_eq!(flame.name(1), "a/b.outer");
    assert_eq!(flame.functions[1].file, "/a/b.go");
}

#[test]
fn a_difference_is_the_new_profile_beside_the_base() {
    let base = parse(b"main;work 100\nmain;old;deep 40\nmain;idle 10\n");
    let new = parse(b"main;work 160\nmain;fresh 30\nmain;idle 10\n");
    let flame = Flame::difference(&base, &new, &Options::default()).expect("a view");
    adds_up(&flame);
    assert_eq!((flame.total, flame.base_total), (200, Some(150)));
    let frames = &flame.frames;
    let rows: Vec<(&str, i64, i64)> = (0..flame.len())
        .map(|frame| (flame.name(frame), frames.value[frame], frames.base[frame]))
        .collect();
    assert_eq!(
        rows,
        [
            ("all", 200, 150),
            ("main", 200, 150),
            ("work", 160, 100),
            ("fresh", 30, 0),
            ("idle", 10, 10),
            ("old", 0, 40),
            ("deep", 0, 40),
        ]
    );
    // What is only in the base: the topmost call of it.
    assert_eq!(flame.gone.len(), 1);
    assert_eq!(flame.gone[0].name, "old");
    assert_eq!(flame.gone[0].callers, ["main"]);
    assert_eq!(flame.gone[0].base, 40);
    let page = render_html(&flame, &FlameOptions::default());
    assert!(page.contains("Base 150, new 200 (+50)"), "{page}");
    assert!(page.contains("1 call only in the base"));
    let svg = render_svg(&flame, &FlameOptions::default());
    assert!(svg.contains("work: base 100, new 160 (80.00%), change +60"));
    assert!(svg.contains("40 old \u{2190} main"));
}

#[test]
fn a_difference_can_be_normalised() {
    let base = parse(b"main;work 100\nmain;idle 100\n");
    let new = parse(b"main;work 30\nmain;idle 10\n");
    let options = Options {
        normalize: true,
        ..Options::default()
    };
    let flame = Flame::difference(&base, &new, &options).expect("a view");
    adds_up(&flame);
    // Five times 40 are 200: 150 and 50.
    assert_eq!((flame.total, flame.base_total), (200, Some(200)));
    assert_eq!(flame.frames.value, [200, 200, 150, 50]);
    assert_eq!(flame.frames.base, [200, 200, 100, 100]);
}

#[test]
fn a_profile_does_not_differ_from_itself() {
    let profile = generated();
    let flame = Flame::difference(&profile, &profile, &everything()).expect("a view");
    adds_up(&flame);
    assert_eq!(flame.frames.value, flame.frames.base);
    assert_eq!(flame.frames.own, flame.frames.base_own);
    assert!(flame.gone.is_empty());
    let plain = Flame::new(&profile, &everything()).expect("a view");
    assert_eq!(plain.frames.value, flame.frames.value);
    assert_eq!(plain.base_total, None);
    assert!(plain.frames.base.is_empty());
}

#[test]
fn deep_recursion_is_only_deep() {
    let mut stack = "a;".repeat(20_000);
    stack.push_str("b 1\n");
    let profile = parse(stack.as_bytes());
    let flame = Flame::new(&profile, &Options::default()).expect("a view");
    assert_eq!(flame.depth(), 20_001);
    adds_up(&flame);
}

fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page
        .split_once("<script id=\"data\" type=\"application/json\">")
        .expect("the data");
    let (json, _) = rest.split_once("</script>").expect("its end");
    serde_json::from_str(json).expect("JSON")
}

#[test]
fn names_are_text_and_never_markup() {
    let hostile = "</script><script>alert(1)</script>\"'&]]>";
    let profile = parse(format!("main;{hostile} 7\nmain;x 3\n").as_bytes());
    let flame = Flame::new(&profile, &Options::default()).expect("a view");
    let options = FlameOptions {
        title: "a <b> & \"c\"".to_owned(),
        ..FlameOptions::default()
    };
    let page = render_html(&flame, &options);
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(page.contains("<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"));
    assert_eq!(data(&page)["names"][2], hostile);
    assert!(!page.contains("http://") && !page.contains("https://"));

    let svg = render_svg(&flame, &options);
    let document = Document::parse(&svg).expect("well formed");
    let scripts = document
        .descendants()
        .filter(|node| node.has_tag_name("script"));
    assert_eq!(scripts.count(), 1);
    let titles: Vec<&str> = frames(&document)
        .into_iter()
        .filter_map(|frame| frame.first_element_child()?.text())
        .collect();
    let told = format!("{hostile}: flat 7 (70.00%), cum 7 (70.00%)");
    assert_eq!(titles[2], told);
}

fn frames<'a>(document: &'a Document<'a>) -> Vec<Node<'a, 'a>> {
    document
        .descendants()
        .filter(|node| node.attribute("class") == Some("frame"))
        .collect()
}

fn number(node: Node<'_, '_>, attribute: &str) -> f64 {
    let text = node.attribute(attribute).expect("the attribute is there");
    text.parse().expect("a number")
}

#[test]
fn an_svg_draws_frames_as_wide_as_they_are() {
    let flame = Flame::new(&generated(), &Options::default()).expect("a view");
    for direction in [Direction::Down, Direction::Up] {
        let options = FlameOptions {
            direction,
            ..FlameOptions::default()
        };
        let svg = render_svg(&flame, &options);
        let document = Document::parse(&svg).expect("well formed");
        let drawn = frames(&document);
        let root = flame.frames.value[0] as f64;
        let inside = f64::from(options.width) - 24.0;
        let wide = (0..flame.len())
            .filter(|&frame| flame.frames.value[frame] as f64 * inside / root >= 0.5)
            .count();
        assert!(wide > 100);
        assert_eq!(drawn.len(), wide);
        let not_drawn = format!("{} frames narrower than 0.5 pixels", flame.len() - wide);
        assert!(svg.contains(&not_drawn), "{not_drawn}");
        let mut rows: HashMap<i64, Vec<(f64, f64)>> = HashMap::new();
        let first = drawn[0];
        for frame in &drawn {
            let area = frame
                .children()
                .find(|child| child.has_tag_name("rect"))
                .expect("a box");
            let (x, y) = (number(area, "x"), number(area, "y"));
            let width = number(area, "width");
            let expected = number(*frame, "data-w") * inside / root;
            assert!((width - expected).abs() < 1.0, "{width} {expected}");
            assert!(x >= 12.0 - 0.01 && x + width <= 12.0 + inside + 0.01);
            #[expect(clippy::cast_possible_truncation, reason = "a row of pixels")]
            rows.entry(y as i64).or_default().push((x, width));
        }
        for row in rows.values_mut() {
            row.sort_by(|a, b| a.0.total_cmp(&b.0));
            for pair in row.windows(2) {
                assert!(pair[0].0 + pair[0].1 <= pair[1].0 + 0.02, "{pair:?}");
            }
        }
        let root_y = number(
            first
                .children()
                .find(|child| child.has_tag_name("rect"))
                .expect("a box"),
            "y",
        );
        let ends = rows.keys().max().copied().expect("rows");
        let begins = rows.keys().min().copied().expect("rows");
        #[expect(clippy::cast_possible_truncation, reason = "a row of pixels")]
        let root_row = root_y as i64;
        assert_eq!(
            root_row,
            if direction == Direction::Up {
                ends
            } else {
                begins
            }
        );
    }
}

#[test]
fn a_page_writes_numbers_as_reports_do() {
    let profile = parse(b"main;work 3\nmain;wait 1\n");
    let flame = Flame::new(&profile, &Options::default()).expect("a view");
    let json = data(&render_html(&flame, &FlameOptions::default()));
    assert_eq!(json["units"].as_array().map(Vec::len), Some(1));
    let generated = Flame::new(&generated(), &Options::default()).expect("a view");
    let json = data(&render_html(&generated, &FlameOptions::default()));
    let units: Vec<(f64, &str)> = json["units"]
        .as_array()
        .expect("units")
        .iter()
        .map(|unit| {
            (
                unit["size"].as_f64().unwrap(),
                unit["name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        units[..4],
        [
            (1.0, "B"),
            (1024.0, "kB"),
            (1_048_576.0, "MB"),
            (1_073_741_824.0, "GB")
        ]
    );
    assert_eq!(
        json["depth"].as_array().map(Vec::len),
        Some(generated.len())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_stacks_add_up(
        samples in vec((vec("[a-d<&\"']{1,3}", 1..9), 1..1_000_i64, any::<bool>()), 1..40),
    ) {
        let of = |in_base: bool| {
            let mut builder = ProfileBuilder::new(&Limits::default());
            builder.add_sample_type("samples", "count").expect("added");
            for (names, value, _) in samples.iter().filter(|sample| sample.2 == in_base) {
                let stack: Vec<_> = names
                    .iter()
                    .map(|name| {
                        let function = builder.function(name, name, "", 0).expect("added");
                        builder.call(0, function, 1).expect("added")
                    })
                    .collect();
                builder.add_sample(&stack, &[*value], &[]).expect("added");
            }
            builder.finish()
        };
        let (base, new) = (of(true), of(false));
        let sum = |profile: &Profile| profile.column_sum(0);
        let flame = Flame::new(&new, &Options::default()).expect("a view");
        adds_up(&flame);
        prop_assert_eq!(flame.frames.value[0], sum(&new));
        let difference = Flame::difference(&base, &new, &Options::default()).expect("a view");
        adds_up(&difference);
        prop_assert_eq!(difference.frames.value[0], sum(&new));
        prop_assert_eq!(difference.frames.base[0], sum(&base));
        for flame in [flame, difference] {
            let svg = render_svg(&flame, &FlameOptions::default());
            prop_assert!(Document::parse(&svg).is_ok());
            let page = render_html(&flame, &FlameOptions::default());
            prop_assert!(data(&page)["value"].is_array());
        }
    }
}
