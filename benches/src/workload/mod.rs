#![forbid(unsafe_code)]
//! The rows: each asks one question of every peer, in the same words.

mod blocking;
mod crowd;
mod echo;
mod latch;
mod lifecycle;
mod memory;
mod messages;
mod mixed;
mod mixed_io;
mod notify;
mod outside;
mod producers;
mod timers;
mod wake;
mod worker;

use std::thread;

pub(crate) use mixed::{assume_speed, speed};

use crate::cost::SETTLING;
use crate::peer::{Fastwake, Peer, Smol, Tokio, TwoTokios, Wakes, Which};
use crate::sample::Sample;

/// One question, and how it is put.
trait Workload {
    const NAME: &'static str;
    /// What is asked.
    const QUESTION: &'static str;
    /// What the answer would have to be for fastwake's claim to be wrong.
    const REFUTED_BY: &'static str;
    /// How many operations one run has.
    const OPERATIONS: usize;
    /// How many in a quick look.
    const QUICK: usize = Self::OPERATIONS;
    /// Who is asked.
    const PEERS: &'static [Which] = &Which::ALL;
    /// Is it asked once before it counts?
    const WARM_UP: bool = true;
    /// Are its system calls counted? Those of a run of a fixed time are not: how many operations it
    /// has differs from one runtime to the other.
    const COUNTED: bool = true;

    /// Does it about that many times, on an idle runtime, and says what one of them cost.
    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample;
}

/// How big a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Workers of the runtime.
    pub workers: usize,
    /// Operations in the run.
    pub operations: usize,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What it is called on the command line and in the table.
    pub name: &'static str,
    /// What it asks.
    pub question: &'static str,
    /// The result that would refute fastwake's claim.
    pub refuted_by: &'static str,
    /// How many operations one run has, unless the command line says otherwise.
    pub operations: usize,
    /// How many in a quick look.
    pub quick: usize,
    /// Who runs it.
    pub peers: &'static [Which],
    /// Is it run once before it counts?
    pub warm_up: bool,
    /// Are its system calls counted?
    pub counted: bool,
    once: fn(Which, Setting) -> (Sample, Option<Wakes>),
    warmed_up: fn(Which, Setting) -> Sample,
}

impl Row {
    const fn of<W: Workload>() -> Self {
        Self {
            name: W::NAME,
            question: W::QUESTION,
            refuted_by: W::REFUTED_BY,
            operations: W::OPERATIONS,
            quick: W::QUICK,
            peers: W::PEERS,
            warm_up: W::WARM_UP,
            counted: W::COUNTED,
            once: |which, setting| match which {
                Which::Fastwake => once::<Fastwake, W>(setting),
                Which::Tokio => once::<Tokio, W>(setting),
                Which::Smol => once::<Smol, W>(setting),
                Which::TwoTokios => once::<TwoTokios, W>(setting),
            },
            warmed_up: |which, setting| match which {
                Which::Fastwake => warmed_up::<Fastwake, W>(setting),
                Which::Tokio => warmed_up::<Tokio, W>(setting),
                Which::Smol => warmed_up::<Smol, W>(setting),
                Which::TwoTokios => warmed_up::<TwoTokios, W>(setting),
            },
        }
    }

    /// The row of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ROWS.iter().find(|row| row.name == name)
    }

    /// Runs the workload once, in a new runtime; also says what the runtime counted.
    #[must_use]
    pub fn once(&self, which: Which, setting: Setting) -> (Sample, Option<Wakes>) {
        (self.once)(which, setting)
    }

    /// Runs it in a new runtime, twice if it is to be warmed up, and counts the last time.
    #[must_use]
    pub fn warmed_up(&self, which: Which, setting: Setting) -> Sample {
        (self.warmed_up)(which, setting)
    }
}

fn once<P: Peer, W: Workload>(setting: Setting) -> (Sample, Option<Wakes>) {
    let peer = P::build(setting.workers);
    thread::sleep(SETTLING);
    let sample = W::run(&peer, setting);
    (sample, peer.wakes())
}

fn warmed_up<P: Peer, W: Workload>(setting: Setting) -> Sample {
    let peer = P::build(setting.workers);
    if W::WARM_UP {
        let _ = W::run(&peer, setting);
    }
    thread::sleep(SETTLING);
    W::run(&peer, setting)
}

/// Runs `body` as a task: what it spawns is spawned from a worker.
fn in_a_task<P: Peer>(peer: &P, body: impl Future<Output = Sample> + Send + 'static) -> Sample {
    peer.block_on(peer.spawn_from_outside(body))
        .expect("the task does not panic")
}

/// All rows, in the order of the table.
pub const ROWS: &[Row] = &[
    Row::of::<worker::SpawnJoined>(),
    Row::of::<worker::SpawnMillion>(),
    Row::of::<worker::SpawnChain>(),
    Row::of::<outside::SpawnIdle>(),
    Row::of::<outside::SpawnBusy>(),
    Row::of::<outside::SpawnBatch>(),
    Row::of::<producers::Producers<1>>(),
    Row::of::<producers::Producers<2>>(),
    Row::of::<producers::Producers<4>>(),
    Row::of::<producers::Producers<8>>(),
    Row::of::<producers::Producers<16>>(),
    Row::of::<producers::Batches>(),
    Row::of::<worker::Yield>(),
    Row::of::<messages::PingPong>(),
    Row::of::<messages::PingPongPairs>(),
    Row::of::<messages::FanIn>(),
    Row::of::<notify::Storm>(),
    Row::of::<wake::WakeLatency>(),
    Row::of::<blocking::FromOutside<1>>(),
    Row::of::<blocking::FromOutside<16>>(),
    Row::of::<blocking::FromTasks>(),
    Row::of::<blocking::Waiting>(),
    Row::of::<blocking::StartLatency>(),
    Row::of::<crowd::StartLatency>(),
    Row::of::<blocking::Computing>(),
    Row::of::<timers::Ticker>(),
    Row::of::<timers::Fired>(),
    Row::of::<timers::Cancelled>(),
    Row::of::<echo::Echo<1, 64>>(),
    Row::of::<echo::Echo<64, 64>>(),
    Row::of::<echo::Echo<512, 64>>(),
    Row::of::<echo::Echo<1, 16_384>>(),
    Row::of::<echo::Echo<64, 16_384>>(),
    Row::of::<echo::Echo<512, 16_384>>(),
    Row::of::<memory::Tasks>(),
    Row::of::<memory::Connections>(),
    Row::of::<lifecycle::StartStop>(),
    Row::of::<mixed::Beside<{ mixed::PLAIN }>>(),
    Row::of::<mixed::Beside<{ mixed::HEAVY }>>(),
    Row::of::<mixed::Beside<{ mixed::ASLEEP }>>(),
    Row::of::<mixed_io::Echo<0>>(),
    Row::of::<mixed_io::Echo<25>>(),
    Row::of::<mixed_io::Echo<50>>(),
    Row::of::<mixed_io::Echo<75>>(),
    Row::of::<mixed_io::Echo<100>>(),
];
