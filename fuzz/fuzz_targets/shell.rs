//! Lines of the shell: none panics, and a report changes the options of its own alone.
#![no_main]

use fathom_report::options::Options;
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/cli/src/pprof/flags.rs"]
#[expect(dead_code, reason = "the grammar uses a part of it")]
mod flags;

#[path = "."]
mod shell {
    #[path = "../../crates/cli/src/pprof/shell/grammar.rs"]
    pub(crate) mod grammar;
}

use shell::grammar::{Dialect, Line, expand, parse, set};

const KINDS: [&str; 2] = ["alloc_space", "inuse_space"];

fuzz_target!(|text: &str| {
    for line in text.lines() {
        for line in expand(line, &KINDS) {
            for dialect in [Dialect::Fathom, Dialect::Pprof] {
                let mut options = Options::default();
                match parse(&line, dialect) {
                    Ok(Line::Set { name, value }) => {
                        let _ = set(&mut options, name, value, &KINDS, dialect);
                    }
                    Ok(Line::Report(request)) => {
                        let wanted = request.options(&options);
                        assert!(dialect == Dialect::Fathom || request.pipe.is_none());
                        assert_eq!(wanted.hide, options.hide);
                    }
                    Ok(_) | Err(_) => {}
                }
            }
        }
    }
});
