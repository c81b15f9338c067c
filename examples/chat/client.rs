//! One client: from its name to its last line.
#![forbid(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use fastwake::io::AsyncWriteExt;
use fastwake::net::TcpStream;
use fastwake::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use fastwake::select;
use fastwake::sync::broadcast::error::{RecvError, TryRecvError};
use fastwake::time::timeout;

use super::line::{LONGEST, Line, Lines};
use super::room::{Event, Member, Room};

/// How long a client may take to say its name.
const TO_ENTER: Duration = Duration::from_secs(60);

/// What is sent at once, in bytes, when more lines than one are waiting.
const BATCH: usize = 16 * 1024;

pub(crate) struct Client {
    lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// How long it may take to read anything of what it is sent.
    patience: Duration,
}

/// What follows from an event of the room.
enum Next {
    Stay,
    Leave,
}

impl Client {
    pub(crate) fn new(stream: TcpStream, patience: Duration) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            lines: Lines::new(reader),
            writer,
            patience,
        }
    }

    /// Takes part in the room until the client leaves, breaks off or reads too slowly, or the room
    /// closes.
    pub(crate) async fn take_part(&mut self, room: &Arc<Room>) -> io::Result<()> {
        let Some(mut member) = timeout(TO_ENTER, self.introduce(room)).await?? else {
            return Ok(());
        };
        self.converse(&mut member).await?;
        self.writer.shutdown().await
    }

    /// Asks for a name until there is a good one, or the client gives up.
    async fn introduce(&mut self, room: &Arc<Room>) -> io::Result<Option<Member>> {
        self.send("* what is your name?\n").await?;
        loop {
            let name = match self.lines.next().await? {
                None => return Ok(None),
                Some(Line::Text(name)) => name,
                Some(Line::TooLong) => String::new(),
            };
            match room.enter(name.trim()) {
                Ok(member) => {
                    let welcome = match member.others.as_slice() {
                        [] => "* welcome; you are the first\n".to_owned(),
                        others => format!("* welcome; here: {}\n", others.join(", ")),
                    };
                    self.send(&welcome).await?;
                    return Ok(Some(member));
                }
                Err(refusal) => self.send(&format!("* {refusal}\n")).await?,
            }
        }
    }

    async fn converse(&mut self, member: &mut Member) -> io::Result<()> {
        loop {
            select! {
                line = self.lines.next() => match line? {
                    None => return Ok(()),
                    Some(Line::Text(text)) if text.is_empty() => {}
                    Some(Line::Text(text)) => member.say(&text),
                    Some(Line::TooLong) => {
                        let notice =
                            format!("* your line is longer than {LONGEST} bytes: not sent\n");
                        self.send(&notice).await?;
                    }
                },
                event = member.inbox.recv() => {
                    let mut text = String::new();
                    let next = collect(event, member, &mut text);
                    self.send(&text).await?;
                    if let Next::Leave = next {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn send(&mut self, text: &str) -> io::Result<()> {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written = timeout(self.patience, self.writer.write(rest)).await??;
            rest = &rest[written..];
        }
        Ok(())
    }
}

/// Puts down the lines of an event and of those that wait behind it, as far as a batch goes.
fn collect(first: Result<Event, RecvError>, member: &mut Member, text: &mut String) -> Next {
    let mut event = first;
    loop {
        match event {
            Ok(Event::Line { from, .. }) if from == member.name => {}
            Ok(Event::Line { line, .. }) => {
                text.push_str(&line);
                text.push('\n');
            }
            Err(RecvError::Lagged(lines)) => {
                text.push_str(&format!("* you read too slowly and missed {lines} lines\n"));
            }
            Ok(Event::Closing) | Err(RecvError::Closed) => {
                text.push_str("* the room closes\n");
                return Next::Leave;
            }
        }
        if text.len() >= BATCH {
            return Next::Stay;
        }
        event = match member.inbox.try_recv() {
            Ok(event) => Ok(event),
            Err(TryRecvError::Empty) => return Next::Stay,
            Err(TryRecvError::Lagged(lines)) => Err(RecvError::Lagged(lines)),
            Err(TryRecvError::Closed) => Err(RecvError::Closed),
        };
    }
}
