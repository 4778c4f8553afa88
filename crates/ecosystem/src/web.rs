//! HTTP over TLS over awaited sockets: a server that ends in order, and a client, by hyper and
//! tokio-rustls, which take whatever reads and writes.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use berkeley::tokio::{Acceptor, Socket};
use berkeley::{Connector, eyeballs};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;
use tokio_rustls::rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What answers a request.
pub type Answer = fn(&str, Bytes) -> Bytes;

/// How long connections may go on that have not ended when the server has been told to.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Serves HTTP/1 and HTTP/2 over TLS until the acceptor is told to stop; then those who are
/// connected get what they have asked for. Answers how many connections there were.
///
/// # Errors
///
/// Those of accepting that are the server's own.
pub async fn serve(
    acceptor: &Acceptor,
    tls: ServerConfig,
    answer: Answer,
) -> berkeley::Result<usize> {
    let tls = TlsAcceptor::from(Arc::new(tls));
    let (told, over) = tokio::sync::watch::channel(false);
    let (mut connections, mut served) = (JoinSet::new(), 0);
    while let Some((socket, _peer)) = acceptor.accept().await? {
        served += 1;
        connections.spawn(connection(tls.clone(), socket, answer, over.clone()));
        while connections.try_join_next().is_some() {}
    }
    let _ = told.send(true);
    let ends = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_CALL, ends).await;
    Ok(served)
}

/// One connection. What goes wrong with it is its client's business.
async fn connection(
    tls: TlsAcceptor,
    socket: Socket,
    answer: Answer,
    mut over: tokio::sync::watch::Receiver<bool>,
) {
    let Ok(stream) = tls.accept(socket).await else { return };
    let service = service_fn(|request: Request<Incoming>| async move {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>(Response::new(Full::new(answer(&path, body))))
    });
    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let mut connection = std::pin::pin!(server.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = &mut connection => return,
        _ = over.wait_for(|over| *over) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Sends a request to a host by HTTP/1 or, if both ends can, HTTP/2; and answers the body.
///
/// # Errors
///
/// Whatever goes wrong on the way.
pub async fn fetch(
    host: &str,
    port: u16,
    tls: Arc<ClientConfig>,
    path: &str,
    body: Bytes,
) -> io::Result<Bytes> {
    let connector = Connector::new().happy_eyeballs(eyeballs::DELAY);
    let socket = connector.connect_awaited((host, port)).await?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(tls).connect(name, socket).await?;
    let both = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let uri = format!("https://{host}:{port}{path}");
    let request = Request::post(uri).header("host", host).body(Full::new(body));
    let request = request.map_err(io::Error::other)?;
    let io = TokioIo::new(stream);
    let response = if both {
        let http = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
        let (mut sender, connection) = http.map_err(io::Error::other)?;
        goes_on(connection, async move { sender.send_request(request).await }).await
    } else {
        let http = hyper::client::conn::http1::handshake(io).await;
        let (mut sender, connection) = http.map_err(io::Error::other)?;
        goes_on(connection, async move { sender.send_request(request).await }).await
    };
    let body = response.map_err(io::Error::other)?.into_body().collect().await;
    Ok(body.map_err(io::Error::other)?.to_bytes())
}

/// The answer, for which the connection has to go on in a task of its own.
async fn goes_on<T>(
    connection: impl Future<Output = hyper::Result<()>> + Send + 'static,
    request: impl Future<Output = T>,
) -> T {
    tokio::spawn(connection);
    request.await
}
