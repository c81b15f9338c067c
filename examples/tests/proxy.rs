//! `proxy` as its clients and its target see it.

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use support::{Data, PATIENCE, Server, eventually, reset, stress_bytes};

fn proxy(target: SocketAddr) -> Server {
    Server::start("proxy", &["127.0.0.1:0", &target.to_string()])
}

fn target() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// A client that has said one byte, and the target's end of its connection, which has heard it.
fn pair(server: &Server, target: &TcpListener) -> (TcpStream, TcpStream) {
    let mut client = server.connect();
    let (mut accepted, _) = target.accept().unwrap();
    accepted.set_read_timeout(Some(PATIENCE)).unwrap();
    accepted.set_write_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"!").unwrap();
    accepted.read_exact(&mut [0]).unwrap();
    (client, accepted)
}

/// That the proxy ends well, and with these counts.
#[track_caller]
fn assert_counts(server: Server, counts: &str) {
    let ended = server.stop();
    assert!(ended.status.success(), "{ended:?}");
    let last = ended.stdout.lines().last().expect("the counts");
    assert_eq!(last, format!("proxy: {counts}"));
}

#[test]
fn both_ways_carry_all_bytes_at_once_and_each_its_own_end() {
    let (listener, addr) = target();
    let server = proxy(addr);
    let bytes = stress_bytes();
    let before = server.descriptors();
    let (client, accepted) = pair(&server, &listener);
    let (there, back) = (Data::new(1), Data::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            there.write(&client, bytes);
            client.shutdown(Shutdown::Write).unwrap();
        });
        scope.spawn(|| {
            back.write(&accepted, bytes / 2);
            accepted.shutdown(Shutdown::Write).unwrap();
        });
        scope.spawn(|| there.expect(&accepted, bytes));
        back.expect(&client, bytes / 2);
    });
    eventually("the connections are closed", || {
        server.descriptors() == before
    });
    let (bytes, half) = (bytes + 1, bytes / 2);
    assert_counts(
        server,
        &format!(
            "{bytes} bytes from clients, {half} bytes to clients; \
             connections: 1 complete, 0 broken, 0 without target, 0 open at the end"
        ),
    );
}

#[test]
fn an_end_goes_through_while_the_other_way_goes_on() {
    let (listener, addr) = target();
    let server = proxy(addr);
    let (mut client, mut accepted) = pair(&server, &listener);
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut question = String::new();
    accepted.read_to_string(&mut question).unwrap();
    assert_eq!(question, "question");
    accepted.write_all(b"answer").unwrap();
    drop(accepted);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
}

#[test]
fn single_bytes_go_through_at_once() {
    let (listener, addr) = target();
    let server = proxy(addr);
    let (mut client, mut accepted) = pair(&server, &listener);
    client.set_nodelay(true).unwrap();
    accepted.set_nodelay(true).unwrap();
    for byte in (0..=u8::MAX).cycle().take(1500) {
        let mut read = [0];
        client.write_all(&[byte]).unwrap();
        accepted.read_exact(&mut read).unwrap();
        assert_eq!(read, [byte]);
        accepted.write_all(&[!byte]).unwrap();
        client.read_exact(&mut read).unwrap();
        assert_eq!(read, [!byte]);
    }
}

#[test]
fn a_target_that_cannot_be_reached_closes_the_client() {
    let (listener, addr) = target();
    drop(listener);
    let server = proxy(addr);
    for _ in 0..3 {
        let mut text = String::new();
        server.connect().read_to_string(&mut text).unwrap();
        assert_eq!(text, "");
    }
    let ended = server.stop();
    assert!(ended.stdout.contains("3 without target"), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 3, "{ended:?}");
    assert!(
        ended
            .stderr
            .starts_with(&format!("proxy: cannot connect to {addr}: ")),
        "{ended:?}"
    );
}

#[test]
fn who_breaks_off_ends_the_connection_for_the_other_side() {
    let (listener, addr) = target();
    let server = proxy(addr);
    let mut rest = Vec::new();
    let (client, mut accepted) = pair(&server, &listener);
    reset(client);
    // An end or an error: it does not wait for ever.
    let _ = accepted.read_to_end(&mut rest);
    let (mut client, accepted) = pair(&server, &listener);
    reset(accepted);
    let _ = client.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert_counts(
        server,
        "2 bytes from clients, 0 bytes to clients; \
         connections: 0 complete, 2 broken, 0 without target, 0 open at the end",
    );
}

#[test]
fn who_does_not_read_costs_no_memory_and_holds_nobody_up() {
    let (listener, addr) = target();
    let server = proxy(addr);
    let (mut deaf, accepted) = pair(&server, &listener);
    deaf.set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let block = vec![0; 1 << 20];
    // Until the proxy takes no more: the target reads nothing.
    while deaf.write(&block).is_ok() {}
    let (mut client, mut other) = pair(&server, &listener);
    client.write_all(b"x").unwrap();
    let mut read = [0];
    other.read_exact(&mut read).unwrap();
    let peak = server.peak_memory();
    assert!(peak < 48 << 20, "{peak} bytes");
    let ended = server.stop();
    assert!(ended.stdout.contains("2 open at the end"), "{ended:?}");
    drop(accepted);
}

#[test]
fn a_lack_of_descriptors_passes() {
    let (listener, addr) = target();
    let server = proxy(addr);
    let before = server.descriptors();
    drop(pair(&server, &listener));
    eventually("the connections are closed", || {
        server.descriptors() == before
    });
    // As many as ten clients and their targets take: the eleventh is not accepted.
    server.leave_descriptors(20);
    let accepting = thread::spawn(move || {
        // An echo, for as long as the test takes.
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            thread::spawn(move || {
                let mut writer = stream.try_clone().unwrap();
                let _ = std::io::copy(&mut stream, &mut writer);
                let _ = writer.shutdown(Shutdown::Write);
            });
        }
    });
    let crowd: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
    support::assert_rests(&server);
    drop(crowd);
    eventually("a client gets through again", || {
        let mut stream = server.connect();
        let mut text = String::new();
        let sent = stream.write_all(b"hello").is_ok();
        let ended = stream.shutdown(Shutdown::Write).is_ok();
        sent && ended && stream.read_to_string(&mut text).is_ok() && text == "hello"
    });
    let ended = server.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.contains("cannot accept for now"), "{ended:?}");
    assert!(!accepting.is_finished());
}

#[test]
fn its_command_line_is_explained() {
    support::assert_helps("proxy");
    support::assert_refused("proxy", &[], "LISTEN");
    support::assert_refused("proxy", &["127.0.0.1:0"], "TARGET");
    support::assert_refused("proxy", &["127.0.0.1:0", "nowhere"], "\"nowhere\"");
    support::assert_refused("proxy", &["127.0.0.1:0", "host:99999"], "host:99999");
    support::assert_refused("proxy", &["nonsense", "host:1"], "LISTEN \"nonsense\"");
    support::assert_refused("proxy", &["127.0.0.1:-1", "host:1"], "from 0 to 65535");
    support::assert_refused("proxy", &["127.0.0.1:0", "::1:80"], "[::1]");
    support::assert_refused("proxy", &["a:1", "b:2", "c:3"], "c:3");
    support::assert_address_in_use("proxy", |addr| vec![addr.into(), "127.0.0.1:9".into()]);
}
