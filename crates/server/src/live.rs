//! Events for the page: what is shown is no longer the latest.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::watch;

/// The path below the secret part.
pub(crate) const PATH: &str = "/api/v1/history/live";

/// The shortest time between two events.
const BETWEEN: Duration = Duration::from_secs(1);

/// How long nothing is sent at most, so that a connection that is gone is noticed.
const SILENCE: Duration = Duration::from_secs(15);

/// Sends an event whenever something was stored, as server-sent events.
pub(crate) fn events(stored: watch::Receiver<u64>) -> Body {
    let next = |mut stored: watch::Receiver<u64>| async move {
        let text = match tokio::time::timeout(SILENCE, stored.changed()).await {
            Ok(Ok(())) => {
                // Those that come close together are one.
                tokio::time::sleep(BETWEEN).await;
                let count = *stored.borrow_and_update();
                format!("event: stored\ndata: {count}\n\n")
            }
            // Nothing will be stored any more.
            Ok(Err(_)) => {
                tokio::time::sleep(SILENCE).await;
                ": nothing\n\n".to_owned()
            }
            Err(_) => ": nothing\n\n".to_owned(),
        };
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), stored))
    };
    Body::from_stream(stream::unfold(stored, next))
}
