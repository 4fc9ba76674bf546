//! The streams of `fathom pprof`, behind a trait so that the shell can be tested.

use std::io::{self, IsTerminal as _, Write as _};

use crate::output::Output;

/// Where results and talk go.
pub(crate) trait Talk: Sync {
    /// Tells the user something, a line or several.
    fn say(&self, text: &str);

    /// Tells the user what went wrong.
    fn error(&self, text: &str);

    /// Writes a result.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    fn data(&self, bytes: &[u8]) -> anyhow::Result<()>;

    /// Whether results go to a terminal.
    fn shows_results(&self) -> bool;
}

/// The streams of this process.
pub(crate) struct Streams<'a> {
    pub(crate) output: &'a Output,
    /// Whether errors are red, as in the shell on a terminal.
    pub(crate) red: bool,
}

impl Talk for Streams<'_> {
    fn say(&self, text: &str) {
        write_lines(text, "", "");
    }

    fn error(&self, text: &str) {
        if self.red {
            write_lines(text, "\x1b[31m", "\x1b[0m");
        } else {
            write_lines(text, "", "");
        }
    }

    fn data(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.output.bytes(bytes)
    }

    fn shows_results(&self) -> bool {
        io::stdout().is_terminal()
    }
}

/// Foreign text must not move the cursor, but it may have several lines.
fn write_lines(text: &str, before: &str, after: &str) {
    let mut stream = io::stderr().lock();
    for line in text.lines() {
        // Nobody is left to tell if this fails.
        let _ = writeln!(stream, "{before}{}{after}", fathom_term::visible(line));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Keeps what is said.
    #[derive(Default)]
    pub(crate) struct Heard {
        pub(crate) talk: Mutex<Vec<String>>,
        pub(crate) data: Mutex<Vec<u8>>,
    }

    impl Heard {
        pub(crate) fn talk(&self) -> Vec<String> {
            std::mem::take(&mut *self.talk.lock().unwrap())
        }
    }

    impl Talk for Heard {
        fn say(&self, text: &str) {
            self.talk.lock().unwrap().push(text.to_owned());
        }

        fn error(&self, text: &str) {
            self.say(text);
        }

        fn data(&self, bytes: &[u8]) -> anyhow::Result<()> {
            self.data.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        }

        fn shows_results(&self) -> bool {
            false
        }
    }
}
