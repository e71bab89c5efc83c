//! The accept loop: like `axum::serve`, with a bound on how long a request's head may take.
use axum::{Router, extract::ConnectInfo};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// A head that has not come by then ends its connection.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Out of file descriptors: wait a little, somebody may leave.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts and serves until `leaving` ends; then finishes the requests under way. Upgraded sockets are the hub's to end.
pub async fn serve(listener: TcpListener, router: Router, leaving: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
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
        let router = router.clone();
        tokio::spawn(async move {
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
    connections.shutdown().await;
}
