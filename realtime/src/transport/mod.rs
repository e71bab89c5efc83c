//! How bytes reach clients: WebSocket, EventSource, and the one writer each connection has.

mod cursor;
pub mod frames;
pub mod sse;
pub mod websocket;
pub mod writer;
