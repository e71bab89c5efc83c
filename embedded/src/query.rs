//! Just enough of PostgreSQL's protocol to run statements over the socket without another program or crate.

use std::{
    io::{self, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use crate::{Error, Result, error::Doing};

/// One connection as `postgres`; the socket's folder is the authentication.
pub(crate) struct Session {
    stream: BufReader<UnixStream>,
}

impl Session {
    pub fn open(socket: &Path, database: &str) -> Result<Self> {
        let stream = UnixStream::connect(socket).doing(|| format!("connecting to {}", socket.display()))?;
        let mut session = Self { stream: BufReader::new(stream) };
        let mut hello = 196_608_u32.to_be_bytes().to_vec(); // protocol 3.0
        for word in ["user", "postgres", "database", database, "application_name", "wassally-embedded", ""] {
            hello.extend_from_slice(word.as_bytes());
            hello.push(0);
        }
        session.send(None, &hello).doing(|| "greeting PostgreSQL".into())?;
        session.reply("", &format!("connecting to {database}"))?;
        Ok(session)
    }

    /// Runs one or several statements; several are one transaction unless they say otherwise. `at` names them in an error.
    pub fn run(&mut self, sql: &str, at: &str) -> Result<()> {
        self.rows(sql, at).map(drop)
    }

    /// The first column of the rows that the statements gave, as text; nulls are left out.
    pub fn rows(&mut self, sql: &str, at: &str) -> Result<Vec<String>> {
        let body = [sql.as_bytes(), &[0]].concat();
        self.send(Some(b'Q'), &body).doing(|| format!("sending {at}"))?;
        self.reply(sql, at)
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 4).map_err(io::Error::other)?;
        let message: Vec<u8> = kind.into_iter().chain(length.to_be_bytes()).chain(body.iter().copied()).collect();
        self.stream.get_mut().write_all(&message)
    }

    /// Reads up to "ready for query", or to the end when PostgreSQL hangs up.
    fn reply(&mut self, sql: &str, at: &str) -> Result<Vec<String>> {
        let mut rows = Vec::new();
        let mut refused = None;
        loop {
            let (kind, body) = match self.message() {
                Ok(message) => message,
                Err(source) => {
                    return Err(refused.unwrap_or(Error::Io { what: format!("waiting for the answer to {at}"), source }));
                }
            };
            match kind {
                b'D' => rows.extend(first_column(&body)),
                b'E' => refused = Some(statement_error(&body, sql, at)),
                b'Z' => return refused.map_or(Ok(rows), Err),
                _ => {}
            }
        }
    }

    fn message(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
        self.stream.read_exact(&mut body)?;
        Ok((kind, body))
    }
}

/// A data row: number of columns (2 bytes), then each with its length (4 bytes, -1 is null).
fn first_column(body: &[u8]) -> Option<String> {
    let (length, rest) = body.get(2..)?.split_first_chunk::<4>()?;
    let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
    Some(String::from_utf8_lossy(rest.get(..length)?).into_owned())
}

/// An error: fields of one letter and a text each; M is the message, D the detail, P the place in characters from 1.
fn statement_error(body: &[u8], sql: &str, at: &str) -> Error {
    let fields: Vec<(u8, String)> = body
        .split(|byte| *byte == 0)
        .filter_map(|field| field.split_first().map(|(kind, text)| (*kind, String::from_utf8_lossy(text).into_owned())))
        .collect();
    let field = |wanted: u8| fields.iter().find(|(kind, _)| *kind == wanted).map(|(_, text)| text.as_str());
    let mut message = field(b'M').unwrap_or("an error without a message").to_owned();
    for more in [field(b'D'), field(b'H')].into_iter().flatten() {
        message = format!("{message} ({more})");
    }
    let line = field(b'P')
        .and_then(|place| place.parse::<usize>().ok())
        .map(|place| 1 + sql.chars().take(place - 1).filter(|c| *c == '\n').count());
    Error::Statement { at: line.map_or(at.to_owned(), |line| format!("{at}:{line}")), message }
}
