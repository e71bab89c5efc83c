//! The one writer of a connection: every outgoing byte, pongs and close included, passes here.
//!
//! A frame is written to the socket directly, by the thread that has it, while nothing waits; after a partial write the rest goes first, and the
//! connection's own task drains the queue when the socket is ready again.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    os::fd::AsRawFd,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use nix::sys::socket::MsgFlags;
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use crate::channels::WriteResult;

/// Any stream that is not a bare TCP socket: TLS, a Unix socket, a pipe in a test.
pub trait Io: AsyncRead + AsyncWrite + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + 'static> Io for T {}

/// Where a connection's bytes go.
pub enum Socket {
    /// Written by the thread that has a frame.
    Tcp(TcpStream),
    /// The same, through a lock, as such streams need exclusive access.
    Other(Mutex<Pin<Box<dyn Io>>>),
    /// The body of an HTTP response: frames are only queued, and taken out when the body is polled.
    Body,
}

/// The writer of one connection.
pub struct Writer {
    pub socket: Socket,
    out: Mutex<Out>,
    /// Wakes the connection's task, to drain or to run its session's work.
    pub waker: AtomicWaker,
    limit: usize,
}

#[derive(Default)]
struct Out {
    queue: VecDeque<Bytes>,
    waiting: usize,
    /// The first of the queue was written in part: it must be finished before anything else.
    is_torn: bool,
    /// When something last moved while something waited.
    moved_at: Option<Instant>,
    /// Frames are collected for one write.
    is_gathering: bool,
    /// Nothing may follow what is queued.
    is_finished: bool,
    is_gone: bool,
}

impl Writer {
    /// A writer that lets `limit` bytes wait.
    pub fn new(socket: Socket, limit: usize) -> Self {
        Self { socket, out: Mutex::new(Out::default()), waker: AtomicWaker::new(), limit }
    }

    /// Writes a frame, or queues it up to the bound.
    pub fn send(&self, frame: Bytes) -> WriteResult {
        let mut out = self.out.lock();
        if out.is_finished || out.is_gone {
            return WriteResult::Closed;
        }
        if out.queue.is_empty() && !out.is_gathering {
            return self.write_first(&mut out, frame);
        }
        if out.waiting + frame.len() > self.limit {
            return WriteResult::Full;
        }
        out.push(frame);
        WriteResult::Queued
    }

    /// Writes a frame only if nothing waits for the socket.
    pub fn offer(&self, frame: Bytes) -> WriteResult {
        let mut out = self.out.lock();
        if out.is_finished || out.is_gone {
            return WriteResult::Closed;
        }
        if !out.is_gathering && out.queue.is_empty() {
            return self.write_first(&mut out, frame);
        }
        if !out.is_gathering || out.waiting + frame.len() > self.limit {
            return WriteResult::Lags;
        }
        out.push(frame);
        WriteResult::Queued
    }

    /// From here to [`Writer::release`] frames gather and then go out in one write: a system call costs more than everything else that is done for a
    /// frame. Only for the connection's own task, which never waits in between. While a frame waits already, all that follows gathers anyway.
    pub fn gather(&self) {
        let mut out = self.out.lock();
        out.is_gathering = out.queue.is_empty();
    }

    /// Writes what gathered; what does not fit waits for the socket.
    pub fn release(&self) {
        let mut out = self.out.lock();
        if !std::mem::take(&mut out.is_gathering) || out.queue.is_empty() {
            return;
        }
        let mut cx = Context::from_waker(Waker::noop());
        while !out.queue.is_empty() {
            match self.write_queue(&mut out, &mut cx) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => *out = Out { is_finished: true, is_gone: true, ..Out::default() },
            }
        }
        // The rest, or what a TLS stream still holds, is drained and flushed by the connection's task.
        if !out.queue.is_empty() || out.is_gone || matches!(self.socket, Socket::Other(_)) {
            self.waker.wake();
        }
    }

    /// Takes a last frame. `drop_queue` leaves out what waits behind a frame already begun.
    pub fn finish(&self, last: Option<Bytes>, drop_queue: bool) {
        let mut out = self.out.lock();
        if out.is_finished || out.is_gone {
            return;
        }
        if drop_queue {
            let torn = usize::from(out.is_torn);
            out.queue.truncate(torn);
            out.waiting = out.queue.iter().map(Bytes::len).sum();
        }
        if let Some(last) = last {
            if out.queue.is_empty() {
                self.write_first(&mut out, last);
            } else {
                out.push(last);
            }
        }
        out.is_finished = true;
        drop(out);
        self.waker.wake();
    }

    /// The connection is gone: no more frames are taken, and those that wait are dropped.
    pub fn abandon(&self) {
        let mut out = self.out.lock();
        *out = Out { is_finished: true, is_gone: true, ..Out::default() };
        drop(out);
        self.waker.wake();
    }

    /// Whether everything that will be sent is sent.
    pub fn is_done(&self) -> bool {
        let out = self.out.lock();
        out.is_gone || (out.is_finished && out.queue.is_empty())
    }

    /// Whether the connection has ended, by the other side or by an error.
    pub fn is_gone(&self) -> bool {
        self.out.lock().is_gone
    }

    /// Whether no more frames are taken.
    pub fn is_finished(&self) -> bool {
        let out = self.out.lock();
        out.is_finished || out.is_gone
    }

    /// Whether nothing waits.
    pub fn is_drained(&self) -> bool {
        self.out.lock().queue.is_empty()
    }

    /// Whether something is still on its way to the other end: waiting here, or in the kernel and not acknowledged.
    pub fn is_under_way(&self) -> bool {
        if !self.is_drained() {
            return true;
        }
        let Socket::Tcp(stream) = &self.socket else { return false };
        let mut unread: nix::libc::c_int = 0;
        // SAFETY: the descriptor is open as long as `stream` is borrowed, and the kernel writes one int.
        let result = unsafe { nix::libc::ioctl(stream.as_raw_fd(), nix::libc::TIOCOUTQ, &raw mut unread) };
        result == 0 && unread > 0
    }

    /// Since when nothing was written although something waits.
    pub fn stalled_since(&self) -> Option<Instant> {
        let out = self.out.lock();
        if out.queue.is_empty() { None } else { out.moved_at }
    }

    /// Drains the queue as far as the socket takes it: `Ready` when nothing waits. Registers `cx` otherwise.
    pub fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            {
                let mut out = self.out.lock();
                if out.queue.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                match self.write_queue(&mut out, cx) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            match &self.socket {
                Socket::Tcp(stream) => ready!(stream.poll_write_ready(cx))?,
                Socket::Other(_) | Socket::Body => return Poll::Pending,
            }
        }
    }

    /// Reads into `buffer`; registers `cx` when nothing is there. `Ok(0)` = the other side has closed.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &self.socket {
            Socket::Tcp(stream) => loop {
                ready!(stream.poll_read_ready(cx))?;
                // A short read emptied the socket: reporting that spares the next read, which would only find nothing.
                let mut got = None;
                let read = stream.try_io(Interest::READABLE, || {
                    let n = nix::sys::socket::recv(stream.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?;
                    got = Some(n);
                    if n == 0 || n == buffer.len() { Ok(n) } else { Err(io::ErrorKind::WouldBlock.into()) }
                });
                match (got, read) {
                    (Some(n), _) => return Poll::Ready(Ok(n)),
                    (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => return Poll::Ready(Err(error)),
                    (None, _) => {}
                }
            },
            Socket::Other(stream) => {
                let mut buffer = ReadBuf::new(buffer);
                ready!(stream.lock().as_mut().poll_read(cx, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().len()))
            }
            Socket::Body => Poll::Pending,
        }
    }

    /// Takes the next piece of a [`Socket::Body`]: `None` when nothing follows.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.waker.register(cx.waker());
        let mut out = self.out.lock();
        match out.queue.pop_front() {
            Some(piece) => {
                out.waiting -= piece.len();
                out.moved_at = Some(Instant::now());
                if out.queue.is_empty() {
                    out.queue = VecDeque::new();
                }
                Poll::Ready(Some(piece))
            }
            None if out.is_finished || out.is_gone => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Writes a frame to an idle socket; what does not fit is the new rest.
    fn write_first(&self, out: &mut Out, mut frame: Bytes) -> WriteResult {
        let written = match &self.socket {
            Socket::Tcp(stream) => stream.try_write(&frame),
            Socket::Other(stream) => {
                let mut cx = Context::from_waker(Waker::noop());
                let mut stream = stream.lock();
                match stream.as_mut().poll_write(&mut cx, &frame) {
                    Poll::Ready(Ok(n)) => match stream.as_mut().poll_flush(&mut cx) {
                        Poll::Ready(Err(error)) => Err(error),
                        _ => Ok(n),
                    },
                    Poll::Ready(Err(error)) => Err(error),
                    Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
                }
            }
            Socket::Body => Err(io::ErrorKind::WouldBlock.into()),
        };
        let put = match written {
            Ok(n) if n == frame.len() => {
                // A TLS stream may still hold it: its own task flushes.
                if matches!(self.socket, Socket::Other(_)) {
                    self.waker.wake();
                }
                return WriteResult::Sent;
            }
            Ok(n) => {
                frame.advance(n);
                out.is_torn = n > 0;
                WriteResult::Sent
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => WriteResult::Queued,
            Err(_) => {
                *out = Out { is_finished: true, is_gone: true, ..Out::default() };
                self.waker.wake();
                return WriteResult::Closed;
            }
        };
        out.waiting = frame.len();
        out.queue.push_back(frame);
        out.moved_at = Some(Instant::now());
        self.waker.wake();
        put
    }

    /// One write of as much of the queue as goes at once. `Ok(false)` = the socket is full.
    fn write_queue(&self, out: &mut Out, cx: &mut Context<'_>) -> io::Result<bool> {
        const AT_ONCE: usize = 64;
        let mut slices = [IoSlice::new(&[]); AT_ONCE];
        let mut count = 0;
        for (slice, frame) in slices.iter_mut().zip(&out.queue) {
            *slice = IoSlice::new(frame);
            count += 1;
        }
        let written = match &self.socket {
            Socket::Tcp(stream) => stream.try_write_vectored(&slices[..count]),
            Socket::Other(stream) => match stream.lock().as_mut().poll_write_vectored(cx, &slices[..count]) {
                Poll::Ready(written) => written,
                Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
            },
            Socket::Body => Err(io::ErrorKind::WouldBlock.into()),
        };
        match written {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                out.take(n);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Pushes what a TLS stream still holds; nothing to do elsewhere.
    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.socket {
            Socket::Other(stream) => stream.lock().as_mut().poll_flush(cx),
            Socket::Tcp(_) | Socket::Body => Poll::Ready(Ok(())),
        }
    }
}

impl Out {
    /// One more frame waits.
    fn push(&mut self, frame: Bytes) {
        if self.queue.is_empty() {
            self.moved_at = Some(Instant::now());
        }
        self.waiting += frame.len();
        self.queue.push_back(frame);
    }

    /// `n` bytes from the front are written.
    fn take(&mut self, mut n: usize) {
        self.waiting -= n;
        self.moved_at = Some(Instant::now());
        self.is_torn = false;
        while n > 0 {
            let front = self.queue.front_mut().expect("no more was written than was queued");
            if n < front.len() {
                front.advance(n);
                self.is_torn = true;
                return;
            }
            n -= front.len();
            self.queue.pop_front();
        }
        if self.queue.is_empty() {
            // Idle connections must not keep the memory of their longest queue.
            self.queue = VecDeque::new();
        }
    }
}
