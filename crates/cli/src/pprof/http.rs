//! `-http`: the page instead of a report.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};

use fathom_server::{NamedProfile, Subject};

use super::invocation::Invocation;
use super::load;
use super::talk::Talk;
use crate::failure::Failure;
use crate::output::Output;
use crate::serving::{self, Browser, Serving};

/// Serves the profile that was asked for; options that were given are in the address.
///
/// # Errors
///
/// When the address cannot be had, or the profile not be read.
pub(super) fn serve(
    invocation: &Invocation,
    host: &str,
    port: u16,
    talk: &dyn Talk,
    output: &Output,
) -> anyhow::Result<()> {
    let options = &invocation.options;
    let query = serving::query(options);
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let serving = Serving {
        address: address(host, port)?,
        token: variable("FATHOM_TOKEN"),
        password: variable("FATHOM_PASSWORD"),
        browser: if invocation.no_browser {
            Browser::None
        } else {
            Browser::Open
        },
        // The view with which pprof begins.
        view: if query.is_empty() {
            "flame".to_owned()
        } else {
            format!("flame?{query}")
        },
        options: fathom_report::options::Options {
            source_path: options.source_path.clone(),
            trim_path: options.trim_path.clone(),
            compat: options.compat,
            ..Default::default()
        },
        most_dropped_bytes: serving::DROPPED_BYTES,
    };
    let load = || {
        let profile = load::load(invocation, talk)?;
        let origin = invocation.sources.join(", ");
        Ok(Subject {
            title: fathom_evidence::redact::url(&origin),
            profiles: vec![NamedProfile::new("profile", origin, profile)],
            ..Subject::default()
        })
    };
    let greet = |url: &str| {
        talk.say(&format!("Serving web UI on {url}"));
        Ok(())
    };
    serving::serve(serving, load, &greet, output)
}

fn address(host: &str, port: u16) -> anyhow::Result<SocketAddr> {
    if host == "localhost" {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    let unknown = |reason: &str| Failure::new(format!("-http: {host}: {reason}"));
    let mut found = (host, port)
        .to_socket_addrs()
        .map_err(|error| unknown(&error.to_string()))?;
    Ok(found.next().ok_or_else(|| unknown("it has no address"))?)
}
