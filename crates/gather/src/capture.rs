//! A capture from beginning to end: which process, which address, what order.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::thread;

use fathom_evidence::{Capture, Missing};

use crate::http::{Address, Failure, local_addresses};
use crate::pprof::Server;
use crate::process::Process;
use crate::process::sockets::{self, Listening};
use crate::recorder::Recorder;
use crate::{Error, Event, Options, Probe, Source, files};

/// Programs that listen on behalf of others: what they answer is not theirs.
const FORWARDERS: [&str; 8] = [
    "docker-proxy",
    "rootlesskit",
    "kubectl",
    "ssh",
    "sshd",
    "socat",
    "slirp4netns",
    "pasta",
];

/// Most sockets of one process that are asked for a pprof index.
const MAX_PROBES: usize = 32;

/// The sources, sorted.
#[derive(Default)]
pub(crate) struct Plan<'a> {
    pub(crate) pid: Option<u32>,
    pub(crate) address: Option<&'a Address>,
    others: Vec<&'a Source>,
}

impl<'a> Plan<'a> {
    pub(crate) fn of(sources: &'a [Source]) -> Result<Self, Error> {
        let two = |what: &str| Error::Combination {
            reason: format!("two {what}: a capture is of one process"),
        };
        let mut plan = Self::default();
        for source in sources {
            match source {
                Source::Pid(pid) => {
                    if plan.pid.replace(*pid).is_some_and(|other| other != *pid) {
                        return Err(two("pids"));
                    }
                }
                Source::Address(address) => {
                    if plan
                        .address
                        .replace(address)
                        .is_some_and(|other| other != address)
                    {
                        return Err(two("addresses"));
                    }
                }
                other => plan.others.push(other),
            }
        }
        Ok(plan)
    }
}

/// Gathers evidence from the sources into one capture.
///
/// What cannot be had is in [`Capture::missing`], with the reason. The order is
/// that which disturbs the process least: `/proc` and cgroup first, then the
/// index, `/debug/vars`, metrics, heap, goroutines and threads over HTTP, then
/// what the options ask for, and at the end part of `/proc` again, which
/// bounds how far the process drifted.
///
/// A pid alone finds its own pprof port unless [`Probe::Forbidden`]; a local
/// address alone finds its pid.
///
/// # Errors
///
/// If the sources do not belong together, a named file or bundle cannot be
/// read, the options cannot be used, or nothing at all could be had.
pub fn capture(
    sources: &[Source],
    options: &Options,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<Capture, Error> {
    let plan = Plan::of(sources)?;
    let is_live = plan.pid.is_some() || plan.address.is_some();
    let mut recorder = Recorder::new(options, progress);
    if is_live {
        live(&plan, &mut recorder)?;
    }
    for source in &plan.others {
        match source {
            Source::File(path) => files::take_file(&mut recorder, path)?,
            Source::Directory(path) => files::take_directory(&mut recorder, path)?,
            _ => files::take_stdin(&mut recorder)?,
        }
    }
    finish(recorder, sources, is_live)
}

/// Gets one profile from an address: the one that it names, else the heap.
///
/// # Errors
///
/// If the options cannot be used, or the profile could not be had.
pub fn profile(
    address: &Address,
    options: &Options,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<Capture, Error> {
    let mut recorder = Recorder::new(options, progress);
    recorder.capture.target.url = Some(address.base_url());
    Server::new(address, options)?.take_only(&mut recorder);
    finish(recorder, &[Source::Address(address.clone())], true)
}

fn finish(recorder: Recorder<'_>, sources: &[Source], is_live: bool) -> Result<Capture, Error> {
    let capture = recorder.finish(is_live);
    if capture.is_empty() {
        let names: Vec<String> = sources.iter().map(Source::describe).collect();
        let first = capture.missing.into_iter().next();
        return Err(Error::Nothing {
            what: names.join(", "),
            why: first.as_ref().map_or_else(
                || "it holds no evidence".to_owned(),
                |missing| missing.why.clone(),
            ),
            hint: first.and_then(|missing| missing.hint),
        });
    }
    Ok(capture)
}

/// A live process and its server, as far as they were found.
pub(crate) struct Found {
    pub(crate) process: Option<Process>,
    pub(crate) server: Option<Server>,
    /// Why the process behind the address is not known.
    nobody: Option<Missing>,
}

/// Finds the process behind an address, and makes ready to ask the address.
pub(crate) fn find_process(
    pid: Option<u32>,
    address: Option<&Address>,
    recorder: &mut Recorder<'_>,
) -> Result<Found, Error> {
    let options = recorder.options;
    if pid.is_some() && !cfg!(target_os = "linux") {
        return Err(Error::Unsupported {
            what: "reading a process by its pid".to_owned(),
        });
    }
    let server = match address {
        Some(address) => Some(Server::new(address, options)?),
        None => None,
    };
    recorder.capture.target.host = host_name(&options.proc_root);
    let mut not_found = None;
    let pid = match (pid, address, &server) {
        (Some(pid), _, Some(server)) => {
            check_pair(pid, server, recorder);
            Some(pid)
        }
        (None, Some(address), Some(server)) if cfg!(target_os = "linux") => {
            match find_pid(address, server, recorder) {
                Ok(pid) => pid,
                Err(missing) => {
                    not_found = Some(missing);
                    None
                }
            }
        }
        (pid, _, _) => pid,
    };
    Ok(Found {
        process: pid.map(|pid| Process::new(&options.proc_root, pid)),
        server,
        nobody: not_found,
    })
}

/// Takes a live process by pid, by address or by both.
fn live(plan: &Plan<'_>, recorder: &mut Recorder<'_>) -> Result<(), Error> {
    let found = find_process(plan.pid, plan.address, recorder)?;
    let (mut server, not_found) = (found.server, found.nobody);
    let process = found.process.filter(|process| process.take(recorder));
    match &process {
        Some(process) => {
            recorder.capture.target.pid = Some(process.pid);
            recorder.capture.target.exe = process.exe_name();
        }
        None => recorder.capture.target.remote = true,
    }
    if let Some(address) = plan.address {
        recorder.capture.target.url = Some(address.base_url());
    }
    if let (None, Some(process)) = (&server, &process)
        && let Some(address) = find_address(process, recorder)
    {
        recorder.capture.target.url = Some(address.base_url());
        server = Some(Server::new(&address, recorder.options)?);
    }
    if let Some(server) = &server {
        server.take(recorder);
    }
    // Of a server that does not answer, nobody asks which process it is.
    if let Some(missing) = not_found.filter(|_| !recorder.capture.is_empty()) {
        recorder.skip(missing);
    }
    if let (Some(process), Some(_)) = (&process, &server) {
        process.take_again(recorder);
    }
    Ok(())
}

/// Returns this host's name, as the kernel knows it.
fn host_name(proc_root: &Path) -> Option<String> {
    let name = std::fs::read_to_string(proc_root.join("sys/kernel/hostname")).ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Says so if a pid and an address that were given together seem to be two
/// processes.
fn check_pair(pid: u32, server: &Server, recorder: &mut Recorder<'_>) {
    let process = Process::new(&recorder.options.proc_root, pid);
    let (Some(answered), Some(own)) = (server.command_line(), command_line(&process)) else {
        return;
    };
    if !same_command(&answered, &own) {
        recorder.note(format!(
            "the command line that the address serves is not that of pid {pid}: these may be two processes"
        ));
    }
}

fn command_line(process: &Process) -> Option<Vec<u8>> {
    let bytes = process.read("cmdline", 1 << 20).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// Compares command lines, of which `/proc` ends the last argument as well.
fn same_command(left: &[u8], right: &[u8]) -> bool {
    let trim = |bytes: &[u8]| {
        let end = bytes
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        bytes.get(..end).unwrap_or(bytes).to_vec()
    };
    trim(left) == trim(right)
}

/// Finds the process behind an address of this machine.
///
/// The listener is not always the process: a container's port is held by a
/// proxy. The command line that the address itself serves tells.
fn find_pid(
    address: &Address,
    server: &Server,
    recorder: &mut Recorder<'_>,
) -> Result<Option<u32>, Missing> {
    let root = &recorder.options.proc_root;
    let candidates = if let Some(socket) = address.socket() {
        sockets::unix_listeners(root, socket)
    } else {
        let (host, port) = address.host_and_port();
        let addresses = local_addresses(&host, port);
        if addresses.is_empty() {
            return Ok(None);
        }
        sockets::listeners(root, &addresses, port)
    };
    let answered = server.command_line();
    let fits = |pid: &u32| {
        let process = Process::new(root, *pid);
        match (&answered, command_line(&process)) {
            (Some(answered), Some(own)) => same_command(answered, &own),
            _ => process
                .exe_name()
                .is_none_or(|name| !FORWARDERS.contains(&name.as_str())),
        }
    };
    let mut fitting: Vec<u32> = candidates.iter().copied().filter(fits).collect();
    if fitting.is_empty()
        && let Some(answered) = &answered
    {
        // The server may sit behind a proxy and still run here.
        fitting = sockets::pids(root)
            .into_iter()
            .filter(|&pid| {
                command_line(&Process::new(root, pid))
                    .is_some_and(|own| same_command(answered, &own))
            })
            .collect();
    }
    match fitting.as_slice() {
        [pid] => {
            recorder.tell(&format!("{} is pid {pid}", address.base_url()));
            Ok(Some(*pid))
        }
        [] => Err(Missing::new(
            "proc/",
            format!(
                "no process of this machine could be found behind {}",
                address.base_url()
            ),
        )
        .with_hint("give the pid as well, or run with sudo to see other users' sockets")),
        several => {
            let pids: Vec<String> = several.iter().map(u32::to_string).collect();
            Err(Missing::new(
                "proc/",
                format!(
                    "several processes could be behind {}: {}",
                    address.base_url(),
                    pids.join(", ")
                ),
            )
            .with_hint("give the pid as well"))
        }
    }
}

/// Finds the pprof address of a process among its listening sockets.
pub(crate) fn find_address(process: &Process, recorder: &mut Recorder<'_>) -> Option<Address> {
    let options = recorder.options;
    if options.probe == Probe::Forbidden {
        recorder.skip(
            Missing::new(
                "pprof/",
                "looking for the port of net/http/pprof was forbidden",
            )
            .with_hint("give its address as well, or leave out --no-probe"),
        );
        return None;
    }
    let listening = sockets::of_process(process);
    let (addresses, hidden) = reachable(&options.proc_root, process, &listening);
    let found = probe(&addresses, options);
    if let Some(address) = &found {
        recorder.tell(&format!(
            "pid {} serves {}",
            process.pid,
            address.base_url()
        ));
        return found;
    }
    let missing = if hidden {
        Missing::new(
            "pprof/",
            "the process listens only inside its own network namespace",
        )
        .with_hint(format!(
            "run nsenter -t {} -n fathom capture …",
            process.pid
        ))
    } else if listening.is_empty() {
        Missing::new(
            "pprof/",
            "the process listens on no socket that can be seen",
        )
        .with_hint("import _ \"net/http/pprof\" and serve it, or run as the user of the process")
    } else {
        Missing::new(
            "pprof/",
            format!(
                "none of its {} listening sockets answers /debug/pprof/",
                listening.len()
            ),
        )
        .with_hint("give the full URL of the index if it is elsewhere")
    };
    recorder.skip(missing);
    None
}

/// Asks every address at once, and returns the first in order that is a pprof
/// server.
pub(crate) fn probe(addresses: &[Address], options: &Options) -> Option<Address> {
    let mut answers = Vec::new();
    thread::scope(|scope| {
        let handles: Vec<_> = addresses
            .iter()
            .take(MAX_PROBES)
            .map(|address| scope.spawn(move || probe_one(address, options)))
            .collect();
        answers.extend(
            handles
                .into_iter()
                .map(|handle| handle.join().ok().flatten()),
        );
    });
    answers.into_iter().flatten().next()
}

fn probe_one(address: &Address, options: &Options) -> Option<Address> {
    let ask = |address: &Address| {
        let server = Server::new(address, options).ok()?;
        Some(server.answers_pprof(options.probe_timeout))
    };
    match ask(address)? {
        Ok(true) => Some(address.clone()),
        Err(Failure::WantsTls) => {
            let secure = address.clone().with_tls();
            matches!(ask(&secure)?, Ok(true)).then_some(secure)
        }
        _ => None,
    }
}

/// Returns how the sockets of a process are reached from here, and whether
/// there are some that cannot be.
pub(crate) fn reachable(
    proc_root: &Path,
    process: &Process,
    listening: &[Listening],
) -> (Vec<Address>, bool) {
    let same_network = sockets::shares_network(proc_root, process);
    let own_addresses = if same_network {
        Vec::new()
    } else {
        sockets::network_addresses(process)
    };
    let mut texts = Vec::new();
    let mut hidden = false;
    for socket in listening {
        match socket {
            Listening::Unix(path) => texts.push(format!("unix:{}", path.display())),
            Listening::Tcp(ip, port) if same_network => {
                let ip = match ip {
                    IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(v6) if v6.is_unspecified() => loopback_of_any(),
                    other => *other,
                };
                texts.push(host_port(ip, *port));
            }
            Listening::Tcp(ip, port) if ip.is_unspecified() && !own_addresses.is_empty() => {
                texts.extend(own_addresses.iter().map(|own| host_port(*own, *port)));
            }
            Listening::Tcp(ip, port) if !ip.is_loopback() && !ip.is_unspecified() => {
                texts.push(host_port(*ip, *port));
            }
            Listening::Tcp(..) => hidden = true,
        }
    }
    let addresses = texts
        .iter()
        .filter_map(|text| Address::parse(text).ok())
        .collect();
    (addresses, hidden)
}

/// Returns where a socket bound to any IPv6 address is reached: by IPv4 as
/// well, unless this machine has none.
fn loopback_of_any() -> IpAddr {
    match std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
        Ok(_) => Ipv4Addr::LOCALHOST.into(),
        Err(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

fn host_port(ip: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(ip, port).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_compared_without_their_ends() {
        assert!(same_command(b"./prog\0-x", b"./prog\0-x\0"));
        assert!(!same_command(b"./prog", b"./prog\0-x\0"));
    }

    #[test]
    fn one_process_a_capture() {
        let of = |sources: &[Source]| Plan::of(sources).err().map(|error| error.to_string());
        assert_eq!(of(&[Source::Pid(1), Source::Pid(1)]), None);
        assert_eq!(
            of(&[Source::Pid(1), Source::Pid(2)]).unwrap(),
            "two pids: a capture is of one process"
        );
    }
}
