//! Names of a trace, each kept once for the whole trace.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// A handle of a name: of a function, a file, a reason, a kind of task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub(crate) u32);

macro_rules! known {
    ($($constant:ident $text:literal, $doc:literal;)*) => {
        /// The names that a table begins with, in the order of their handles.
        const KNOWN: &[&str] = &[$($text),*];

        /// Counts the known names.
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the constants are")]
        #[repr(u32)]
        enum Position { $($constant),* }

        impl Name {
            $(
                #[doc = $doc]
                pub const $constant: Self = Self(Position::$constant as u32);
            )*
        }
    };
}

// The reasons of `src/runtime/traceruntime.go` (Go 1.22 to 1.27) for which something is done here.
known! {
    EMPTY "", "The empty name: nothing was said.";
    UNSPECIFIED "unspecified", "Blocked for no said reason.";
    FOREVER "forever", "Blocked for ever: a nil channel, an empty select.";
    NETWORK "network", "Waits for the network poller.";
    SELECT "select", "Waits in a select.";
    COND_WAIT "sync.(*Cond).Wait", "Waits on a condition variable.";
    SYNC "sync", "Waits for a lock, a wait group or another semaphore.";
    CHAN_SEND "chan send", "Waits to send.";
    CHAN_RECEIVE "chan receive", "Waits to receive.";
    ASSIST_WAIT "GC mark assist wait for work", "Owes the collector work and waits for it.";
    SWEEPER_WAIT "GC background sweeper wait", "The sweeper has nothing to do.";
    SYSTEM_WAIT "system goroutine wait", "A goroutine of the runtime has nothing to do.";
    PREEMPTED "preempted", "Was stopped to let another run, or for a collection.";
    DEBUG_CALL "wait for debug call", "Waits for a debugger.";
    GC_END "wait until GC ends", "Waits for the end of a collection.";
    SLEEP "sleep", "Sleeps.";
    WEAK_TO_STRONG "GC weak to strong wait", "Turns a weak pointer during a collection.";
    SYNCTEST "synctest", "Waits in a bubble of testing/synctest.";
}

impl Name {
    /// The place in tables by name.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names, each once. What is in it stays for the whole trace.
#[derive(Debug)]
pub struct Names {
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self {
            text: String::new(),
            ends: Vec::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        };
        for name in KNOWN {
            names.intern(name);
        }
        names
    }
}

impl Names {
    /// The text of a name.
    pub fn get(&self, name: Name) -> &str {
        text_at(&self.text, &self.ends, name.0)
    }

    /// Finds a name.
    pub fn find(&self, text: &str) -> Option<Name> {
        let hash = self.hasher.hash_one(text);
        self.table
            .find(hash, |&at| text_at(&self.text, &self.ends, at) == text)
            .map(|&at| Name(at))
    }

    /// The handle of a text, which is added where it is new.
    pub fn intern(&mut self, text: &str) -> Name {
        let hash = self.hasher.hash_one(text);
        let (texts, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        let entry = self.table.entry(
            hash,
            |&at| text_at(texts, ends, at) == text,
            |&at| hasher.hash_one(text_at(texts, ends, at)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(known) => Name(*known.get()),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                // 4 thousand million names need more memory than there is.
                let at = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
                vacant.insert(at);
                self.text.push_str(text);
                self.ends.push(self.text.len());
                Name(at)
            }
        }
    }

    /// How many there are.
    #[expect(
        clippy::len_without_is_empty,
        reason = "the known names are always there"
    )]
    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

fn text_at<'a>(text: &'a str, ends: &[usize], at: u32) -> &'a str {
    let at = at as usize;
    let start = at
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .copied()
        .unwrap_or(0);
    ends.get(at)
        .and_then(|&end| text.get(start..end))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let mut names = Names::default();
        let before = names.len();
        let first = names.intern("main.main");
        assert_eq!(names.intern("main.main"), first);
        assert_eq!(names.len(), before + 1);
        assert_eq!(names.get(first), "main.main");
        assert_eq!(names.find("main.main"), Some(first));
        assert_eq!(names.find("main.other"), None);
    }

    #[test]
    fn known_names_have_their_handles() {
        let names = Names::default();
        assert_eq!(names.get(Name::EMPTY), "");
        assert_eq!(names.get(Name::NETWORK), "network");
        assert_eq!(names.get(Name::SYNCTEST), "synctest");
        assert_eq!(names.find("chan send"), Some(Name::CHAN_SEND));
        assert_eq!(names.get(Name(u32::MAX)), "");
    }
}
