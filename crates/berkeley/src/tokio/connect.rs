//! Addresses and connections: bind, connect, accept, and names that are looked up elsewhere than in
//! the runtime's threads.

use std::time::Duration;

use ::tokio::time::{sleep, timeout_at};

use super::Socket;
use super::wait::Patience;
use crate::addr::Addr;
use crate::dial::{Server, ToEndpoint};
use crate::error::{Call, Cause, Error, Result};
use crate::kind::Family;
use crate::socket::Socket as Plain;
use crate::sys::{Errno, Interest, Woken};
use crate::target::{ToAddr, is_numeric, resolve};

/// Listens at a place, as [`create_server`](crate::create_server) does; for more,
/// [`Server`](crate::Server) and `try_from` its socket.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
/// let server = berkeley::tokio::create_server("127.0.0.1:0").await?;
/// println!("listening on {}", server.local_addr()?);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of the plain one.
pub async fn create_server(place: impl ToEndpoint) -> Result<Socket> {
    let endpoint = place.to_endpoint().map_err(|error| error.in_call(Call::CreateServer))?;
    elsewhere(Call::CreateServer, move || Server::new().listen(endpoint)).await?.try_into()
}

/// Addresses and connections.
impl Socket {
    /// Gives the socket its own address: see [`bind`](crate::Socket::bind).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    pub async fn bind(&self, addr: impl ToAddr) -> Result<()> {
        let addr = self.address(Call::Bind, addr, &mut self.patience()).await?;
        self.plain().bind(addr)
    }

    /// Connects to an address, within the timeout: see [`connect`](crate::Socket::connect).
    ///
    /// ```
    /// use berkeley::tokio::{Socket, create_server};
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let server = create_server("127.0.0.1:0").await?;
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// sock.connect(server.local_addr()?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    ///
    /// # If it is dropped
    ///
    /// The attempt goes on in the kernel. To connect to the same address again is to wait on for
    /// it; dropping the socket ends it.
    pub async fn connect(&self, addr: impl ToAddr) -> Result<()> {
        let mut patience = self.patience_from_now();
        let addr = self.address(Call::Connect, addr, &mut patience).await?;
        self.connect_addr(&addr, &mut patience).await.map_err(|error| error.at(&addr))
    }

    async fn connect_addr(&self, addr: &Addr, patience: &mut Patience) -> Result<()> {
        let (call, mut pause) = (Call::Connect, Duration::from_micros(100));
        loop {
            match self.plain().begin_to_connect(addr) {
                Ok(true) => return Ok(()),
                Ok(false) => break,
                // An earlier call has begun it.
                Err(error) if error.errno() == Some(Errno::EALREADY) => break,
                Err(error) => {
                    let full = self.plain().family() == Family::UNIX && error.is_would_block();
                    match patience {
                        Patience::By(_) if full && patience.has_passed() => {
                            return Err(Error::new(call, Cause::TimedOut));
                        }
                        // A UNIX listener's queue is full. Nothing tells when there is room.
                        Patience::By(deadline) if full => {
                            sleep(deadline.remaining().unwrap_or(pause).min(pause)).await;
                            pause = (pause * 2).min(Duration::from_millis(10));
                        }
                        _ => return Err(error),
                    }
                }
            }
        }
        if let Patience::None = patience {
            return Err(Error::new(call, Errno::EINPROGRESS));
        }
        self.registered(call)?;
        // To be told how it has ended, TCP is called again: that is what ends it for the kernel,
        // which else refuses the socket's next attempt. What the reactor says may be old.
        let by_calling = self.empties();
        let ended = |plain: &Plain| match by_calling {
            true => match plain.begin_to_connect(addr) {
                Ok(true) => Ok(().into()),
                Err(error) if error.errno() != Some(Errno::EALREADY) => Err(error),
                _ => Err(Error::new(call, Errno::EAGAIN)),
            },
            false => {
                plain.connected()?;
                match plain.glance(call, Interest::Write)? {
                    Woken::TimedOut => Err(Error::new(call, Errno::EAGAIN)),
                    _ => Ok(().into()),
                }
            }
        };
        self.until(call, Interest::Write, patience, ended).await
    }

    /// The next connection, and who connected, within the timeout: see
    /// [`accept`](crate::Socket::accept).
    ///
    /// ```
    /// use berkeley::tokio::create_server;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let server = create_server("127.0.0.1:0").await?;
    /// let client = berkeley::create_connection(server.local_addr()?)?;
    /// let (_conn, peer) = server.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    pub async fn accept(&self) -> Result<(Socket, Addr)> {
        let (plain, from) = self.once(Call::Accept, Interest::Read, Plain::accept_awaited).await?;
        Ok((Socket::over(plain), from))
    }

    /// What the caller wrote as an address. A host is looked up by a thread of the runtime's for
    /// such things, which goes on if this is dropped.
    pub(super) async fn address(
        &self,
        call: Call,
        addr: impl ToAddr,
        patience: &mut Patience,
    ) -> Result<Addr> {
        let family = self.plain().family();
        let question = match addr.ask(family) {
            Ok(Ok(addr)) => return Ok(addr),
            Ok(Err(question)) if is_numeric(&question) => {
                return resolve(&question, family).map_err(|error| in_call(error, call));
            }
            Ok(Err(question)) => question,
            Err(error) => return Err(error.in_call(call)),
        };
        let lookup = elsewhere(Call::GetAddrInfo, move || resolve(&question, family));
        let found = match self.moment(patience) {
            None => lookup.await,
            Some(moment) => match timeout_at(moment, lookup).await {
                Ok(found) => found,
                Err(_) => Err(Error::new(Call::GetAddrInfo, Cause::TimedOut)),
            },
        };
        found.map_err(|error| in_call(error, call))
    }
}

/// An error in an address is one of the call that takes it, save that of looking it up.
fn in_call(error: Error, call: Call) -> Error {
    match error.lookup_code() {
        Some(_) => error,
        None => error.in_call(call),
    }
}

/// Does what waits in the kernel in a thread that may.
async fn elsewhere<T: Send + 'static>(
    call: Call,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = ::tokio::task::spawn_blocking(work).await;
    // The runtime is going away.
    done.unwrap_or_else(|_| Err(Error::new(call, Errno::ECANCELED)))
}
