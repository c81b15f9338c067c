#![forbid(unsafe_code)]
//! Programs that watch a program, and say on standard error what they have seen.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Such a program, with its options.
pub(super) struct Tool {
    /// What it counts.
    pub(super) counts: &'static str,
    command: &'static [&'static str],
}

/// Says each system call.
pub(super) const STRACE: Tool = Tool {
    counts: "system calls",
    command: &["strace", "-f", "-qq", "-s", "0", "-e", "signal=none"],
};

/// Says how many instructions there were. It leaves no file behind: neither its profile nor the
/// pipes for a debugger.
pub(super) const CALLGRIND: Tool = Tool {
    counts: "instructions",
    command: &[
        "valgrind",
        "--tool=callgrind",
        "--vgdb=no",
        "--callgrind-out-file=/dev/null",
    ],
};

/// A run that takes longer, in seconds, hangs.
const LIMIT: &str = "60";

impl Tool {
    /// Is it there, and does it work here (a sandbox may forbid it)?
    pub(super) fn try_out(&self) -> io::Result<()> {
        self.watch(Path::new("true"), &[]).map(drop)
    }

    /// What it says about a run of the program.
    pub(super) fn watch(&self, program: &Path, arguments: &[String]) -> io::Result<String> {
        let output = run(self.command, program, arguments)?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Runs the program, behind this command, to its end; no longer than the limit. `timeout` ends what
/// the command has started as well; in the foreground it leaves Ctrl-C to all of them.
pub(super) fn run(command: &[&str], program: &Path, arguments: &[String]) -> io::Result<Output> {
    let output = Command::new("timeout")
        .args(["--foreground", "--kill-after=5", LIMIT])
        .args(command)
        .arg(program)
        .args(arguments)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // A panic adds a note on how to see more.
    let mut words = said.lines().filter(|line| !line.starts_with("note: "));
    let said = words.next_back().unwrap_or("it said nothing");
    let (name, status) = (command.first().unwrap_or(&"workload"), output.status);
    // As `timeout` puts it.
    let why = match status.code() {
        Some(124) => format!("{name} took longer than {LIMIT} s"),
        Some(127) => format!("there is no {name}"),
        _ => format!("{name}: {status}: {said}"),
    };
    Err(io::Error::other(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_is_not_there_is_named() {
        let tool = Tool {
            counts: "nothing",
            command: &["no-such-tool-anywhere"],
        };
        let error = tool.try_out().unwrap_err().to_string();
        assert!(error.contains("no-such-tool-anywhere"), "{error}");
        assert!(error.contains("there is no"), "{error}");
    }

    #[test]
    fn what_fails_is_told_with_its_last_words() {
        let arguments = ["-c", "echo so; echo it went wrong >&2; exit 3"].map(str::to_owned);
        let error = run(&[], Path::new("sh"), &arguments).unwrap_err();
        assert!(error.to_string().contains("it went wrong"), "{error}");
    }
}
