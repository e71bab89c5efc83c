//! A proxy in front of PostgreSQL that can cut a connection at a COMMIT: it reads the frontend's messages just far enough to recognise one.
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
};

/// Where the next COMMIT is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The COMMIT arrives and is carried out; its answer is lost.
    Answer,
    /// The COMMIT arrives; the connection is cut at once, whether or not it was carried out.
    AtOnce,
    /// The COMMIT does not arrive.
    Question,
    /// The COMMIT arrives and is carried out; then nothing comes any more, though the connection stays open.
    Silence,
}

/// A proxy in front of one database.
pub struct Proxy {
    /// The database's URL through it.
    pub url: String,
    wanted: Arc<parking_lot::Mutex<Option<Cut>>>,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    /// In front of the database at `url`, one of the kit's cluster (over its Unix socket).
    pub async fn before(url: &str) -> Self {
        let (address, query) = url.split_once('?').expect("a socket in the query");
        let database = address.rsplit('/').next().expect("a name");
        let directory =
            query.split('&').find_map(|pair| pair.strip_prefix("host=")).expect("a socket directory").replace("%2F", "/");
        let socket = PathBuf::from(directory).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (wanted, cuts) = (Arc::default(), Arc::default());
        let state = (Arc::clone(&wanted), Arc::clone(&cuts));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (socket, (wanted, cuts)) = (socket.clone(), state.clone());
                tokio::spawn(async move {
                    if let Ok(server) = UnixStream::connect(socket).await {
                        // A cut is an error here, and intended.
                        let _ = pass(client, server, &wanted, &cuts).await;
                    }
                });
            }
        });
        Self { url: format!("postgres://postgres@127.0.0.1:{port}/{database}?sslmode=disable"), wanted, cuts }
    }

    /// Cuts the next COMMIT of any connection.
    pub fn cut(&self, cut: Cut) {
        *self.wanted.lock() = Some(cut);
    }

    /// How often it was cut.
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

async fn pass(
    client: TcpStream,
    server: UnixStream,
    wanted: &parking_lot::Mutex<Option<Cut>>,
    cuts: &AtomicUsize,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (swallow, mut swallowed) = tokio::sync::watch::channel(None);
    let answers = tokio::spawn(async move {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let size = from_server.read(&mut piece).await?;
            // The answer has arrived, so the COMMIT was carried out: now both ends close, or neither does.
            let cut = *swallowed.borrow_and_update();
            match cut {
                Some(Cut::Answer) => return Ok(()),
                Some(Cut::Silence) => return std::future::pending().await,
                _ if size == 0 => return io::Result::Ok(()),
                _ => {}
            }
            to_client.write_all(&piece[..size]).await?;
        }
    });
    let startup = message(&mut from_client, false).await?;
    to_server.write_all(&startup).await?;
    loop {
        let message = message(&mut from_client, true).await?;
        if message.starts_with(b"Q") && message[5..].eq_ignore_ascii_case(b"COMMIT\0") {
            let cut = wanted.lock().take();
            if let Some(cut) = cut {
                cuts.fetch_add(1, Ordering::SeqCst);
                if cut != Cut::Question {
                    let _ = swallow.send(Some(cut));
                    to_server.write_all(&message).await?;
                }
                match cut {
                    Cut::Answer | Cut::Silence => drop(answers.await),
                    Cut::AtOnce | Cut::Question => answers.abort(),
                }
                return Ok(());
            }
        }
        to_server.write_all(&message).await?;
    }
}

/// One message of the frontend: its type, unless it is the first, its length, its body.
async fn message(from: &mut (impl AsyncRead + Unpin), has_type: bool) -> io::Result<Vec<u8>> {
    let head = if has_type { 5 } else { 4 };
    let mut message = vec![0; head];
    from.read_exact(&mut message).await?;
    let length = u32::from_be_bytes(message[head - 4..].try_into().expect("four bytes")) as usize;
    message.resize(head - 4 + length, 0);
    from.read_exact(&mut message[head..]).await?;
    Ok(message)
}
