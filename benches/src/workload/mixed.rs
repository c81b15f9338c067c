#![forbid(unsafe_code)]
//! Tasks that answer beside work that keeps its thread: how long do the ones wait for the others?

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::mpsc::unbounded;

use crate::cost::Stopwatch;
use crate::latency::Recorder;
use crate::peer::{Peer, Which};
use crate::sample::{Sample, Unit};

use super::timers::ticks;
use super::{Setting, Workload};

/// How work keeps its thread, in [`Beside`].
pub(super) const PLAIN: usize = 0;
pub(super) const HEAVY: usize = 1;
pub(super) const ASLEEP: usize = 2;

/// How many of them there are for each worker: with fewer, a worker would be left to what answers.
const HOGS: usize = 2;
/// For how long each keeps its thread at a time.
const SPELL: Duration = Duration::from_millis(50);

/// Computes what takes one thread alone about so long: the same amount each time, whoever else wants
/// the CPU.
pub(super) fn compute(duration: Duration) {
    steps((speed() * duration.as_secs_f64() * 1e3) as u64);
}

static SPEED: OnceLock<f64> = OnceLock::new();

/// How many steps a thread computes in a millisecond: found out once, and taken over by contestants in
/// other processes.
pub(crate) fn speed() -> f64 {
    *SPEED.get_or_init(|| {
        const TRIAL: u64 = 2_000_000;
        // The fastest of a few: the others were interrupted.
        let trial = |_| {
            let start = Instant::now();
            steps(TRIAL);
            start.elapsed()
        };
        let fastest = (0..5).map(trial).min().unwrap_or(Duration::from_millis(1));
        TRIAL as f64 / (fastest.as_secs_f64() * 1e3)
    })
}

/// Takes over the speed that another process has found out, unless this one has done so itself.
pub(crate) fn assume_speed(speed: f64) {
    let _ = SPEED.set(speed);
}

fn steps(count: u64) {
    let hash = (0..count).fold(1_u64, |hash, n| {
        std::hint::black_box(hash ^ n).wrapping_mul(3)
    });
    std::hint::black_box(hash);
}

/// What the hogs share.
#[derive(Clone, Default)]
struct Hogs {
    end: Arc<AtomicBool>,
    spells: Arc<AtomicUsize>,
}

impl Hogs {
    fn go_on(&self) -> bool {
        !self.end.load(Relaxed)
    }

    fn spell(&self, keep: fn(Duration)) {
        keep(SPELL);
        self.spells.fetch_add(1, Relaxed);
    }

    /// Starts so many; each goes on until the end.
    fn start<P: Peer>(&self, peer: &P, kind: usize, count: usize) -> Vec<P::Join<()>> {
        let hog = |_| {
            let hogs = self.clone();
            let keep = if kind == ASLEEP {
                thread::sleep
            } else {
                compute
            };
            if kind == HEAVY {
                return peer.spawn_heavy_from_outside(move || {
                    while hogs.go_on() {
                        hogs.spell(keep);
                    }
                });
            }
            peer.spawn_apart_from_outside(async move {
                while hogs.go_on() {
                    hogs.spell(keep);
                    P::yield_now().await;
                }
            })
        };
        (0..count).map(hog).collect()
    }
}

/// A message there and back between two tasks, again and again, until it is to end. Whoever sends it lets
/// the others go first.
async fn ping<P: Peer>(end: Arc<AtomicBool>) -> Recorder {
    let (to, mut questions) = unbounded::<()>();
    let (answers, mut from) = unbounded();
    let echo = P::spawn(async move {
        while questions.recv().await.is_ok() {
            // The other side has gone: so does this one.
            if answers.unbounded_send(()).is_err() {
                return;
            }
        }
    });
    let mut latencies = Recorder::default();
    loop {
        // From here on the message wants to be sent: whoever keeps this task from it is in the time.
        let due = Instant::now();
        P::yield_now().await;
        to.unbounded_send(()).expect("the echo listens");
        from.recv().await.expect("the echo answers");
        latencies.record(due.elapsed());
        if end.load(Relaxed) {
            break;
        }
        P::sleep(Duration::from_millis(1)).await;
    }
    drop(to);
    echo.await.expect("the task does not panic");
    latencies
}

/// A ticker of 1 ms and a ping-pong beside tasks that keep their threads for 50 ms at a time.
pub(super) struct Beside<const KIND: usize>;

impl<const KIND: usize> Workload for Beside<KIND> {
    const NAME: &'static str = match KIND {
        PLAIN => "mixed-plain",
        HEAVY => "mixed-heavy",
        ASLEEP => "mixed-asleep",
        _ => panic!("a row that has no name"),
    };
    const QUESTION: &'static str = match KIND {
        PLAIN => {
            "A ticker of 1 ms and a ping-pong, beside two plain tasks for each worker that compute for 50 ms at each \
             poll: how late are they?"
        }
        HEAVY => {
            "The same, where these run as what computes (tokio: on its threads for blocking work)?"
        }
        _ => "The same, beside two plain tasks for each worker that block for 50 ms at each poll?",
    };
    const REFUTED_BY: &'static str =
        "a ratio below 1, or a throughput of what keeps the threads below nine tenths of tokio's";
    /// Milliseconds that a run takes.
    const OPERATIONS: usize = 500;
    const QUICK: usize = 400;
    const PEERS: &'static [Which] = &[Which::Fastwake, Which::Tokio, Which::Smol, Which::TwoTokios];
    const WARM_UP: bool = false;
    const COUNTED: bool = false;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let hogs = Hogs::default();
        let stopwatch = Stopwatch::start();
        let keeping = hogs.start(peer, KIND, HOGS * setting.workers);
        let end = hogs.end.clone();
        let ticker =
            peer.spawn_from_outside({
                let end = end.clone();
                async move {
                    ticks::<P>(Duration::from_millis(1), usize::MAX, || end.load(Relaxed)).await
                }
            });
        let ping = peer.spawn_from_outside(ping::<P>(end));
        thread::sleep(Duration::from_millis(setting.operations as u64));
        hogs.end.store(true, Relaxed);
        let late = peer.block_on(ticker).expect("the task does not panic");
        let pings = peer.block_on(ping).expect("the task does not panic");
        for hog in keeping {
            peer.block_on(hog).expect("the task does not panic");
        }
        let spells = hogs.spells.load(Relaxed).max(1);
        let cost = stopwatch.stop(spells);
        let time = cost.wall;
        Sample::of(cost)
            .with_latencies("tick ", &[0.5, 0.99, 1.0], late.latencies())
            .with_quantiles("ping ", &[0.5, 0.99], &pings.latencies())
            .with("work time", Unit::Nanoseconds, time)
    }
}
