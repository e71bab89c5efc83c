//! How bytes reach clients: WebSocket, endless responses, EventSource, and the one writer each connection has.

pub mod acceptor;
mod cursor;
pub mod emulation;
pub mod frames;
mod origin;
mod source;
pub mod sse;
pub mod websocket;
pub mod writer;
