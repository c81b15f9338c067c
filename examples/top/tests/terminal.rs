//! `fastwake-top` on a terminal, which this test is at the other end of.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fastwake::runtime::{Builder, Runtime};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, and the terminal that it runs on.
struct OnTerminal {
    child: Child,
    ours: File,
    theirs: File,
    before: Termios,
    shown: Arc<Mutex<String>>,
}

impl OnTerminal {
    fn start(socket: &Path, (columns, lines): (u16, u16)) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let size = Winsize {
            ws_row: lines,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&theirs, size).unwrap();
        let before = tcgetattr(&theirs).unwrap();
        let end = || Stdio::from(theirs.try_clone().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_fastwake-top"))
            .args(["--interval", "0.1"])
            .arg(socket)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let ours = File::from(ours);
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut reader, all) = (ours.try_clone().unwrap(), Arc::clone(&shown));
        // It ends with the test's process: a terminal that somebody has open has no end.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..n]);
                all.lock().unwrap().push_str(&text);
            }
        });
        Self {
            child,
            ours,
            theirs,
            before,
            shown,
        }
    }

    /// Waits until a text has been shown, and forgets all before it.
    #[track_caller]
    fn shows(&self, text: &str) {
        let start = Instant::now();
        loop {
            let mut shown = self.shown.lock().unwrap();
            if let Some(place) = shown.find(text) {
                shown.drain(..place);
                return;
            }
            assert!(start.elapsed() < PATIENCE, "no {text:?} in {shown:?}");
            drop(shown);
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).unwrap();
    }

    /// It has ended well, and the terminal is as it was.
    #[track_caller]
    fn ends(mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        let now = tcgetattr(&self.theirs).unwrap();
        assert_eq!(now.local_modes, self.before.local_modes);
        assert_eq!(now.input_modes, self.before.input_modes);
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn inspected(socket: &Path) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(1).name("watched");
    builder.inspect(socket).build().unwrap()
}

#[test]
fn it_waits_for_a_process_that_goes_and_shows_the_next_until_a_key_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let runtime = inspected(&socket);
    let mut top = OnTerminal::start(&socket, (120, 20));
    top.shows("unbound");
    drop(runtime);
    top.shows("waiting for it: nobody listens");
    let _runtime = inspected(&socket);
    top.shows("blocking threads");
    top.press("\u{1b}[B");
    top.press("q");
    top.ends();
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut top = OnTerminal::start(&folder.path().join("none"), (30, 5));
    top.shows("30x5");
    top.press("\u{3}");
    top.ends();
}
