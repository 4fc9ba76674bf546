//! Answers that were made, so that none is made twice.
//!
//! Who asks for what is being made waits for it. The work goes on when who asked first goes
//! away, since another may come. What was not asked for the longest is dropped once all
//! answers together pass a limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::problem::Problem;

/// An answer, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its media type.
    pub(crate) media: &'static str,
    pub(crate) body: Bytes,
    /// What a browser calls it when it keeps it as a file.
    pub(crate) file_name: Option<String>,
}

type Outcome = Result<Answer, Problem>;
type Waiting = watch::Receiver<Option<Outcome>>;

/// What is kept besides an answer's body.
const OVERHEAD: usize = 512;

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<String, Entry>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    waiting: Waiting,
    /// 0 while it is being made.
    bytes: usize,
    used: u64,
}

/// Makes answers and keeps them.
#[derive(Debug, Clone)]
pub(crate) struct Memo {
    entries: Arc<Mutex<Entries>>,
    at_once: Arc<Semaphore>,
    limit: usize,
}

impl Memo {
    /// Keeps answers of `limit` bytes together; makes `at_once` at a time.
    pub(crate) fn new(limit: usize, at_once: usize) -> Self {
        Self {
            entries: Arc::default(),
            at_once: Arc::new(Semaphore::new(at_once.max(1))),
            limit,
        }
    }

    /// Returns the answer of a key, making it on a thread of its own if there is none.
    pub(crate) async fn get(
        &self,
        key: String,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Outcome {
        let (mut waiting, sender) = {
            let mut entries = self.lock();
            entries.clock += 1;
            let now = entries.clock;
            if let Some(entry) = entries.by_key.get_mut(&key) {
                entry.used = now;
                (entry.waiting.clone(), None)
            } else {
                let (sender, waiting) = watch::channel(None);
                let entry = Entry {
                    waiting: waiting.clone(),
                    bytes: 0,
                    used: now,
                };
                entries.by_key.insert(key.clone(), entry);
                (waiting, Some(sender))
            }
        };
        if let Some(sender) = sender {
            let memo = self.clone();
            tokio::spawn(async move {
                let outcome = memo.make(work).await;
                memo.made(&key, &outcome);
                // Everybody may have gone.
                let _ = sender.send(Some(outcome));
            });
        }
        let gone = || Problem::bad_request("the request was given up");
        let outcome = waiting.wait_for(Option::is_some).await;
        outcome.map_err(|_| gone())?.clone().ok_or_else(gone)?
    }

    /// Makes an answer on a thread of its own, and keeps nothing.
    pub(crate) async fn make(&self, work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
        let permit = self.at_once.clone().acquire_owned().await;
        let made = tokio::task::spawn_blocking(work).await;
        drop(permit);
        let failed = |_| {
            let detail = "the view could not be made: this is a defect of fathom";
            Err(Problem::new(
                axum::http::StatusCode::INTERNAL_SERVER_ERROR,
                detail,
            ))
        };
        made.unwrap_or_else(failed)
    }

    /// Keeps the size of what was made, and drops what is too much.
    fn made(&self, key: &str, outcome: &Outcome) {
        let body = outcome.as_ref().map_or(0, |answer| answer.body.len());
        let bytes = body + key.len() + OVERHEAD;
        let mut entries = self.lock();
        if let Some(entry) = entries.by_key.get_mut(key) {
            entry.bytes = bytes;
            entries.bytes += bytes;
        }
        while entries.bytes > self.limit {
            let made = entries.by_key.iter().filter(|(_, entry)| entry.bytes > 0);
            let oldest = made.min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            if let Some(entry) = entries.by_key.remove(&oldest) {
                entries.bytes -= entry.bytes;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn answer(bytes: usize) -> Answer {
        Answer {
            media: "text/plain",
            body: Bytes::from(vec![b'x'; bytes]),
            file_name: None,
        }
    }

    #[tokio::test]
    async fn what_many_ask_for_at_once_is_made_once() {
        let memo = Memo::new(1 << 20, 4);
        let made = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let made = made.clone();
            memo.get("view".to_owned(), move || {
                std::thread::sleep(Duration::from_millis(50));
                made.fetch_add(1, Ordering::SeqCst);
                Ok(answer(3))
            })
        };
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        assert!(one.is_ok() && one == two && two == three);
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn work_goes_on_when_who_asked_goes_away() {
        let memo = Memo::new(1 << 20, 4);
        let made = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let made = made.clone();
            memo.get("view".to_owned(), move || {
                std::thread::sleep(Duration::from_millis(80));
                made.fetch_add(1, Ordering::SeqCst);
                Ok(answer(3))
            })
        };
        let early = tokio::time::timeout(Duration::from_millis(10), ask()).await;
        assert!(early.is_err());
        assert!(ask().await.is_ok());
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_was_asked_for_longest_ago_is_dropped() {
        let memo = Memo::new(3 * (1000 + OVERHEAD + 1), 4);
        for key in ["a", "b", "c", "a", "d"] {
            assert!(memo.get(key.to_owned(), || Ok(answer(1000))).await.is_ok());
        }
        let entries = memo.lock();
        let mut kept: Vec<&str> = entries.by_key.keys().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept.join(" "), "a c d");
    }

    #[tokio::test]
    async fn a_panic_is_a_problem() {
        let memo = Memo::new(1 << 20, 1);
        let outcome = memo.get("view".to_owned(), || panic!("on purpose")).await;
        assert_eq!(outcome.unwrap_err().status, 500);
        assert!(memo.get("next".to_owned(), || Ok(answer(1))).await.is_ok());
    }
}
