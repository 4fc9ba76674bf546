//! Just enough HTTP to ask a program on this machine: one GET, no chunks, no TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest that a program may be silent.
const SILENCE: Duration = Duration::from_mins(2);

/// Gets a path and returns the body of an answer with status 200, or else why not.
///
/// HTTP/1.0 keeps the server from answering in chunks, and makes it close the connection.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<Vec<u8>, String> {
    let answer = exchange(address, path).map_err(|error| error.to_string())?;
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(|| "the answer has no end of its head".to_owned())?;
    let (head, body) = answer.split_at(end);
    let head = String::from_utf8_lossy(head);
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") {
        Ok(body.get(4..).unwrap_or_default().to_vec())
    } else {
        Err(status.to_owned())
    }
}

fn exchange(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SILENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: */*\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
