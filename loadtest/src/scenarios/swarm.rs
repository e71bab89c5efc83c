//! Thousands of WebSockets in one thread: non-blocking sockets, epoll, one read buffer. It costs little enough to leave the server as the limit.

use anyhow::{Context, Result, ensure};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// What a connection received.
pub enum Received<'a> {
    Open,
    Text(&'a [u8]),
    Closed,
}

struct Socket {
    stream: TcpStream,
    is_open: bool,
    is_gone: bool,
    /// An unfinished frame or answer; normally no allocation.
    rest: Vec<u8>,
    unsent: Vec<u8>,
}

pub struct Swarm {
    epoll: Epoll,
    sockets: Vec<Socket>,
    buffer: Vec<u8>,
    events: Vec<EpollEvent>,
}

/// `ws://host:port/path`, taken apart.
#[derive(Clone)]
pub struct Address {
    pub at: SocketAddr,
    host: String,
    path: String,
}

impl Address {
    pub fn read(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("ws://").with_context(|| format!("{url} is not a ws:// address"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let at = host.to_socket_addrs().with_context(|| format!("cannot find {host}"))?.next().context("no address")?;
        Ok(Self { at, host: host.to_owned(), path: format!("/{path}") })
    }
}

impl Swarm {
    pub fn new() -> Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            sockets: Vec::new(),
            buffer: vec![0; 256 * 1024],
            events: vec![EpollEvent::empty(); 1024],
        })
    }

    /// Connects and asks for the upgrade; `Received::Open` follows.
    pub fn open(&mut self, address: &Address) -> Result<usize> {
        let stream = TcpStream::connect(address.at).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let number = self.sockets.len();
        self.epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
        self.sockets.push(Socket { stream, is_open: false, is_gone: false, rest: Vec::new(), unsent: Vec::new() });
        let Address { host, path, .. } = address;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        self.write(number, request.as_bytes());
        Ok(number)
    }

    /// Sends a text message. Masked with zeros: as the protocol asks, at no cost.
    pub fn send(&mut self, number: usize, text: &[u8]) {
        let mut frame = Vec::with_capacity(text.len() + 14);
        frame.push(0x81);
        match text.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&(long as u16).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text);
        self.write(number, &frame);
    }

    fn write(&mut self, number: usize, bytes: &[u8]) {
        let socket = &mut self.sockets[number];
        if socket.is_gone {
            return;
        }
        let sent = if socket.unsent.is_empty() { socket.stream.write(bytes).unwrap_or(0) } else { 0 };
        if sent < bytes.len() {
            socket.unsent.extend_from_slice(&bytes[sent..]);
            self.watch(number, EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT);
        }
    }

    fn watch(&self, number: usize, flags: EpollFlags) {
        // It fails only for a socket that is not watched, and all are.
        let _ = self.epoll.modify(&self.sockets[number].stream, &mut EpollEvent::new(flags, number as u64));
    }

    /// Waits for at most `patience` and passes on what came.
    pub fn wait(&mut self, patience: Duration, each: &mut impl FnMut(&mut Self, usize, Received)) -> Result<()> {
        let patience = EpollTimeout::try_from(patience).context("too long a wait")?;
        let mut events = std::mem::take(&mut self.events);
        let mut buffer = std::mem::take(&mut self.buffer);
        let count = match self.epoll.wait(&mut events, patience) {
            Err(nix::errno::Errno::EINTR) => 0,
            result => result?,
        };
        for event in &events[..count] {
            let number = event.data() as usize;
            if event.events().contains(EpollFlags::EPOLLOUT) {
                self.flush(number);
            }
            if event.events().intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR) {
                self.read(number, &mut buffer, each);
            }
        }
        self.events = events;
        self.buffer = buffer;
        Ok(())
    }

    fn flush(&mut self, number: usize) {
        let socket = &mut self.sockets[number];
        let sent = socket.stream.write(&socket.unsent).unwrap_or(0);
        socket.unsent.drain(..sent);
        if socket.unsent.is_empty() {
            self.watch(number, EpollFlags::EPOLLIN);
        }
    }

    fn read(&mut self, number: usize, buffer: &mut [u8], each: &mut impl FnMut(&mut Self, usize, Received)) {
        let socket = &mut self.sockets[number];
        if socket.is_gone {
            return;
        }
        match socket.stream.read(buffer) {
            Ok(0) => self.lose(number, each),
            Ok(count) => self.take(number, &buffer[..count], each),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.lose(number, each),
        }
    }

    fn take(&mut self, number: usize, bytes: &[u8], each: &mut impl FnMut(&mut Self, usize, Received)) {
        let mut unread = std::mem::take(&mut self.sockets[number].rest);
        let bytes = if unread.is_empty() {
            bytes
        } else {
            unread.extend_from_slice(bytes);
            &unread
        };
        let mut used = 0;
        if !self.sockets[number].is_open {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                self.sockets[number].rest = bytes.to_vec();
                return;
            };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                return self.lose(number, each);
            }
            self.sockets[number].is_open = true;
            used = end + 4;
            each(self, number, Received::Open);
        }
        while let Some((opcode, body, whole)) = frame(&bytes[used..]) {
            let payload = &bytes[used + body.0..used + body.1];
            used += whole;
            match opcode {
                1 => each(self, number, Received::Text(payload)),
                8 => return self.lose(number, each),
                _ => {}
            }
        }
        if used < bytes.len() {
            self.sockets[number].rest = bytes[used..].to_vec();
        }
    }

    fn lose(&mut self, number: usize, each: &mut impl FnMut(&mut Self, usize, Received)) {
        if !std::mem::replace(&mut self.sockets[number].is_gone, true) {
            // Closing the descriptor takes it out of the epoll set as well.
            let _ = self.epoll.delete(&self.sockets[number].stream);
            let _ = self.sockets[number].stream.shutdown(std::net::Shutdown::Both);
            each(self, number, Received::Closed);
        }
    }

    /// Opens `count` sockets and waits for all; at most `at_once` are under way. Errors: one is refused or takes over 20 s.
    pub fn open_all(&mut self, count: usize, at_once: usize, address: impl Fn(usize) -> Address) -> Result<Vec<usize>> {
        let mut numbers = Vec::with_capacity(count);
        let (mut open, mut closed) = (0, 0);
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while open < count {
            while numbers.len() < count && numbers.len() - open < at_once {
                numbers.push(self.open(&address(numbers.len()))?);
            }
            self.wait(Duration::from_millis(100), &mut |_, _, received| match received {
                Received::Open => open += 1,
                Received::Closed => closed += 1,
                Received::Text(_) => {}
            })?;
            ensure!(closed == 0, "the server refused or closed {closed} connections");
            ensure!(std::time::Instant::now() < end, "only {open} of {count} connections opened");
        }
        Ok(numbers)
    }
}

/// A whole frame at the start: opcode, where its payload lies and its length in all. The server does not mask.
fn frame(bytes: &[u8]) -> Option<(u8, (usize, usize), usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (start, length): (usize, usize) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let end = start.checked_add(length)?;
    (bytes.len() >= end).then_some((first & 0x0f, (start, end), end))
}

#[cfg(test)]
mod tests {
    use super::frame;

    #[test]
    fn frames_of_all_lengths_are_found_and_parts_are_waited_for() {
        assert_eq!(frame(b"\x81\x02hi\x81"), Some((1, (2, 4), 4)));
        assert_eq!(frame(b"\x81\x02h"), None);
        let mut long = vec![0x81, 126, 1, 0];
        long.extend([b'x'; 256]);
        assert_eq!(frame(&long), Some((1, (4, 260), 260)));
        assert_eq!(frame(&long[..3]), None);
    }
}
