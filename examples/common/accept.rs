//! Accepting connections: a task for each, and no end but the one that is asked for.
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use fastwake::net::{TcpListener, TcpStream};
use fastwake::select;
use fastwake::task::JoinSet;
use fastwake::time::{Instant, sleep};
use rustix::net::sockopt::set_socket_keepalive;

use crate::cli::Program;

/// The first pause after an accept that failed. It doubles as long as they fail.
const SHORTEST: Duration = Duration::from_millis(5);

/// As long as a server that could accept again may go on pausing.
const LONGEST: Duration = Duration::from_secs(1);

/// Listens at `address`, which is a host (or an IP address) and a port.
///
/// # Errors
///
/// In one line, why that cannot be.
pub(crate) async fn listen(address: &str) -> Result<TcpListener, String> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address:?}: {error}"))?;
    // Connections inherit it: a client that vanishes without a word is found out in the end, and
    // does not keep its descriptor for ever.
    set_socket_keepalive(&listener, true)
        .map_err(|error| format!("cannot keep connections on {address:?} alive: {error}"))?;
    Ok(listener)
}

/// Runs `serve` as a task for each connection until `stop` is ready. Gives back the tasks that run
/// then; dropping them aborts them.
pub(crate) async fn accept_until<F>(
    listener: TcpListener,
    stop: impl Future,
    program: &Program,
    mut serve: impl FnMut(TcpStream, SocketAddr) -> F,
) -> JoinSet<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut acceptor = Acceptor {
        listener,
        program,
        pause: None,
        failed: None,
    };
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        select! {
            _ = &mut stop => return connections,
            (stream, peer) = acceptor.next() => {
                connections.spawn(serve(stream, peer));
            }
            // A task that panicked has been reported by the panic hook. One that has ended has also
            // left its descriptor: an acceptor that pauses tries again.
            Some(_) = connections.join_next() => {}
        }
    }
}

struct Acceptor<'p> {
    listener: TcpListener,
    program: &'p Program,
    /// `None` as long as accepts succeed.
    pause: Option<Duration>,
    /// When one failed last.
    failed: Option<Instant>,
}

/// Failures that are not further apart are of one outage: while descriptors come back one by one,
/// some accepts succeed.
const OUTAGE: Duration = Duration::from_secs(10);

impl Acceptor<'_> {
    /// The next connection, however long it takes to be accepted. When it is cancelled, none is lost.
    async fn next(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(connection) => {
                    self.pause = None;
                    return connection;
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => self.back_off(&error).await,
            }
        }
    }

    /// Without descriptors, or memory, the connection stays in the backlog: trying again at once
    /// would keep a CPU busy with failing.
    async fn back_off(&mut self, error: &io::Error) {
        if self.failed.is_none_or(|failed| failed.elapsed() > OUTAGE) {
            self.program
                .complain(format_args!("cannot accept for now: {error}"));
        }
        self.failed = Some(Instant::now());
        let pause = self.pause.unwrap_or(SHORTEST);
        self.pause = Some(LONGEST.min(2 * pause));
        sleep(pause).await;
    }
}

/// Has only the connection failed that was to be accepted? Then the next one may do.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted,
        NetworkUnreachable, TimedOut,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkUnreachable
            | TimedOut
    )
}
