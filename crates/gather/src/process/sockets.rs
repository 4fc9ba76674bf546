//! Which process listens where.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use super::Process;

/// Most bytes of a socket table that are read.
const MAX_TABLE_BYTES: u64 = 64 << 20;

/// State of a listening TCP socket (kernel, `include/net/tcp_states.h`).
const TCP_LISTEN: &str = "0A";
/// Flag of a listening unix socket (`__SO_ACCEPTCON`).
const UNIX_LISTEN: u32 = 0x1_0000;

/// A socket that accepts connections.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Listening {
    Tcp(IpAddr, u16),
    Unix(PathBuf),
}

/// Returns the sockets on which a process listens, and how it looks from here.
pub(crate) fn of_process(process: &Process) -> Vec<Listening> {
    let own = inodes(process);
    let table = |file: &str| {
        let bytes = process.read(file, MAX_TABLE_BYTES).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut found: Vec<Listening> = Vec::new();
    for file in ["net/tcp", "net/tcp6"] {
        let sockets = tcp_table(&table(file));
        found.extend(
            sockets
                .into_iter()
                .filter(|row| own.contains(&row.inode))
                .map(|row| Listening::Tcp(row.ip, row.port)),
        );
    }
    for (inode, path) in unix_table(&table("net/unix")) {
        if own.contains(&inode) {
            found.push(Listening::Unix(path));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Returns the processes that listen on a port of one of this machine's
/// addresses.
pub(crate) fn listeners(proc_root: &Path, addresses: &[IpAddr], port: u16) -> Vec<u32> {
    let mut wanted = HashSet::new();
    for file in ["self/net/tcp", "self/net/tcp6"] {
        let text = fs::read_to_string(proc_root.join(file)).unwrap_or_default();
        let rows = tcp_table(&text).into_iter().filter(|row| {
            row.port == port
                && (row.ip.is_unspecified() || addresses.contains(&row.ip.to_canonical()))
        });
        wanted.extend(rows.map(|row| row.inode));
    }
    holders(proc_root, &wanted)
}

/// Returns the processes that listen on a unix socket.
pub(crate) fn unix_listeners(proc_root: &Path, socket: &Path) -> Vec<u32> {
    let path = fs::canonicalize(socket).unwrap_or_else(|_| socket.to_owned());
    let text = fs::read_to_string(proc_root.join("self/net/unix")).unwrap_or_default();
    let wanted = unix_table(&text)
        .into_iter()
        .filter(|(_, bound)| *bound == path || bound.as_path() == socket)
        .map(|(inode, _)| inode)
        .collect();
    holders(proc_root, &wanted)
}

/// Returns the processes that hold one of the sockets.
fn holders(proc_root: &Path, wanted: &HashSet<u64>) -> Vec<u32> {
    if wanted.is_empty() {
        return Vec::new();
    }
    pids(proc_root)
        .into_iter()
        .filter(|&pid| !inodes(&Process::new(proc_root, pid)).is_disjoint(wanted))
        .collect()
}

/// Returns every process id under a `/proc`, in order.
pub(crate) fn pids(proc_root: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(proc_root) else {
        return Vec::new();
    };
    let mut pids: Vec<u32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}

/// Returns the sockets that a process holds.
fn inodes(process: &Process) -> HashSet<u64> {
    let Ok(entries) = fs::read_dir(process.path("fd")) else {
        return HashSet::new();
    };
    entries
        .filter_map(|entry| {
            let link = fs::read_link(entry.ok()?.path()).ok()?;
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            inode.parse().ok()
        })
        .collect()
}

/// Tells whether a process sees the same network as this one.
pub(crate) fn shares_network(proc_root: &Path, process: &Process) -> bool {
    let own = fs::read_link(proc_root.join("self/ns/net"));
    let other = fs::read_link(process.path("ns/net"));
    match (own, other) {
        (Ok(own), Ok(other)) => own == other,
        // Who may not look may not be kept from trying.
        _ => true,
    }
}

/// Returns the addresses of a process's own network, without loopback: where a
/// container can be reached from its host.
pub(crate) fn network_addresses(process: &Process) -> Vec<IpAddr> {
    let bytes = process
        .read("net/fib_trie", MAX_TABLE_BYTES)
        .unwrap_or_default();
    let mut addresses = fib_addresses(&String::from_utf8_lossy(&bytes));
    addresses.retain(|address| !address.is_loopback());
    addresses
}

/// Reads `/proc/net/fib_trie`: an address, and below it `/32 host LOCAL`.
fn fib_addresses(text: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut last: Option<IpAddr> = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(last.take());
        }
    }
    found.sort();
    found.dedup();
    found
}

struct TcpRow {
    ip: IpAddr,
    port: u16,
    inode: u64,
}

/// Reads the listening sockets of `/proc/net/tcp` or `tcp6`
/// (kernel, `networking/proc_net_tcp.rst`).
fn tcp_table(text: &str) -> Vec<TcpRow> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            if *fields.get(3)? != TCP_LISTEN {
                return None;
            }
            let (address, port) = fields.get(1)?.split_once(':')?;
            Some(TcpRow {
                ip: hex_address(address)?,
                port: u16::from_str_radix(port, 16).ok()?,
                inode: fields.get(9)?.parse().ok()?,
            })
        })
        .collect()
}

/// Reads an address: 32-bit words in hexadecimal, each in the machine's order.
fn hex_address(text: &str) -> Option<IpAddr> {
    let words: Option<Vec<[u8; 4]>> = (0..text.len() / 8)
        .map(|index| {
            let word = text.get(index * 8..index * 8 + 8)?;
            Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
        })
        .collect();
    match words?.as_slice() {
        [word] => Some(Ipv4Addr::from(*word).into()),
        words @ [_, _, _, _] => {
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

/// Reads the listening sockets with a path of `/proc/net/unix`.
fn unix_table(text: &str) -> Vec<(u64, PathBuf)> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
            let path = fields.get(7).filter(|path| path.starts_with('/'))?;
            if flags & UNIX_LISTEN == 0 {
                return None;
            }
            Some((fields.get(6)?.parse().ok()?, PathBuf::from(path)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn tcp_tables() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
   0: 0100007F:17AC 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0\n\
   1: 0100007F:17AC 0100007F:B000 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0\n";
        let rows = tcp_table(text);
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].ip, rows[0].port, rows[0].inode),
            (Ipv4Addr::LOCALHOST.into(), 6060, 4242)
        );
        assert_eq!(
            hex_address("00000000000000000000000001000000"),
            Some(Ipv6Addr::LOCALHOST.into())
        );
        assert_eq!(
            hex_address("0000000000000000FFFF00000100007F"),
            Some(Ipv4Addr::LOCALHOST.into())
        );
        assert_eq!(hex_address("zz"), None);
    }

    #[test]
    fn unix_tables() {
        let text = "Num       RefCount Protocol Flags    Type St Inode Path\n\
0000000000000000: 00000002 00000000 00010000 0001 01 77 /run/a.sock\n\
0000000000000000: 00000003 00000000 00000000 0001 03 78 /run/a.sock\n\
0000000000000000: 00000002 00000000 00010000 0001 01 79 @abstract\n";
        assert_eq!(unix_table(text), [(77, PathBuf::from("/run/a.sock"))]);
    }

    #[test]
    fn addresses_of_a_network() {
        let text = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 172.17.0.0\n        /16 link UNICAST\n\
     |-- 172.17.0.2\n        /32 host LOCAL\n     |-- 172.17.255.255\n        /32 link BROADCAST\n";
        assert_eq!(fib_addresses(text), [IpAddr::from([172, 17, 0, 2])]);
    }
}
