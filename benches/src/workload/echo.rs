#![forbid(unsafe_code)]
//! TCP over the loopback interface, both ends in the runtime.

use std::time::Instant;

use crate::cost::Stopwatch;
use crate::latency::Recorder;
use crate::peer::Peer;
use crate::sample::Sample;

use super::{Setting, Workload, in_a_task};

/// Sends back messages of this size until the other side closes.
async fn answer<P: Peer>(mut stream: P::Stream, size: usize) {
    let mut message = vec![0; size];
    while P::read_exact(&mut stream, &mut message).await.is_ok() {
        // The other side has gone: so does this one.
        if P::write_all(&mut stream, &message).await.is_err() {
            return;
        }
    }
}

/// Sends so many messages, one at a time, and notes how long each answer took.
async fn ask<P: Peer>(
    mut stream: P::Stream,
    times: usize,
    size: usize,
    mut latencies: Recorder,
) -> Recorder {
    let (message, mut answer) = (vec![7; size], vec![0; size]);
    for _ in 0..times {
        let start = Instant::now();
        let sent = P::write_all(&mut stream, &message).await;
        sent.expect("the server listens as long as it is asked");
        let got = P::read_exact(&mut stream, &mut answer).await;
        got.expect("the server answers");
        latencies.record(start.elapsed());
    }
    latencies
}

/// Connections whose other ends are answered by tasks.
pub(super) async fn connections<P: Peer>(count: usize, size: usize) -> Vec<P::Stream> {
    let (listener, address) = P::listen().await.expect("loopback has free ports");
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        streams.push(P::connect(address).await.expect("somebody listens"));
        let accepted = P::accept(&listener).await.expect("there is a connection");
        drop(P::spawn(answer::<P>(accepted, size)));
    }
    streams
}

/// `N` connections with messages of `SIZE` bytes.
pub(super) struct Echo<const N: usize, const SIZE: usize>;

impl<const N: usize, const SIZE: usize> Workload for Echo<N, SIZE> {
    const NAME: &'static str = match (N, SIZE) {
        (1, 64) => "echo-1",
        // As a part of the mixed rows.
        (16, 64) => "echo-16",
        (64, 64) => "echo-64",
        (512, 64) => "echo-512",
        (1, 16_384) => "echo-1-16k",
        (64, 16_384) => "echo-64-16k",
        (512, 16_384) => "echo-512-16k",
        _ => panic!("a row that has no name"),
    };
    const QUESTION: &'static str = "TCP connections on the loopback interface, one message at a time on each, both ends in \
         the runtime: what does a message there and back cost, and how long does it take?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: the reactor, or the way from an event to its task, is the slower one";
    const OPERATIONS: usize = if N == 1 { 4_000 } else { 12_800 };
    const QUICK: usize = Self::OPERATIONS / 4;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let each = setting.operations.div_ceil(N);
        in_a_task(peer, async move {
            let streams = connections::<P>(N, SIZE).await;
            let with_recorder = |stream| (stream, Recorder::default());
            let streams: Vec<_> = streams.into_iter().map(with_recorder).collect();
            let mut all = Vec::with_capacity(N);
            let stopwatch = Stopwatch::start();
            let ask = |(stream, latencies)| P::spawn(ask::<P>(stream, each, SIZE, latencies));
            let askers: Vec<_> = streams.into_iter().map(ask).collect();
            for asker in askers {
                all.push(asker.await.expect("the task does not panic"));
            }
            let cost = stopwatch.stop(N * each);
            let mut latencies = Recorder::default();
            all.iter().for_each(|some| latencies.merge(some));
            Sample::timed(cost).with_latencies("", &[0.99], latencies.latencies())
        })
    }
}
