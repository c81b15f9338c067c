//! HTTP/1.1 as a client has to speak it, and no more: what is sent is up to the test.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::Server;

/// The head of an answer.
#[derive(Debug)]
pub struct Head {
    pub status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// A connection on which one request follows the other.
pub struct Client(BufReader<TcpStream>);

impl Client {
    pub fn new(server: &Server) -> Self {
        Self(BufReader::new(server.connect()))
    }

    /// What requests are written to.
    pub fn writer(&self) -> TcpStream {
        self.0.get_ref().try_clone().expect("another descriptor")
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sent = self.0.get_mut().write_all(bytes.as_ref());
        sent.expect("the request is sent");
    }

    /// The head of the next answer, or what kept it from coming.
    pub fn head(&mut self) -> io::Result<Head> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status: {first:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(Head { status, headers });
            }
            let (name, value) = line.split_once(':').expect("a header");
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, line)),
        }
    }

    /// The body that belongs to a head.
    pub fn body(&mut self, head: &Head) -> Box<dyn Read + Send + '_> {
        if head.header("transfer-encoding") == Some("chunked") {
            return Box::new(Chunked {
                client: self,
                left: 0,
                is_over: false,
            });
        }
        let length = head.header("content-length").expect("a length");
        Box::new((&mut self.0).take(length.parse().expect("a number")))
    }

    /// Sends a request without a body, and reads its answer.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> (u16, String) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        self.answer()
    }

    /// The next answer.
    #[track_caller]
    pub fn answer(&mut self) -> (u16, String) {
        let head = self.head().expect("an answer");
        let mut text = String::new();
        self.body(&head).read_to_string(&mut text).expect("text");
        (head.status, text)
    }

    /// That the server closes the connection, and says no more than that it does.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
        let rest = String::from_utf8_lossy(&rest);
        assert!(!rest.contains(" 200 OK"), "{rest}");
    }
}

/// A body in chunks.
struct Chunked<'a> {
    client: &'a mut Client,
    left: u64,
    is_over: bool,
}

impl Read for Chunked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.is_over {
            let size = self.client.line()?;
            self.left = u64::from_str_radix(&size, 16).expect("a chunk's size");
            self.is_over = self.left == 0;
            if self.is_over {
                assert_eq!(self.client.line()?, "", "no trailers");
            }
        }
        if self.is_over {
            return Ok(0);
        }
        let read = (&mut self.client.0).take(self.left).read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        if self.left == 0 {
            assert_eq!(self.client.line()?, "", "the end of a chunk");
        }
        Ok(read)
    }
}
