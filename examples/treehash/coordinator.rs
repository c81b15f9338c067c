//! The one task that knows how far everything is.

use std::collections::VecDeque;
use std::io;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use fastwake::task::{JoinError, JoinSet};

use super::batch::pack;
use super::failure::Failure;
use super::lane::{Hashed, Workspace, hash_batch};
use super::output::{InOrder, write_stdout};
use super::progress::Progress;
use super::stop::Stop;
use super::walk::{Found, Walker};

/// How many files a step of the walk finds: enough to be worth a task, few enough for hashing to
/// begin at once.
const STEP_FILES: usize = 1024;

/// Batches in flight for each CPU: one is being hashed, one is being read, and one is on its way
/// between threads.
const LANES_PER_CPU: usize = 3;

/// What was done in all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) failures: u64,
}

impl Tally {
    pub(crate) fn summary(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        let rate = self.bytes as f64 / 1e6 / seconds.max(f64::MIN_POSITIVE);
        format!(
            "{} files, {} bytes, {seconds:.3} s, {rate:.1} MB/s",
            self.files, self.bytes
        )
    }
}

/// What a task has come back with.
enum Event {
    Walked {
        found: Vec<Result<Found, Failure>>,
        walker: Walker,
    },
    Hashed {
        number: usize,
        outcome: Result<(Hashed, Workspace), JoinError>,
    },
    Written(io::Result<()>),
}

struct Coordinator {
    tasks: JoinSet<Event>,
    /// Found and not begun, in the order of their numbers.
    waiting: VecDeque<Vec<Found>>,
    /// The number of the first batch in `waiting`.
    next_number: usize,
    /// Those that no batch is using: a batch has to have one to begin.
    workspaces: Vec<Workspace>,
    lines: InOrder,
    /// Whether a task is writing to standard output.
    writing: bool,
    tally: Tally,
    progress: Progress,
}

/// Hashes what the walker finds and prints the lines in the walker's order.
///
/// # Errors
///
/// Standard output fails, or a task panicked. What cannot be read is no error, but reported as it
/// comes and counted in the tally.
pub(crate) async fn run(walker: Walker, progress: Progress) -> Result<Tally, Stop> {
    let cpus = thread::available_parallelism().map_or(1, NonZero::get);
    let mut coordinator = Coordinator {
        tasks: JoinSet::new(),
        waiting: VecDeque::new(),
        next_number: 0,
        workspaces: (0..cpus * LANES_PER_CPU)
            .map(|_| Workspace::default())
            .collect(),
        lines: InOrder::default(),
        writing: false,
        tally: Tally::default(),
        progress,
    };
    coordinator.walk_on(walker);
    while let Some(event) = coordinator.tasks.join_next().await {
        coordinator.handle(event?)?;
        coordinator.begin_batches();
        coordinator.write_ready_lines();
    }
    Ok(coordinator.tally)
}

impl Coordinator {
    fn handle(&mut self, event: Event) -> Result<(), Stop> {
        match event {
            Event::Walked { found, walker } => {
                let walk_is_over = found.is_empty();
                self.take_found(found);
                if !walk_is_over {
                    self.walk_on(walker);
                }
            }
            Event::Hashed { number, outcome } => {
                let (hashed, workspace) = outcome?;
                self.workspaces.push(workspace);
                self.take_hashed(number, hashed);
            }
            Event::Written(outcome) => {
                self.writing = false;
                outcome.map_err(Stop::on_stdout)?;
            }
        }
        Ok(())
    }

    fn walk_on(&mut self, mut walker: Walker) {
        self.tasks.spawn_blocking(move || {
            let found = walker.by_ref().take(STEP_FILES).collect();
            Event::Walked { found, walker }
        });
    }

    fn take_found(&mut self, found: Vec<Result<Found, Failure>>) {
        let mut files = Vec::with_capacity(found.len());
        for result in found {
            match result {
                Ok(file) => files.push(file),
                Err(failure) => self.report(&failure),
            }
        }
        self.progress
            .expect(files.iter().map(|file| file.size_hint).sum());
        self.waiting.extend(pack(files));
    }

    fn begin_batches(&mut self) {
        while !self.waiting.is_empty() {
            let Some(workspace) = self.workspaces.pop() else {
                break;
            };
            let Some(files) = self.waiting.pop_front() else {
                break;
            };
            let number = self.next_number;
            self.next_number += 1;
            let progress = self.progress.clone();
            self.tasks.spawn(async move {
                Event::Hashed {
                    number,
                    outcome: hash_batch(files, workspace, progress).await,
                }
            });
        }
    }

    fn take_hashed(&mut self, number: usize, hashed: Hashed) {
        self.tally.files += hashed.files;
        self.tally.bytes += hashed.bytes;
        for failure in &hashed.failures {
            self.report(failure);
        }
        self.lines.add(number, hashed.lines);
    }

    /// Has all lines written whose turn has come; those of later batches gather meanwhile.
    fn write_ready_lines(&mut self) {
        if self.writing {
            return;
        }
        let lines = self.lines.take_ready();
        if lines.is_empty() {
            return;
        }
        self.writing = true;
        let progress = self.progress.clone();
        self.tasks
            .spawn_blocking(move || Event::Written(progress.beside(|| write_stdout(&lines))));
    }

    fn report(&mut self, failure: &Failure) {
        self.tally.failures += 1;
        self.progress.say(failure);
    }
}
