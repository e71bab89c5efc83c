//! How the measured servers are used: the limit probe has its channel in the address, the hub speaks its protocol.

use super::swarm::{Address, Received, Swarm};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

#[derive(Clone)]
pub enum Dialect {
    /// `ws://…/sub/<channel>` subscribes, `ws://…/pub/<channel>` publishes; messages are bare.
    Bare { url: String },
    /// The Centrifuge client protocol in JSON; the token may be empty where the server accepts every connection.
    Hub { url: String, token: String },
    /// The whole product: the server subscribes each connection to its own `user:` channel, and clients cannot publish.
    Product { url: String, token: String },
}

impl Dialect {
    pub fn is_hub(&self) -> bool {
        !matches!(self, Self::Bare { .. })
    }

    /// Opens one subscriber for each channel of the list and waits until all are subscribed. Returns their numbers.
    pub fn subscribe_all(&self, swarm: &mut Swarm, channels: &[String], at_once: usize) -> Result<Vec<usize>> {
        match self {
            Self::Bare { url } => {
                let address = |n: usize| Address::read(&format!("{url}/sub/{}", channels[n]));
                let addresses: Vec<Address> = (0..channels.len()).map(address).collect::<Result<_>>()?;
                swarm.open_all(channels.len(), at_once, |n| addresses[n].clone())
            }
            Self::Hub { url, token } => {
                let address = Address::read(url)?;
                let hello =
                    |n: usize| format!("{}\n{{\"id\":2,\"subscribe\":{{\"channel\":\"{}\"}}}}", connect(token), channels[n]);
                connect_all(swarm, &address, channels.len(), at_once, hello, b"\"id\":2")
            }
            Self::Product { url, token } => {
                connect_all(swarm, &Address::read(url)?, channels.len(), at_once, |_| connect(token), b"\"id\":1")
            }
        }
    }

    /// Opens one publisher for each channel of the list.
    pub fn publishers(&self, swarm: &mut Swarm, channels: &[String]) -> Result<Vec<usize>> {
        match self {
            Self::Bare { url } => {
                let address = |n: usize| Address::read(&format!("{url}/pub/{}", channels[n]));
                let addresses: Vec<Address> = (0..channels.len()).map(address).collect::<Result<_>>()?;
                swarm.open_all(channels.len(), 64, |n| addresses[n].clone())
            }
            Self::Product { .. } => anyhow::bail!("only commands publish on the whole product: measure the hub alone"),
            Self::Hub { url, token } => {
                connect_all(swarm, &Address::read(url)?, channels.len(), 64, |_| connect(token), b"\"id\":1")
            }
        }
    }

    /// The message that publishes a payload.
    pub fn publish(&self, channel: &str, id: u64, payload: &str) -> String {
        match self {
            Self::Bare { .. } => payload.to_owned(),
            // Ids from 10 on: the first ones were used for connect and subscribe.
            Self::Hub { .. } | Self::Product { .. } => {
                format!(r#"{{"id":{},"publish":{{"channel":"{channel}","data":{payload}}}}}"#, id % 1_000_000_000 + 10)
            }
        }
    }
}

fn connect(token: &str) -> String {
    format!(r#"{{"id":1,"connect":{{"token":"{token}","name":"load"}}}}"#)
}

/// Opens connections, sends the first message on each as soon as it is open, and waits until each got the reply with the awaited id.
fn connect_all(
    swarm: &mut Swarm,
    address: &Address,
    count: usize,
    at_once: usize,
    first_message: impl Fn(usize) -> String,
    awaited: &[u8],
) -> Result<Vec<usize>> {
    let mut numbers = Vec::with_capacity(count);
    let (mut answered, mut error) = (0, None);
    let end = Instant::now() + Duration::from_secs(90);
    while answered < count {
        while numbers.len() < count && numbers.len() - answered < at_once {
            numbers.push(swarm.open(address)?);
        }
        let first = numbers[0];
        swarm.wait(Duration::from_millis(100), &mut |swarm, number, received| match received {
            Received::Open => swarm.send(number, first_message(number - first).as_bytes()),
            Received::Text(text) => {
                if contains(text, b"\"error\"") {
                    error = Some(String::from_utf8_lossy(text).into_owned());
                } else if contains(text, awaited) {
                    answered += 1;
                }
            }
            Received::Closed => error = Some("a connection was closed".to_owned()),
        })?;
        if let Some(error) = &error {
            anyhow::bail!("the server refuses: {error}");
        }
        ensure!(Instant::now() < end, "only {answered} of {count} clients were welcomed");
    }
    Ok(numbers)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The stamp in a payload: when it should have been sent (nanoseconds of the run) and its number.
pub fn payload(at_ns: u64, number: u64, bytes: usize) -> String {
    let mut text = format!(r#"{{"t":{at_ns},"n":{number},"p":""#);
    let padding = bytes.saturating_sub(text.len() + 2);
    text.extend(std::iter::repeat_n('x', padding));
    text.push_str("\"}");
    text
}

/// Finds the stamps in a message: one message of the hub may carry several publications.
pub fn stamps(mut text: &[u8], mut each: impl FnMut(u64, u64)) {
    const MARK: &[u8] = br#"{"t":"#;
    while let Some(at) = find(text, MARK) {
        let (at_ns, rest) = number(&text[at + MARK.len()..]);
        // The number follows after `,"n":`.
        let (count, rest) = number(rest.get(5..).unwrap_or_default());
        each(at_ns, count);
        text = rest;
    }
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|&byte| byte == mark[0])?;
        if text[at..].starts_with(mark) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn number(text: &[u8]) -> (u64, &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = text[..digits].iter().fold(0u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    (value, &text[digits..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_found_bare_and_inside_of_joined_messages() {
        let bare = payload(123, 4, 128);
        assert_eq!(bare.len(), 128);
        let joined = format!(
            r#"{{"push":{{"channel":"c","pub":{{"data":{bare},"offset":4}}}}}}{}{{"push":{{"channel":"c","pub":{{"data":{}}}}}}}"#,
            '\n',
            payload(200, 5, 64)
        );
        let mut found = Vec::new();
        stamps(bare.as_bytes(), |at, n| found.push((at, n)));
        stamps(joined.as_bytes(), |at, n| found.push((at, n)));
        assert_eq!(found, [(123, 4), (123, 4), (200, 5)]);
    }
}
