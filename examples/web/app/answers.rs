//! The handlers that need no file.
#![forbid(unsafe_code)]

use std::fmt::Write;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{App, Lost, Runtime};

/// The most that `/hash` computes for one request, so that none has a CPU for seconds.
const MOST_ROUNDS: u64 = 1_000_000;

/// The longest that `/slow` takes, in milliseconds.
const MOST_MS: u64 = 60_000;

pub(super) async fn text() -> &'static str {
    "hello\n"
}

#[derive(Serialize)]
pub(super) struct Greeting {
    message: &'static str,
    primes: [u32; 5],
}

pub(super) async fn json() -> Json<Greeting> {
    Json(Greeting {
        message: "hello",
        primes: [2, 3, 5, 7, 11],
    })
}

/// The body goes back as it comes: what is in memory of it does not grow with it.
pub(super) async fn echo(body: Body) -> Body {
    body
}

#[derive(Deserialize)]
pub(super) struct Rounds {
    rounds: u64,
}

pub(super) async fn hash<R: Runtime>(
    State(app): State<App<R>>,
    Query(Rounds { rounds }): Query<Rounds>,
) -> Result<String, Refusal> {
    if rounds > MOST_ROUNDS {
        return Err(Refusal::too_much("rounds", rounds, MOST_ROUNDS));
    }
    Ok(app.runtime.compute(move || hash_of_hash(rounds)).await?)
}

/// SHA-256 of 32 zeros, of that, and so on.
fn hash_of_hash(rounds: u64) -> String {
    let mut sum = [0; 32];
    for _ in 0..rounds {
        sum = Sha256::digest(sum).into();
    }
    let mut text = String::with_capacity(2 * sum.len() + 1);
    for byte in sum {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    text
}

#[derive(Deserialize)]
pub(super) struct Pause {
    ms: u64,
}

pub(super) async fn slow<R: Runtime>(
    State(app): State<App<R>>,
    Query(Pause { ms }): Query<Pause>,
) -> Result<String, Refusal> {
    if ms > MOST_MS {
        return Err(Refusal::too_much("ms", ms, MOST_MS));
    }
    app.runtime.sleep(Duration::from_millis(ms)).await;
    Ok(format!("after {ms} ms\n"))
}

pub(super) async fn metrics<R: Runtime>(State(app): State<App<R>>) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.runtime.metrics(),
    )
}

/// A request that is not answered, and why, in one line.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    why: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { status, why }
    }

    fn too_much(name: &str, value: u64, most: u64) -> Self {
        let why = format!("{name}={value} is too much: it is at most {most}");
        Self::new(StatusCode::BAD_REQUEST, why)
    }
}

impl From<Lost> for Refusal {
    fn from(lost: Lost) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, lost.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, format!("{}\n", self.why)).into_response()
    }
}
