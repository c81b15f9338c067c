//! One batch's way through the program: read here, hashed there.

use fastwake::task::{JoinError, spawn_blocking, spawn_cpu_intensive};

use super::failure::Failure;
use super::hash::Hasher;
use super::output::push_line;
use super::progress::Progress;
use super::read::{Filled, Reader};
use super::walk::Found;

/// What a batch needs to be worked on. The second buffer is allocated by the first file that does
/// not fit one; from then on both are reused.
#[derive(Default)]
pub(crate) struct Workspace {
    buffers: [Vec<u8>; 2],
}

/// What came of a batch.
pub(crate) struct Hashed {
    /// As they are to be printed.
    pub(crate) lines: Vec<u8>,
    /// How many lines these are.
    pub(crate) files: u64,
    /// What was read to make them, in bytes.
    pub(crate) bytes: u64,
    pub(crate) failures: Vec<Failure>,
}

/// Hashes the files of a batch, each buffer while the next is being read.
///
/// # Errors
///
/// A task panicked, or the runtime is shutting down.
pub(crate) async fn hash_batch(
    files: Vec<Found>,
    workspace: Workspace,
    progress: Progress,
) -> Result<(Hashed, Workspace), JoinError> {
    let [buffer, mut spare] = workspace.buffers;
    let mut hasher = Hasher::default();
    let (mut reader, mut filled) = read(Reader::new(files), buffer).await?;
    while !reader.is_done() {
        let hashing = spawn_cpu_intensive(move || hash(hasher, filled));
        (reader, filled) = read(reader, spare).await?;
        let counted;
        (hasher, spare, counted) = hashing.await?;
        progress.add(counted);
    }
    let hashing = spawn_cpu_intensive(move || hash(hasher, filled));
    let (hasher, buffer, counted) = hashing.await?;
    progress.add(counted);
    let workspace = Workspace {
        buffers: [buffer, spare],
    };
    Ok((conclude(reader.into_files(), hasher), workspace))
}

async fn read(mut reader: Reader, buffer: Vec<u8>) -> Result<(Reader, Filled), JoinError> {
    spawn_blocking(move || {
        let filled = reader.fill(buffer);
        (reader, filled)
    })
    .await
}

/// Gives back the hasher and the buffer, and says how many bytes it has hashed.
fn hash(mut hasher: Hasher, filled: Filled) -> (Hasher, Vec<u8>, u64) {
    let before = hasher.bytes;
    let buffer = hasher.consume(filled);
    let counted = hasher.bytes - before;
    (hasher, buffer, counted)
}

fn conclude(files: Vec<Found>, hasher: Hasher) -> Hashed {
    let mut lines = Vec::new();
    let mut failures = Vec::new();
    let mut hashed = 0;
    for (file, sum) in files.into_iter().zip(hasher.sums) {
        match sum {
            Ok(sum) => {
                push_line(&mut lines, &sum, &file.path);
                hashed += 1;
            }
            Err(error) => failures.push(Failure {
                path: file.path,
                error,
            }),
        }
    }
    Hashed {
        lines,
        files: hashed,
        bytes: hasher.bytes,
        failures,
    }
}
