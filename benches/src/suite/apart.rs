#![forbid(unsafe_code)]
//! Contestants that need a build of their own: tokio with other features or flags cannot be in the
//! same program. Each is a process that is asked for one run after the other, and sleeps meanwhile.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::build::build_apart;
use crate::peer::Which;
use crate::sample::Sample;
use crate::workload::{Row, Setting, assume_speed, speed};

/// How such a build differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The contestant's name.
    pub name: &'static str,
    /// The folder of the build, beside the others in `target`.
    folder: &'static str,
    features: &'static [&'static str],
    flags: &'static str,
}

/// tokio with the locks of the standard library: what it has without its feature `parking_lot`.
pub const STD_LOCKS: Build = Build {
    name: "tokio-std",
    folder: "tokio-std",
    features: &[],
    flags: "",
};

/// tokio with what it offers, unstable as yet, to be faster: other timers, the driver handed over at
/// once, several queues for blocking closures.
pub const TUNED: Build = Build {
    name: "tokio-tuned",
    folder: "tokio-tuned",
    features: &["tokio-parking-lot"],
    flags: "--cfg tokio_unstable",
};

impl Build {
    /// Builds the program `workload` this way, and gives its path.
    ///
    /// # Errors
    ///
    /// If cargo is not there, or fails.
    pub fn build(&self, target: &Path) -> io::Result<PathBuf> {
        let folder = target.join(self.folder);
        build_apart("workload", &folder, self.features, self.flags)
    }
}

/// What such a process is asked, a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Request {
    row: String,
    operations: usize,
    workers: usize,
    /// Work that computes is the same amount in all processes.
    speed: f64,
}

/// A process that runs rows on tokio when it is asked to.
#[derive(Debug)]
pub struct Apart {
    process: Child,
    requests: Option<BufWriter<ChildStdin>>,
    samples: BufReader<ChildStdout>,
}

impl Apart {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn start(program: &Path) -> io::Result<Self> {
        let mut process = Command::new(program)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let requests = process.stdin.take().map(BufWriter::new);
        let samples = process.stdout.take().map(BufReader::new);
        Ok(Self {
            process,
            requests,
            samples: samples.expect("it is piped"),
        })
    }

    /// Has it run a row.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub fn measure(&mut self, row: &Row, setting: Setting) -> io::Result<Sample> {
        let request = Request {
            row: row.name.to_owned(),
            operations: setting.operations,
            workers: setting.workers,
            speed: speed(),
        };
        let requests = self.requests.as_mut().expect("it is there until the drop");
        serde_json::to_writer(&mut *requests, &request)?;
        requests.write_all(b"\n")?;
        requests.flush()?;
        let mut line = String::new();
        if self.samples.read_line(&mut line)? == 0 {
            return Err(io::Error::other("its process has ended"));
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}

/// The other side: runs what standard input asks for, on tokio, until its end.
///
/// # Errors
///
/// If the input makes no sense, or the output is closed.
pub fn serve() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        assume_speed(request.speed);
        let row = Row::named(&request.row).ok_or_else(|| io::Error::other("no such row"))?;
        let setting = Setting {
            workers: request.workers,
            operations: request.operations,
        };
        serde_json::to_writer(&mut output, &row.warmed_up(Which::Tokio, setting))?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}
