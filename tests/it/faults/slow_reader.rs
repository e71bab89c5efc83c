//! A phone in a lift reads 2 KB/s: its positions stay young, no order event is missing, and the server's memory stays bounded.
use crate::kit::{HOME, Person, TestApp};
use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

const BYTES_A_SECOND: usize = 2048;

/// A TCP connection that takes so many bytes a second and keeps next to nothing in the kernel.
struct Trickle {
    wire: TcpStream,
    began: Instant,
    read: usize,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Trickle {
    async fn connect(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        Self { wire: socket.connect(address).await.expect("connects"), began: Instant::now(), read: 0, pause: None }
    }
}

impl AsyncRead for Trickle {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let due = (self.began.elapsed().as_millis() as usize * BYTES_A_SECOND / 1000 + 512).saturating_sub(self.read);
            if due > 0 {
                let mut bytes = [0; 512];
                let most = due.min(bytes.len()).min(into.remaining());
                let mut piece = ReadBuf::new(&mut bytes[..most]);
                ready!(Pin::new(&mut self.wire).poll_read(cx, &mut piece))?;
                into.put_slice(piece.filled());
                self.read += piece.filled().len();
                return Poll::Ready(Ok(()));
            }
            self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_millis(50))));
        }
    }
}

impl AsyncWrite for Trickle {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

/// A slow phone that watches one ephemeral channel and its owner's durable one.
struct Phone {
    address: SocketAddr,
    token: String,
    track: String,
    own: String,
    wire: WebSocketStream<Trickle>,
    closes: Vec<u16>,
}

impl Phone {
    async fn connect(app: &TestApp, who: &Person, track: String) -> Self {
        let address: SocketAddr = app.url.trim_start_matches("http://").parse().expect("an address");
        let wire = upgraded(address).await;
        let mut phone =
            Self { address, token: who.token.clone(), track, own: format!("user:{}", who.id), wire, closes: Vec::new() };
        phone.hello(json!({})).await;
        phone
    }

    async fn hello(&mut self, subs: Value) {
        let connect = json!({ "id": 1, "connect": { "token": self.token, "subs": subs } });
        let subscribe = json!({ "id": 2, "subscribe": { "channel": self.track } });
        self.wire.send(Message::text(format!("{connect}\n{subscribe}"))).await.expect("sends");
    }

    /// Comes back for what followed `offset`.
    async fn come_back(&mut self, offset: u64, epoch: &str) {
        self.wire = upgraded(self.address).await;
        let mut subs = serde_json::Map::new();
        subs.insert(self.own.clone(), json!({ "recover": true, "offset": offset, "epoch": epoch }));
        self.hello(Value::Object(subs)).await;
    }

    /// The messages of the next frame; `None` when the server closed.
    async fn read(&mut self) -> Option<Vec<Value>> {
        loop {
            match self.wire.next().await? {
                Ok(Message::Text(text)) => {
                    return Some(
                        text.split('\n')
                            .filter(|line| !line.is_empty())
                            .map(|line| serde_json::from_str(line).expect("JSON"))
                            .collect(),
                    );
                }
                Ok(Message::Close(frame)) => {
                    self.closes.push(frame.map_or(1006, |frame| frame.code.into()));
                    return None;
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}

async fn upgraded(address: SocketAddr) -> WebSocketStream<Trickle> {
    client_async(format!("ws://{address}/connection/websocket"), Trickle::connect(address).await).await.expect("upgrades").0
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_stay_young_and_no_event_is_missing() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(500).await, app.customer().await, app.crew().await);
    let order = anna.order_from(&stall, 1).await;
    crew.claim(&order).await.ok();
    crew.advance(&order).await.ok();
    let mut phone = Phone::connect(&app, &anna, format!("track:{order}")).await;
    let own_channel = phone.own.clone();
    let until = Instant::now() + Duration::from_secs(25);

    // Far more than 2 KB/s: a ping every 20 ms is about 10 KB/s of positions, and orders are placed and cancelled all the while.
    let rides = tokio::spawn({
        let crew = crew.clone();
        async move {
            let mut socket = crew.socket().await;
            let mut n = 0_u32;
            while Instant::now() < until {
                n += 1;
                let place = HOME.0 + f64::from(n % 100) * 0.000_01;
                let ping = json!({ "lat": place, "lng": HOME.1, "at": crew.app.app.clock.now(), "accuracy_m": 5, "speed_mps": 3.0, "heading_deg": 0.0 });
                let _ = socket.call("delivery.ping", ping).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            n
        }
    });
    let shops = tokio::spawn({
        let (anna, stall) = (anna.clone(), stall.clone());
        async move {
            while Instant::now() < until {
                let order = anna.order_from(&stall, 1).await;
                anna.act(&order, "cancel", json!({})).await.ok();
                tokio::time::sleep(Duration::from_millis(2500)).await;
            }
        }
    });

    let (mut ages, mut offsets, mut epoch) = (Vec::new(), Vec::new(), String::new());
    let mut top = u64::MAX;
    let patience = Instant::now() + Duration::from_secs(120);
    loop {
        if top == u64::MAX && shops.is_finished() {
            top = app.log(&own_channel).await.len() as u64;
        }
        if offsets.last().copied().unwrap_or(0) >= top {
            break;
        }
        assert!(Instant::now() < patience, "received {} of {top}; closes {:?}", offsets.len(), phone.closes);
        let Ok(read) = tokio::time::timeout(Duration::from_secs(5), phone.read()).await else { continue };
        let Some(messages) = read else {
            phone.come_back(offsets.last().copied().unwrap_or(0), &epoch).await;
            continue;
        };
        for message in messages {
            if let Some(own) = message["connect"]["subs"].get(&own_channel) {
                if epoch.is_empty() {
                    epoch = own["epoch"].as_str().expect("an epoch").to_owned();
                    offsets.push(own["offset"].as_u64().unwrap_or_default());
                } else {
                    assert_eq!(own["recovered"], true, "{own}");
                    offsets.extend(own["publications"].as_array().into_iter().flatten().filter_map(|p| p["offset"].as_u64()));
                }
            }
            let publication = &message["push"]["pub"];
            if message["push"]["channel"] == *own_channel {
                offsets.push(publication["offset"].as_u64().expect("an offset"));
            } else if publication["data"]["type"] == "position" {
                let at: DateTime<Utc> = publication["data"]["at"].as_str().expect("a time").parse().expect("a time");
                if Instant::now() < until {
                    ages.push((app.app.clock.now() - at).num_milliseconds());
                }
            } else if message == json!({}) {
                phone.wire.send(Message::text("{}")).await.expect("a pong");
            }
        }
    }
    let sent = rides.await.expect("rides");
    assert!(offsets.windows(2).all(|pair| pair[1] == pair[0] + 1), "{offsets:?}");
    assert!(ages.len() > 20, "positions come: {} of {sent}", ages.len());
    assert!((ages.len() as u32) < sent / 2, "the reader lags: {} of {sent}", ages.len());
    let oldest = *ages.iter().max().expect("some");
    assert!(oldest < 15_000, "the oldest position was {oldest} ms old when it was read; {ages:?}");
    assert!(phone.closes.iter().all(|code| *code == 3008), "{:?}", phone.closes);
    assert!(
        app.app.hub().stats().lagged > 0,
        "nothing ephemeral is queued for a reader that lags: it gets the present position when its socket drains"
    );
    app.end().await;
}
