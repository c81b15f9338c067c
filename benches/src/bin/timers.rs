//! How late timers are, side by side with tokio: a ticker of 1 ms on a runtime that does nothing else,
//! and 100,000 sleeps of 10 to 100 ms at once, with the CPU time that they cost.
//!
//! ```text
//! cargo run --release -p fastwake-benches --bin timers
//! ```
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use fastwake_benches::cost::Stopwatch;

const ROUNDS: usize = 4;
const TICKS: usize = 1_000;
const SLEEPS: u64 = 100_000;

/// Microseconds after the deadline.
struct Late(Vec<f64>);

impl Late {
    fn new(mut late: Vec<f64>) -> Self {
        late.sort_by(f64::total_cmp);
        Self(late)
    }

    fn at(&self, share: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * share) as usize]
    }

    fn row(&self) -> String {
        let [p50, p90, p99, most] = [0.5, 0.9, 0.99, 1.0].map(|share| self.at(share));
        format!("p50 {p50:>6.0}  p90 {p90:>6.0}  p99 {p99:>6.0}  most {most:>6.0} µs")
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The same for both runtimes, whose names are the same.
macro_rules! peer {
    ($peer:ident) => {
        mod $peer {
            use super::{Duration, Instant, Late, SLEEPS, Stopwatch, TICKS, micros};
            use ::$peer::runtime::{Builder, Runtime};
            use ::$peer::time::{interval, sleep};

            fn runtime() -> Runtime {
                let mut builder = Builder::new_multi_thread();
                let workers = std::thread::available_parallelism().map_or(2, usize::from);
                let builder = builder.worker_threads(workers).enable_all();
                builder.build().expect("a runtime")
            }

            pub(super) fn ticker() -> Late {
                let ticks = async {
                    let mut ticks = interval(Duration::from_millis(1));
                    ticks.tick().await;
                    let mut late = Vec::with_capacity(TICKS);
                    for _ in 0..TICKS {
                        let due = ticks.tick().await;
                        late.push(micros(Instant::now() - due.into_std()));
                    }
                    late
                };
                let runtime = runtime();
                let late = runtime.block_on(async { ::$peer::spawn(ticks).await });
                Late::new(late.expect("it ends"))
            }

            async fn nap(n: u64) -> f64 {
                let duration = Duration::from_micros(10_000 + n * 7_919 % 90_000);
                let start = Instant::now();
                sleep(duration).await;
                let slept = start.elapsed();
                assert!(slept >= duration, "{slept:?} instead of {duration:?}");
                micros(slept - duration)
            }

            /// How late they were, and the CPU time of all.
            pub(super) fn sleeps() -> (Late, Duration) {
                let runtime = runtime();
                let stopwatch = Stopwatch::start();
                let naps = async {
                    let naps: Vec<_> = (0..SLEEPS).map(|n| ::$peer::spawn(nap(n))).collect();
                    let mut late = Vec::with_capacity(naps.len());
                    for nap in naps {
                        late.push(nap.await.expect("it ends"));
                    }
                    late
                };
                let late = runtime.block_on(async { ::$peer::spawn(naps).await });
                let cpu = stopwatch.stop(1).cpu;
                (
                    Late::new(late.expect("it ends")),
                    Duration::from_nanos(cpu as u64),
                )
            }
        }
    };
}

peer!(fastwake);
peer!(tokio);

fn main() {
    for _ in 0..ROUNDS {
        println!("1 ms ticker   fastwake  {}", fastwake::ticker().row());
        println!("1 ms ticker   tokio     {}", tokio::ticker().row());
    }
    for _ in 0..ROUNDS {
        let (late, cpu) = fastwake::sleeps();
        println!("{SLEEPS} sleeps fastwake  {}  CPU {cpu:.2?}", late.row());
        let (late, cpu) = tokio::sleeps();
        println!("{SLEEPS} sleeps tokio     {}  CPU {cpu:.2?}", late.row());
    }
}
