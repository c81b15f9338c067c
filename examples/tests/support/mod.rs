//! What the tests of the servers share: each starts a program, finds its address in what it prints,
//! and speaks to it through plain blocking sockets. Each test crate uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod http;

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use rustix::process::Signal;
use rustix::process::{Pid, Resource, Rlimit, kill_process, prlimit};

/// After this long, what has not happened has failed to. Far more than anything takes.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The program, which `cargo test` builds where its own tests go.
pub fn program(name: &str) -> Command {
    let mut path = std::env::current_exe().expect("the path of this test");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.push("examples");
    path.push(name);
    assert!(
        path.exists(),
        "{path:?} is not there: run cargo build --examples in this profile"
    );
    let mut command = Command::new(path);
    command.stdin(Stdio::null());
    command
}

/// A running server; killed with the value.
pub struct Server {
    pub addr: SocketAddr,
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

/// How a server ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// What it printed after its address.
    pub stdout: String,
    pub stderr: String,
}

impl Server {
    #[track_caller]
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = program(name)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let stderr = child.stderr.take().expect("a pipe");
        let stderr = thread::spawn(move || text_of(stderr));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let Some((_, addr)) = line.trim_end().split_once("listening on ") else {
            let _ = child.kill();
            panic!("no address in {line:?}; {:?}", stderr.join());
        };
        Self {
            addr: addr.parse().expect("an address"),
            child,
            stdout: Some(thread::spawn(move || text_of(stdout))),
            stderr: Some(stderr),
        }
    }

    /// A connection, none of whose operations waits for ever.
    #[track_caller]
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// From now on it can open so many descriptors more.
    pub fn leave_descriptors(&self, free: usize) {
        let open = self.open_descriptors();
        let mut unused = (0..).filter(|number| !open.contains(number));
        let number = unused.nth(free).expect("there is always another");
        let limit = Rlimit {
            current: Some(number),
            maximum: Some(number),
        };
        prlimit(Some(self.pid()), Resource::Nofile, limit).expect("a limit");
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a signal");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_none()
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        self.open_descriptors().len()
    }

    fn open_descriptors(&self) -> Vec<u64> {
        let directory = fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        let entries = directory.expect("its descriptors");
        let number = |entry: io::Result<fs::DirEntry>| {
            let name = entry.expect("a descriptor").file_name();
            name.to_str().and_then(|name| name.parse().ok())
        };
        entries
            .map(|entry| number(entry).expect("a number"))
            .collect()
    }

    /// The most memory that it has had at a time, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.expect("a peak").trim().trim_end_matches(" kB");
        1024 * kib.parse::<u64>().expect("a number")
    }

    /// The CPU time that it has had, in clock ticks of 10 ms.
    pub fn cpu_ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.expect("its status");
        let (_, fields) = stat.rsplit_once(')').expect("the program's name");
        let number = |field: &str| field.parse::<u64>().expect("a number");
        // User and system time are fields 14 and 15; the first one here is the third.
        fields.split_whitespace().skip(11).take(2).map(number).sum()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        eventually("the server ends", || !self.is_running());
        let status = self.child.wait().expect("its status");
        let text = |reader: Option<JoinHandle<String>>| {
            reader.and_then(|reader| reader.join().ok()).expect("text")
        };
        Ended {
            status,
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
        }
    }

    /// Presses Ctrl-C and waits until it has ended.
    #[track_caller]
    pub fn stop(self) -> Ended {
        self.signal(Signal::INT);
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text_of(mut reader: impl Read) -> String {
    let mut bytes = Vec::new();
    // What there was before an error is as good as all of it.
    let _ = reader.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for something that happens in the end.
#[track_caller]
pub fn eventually(what: &str, mut happens: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happens() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// That the server, of which nobody wants anything, leaves the CPU alone. One that tries over and
/// over takes what it gets of these two seconds, which is a tenth on the busiest of machines.
#[track_caller]
pub fn assert_rests(server: &Server) {
    let before = server.cpu_ticks();
    thread::sleep(Duration::from_secs(2));
    let used = server.cpu_ticks() - before;
    assert!(used < 10, "{used} ticks of 200");
}

/// How much data goes through a server in a test, in bytes: `FASTWAKE_STRESS_BYTES`, or 64 MiB.
pub fn stress_bytes() -> u64 {
    std::env::var("FASTWAKE_STRESS_BYTES").map_or(64 << 20, |bytes| {
        bytes.parse().expect("FASTWAKE_STRESS_BYTES is a number")
    })
}

/// Data without end, of which no part looks like another one that is near: bytes that are lost,
/// doubled or swapped do not match.
pub struct Data(Vec<u8>);

impl Data {
    /// A prime number, so that the data does not begin anew where buffers do.
    const PERIOD: usize = 1_000_003;

    pub fn new(seed: u64) -> Self {
        let mut state = seed | 1;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        Self(std::iter::repeat_with(next).take(Self::PERIOD).collect())
    }

    /// The data from `position` on, as far as it lies in one piece.
    fn from(&self, position: u64) -> &[u8] {
        let start = usize::try_from(position % Self::PERIOD as u64).expect("below the period");
        &self.0[start..]
    }

    /// Writes the first `bytes`.
    #[track_caller]
    pub fn write(&self, mut writer: impl Write, bytes: u64) {
        let mut position = 0;
        while position < bytes {
            let piece = self.from(position);
            let most = usize::try_from(bytes - position).unwrap_or(usize::MAX);
            let piece = &piece[..piece.len().min(most)];
            writer.write_all(piece).expect("all is written");
            position += piece.len() as u64;
        }
    }

    /// Reads until the end, and asserts that these are the first `bytes`.
    #[track_caller]
    pub fn expect(&self, mut reader: impl Read, bytes: u64) {
        let mut buffer = vec![0; 64 * 1024];
        let mut position = 0;
        loop {
            let length = reader.read(&mut buffer).expect("all is read");
            if length == 0 {
                break;
            }
            let mut read = &buffer[..length];
            while !read.is_empty() {
                let piece = self.from(position);
                let common = piece.len().min(read.len());
                assert!(
                    piece[..common] == read[..common],
                    "wrong data within {common} bytes after {position}"
                );
                read = &read[common..];
                position += common as u64;
            }
        }
        assert_eq!(position, bytes, "so many bytes came");
    }
}

/// Sends data, ends that half, and asserts that the same comes back, and then the end.
#[track_caller]
pub fn round_trip(stream: &TcpStream, seed: u64, bytes: u64) {
    let data = Data::new(seed);
    thread::scope(|scope| {
        scope.spawn(|| {
            data.write(stream, bytes);
            stream.shutdown(Shutdown::Write).expect("an end");
        });
        data.expect(stream, bytes);
    });
}

/// Breaks a connection off: the other side gets an error, not an end.
pub fn reset(stream: TcpStream) {
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("no lingering");
    drop(stream);
}

/// That a command line is refused, in one line that has `part`, with status 2 and no output.
#[track_caller]
pub fn assert_refused(name: &str, arguments: &[&str], part: &str) {
    let output = program(name).args(arguments).output().expect("it runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
    assert!(
        message.starts_with(&format!("{name}: ")) && message.contains(part),
        "{arguments:?}: {message}"
    );
}

/// That `--help` is answered on standard output.
#[track_caller]
pub fn assert_helps(name: &str) {
    for option in ["--help", "-h"] {
        let output = program(name).arg(option).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(text.starts_with(&format!("Usage: {name} ")), "{text}");
    }
}

/// That an address that is taken already is an error that names it, with status 1.
#[track_caller]
pub fn assert_address_in_use(name: &str, arguments: impl Fn(&str) -> Vec<String>) {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let addr = taken.local_addr().expect("its address").to_string();
    let output = program(name).args(arguments(&addr)).output();
    let output = output.expect("it runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.lines().count() == 1 && message.contains(&addr),
        "{message}"
    );
}
