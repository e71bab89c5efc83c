//! How bytes reach clients: WebSocket, EventSource, and the one writer each connection has.

pub mod sse;
