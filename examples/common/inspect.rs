//! Asks a live process about its runtime, over the socket of `Builder::inspect`; the protocol is in
//! `docs/inspecting.md`.
#![forbid(unsafe_code)]

use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Of the protocol that is spoken here.
const VERSION: &str = "1";

/// A head that is longer is none.
const LONGEST_HEAD: u64 = 64;

/// More than the dump of the largest machine.
const LARGEST_BODY: u64 = 64 << 20;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// Nobody listens there.
    Absent(io::Error),
    /// The connection broke, or nothing came in time.
    Broken(io::Error),
    /// Somebody listens who speaks another language.
    Foreign(String),
    /// The runtime says no.
    Refused(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(error) => write!(f, "nobody listens: {error}"),
            Self::Broken(error) => write!(f, "no answer: {error}"),
            Self::Foreign(head) => write!(
                f,
                "expected \"fastwake-inspect {VERSION} ...\", not {head:?}"
            ),
            Self::Refused(text) => write!(f, "refused: {text}"),
        }
    }
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Sends a request, such as `dump json`, and gives the body of the answer. Nothing may take longer
/// than `patience`.
///
/// # Errors
///
/// If there is no such answer.
pub(crate) fn ask(socket: &Path, request: &str, patience: Duration) -> Result<String, NoAnswer> {
    let mut stream = UnixStream::connect(socket).map_err(NoAnswer::Absent)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    // Who hangs up without having read it may have said why; otherwise nothing can be read either.
    let _ = stream.write_all(format!("{request}\n").as_bytes());
    read(BufReader::new(stream))
}

/// The socket at `path` or, if that is a folder, the only one in it on which somebody listens.
///
/// # Errors
///
/// In one line, which there are, if there is not one. A path that is no folder is left to [`ask`].
pub(crate) fn find(path: &Path) -> Result<PathBuf, String> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let wrong = |error| format!("{}: {error}", path.display());
    let entries = fs::read_dir(path).map_err(wrong)?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut living: Vec<_> = paths
        .filter(|path| UnixStream::connect(path).is_ok())
        .collect();
    living.sort();
    match &living[..] {
        [only] => Ok(only.clone()),
        [] => Err(format!("{}: nobody listens in this folder", path.display())),
        many => {
            let names = many.iter().filter_map(|path| path.file_name());
            let names = names.map(|name| name.display().to_string());
            let names = names.collect::<Vec<_>>().join(", ");
            Err(format!("{}: choose one of {names}", path.display()))
        }
    }
}

fn read(mut answer: impl BufRead) -> Result<String, NoAnswer> {
    let mut head = Vec::new();
    answer
        .by_ref()
        .take(LONGEST_HEAD)
        .read_until(b'\n', &mut head)?;
    let head = String::from_utf8_lossy(&head);
    let words: Vec<_> = head.trim_end().split(' ').collect();
    let foreign = || NoAnswer::Foreign(head.trim_end().to_owned());
    let ["fastwake-inspect", VERSION, status, length] = words[..] else {
        return Err(foreign());
    };
    let length = length
        .parse()
        .ok()
        .filter(|length| *length <= LARGEST_BODY)
        .ok_or_else(foreign)?;
    let mut body = String::new();
    answer.take(length).read_to_string(&mut body)?;
    if body.len() as u64 != length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    match status {
        "ok" => Ok(body),
        "error" => Err(NoAnswer::Refused(body.trim_end().to_owned())),
        _ => Err(foreign()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_its_head_says() {
        assert_eq!(read(&b"fastwake-inspect 1 ok 2\nhi"[..]).unwrap(), "hi");
        let refused = read(&b"fastwake-inspect 1 error 3\nno\n"[..]).unwrap_err();
        assert_eq!(refused.to_string(), "refused: no");
        let broken = read(&b"fastwake-inspect 1 ok 3\nhi"[..]).unwrap_err();
        assert!(matches!(broken, NoAnswer::Broken(_)), "{broken}");
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        let endless = [b'x'; 1000];
        let heads: [&[u8]; 7] = [
            b"",
            b"HTTP/1.1 200 OK\n",
            b"fastwake-inspect 2 ok 2\nhi",
            b"fastwake-inspect 1 ok\nhi",
            b"fastwake-inspect 1 ok -1\nhi",
            b"fastwake-inspect 1 ok 99999999999\nhi",
            &endless,
        ];
        for head in heads {
            let error = read(head).unwrap_err();
            assert!(matches!(error, NoAnswer::Foreign(_)), "{error}");
        }
    }
}
