//! What work queues are for, in figures: how late a ticker of 1 ms is while four tasks compute for 50 ms in
//! each poll, depending on where they run; and what a task costs in a queue.
//!
//! `queues [MILLISECONDS]`: how long each part lasts; 2,000 if nothing is said.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use fastwake::task::JoinHandle;
use fastwake::time::{MissedTickBehavior, interval};
use fastwake::{WorkQueue, task};

const HOGS: usize = 4;
const SPELL: Duration = Duration::from_millis(50);
const TASKS: u32 = 200_000;

fn compute() {
    let end = Instant::now() + SPELL;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

/// Computes in spells until the end.
async fn hog(end: Arc<AtomicBool>, spells: Arc<AtomicU32>) {
    while !end.load(Relaxed) {
        compute();
        spells.fetch_add(1, Relaxed);
        task::yield_now().await;
    }
}

/// By how much each tick of 1 ms came late, in order of lateness.
async fn ticker(time: Duration) -> Vec<Duration> {
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = Instant::now();
    let mut late = Vec::new();
    while start.elapsed() < time {
        let due = ticks.tick().await;
        late.push(due.elapsed());
    }
    late.sort_unstable();
    late
}

async fn beside(
    name: &str,
    time: Duration,
    spawn: impl Fn(Arc<AtomicBool>, Arc<AtomicU32>) -> JoinHandle<()>,
) {
    let (end, spells) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let hogs: Vec<_> = (0..HOGS)
        .map(|_| spawn(Arc::clone(&end), Arc::clone(&spells)))
        .collect();
    let late = fastwake::spawn(ticker(time)).await.expect("no panic");
    end.store(true, Relaxed);
    for hog in hogs {
        hog.await.expect("no panic");
    }
    let at = |percent: usize| late[(late.len() - 1) * percent / 100];
    let spells = spells.load(Relaxed);
    println!(
        "{name:24} {:>9.1?} {:>9.1?} {:>9.1?} {spells:>7}",
        at(50),
        at(99),
        at(100)
    );
}

/// Nanoseconds for each of many tasks that do nothing, from the first spawn to the last output.
async fn cost(name: &str, spawn: impl Fn() -> JoinHandle<()>) {
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS).map(|_| spawn()).collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    println!(
        "{name:24} {:>9} ns",
        start.elapsed().as_nanos() / u128::from(TASKS)
    );
}

async fn measure(time: Duration) -> std::io::Result<()> {
    let computing = WorkQueue::builder("computing")
        .cpu_intensive(true)
        .build()?;
    let nice = WorkQueue::builder("nice").nice(10).build()?;
    let few = WorkQueue::builder("few").max_active(1).build()?;
    let many = WorkQueue::builder("many").max_active(16).build()?;
    let plain = WorkQueue::builder("plain")
        .max_active(TASKS as usize)
        .build()?;

    println!("{HOGS} tasks that compute        ticker late by          spells");
    println!("                               p50       p99       max");
    beside("fastwake::spawn", time, |end, spells| {
        fastwake::spawn(hog(end, spells))
    })
    .await;
    beside("max_active(1)", time, |end, spells| {
        few.spawn(hog(end, spells))
    })
    .await;
    beside("nice(10)", time, |end, spells| nice.spawn(hog(end, spells))).await;
    beside("cpu_intensive(true)", time, |end, spells| {
        computing.spawn(hog(end, spells))
    })
    .await;

    // The first ones of a program find memory that has not been touched.
    let warm: Vec<_> = (0..TASKS).map(|_| fastwake::spawn(async {})).collect();
    for task in warm {
        task.await.expect("no panic");
    }
    println!("\na task that does nothing");
    cost("fastwake::spawn", || fastwake::spawn(async {})).await;
    cost("a queue below its limit", || plain.spawn(async {})).await;
    cost("max_active(16)", || many.spawn(async {})).await;
    Ok(())
}

#[fastwake::main]
async fn main() -> ExitCode {
    let time = std::env::args().nth(1).map(|time| time.parse());
    let Some(time) = time.unwrap_or(Ok(2_000)).ok().filter(|time| *time > 0) else {
        eprintln!("usage: queues [MILLISECONDS]");
        return ExitCode::from(2);
    };
    // On a worker, as a program's own tasks are.
    let measured = fastwake::spawn(measure(Duration::from_millis(time))).await;
    match measured.expect("no panic") {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("queues: {error}");
            ExitCode::FAILURE
        }
    }
}
