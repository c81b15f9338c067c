//! `echo` as its clients see it.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use support::{Server, Signal, reset, round_trip, stress_bytes};

fn echo() -> Server {
    Server::start("echo", &["--addr", "127.0.0.1:0"])
}

/// That the server answers a new client.
#[track_caller]
fn assert_answers(server: &Server) {
    round_trip(&server.connect(), 7, 10_000);
}

#[test]
fn what_is_sent_comes_back_and_then_the_end() {
    let server = echo();
    round_trip(&server.connect(), 1, stress_bytes());
    round_trip(&server.connect(), 2, 0);
    assert!(server.stop().status.success());
}

#[test]
fn single_bytes_come_back_at_once() {
    let server = echo();
    let mut stream = server.connect();
    stream.set_nodelay(true).unwrap();
    for byte in (0..=u8::MAX).cycle().take(3000) {
        stream.write_all(&[byte]).unwrap();
        let mut answer = [0];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [byte]);
    }
}

#[test]
fn many_clients_are_served_at_once() {
    let server = echo();
    thread::scope(|scope| {
        for seed in 0..32 {
            let stream = server.connect();
            scope.spawn(move || round_trip(&stream, seed, 300_000));
        }
    });
}

/// Sends until nothing more is taken.
fn fill(mut stream: &TcpStream) {
    stream
        .set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let error = loop {
        if let Err(error) = stream.write(&[7; 64 * 1024]) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn clients_that_do_not_read_break_off_or_say_nothing_are_nobody_elses_trouble() {
    let mut server = echo();
    let (deaf, silent, half_open) = (server.connect(), server.connect(), server.connect());
    fill(&deaf);
    half_open.shutdown(Shutdown::Write).unwrap();
    for _ in 0..100 {
        let mut stream = server.connect();
        stream.write_all(&[0; 1000]).unwrap();
        reset(stream);
    }
    assert_answers(&server);
    // What it keeps for a client is bounded, and lies in the sockets' buffers.
    assert!(server.peak_memory() < 256 << 20);
    assert!(server.is_running());
    let ended = server.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(ended.stderr, "");
    drop((deaf, silent, half_open));
}

#[test]
fn a_lack_of_descriptors_passes() {
    let server = echo();
    assert_answers(&server);
    server.leave_descriptors(20);
    let crowd: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
    support::assert_rests(&server);
    drop(crowd);
    assert_answers(&server);
    let ended = server.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert!(
        ended.stderr.starts_with("echo: cannot accept for now: "),
        "{ended:?}"
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

#[test]
fn sigterm_ends_it_like_ctrl_c() {
    let server = echo();
    server.signal(Signal::TERM);
    assert!(server.wait().status.success());
}

#[test]
fn its_command_line_is_explained() {
    support::assert_helps("echo");
    support::assert_refused("echo", &["--port", "1"], "--port");
    support::assert_refused("echo", &["extra"], "extra");
    support::assert_refused("echo", &["--addr", "nonsense"], "HOST:PORT");
    support::assert_refused("echo", &["--addr", "127.0.0.1:65536"], "from 0 to 65535");
    support::assert_refused("echo", &["--addr"], "--addr");
    support::assert_address_in_use("echo", |addr| vec!["--addr".into(), addr.into()]);
}
