//! `chat` as its members see it.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use support::{Server, Signal, eventually, reset};

fn chat() -> Server {
    Server::start("chat", &["--addr", "127.0.0.1:0"])
}

/// Somebody at a terminal.
struct Person(BufReader<TcpStream>);

impl Person {
    /// Comes to the door.
    fn knock(server: &Server) -> Self {
        let mut person = Self(BufReader::new(server.connect()));
        assert_eq!(person.hears(), "* what is your name?");
        person
    }

    /// Comes in, with a name.
    fn enter(server: &Server, name: &str) -> Self {
        let mut person = Self::knock(server);
        person.says(format!("{name}\n"));
        let welcome = person.hears();
        assert!(welcome.starts_with("* welcome"), "{welcome}");
        person
    }

    fn says(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_ref().write_all(bytes.as_ref()).unwrap();
    }

    /// The next line.
    #[track_caller]
    fn hears(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("text");
        assert_eq!(line.pop(), Some('\n'), "the end after {line:?}");
        line
    }

    /// That nothing more comes.
    #[track_caller]
    fn hears_the_end(mut self) {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).expect("the end");
        assert_eq!(rest, "");
    }
}

#[test]
fn all_others_hear_who_comes_what_is_said_and_who_goes() {
    let server = chat();
    let mut ann = Person::knock(&server);
    ann.says("ann\n");
    assert_eq!(ann.hears(), "* welcome; you are the first");
    let mut bob = Person::knock(&server);
    bob.says("  bob \r\n");
    assert_eq!(bob.hears(), "* welcome; here: ann");
    let mut cyd = Person::enter(&server, "cyd");
    assert_eq!(ann.hears(), "* bob has joined");
    assert_eq!(ann.hears(), "* cyd has joined");
    assert_eq!(bob.hears(), "* cyd has joined");
    ann.says("hello\n\nall of you\r\n");
    for person in [&mut bob, &mut cyd] {
        assert_eq!(person.hears(), "<ann> hello");
        assert_eq!(person.hears(), "<ann> all of you");
    }
    // Not to ann herself: the next that she hears is somebody else's.
    bob.says("\thi\n");
    assert_eq!(ann.hears(), "<bob> \thi");
    assert_eq!(cyd.hears(), "<bob> \thi");
    drop(ann);
    assert_eq!(bob.hears(), "* ann has left");
    assert_eq!(cyd.hears(), "* ann has left");
}

#[test]
fn a_name_belongs_to_one_member_at_a_time() {
    let server = chat();
    let mut ann = Person::enter(&server, "ann");
    let mut other = Person::knock(&server);
    other.says("ann\n");
    let refusal = other.hears();
    assert!(refusal.contains("take another"), "{refusal}");
    let bad = [
        String::new(),
        "two words".into(),
        "<b>".into(),
        "x".repeat(25),
        "y".repeat(5000),
        "\u{1b}[31m".into(),
    ];
    for name in bad {
        other.says(format!("{name}\n"));
        let refusal = other.hears();
        assert!(refusal.contains("1 to 24"), "{name:?}: {refusal}");
    }
    other.says("Åsa_2\n");
    assert_eq!(other.hears(), "* welcome; here: ann");
    assert_eq!(ann.hears(), "* Åsa_2 has joined");
    // Broken off, not ended: that is leaving, too, and frees the name.
    reset(other.0.into_inner());
    assert_eq!(ann.hears(), "* Åsa_2 has left");
    drop(Person::enter(&server, "Åsa_2"));
}

#[test]
fn a_line_may_come_byte_by_byte_and_the_last_one_needs_no_end() {
    let server = chat();
    let mut ann = Person::enter(&server, "ann");
    let mut bob = Person::knock(&server);
    bob.0.get_ref().set_nodelay(true).unwrap();
    for byte in "bob\ngrüß Gott\nbye".bytes() {
        bob.says([byte]);
    }
    bob.0.get_ref().shutdown(Shutdown::Write).unwrap();
    assert_eq!(ann.hears(), "* bob has joined");
    assert_eq!(ann.hears(), "<bob> grüß Gott");
    assert_eq!(ann.hears(), "<bob> bye");
    assert_eq!(ann.hears(), "* bob has left");
}

#[test]
fn what_is_not_text_or_steers_a_terminal_is_replaced() {
    let server = chat();
    let mut ann = Person::enter(&server, "ann");
    let mut bob = Person::enter(&server, "bob");
    assert_eq!(ann.hears(), "* bob has joined");
    bob.says(b"a\xff\xfeb\xc3\n");
    assert_eq!(ann.hears(), "<bob> a\u{fffd}\u{fffd}b\u{fffd}");
    bob.says(b"\x1b[2Jx\x00\x07\x7f\xc2\x9b\n");
    assert_eq!(
        ann.hears(),
        "<bob> \u{fffd}[2Jx\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
    );
}

#[test]
fn a_line_that_is_too_long_is_thrown_away_and_costs_no_memory() {
    let server = chat();
    let mut ann = Person::enter(&server, "ann");
    let mut bob = Person::enter(&server, "bob");
    assert_eq!(ann.hears(), "* bob has joined");
    let longest = "x".repeat(1000);
    bob.says(format!("{longest}\n{longest}y\n"));
    assert_eq!(ann.hears(), format!("<bob> {longest}"));
    let notice = "* your line is longer than 1000 bytes: not sent";
    assert_eq!(bob.hears(), notice);
    let block = vec![b'z'; 1 << 20];
    for _ in 0..64 {
        bob.says(&block);
    }
    bob.says("\nafter it\n");
    assert_eq!(bob.hears(), notice);
    assert_eq!(ann.hears(), "<bob> after it");
    let peak = server.peak_memory();
    assert!(peak < 48 << 20, "{peak} bytes");
}

#[test]
fn who_does_not_read_misses_lines_is_told_so_and_holds_nobody_up() {
    const LINES: usize = 40_000;
    let server = Server::start("chat", &["--addr", "127.0.0.1:0", "--patience", "3600"]);
    let mut slow = Person::enter(&server, "slow");
    let mut ann = Person::enter(&server, "ann");
    let mut bob = Person::enter(&server, "bob");
    assert_eq!(ann.hears(), "* bob has joined");
    // Each line is answered before the next, so that only `slow` can be behind. It is 36 MiB, more
    // than the sockets' buffers take.
    let padding = "x".repeat(900);
    for number in 0..LINES {
        bob.says(format!("{number} {padding}\n"));
        assert_eq!(ann.hears(), format!("<bob> {number} {padding}"));
    }
    assert_eq!(slow.hears(), "* ann has joined");
    assert_eq!(slow.hears(), "* bob has joined");
    let (mut next, mut missed) = (0, 0);
    while next < LINES {
        let line = slow.hears();
        if let Some(rest) = line.strip_prefix("* you read too slowly and missed ") {
            let lines = rest.strip_suffix(" lines").unwrap();
            let lines = lines.parse::<usize>().unwrap();
            missed += lines;
            next += lines;
        } else {
            assert_eq!(line, format!("<bob> {next} {padding}"));
            next += 1;
        }
    }
    assert!(missed > 0, "the test was to be too much for the buffers");
}

#[test]
fn who_reads_nothing_at_all_is_let_go() {
    let server = Server::start("chat", &["--addr", "127.0.0.1:0", "--patience", "1"]);
    let deaf = Person::enter(&server, "deaf");
    let mut ann = Person::enter(&server, "ann");
    let bob = Person::enter(&server, "bob");
    assert_eq!(ann.hears(), "* bob has joined");
    let talking = thread::spawn(move || {
        let line = format!("{}\n", "x".repeat(1000));
        // Until the test is over.
        while bob.0.get_ref().write_all(line.as_bytes()).is_ok() {}
    });
    while ann.hears() != "* deaf has left" {}
    drop(server);
    drop(deaf);
    talking.join().unwrap();
}

#[test]
fn many_talk_at_once_and_nobody_hears_a_line_twice() {
    const PEOPLE: usize = 8;
    const LINES: usize = 200;
    let server = chat();
    let mut people: Vec<Person> = (0..PEOPLE)
        .map(|number| Person::enter(&server, &format!("p{number}")))
        .collect();
    thread::scope(|scope| {
        for (number, person) in people.iter_mut().enumerate() {
            scope.spawn(move || {
                let writer = person.0.get_ref().try_clone().unwrap();
                scope.spawn(move || {
                    for line in 0..LINES {
                        (&writer).write_all(format!("{line}\n").as_bytes()).unwrap();
                    }
                });
                let (mut next, mut left) = ([0; PEOPLE], (PEOPLE - 1) * LINES);
                while left > 0 {
                    let line = person.hears();
                    if let Some(said) = line.strip_prefix("<p") {
                        let (by, line) = said.split_once("> ").unwrap();
                        let by = by.parse::<usize>().unwrap();
                        let line = line.parse::<usize>().unwrap();
                        assert!(by != number && line >= next[by], "{said}");
                        next[by] = line + 1;
                        left -= 1;
                    } else if let Some(missed) = line.strip_prefix("* you read too slowly and ") {
                        let lines = missed.trim_start_matches("missed ");
                        let lines = lines.strip_suffix(" lines").unwrap();
                        // Its own lines, which it is not sent, may be among them.
                        left = left.saturating_sub(lines.parse().unwrap());
                    } else {
                        assert!(line.ends_with(" has joined"), "{line}");
                    }
                }
            });
        }
    });
}

#[test]
fn strangers_at_the_door_do_not_keep_the_room_from_closing() {
    let server = chat();
    let ann = Person::enter(&server, "ann");
    let (silent, half_open) = (server.connect(), Person::knock(&server));
    half_open.0.get_ref().shutdown(Shutdown::Write).unwrap();
    half_open.hears_the_end();
    let ended = server.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(ended.stderr, "");
    let mut ann = ann;
    assert_eq!(ann.hears(), "* the room closes");
    ann.hears_the_end();
    drop(silent);
}

#[test]
fn sigterm_closes_the_room_and_its_port() {
    let server = chat();
    let addr = server.addr;
    let mut ann = Person::enter(&server, "ann");
    server.signal(Signal::TERM);
    assert_eq!(ann.hears(), "* the room closes");
    assert!(server.wait().status.success());
    eventually("the port is closed", || TcpStream::connect(addr).is_err());
}

#[test]
fn its_command_line_is_explained() {
    support::assert_helps("chat");
    support::assert_refused("chat", &["--adr", "1"], "--adr");
    support::assert_refused("chat", &["extra"], "extra");
    support::assert_refused("chat", &["--addr", "nonsense"], "HOST:PORT");
    support::assert_refused("chat", &["--addr", "127.0.0.1:65536"], "from 0 to 65535");
    for seconds in ["0", "86401", "-1", "soon"] {
        let arguments = [&format!("--patience={seconds}")[..]];
        support::assert_refused("chat", &arguments, "from 1 to 86400");
    }
    support::assert_address_in_use("chat", |addr| vec!["--addr".into(), addr.into()]);
}
