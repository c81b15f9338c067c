#![forbid(unsafe_code)]
//! What is asked and answered: a line, and a head with a body. For whoever writes a client it is
//! told in `docs/inspecting.md`.

use std::fmt::Display;

/// Of the head and the requests; what the answers hold has versions of its own.
const VERSION: u32 = 1;

/// In bytes, with the end of the line.
pub(super) const LONGEST_REQUEST: usize = 256;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    DumpText,
    DumpJson,
    MetricsJson,
}

impl Request {
    const ALL: [(&'static str, Self); 3] = [
        ("dump text", Self::DumpText),
        ("dump json", Self::DumpJson),
        ("metrics json", Self::MetricsJson),
    ];

    /// # Errors
    ///
    /// What is wrong, in words for the client.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let line = line.trim_ascii_end();
        let named = |(name, _): &&(&str, _)| name.as_bytes() == line;
        match Self::ALL.iter().find(named) {
            Some(&(_, request)) => Ok(request),
            None => {
                let names = Self::ALL.map(|(name, _)| name).join(", ");
                let line = String::from_utf8_lossy(line);
                Err(format!("unknown request {line:?}: it is one of {names}"))
            }
        }
    }
}

/// The request's line, without its end, once all of it is there.
pub(super) fn line(received: &[u8]) -> Option<&[u8]> {
    let end = received.iter().position(|&byte| byte == b'\n')?;
    Some(&received[..end])
}

/// An answer as it goes over the wire.
pub(super) fn answer(result: Result<String, impl Display>) -> Vec<u8> {
    let (status, body) = match result {
        Ok(body) => ("ok", body),
        Err(error) => ("error", format!("{error}\n")),
    };
    let head = format!("fastwake-inspect {VERSION} {status} {}\n", body.len());
    (head + &body).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_line_and_the_whole_line() {
        assert_eq!(line(b"dump te"), None);
        assert_eq!(line(b"dump text\nmore"), Some(&b"dump text"[..]));
        assert_eq!(Request::parse(b"dump text"), Ok(Request::DumpText));
        assert_eq!(Request::parse(b"metrics json\r"), Ok(Request::MetricsJson));
        for wrong in [&b""[..], b"dump", b"dump textual", b"DUMP TEXT", b"\xff"] {
            let error = Request::parse(wrong).unwrap_err();
            assert!(error.contains("dump text, dump json, metrics json"));
        }
    }

    #[test]
    fn an_answer_tells_its_length_in_bytes() {
        let text = String::from("é");
        assert_eq!(
            answer(Ok::<_, String>(text)),
            "fastwake-inspect 1 ok 2\né".as_bytes()
        );
        assert_eq!(answer(Err("no")), b"fastwake-inspect 1 error 3\nno\n");
    }
}
