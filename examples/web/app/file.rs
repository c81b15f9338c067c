//! Serving a file: opened and read in blocking closures, sent piece by piece.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Read};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use futures_util::stream::{StreamExt, iter, try_unfold};
use rustix::io::Errno;

use super::answers::Refusal;
use super::{App, Runtime};

/// What is read at once, in bytes. A request has no more in memory than that, and what is on its
/// way to the socket.
const PIECE: u64 = 128 * 1024;

pub(super) async fn serve<R: Runtime>(
    State(app): State<App<R>>,
    Path(path): Path<String>,
) -> Result<impl IntoResponse, Refusal> {
    let Some(folder) = app.folder else {
        let why = "no folder is served: start the server with --root DIR";
        return Err(Refusal::new(StatusCode::NOT_FOUND, why));
    };
    // The first piece along with it: a small file is one trip to the blocking threads.
    let open = move || -> io::Result<_> {
        let (file, length) = folder.open(&path)?;
        let rest = Rest { file, left: length };
        Ok((length, rest.read()?))
    };
    let (length, (first, rest)) = app.runtime.read(open).await?.map_err(refusal)?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, length.to_string()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, body(app.runtime, first, rest)))
}

fn body<R: Runtime>(runtime: R, first: Bytes, rest: Rest) -> Body {
    if rest.left == 0 {
        return Body::from(first);
    }
    let others = try_unfold(rest, move |rest| {
        let runtime = runtime.clone();
        async move {
            if rest.left == 0 {
                return Ok(None);
            }
            let read = runtime.read(move || rest.read()).await;
            read.map_err(|lost| io::Error::other(lost.to_string()))?
                .map(Some)
        }
    });
    Body::from_stream(iter([Ok(first)]).chain(others))
}

/// What is still to be sent of a file.
struct Rest {
    file: File,
    left: u64,
}

impl Rest {
    fn read(mut self) -> io::Result<(Bytes, Self)> {
        let mut piece = Vec::new();
        let most = self.left.min(PIECE);
        piece.reserve_exact(most as usize);
        self.file.by_ref().take(most).read_to_end(&mut piece)?;
        if (piece.len() as u64) < most {
            // Its length has been promised: the connection has to break.
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file has become shorter while it was sent",
            ));
        }
        self.left -= most;
        Ok((piece.into(), self))
    }
}

/// What a client may know of an error. Not whether there is something that it may not have.
fn refusal(error: io::Error) -> Refusal {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotFound};

    if let Some(Errno::MFILE | Errno::NFILE) = Errno::from_io_error(&error) {
        let why = "there are too many open files for now: try again";
        return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, why);
    }
    match error.kind() {
        InvalidInput => Refusal::new(StatusCode::BAD_REQUEST, error.to_string()),
        NotFound | InvalidFilename => Refusal::new(StatusCode::NOT_FOUND, "there is no such file"),
        _ => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read"),
    }
}
