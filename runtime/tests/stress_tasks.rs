//! Everything at once, with every task accounted for.
//!
//! `FASTWAKE_STRESS_TASKS` says how many tasks each outside thread spawns (1,000,000 is the full
//! run), `FASTWAKE_STRESS_SEED` repeats a run's choices; the seed is printed.

mod support;

use std::future::{Future, pending, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use fastwake::runtime::{Builder, Handle};
use fastwake::task::{self, JoinHandle};
use support::{Count, multi_thread, must_end, until};

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is {value:?}, not a number")),
    )
}

/// How many tasks each outside thread spawns.
fn tasks() -> usize {
    number("FASTWAKE_STRESS_TASKS").unwrap_or(10_000) as usize
}

fn seed() -> u64 {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = number("FASTWAKE_STRESS_SEED")
        .unwrap_or_else(|| clock.map_or(1, |time| time.as_nanos() as u64));
    println!("FASTWAKE_STRESS_SEED={seed}");
    seed
}

/// xorshift64*
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn new(seed: u64, stream: u64) -> Self {
        Self((seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }
}

/// What became of the tasks.
#[derive(Default)]
struct Account {
    spawned: AtomicUsize,
    completed: AtomicUsize,
    panicked: AtomicUsize,
    cancelled: AtomicUsize,
    detached: AtomicUsize,
    futures_dropped: AtomicUsize,
    outputs_made: AtomicUsize,
    outputs_dropped: AtomicUsize,
}

struct Guard(Arc<Account>, fn(&Account) -> &AtomicUsize);

impl Drop for Guard {
    fn drop(&mut self) {
        (self.1)(&self.0).fetch_add(1, Relaxed);
    }
}

impl Account {
    fn get(count: &AtomicUsize) -> usize {
        count.load(SeqCst)
    }

    fn future(self: &Arc<Self>) -> Guard {
        self.spawned.fetch_add(1, Relaxed);
        Guard(Arc::clone(self), |account| &account.futures_dropped)
    }

    fn output(self: &Arc<Self>) -> Guard {
        self.outputs_made.fetch_add(1, Relaxed);
        Guard(Arc::clone(self), |account| &account.outputs_dropped)
    }

    fn book<T>(&self, result: Result<T, task::JoinError>) {
        let count = match result {
            Ok(_) => &self.completed,
            Err(error) if error.is_panic() => &self.panicked,
            Err(_) => &self.cancelled,
        };
        count.fetch_add(1, Relaxed);
    }

    fn assert_balanced(self: Arc<Self>) {
        let spawned = Self::get(&self.spawned);
        until(|| Self::get(&self.futures_dropped) == spawned);
        until(|| Self::get(&self.outputs_dropped) == Self::get(&self.outputs_made));
        let sum = [
            &self.completed,
            &self.panicked,
            &self.cancelled,
            &self.detached,
        ];
        assert_eq!(sum.map(Self::get).iter().sum::<usize>(), spawned);
        assert_eq!(Arc::strong_count(&self), 1, "a task was not freed");
        println!(
            "{spawned} tasks: {} completed, {} panicked, {} cancelled, {} detached",
            Self::get(&self.completed),
            Self::get(&self.panicked),
            Self::get(&self.cancelled),
            Self::get(&self.detached),
        );
    }
}

fn without_reports_of_panics_on_purpose() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<&str>() || !info.to_string().contains("on purpose") {
                report(info);
            }
        }));
    });
}

/// Spawns one task of a kind that chance chooses.
fn spawn_one(handle: &Handle, account: &Arc<Account>, kind: u64) -> JoinHandle<Guard> {
    let (future, own) = (account.future(), Arc::clone(account));
    handle.spawn(async move {
        let _future = future;
        match kind {
            0..=4 => {}
            5..=7 => task::yield_now().await,
            8 => pending().await,
            9 => panic!("on purpose"),
            10 => {
                task::yield_now().await;
                panic!("on purpose");
            }
            _ => {
                // A task of a task, joined.
                let inner = own.future();
                let result = task::spawn(async move { drop(inner) }).await;
                own.book(result);
            }
        }
        own.output()
    })
}

#[test]
fn every_task_is_accounted_for_exactly_once() {
    without_reports_of_panics_on_purpose();
    let (seed, tasks) = (seed(), tasks());
    let runtime = multi_thread(2);
    let account = Arc::new(Account::default());
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let (handle, account) = (runtime.handle().clone(), Arc::clone(&account));
            thread::spawn(move || {
                let mut random = Random::new(seed, thread);
                let mut waiting = Vec::new();
                for _ in 0..tasks {
                    let kind = random.below(12);
                    let task = spawn_one(&handle, &account, kind);
                    // A task that is never ready has to be aborted to be joined.
                    let aborted = kind == 8 || random.below(8) == 0;
                    if aborted {
                        task.abort();
                    }
                    if kind < 8 && random.below(4) == 0 {
                        account.detached.fetch_add(1, Relaxed);
                        continue;
                    }
                    waiting.push(task);
                    if waiting.len() == 256 {
                        join(&handle, &account, &mut waiting);
                    }
                }
                join(&handle, &account, &mut waiting);
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    until(|| Account::get(&account.futures_dropped) == Account::get(&account.spawned));
    drop(runtime);
    account.assert_balanced();
}

/// Joins them in a task, which is one of those that are counted.
fn join(handle: &Handle, account: &Arc<Account>, waiting: &mut Vec<JoinHandle<Guard>>) {
    let (tasks, own) = (std::mem::take(waiting), Arc::clone(account));
    let future = account.future();
    let joiner = handle.spawn(async move {
        let _future = future;
        for task in tasks {
            own.book(task.await);
        }
    });
    account.book(handle.block_on(joiner));
}

#[test]
fn a_shutdown_under_load_loses_nothing() {
    without_reports_of_panics_on_purpose();
    let seed = seed();
    let rounds = (tasks() / 100).clamp(10, 1000);
    for round in 0..rounds as u64 {
        must_end(move || shut_down_under_load(seed, round));
    }
}

fn shut_down_under_load(seed: u64, round: u64) {
    let mut builder = match round % 3 {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(1 + round as usize % 2);
    // A thread that sleeps through the shutdown is not to be woken by its keep-alive.
    let runtime = builder
        .thread_keep_alive(std::time::Duration::MAX)
        .build()
        .unwrap();
    let account = Arc::new(Account::default());
    let stop = Arc::new(AtomicBool::new(false));
    let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (handle, account) = (runtime.handle().clone(), Arc::clone(&account));
            let (stop, wakers) = (Arc::clone(&stop), Arc::clone(&wakers));
            thread::spawn(move || {
                let mut random = Random::new(seed, round << 8 | thread);
                while !stop.load(Relaxed) {
                    load_once(&handle, &account, &wakers, random.below(8));
                }
            })
        })
        .collect();
    runtime.block_on(async {
        for _ in 0..50 {
            task::yield_now().await;
        }
    });
    drop(runtime);
    stop.store(true, Relaxed);
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    wakers.lock().unwrap().clear();
    until(|| Account::get(&account.futures_dropped) == Account::get(&account.spawned));
    assert_eq!(Arc::strong_count(&account), 1, "a task was not freed");
}

fn load_once(handle: &Handle, account: &Arc<Account>, wakers: &Arc<Mutex<Vec<Waker>>>, kind: u64) {
    let future = account.future();
    match kind {
        0..=2 => {
            let wakers = Arc::clone(wakers);
            drop(handle.spawn(poll_fn(move |context| {
                let _ = &future;
                wakers.lock().unwrap().push(context.waker().clone());
                Poll::<()>::Pending
            })));
        }
        3 => drop(handle.spawn_blocking(move || drop(future))),
        4 => drop(handle.spawn_cpu_intensive(move || drop(future))),
        5 => {
            let futures = (0..3).map(|_| account.future());
            let futures: Vec<_> = futures.chain([future]).collect();
            drop(
                handle.spawn_batch(futures.into_iter().map(|future| async move {
                    task::yield_now().await;
                    drop(future);
                })),
            );
        }
        6 => {
            let cpus = fastwake::topology::allowed_cpus().unwrap();
            let cpu = cpus.first().unwrap();
            drop(handle.spawn_on(cpu, async move { drop(future) }));
        }
        _ => {
            drop(future);
            let taken = std::mem::take(&mut *wakers.lock().unwrap());
            taken.into_iter().for_each(Waker::wake);
        }
    }
}

#[test]
fn workers_that_block_in_place_lose_no_task() {
    // Of the tasks of four threads, one in thirty waits for another task: fewer than a pool has spare
    // workers, or all of them could wait for what nobody is left to run.
    let tasks = (tasks() / 4).min(3_000);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(std::time::Duration::from_millis(1))
        .build()
        .unwrap();
    let (done, nested) = (Count::default(), Count::default());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (handle, done, nested) = (runtime.handle().clone(), done.clone(), nested.clone());
            thread::spawn(move || {
                let spawned: Vec<_> = (0..tasks)
                    .map(|i| {
                        let (done, nested) = (done.clone(), nested.clone());
                        handle.spawn(async move {
                            if i % 3 == 0 {
                                task::block_in_place(|| {
                                    let inner = task::spawn(async move { nested.add() });
                                    if i % 30 == 0 {
                                        Handle::current().block_on(inner).unwrap();
                                    }
                                    thread::yield_now();
                                });
                            }
                            task::yield_now().await;
                            done.add();
                        })
                    })
                    .collect();
                handle.block_on(async {
                    for task in spawned {
                        task.await.unwrap();
                    }
                });
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(done.get(), 4 * tasks);
    until(|| nested.get() == 4 * tasks.div_ceil(3));
}

#[test]
fn blocking_closures_from_many_threads_all_run() {
    let tasks = tasks().min(100_000);
    for max in [1, 2, 16] {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(max)
            .thread_keep_alive(std::time::Duration::from_micros(100))
            .build()
            .unwrap();
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let handle = runtime.handle().clone();
                thread::spawn(move || {
                    let mut random = Random::new(7, thread);
                    for round in 0..tasks / 40 {
                        let n = 1 + random.below(9) as usize;
                        let closures: Vec<_> = (0..n)
                            .map(|i| handle.spawn_blocking(move || round * 10 + i))
                            .collect();
                        handle.block_on(async {
                            for (i, closure) in closures.into_iter().enumerate() {
                                assert_eq!(closure.await.unwrap(), round * 10 + i);
                            }
                        });
                        if random.below(16) == 0 {
                            thread::sleep(std::time::Duration::from_micros(150));
                        }
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let metrics = runtime.metrics().blocking();
        assert_eq!(
            (metrics.tasks_started, metrics.queue_depth),
            (metrics.tasks_queued, 0)
        );
        assert!(metrics.threads <= max);
    }
}

/// Tokens that tasks of three runtimes pass around, waking each other across.
#[test]
fn tasks_of_different_runtimes_wake_each_other_and_lose_nothing() {
    type Mailbox = Arc<Mutex<(usize, Option<Waker>)>>;
    let rounds = tasks().min(200_000);
    let runtimes = [multi_thread(2), multi_thread(1), multi_thread(2)];
    let mailboxes: Vec<Mailbox> = (0..12).map(|_| Arc::default()).collect();
    for mailbox in mailboxes.iter().step_by(3) {
        mailbox.lock().unwrap().0 = 1;
    }
    let tasks: Vec<_> = (0..mailboxes.len())
        .map(|i| {
            let own = Arc::clone(&mailboxes[i]);
            let next = Arc::clone(&mailboxes[(i + 1) % mailboxes.len()]);
            let mut passed = 0;
            runtimes[i % 3].spawn(poll_fn(move |context| {
                let tokens = {
                    let mut own = own.lock().unwrap();
                    own.1 = Some(context.waker().clone());
                    std::mem::take(&mut own.0)
                };
                let waker = {
                    let mut next = next.lock().unwrap();
                    next.0 += tokens;
                    if tokens > 0 { next.1.take() } else { None }
                };
                waker.into_iter().for_each(Waker::wake);
                passed += tokens;
                if passed >= rounds {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }))
        })
        .collect();
    let (handle, mailboxes) = (runtimes[0].handle(), &mailboxes);
    // The first that are done stop passing tokens on; the others are ended.
    let mut tasks = tasks;
    handle.block_on(poll_fn(|context| {
        let done = tasks
            .iter_mut()
            .any(|task| !task.is_finished() && std::pin::Pin::new(task).poll(context).is_ready());
        if done || tasks.iter().any(JoinHandle::is_finished) {
            return Poll::Ready(());
        }
        Poll::Pending
    }));
    tasks.iter().for_each(JoinHandle::abort);
    drop(runtimes);
    for mailbox in mailboxes {
        mailbox.lock().unwrap().1.take();
        assert_eq!(Arc::strong_count(mailbox), 1, "a task was not freed");
    }
}
