//! The accept loop: like `axum::serve`, with a bound on how long a request's head may take.
use axum::{Router, extract::ConnectInfo};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use std::{net::SocketAddr, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A head that has not come by then ends its connection.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Out of file descriptors, or a word begun: wait a little, somebody may leave, more may come.
const BREATH: Duration = Duration::from_millis(100);
/// How HTTP/2 begins.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0";

/// Accepts and serves until `leaving` ends, then finishes the requests in progress. The hub closes upgraded sockets.
pub async fn serve(listener: TcpListener, router: Router, leaving: impl Future<Output = ()>) {
    let (connections, over) = (GracefulShutdown::new(), CancellationToken::new());
    tokio::pin!(leaving);
    loop {
        let (socket, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
            () = &mut leaving => break,
        };
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let connection = connections.watcher();
        let (router, over) = (router.clone(), over.clone());
        tokio::spawn(async move {
            if over.run_until_cancelled(begins(&socket)).await != Some(true) {
                return;
            }
            let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer));
                router.clone().oneshot(request.map(axum::body::Body::new))
            });
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
            let serving = builder.serve_connection_with_upgrades(TokioIo::new(socket), service).into_owned();
            if let Err(error) = connection.watch(serving).await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    over.cancel();
    connections.shutdown().await;
}

/// Whether a request of HTTP/1.1 begins before its head is overdue. To tell the versions apart the first bytes would else be waited for without a
/// bound; and HTTP/2, which a proxy speaks for us, has none on idle connections.
async fn begins(socket: &TcpStream) -> bool {
    let mut start = [0; HTTP_2.len()];
    let look = async {
        loop {
            match socket.peek(&mut start).await {
                Ok(0) | Err(_) => return false,
                Ok(count) if start[..count] != HTTP_2[..count] => return true,
                Ok(count) if count == HTTP_2.len() => return false,
                // A single P may still become a POST.
                Ok(_) => tokio::time::sleep(BREATH).await,
            }
        }
    };
    tokio::time::timeout(HEAD_WITHIN, look).await.unwrap_or(false)
}
