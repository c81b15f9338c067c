//! Tasks that stay on their thread: `LocalSet` and `spawn_local`.

mod support;

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

use fastwake::task::{self, JoinSet, LocalSet};
use support::{current_thread, multi_thread, must_end, on_both, panic_message};

/// Notes the thread that drops it.
struct DroppedOn(Rc<RefCell<Vec<ThreadId>>>);

impl Drop for DroppedOn {
    fn drop(&mut self) {
        self.0.borrow_mut().push(thread::current().id());
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Waits for the flag, and leaves its waker with each poll.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    fn open(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn waker(&self) -> Waker {
        self.0.lock().unwrap().1.clone().expect("it waits")
    }

    fn wait(&self) -> impl Future<Output = ()> + use<> {
        let gate = self.clone();
        poll_fn(move |context| {
            let mut state = gate.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(context.waker().clone());
            Poll::Pending
        })
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn every_task_runs_on_the_thread_of_its_set() {
    on_both(|runtime| {
        let local = LocalSet::new();
        let threads = Rc::new(RefCell::new(Vec::new()));
        let outside = local.spawn_local({
            let threads = Rc::clone(&threads);
            async move { threads.borrow_mut().push(thread::current().id()) }
        });
        local.block_on(&runtime, async {
            let nested = task::spawn_local({
                let threads = Rc::clone(&threads);
                async move {
                    let inner = Rc::clone(&threads);
                    let note = move || inner.borrow_mut().push(thread::current().id());
                    task::spawn_local(async move { note() }).await.unwrap();
                    threads.borrow_mut().push(thread::current().id());
                }
            });
            nested.await.unwrap();
            outside.await.unwrap();
        });
        assert_eq!(*threads.borrow(), vec![thread::current().id(); 3]);
    });
}

#[test]
fn a_set_that_is_awaited_is_ready_when_its_tasks_are() {
    on_both(|runtime| {
        let local = LocalSet::new();
        let done = Rc::new(Cell::new(0));
        for rounds in [0, 1, 100] {
            let done = Rc::clone(&done);
            local.spawn_local(async move {
                for _ in 0..rounds {
                    task::yield_now().await;
                }
                // What is spawned meanwhile counts, too.
                task::spawn_local(async move { done.set(done.get() + 1) });
            });
        }
        runtime.block_on(local);
        assert_eq!(done.get(), 3);
    });
}

#[test]
fn tasks_left_by_run_until_go_on_with_the_next() {
    let runtime = current_thread();
    let local = LocalSet::new();
    let gate = Gate::default();
    let task = local.spawn_local({
        let gate = gate.wait();
        async move {
            gate.await;
            5
        }
    });
    local.block_on(&runtime, task::yield_now());
    gate.open();
    assert!(!task.is_finished());
    assert_eq!(local.block_on(&runtime, task).unwrap(), 5);
}

#[test]
fn a_turn_of_the_set_is_bounded_and_the_set_asks_for_the_next() {
    let local = LocalSet::new();
    let polls = Rc::new(Cell::new(0));
    local.spawn_local({
        let polls = Rc::clone(&polls);
        async move {
            loop {
                polls.set(polls.get() + 1);
                task::yield_now().await;
            }
        }
    });
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut local = pin!(local);
    for turn in 1..=3 {
        let polled = local.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        assert_eq!((polls.get(), wakes.0.load(SeqCst)), (61 * turn, turn));
    }
}

#[test]
fn a_set_with_nothing_to_run_is_silent_until_a_task_is_woken_or_spawned() {
    let local = LocalSet::new();
    let gate = Gate::default();
    local.spawn_local(gate.wait());
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut run = pin!(local.run_until(pending::<()>()));
    let mut turn = || run.as_mut().poll(&mut Context::from_waker(&waker));

    assert!(turn().is_pending());
    assert_eq!(wakes.0.load(SeqCst), 0);
    // Two wake-ups of one task before the turn are one of the set's.
    gate.waker().wake();
    gate.waker().wake();
    assert_eq!(wakes.0.load(SeqCst), 1);
    assert!(turn().is_pending());
    local.spawn_local(async {});
    assert_eq!(wakes.0.load(SeqCst), 2);
    assert!(turn().is_pending());
    let elsewhere = gate.waker();
    thread::spawn(move || elsewhere.wake()).join().unwrap();
    assert_eq!(wakes.0.load(SeqCst), 3);
}

#[test]
fn local_work_does_not_keep_what_was_woken_elsewhere_waiting() {
    must_end(|| {
        let runtime = current_thread();
        let local = LocalSet::new();
        let gate = Gate::default();
        local.spawn_local(async {
            loop {
                task::yield_now().await;
            }
        });
        let woken = local.spawn_local(gate.wait());
        let other = thread::spawn(move || gate.open());
        local.block_on(&runtime, woken).unwrap();
        other.join().unwrap();
    });
}

#[test]
fn wake_ups_from_many_threads_all_arrive() {
    must_end(|| {
        on_both(|runtime| {
            let local = LocalSet::new();
            let (send, receive) = mpsc::channel::<Gate>();
            let others: Vec<_> = {
                let receive = Arc::new(Mutex::new(receive));
                let opener = |_| {
                    let receive = Arc::clone(&receive);
                    thread::spawn(move || {
                        loop {
                            let gate = receive.lock().unwrap().recv();
                            let Ok(gate) = gate else { return };
                            gate.open();
                        }
                    })
                };
                (0..3).map(opener).collect()
            };
            let rounds = if cfg!(miri) { 10 } else { 1_000 };
            let done = Rc::new(Cell::new(0));
            for _ in 0..4 {
                let (send, done) = (send.clone(), Rc::clone(&done));
                local.spawn_local(async move {
                    for _ in 0..rounds {
                        let gate = Gate::default();
                        send.send(gate.clone()).unwrap();
                        gate.wait().await;
                        done.set(done.get() + 1);
                    }
                });
            }
            drop(send);
            runtime.block_on(local);
            assert_eq!(done.get(), 4 * rounds);
            others.into_iter().for_each(|other| other.join().unwrap());
        });
    });
}

#[test]
fn a_set_drops_its_tasks_at_home_and_their_wakers_may_outlive_it() {
    must_end(|| {
        let rounds = if cfg!(miri) { 20 } else { 2_000 };
        for round in 0..rounds {
            let local = LocalSet::new();
            let dropped = Rc::new(RefCell::new(Vec::new()));
            let gates: Vec<Gate> = (0..3).map(|_| Gate::default()).collect();
            for gate in &gates {
                let (gate, witness) = (gate.wait(), DroppedOn(Rc::clone(&dropped)));
                local.spawn_local(async move {
                    gate.await;
                    drop(witness);
                });
            }
            assert!(poll(pin!(local.run_until(pending::<()>()))).is_pending());
            let late = gates[0].waker();
            let other = thread::spawn(move || {
                // While the set is dropped, and after.
                for gate in gates {
                    gate.open();
                    if round % 2 == 0 {
                        thread::yield_now();
                    }
                }
            });
            drop(local);
            assert_eq!(*dropped.borrow(), vec![thread::current().id(); 3]);
            other.join().unwrap();
            late.wake_by_ref();
            thread::spawn(move || drop(late)).join().unwrap();
        }
    });
}

#[test]
fn an_abort_from_another_thread_drops_the_future_at_home() {
    must_end(|| {
        let runtime = current_thread();
        let local = LocalSet::new();
        let dropped = Rc::new(RefCell::new(Vec::new()));
        let witness = DroppedOn(Rc::clone(&dropped));
        let task = local.spawn_local(async move {
            let _witness = witness;
            pending::<()>().await
        });
        local.block_on(&runtime, task::yield_now());
        let abort = task.abort_handle();
        thread::spawn(move || abort.abort()).join().unwrap();
        let error = local.block_on(&runtime, task).unwrap_err();
        assert!(error.is_cancelled());
        assert_eq!(*dropped.borrow(), [thread::current().id()]);
    });
}

#[test]
fn handles_of_a_set_that_is_gone_say_that_their_tasks_were_cancelled() {
    let runtime = current_thread();
    let local = LocalSet::new();
    let new = local.spawn_local(async {});
    let waiting = local.spawn_local(pending::<()>());
    // Woken, and not yet polled again.
    let gate = Gate::default();
    let scheduled = local.spawn_local(gate.wait());
    assert!(poll(pin!(local.run_until(pending::<()>()))).is_pending());
    gate.open();
    let newer = local.spawn_local(async {});
    runtime.block_on(new).unwrap();
    drop(local);
    for task in [waiting, scheduled, newer] {
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    }
}

/// Spawns a task when it is dropped, and keeps its handle.
struct SpawnsOnDrop(Rc<RefCell<Option<task::JoinHandle<()>>>>);

impl Drop for SpawnsOnDrop {
    fn drop(&mut self) {
        *self.0.borrow_mut() = Some(task::spawn_local(async {}));
    }
}

#[test]
fn what_is_spawned_on_a_set_that_goes_or_is_gone_is_cancelled() {
    let runtime = current_thread();
    let local = LocalSet::new();
    let spawned = Rc::new(RefCell::new(None));
    let spawns = SpawnsOnDrop(Rc::clone(&spawned));
    local.spawn_local(async move {
        let _spawns = spawns;
        pending::<()>().await
    });
    let guard = local.enter();
    drop(local);
    let during = spawned.take().expect("the future was dropped");
    let after = task::spawn_local(async {});
    for task in [during, after] {
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    }
    drop(guard);
    panic_message(|| task::spawn_local(async {}));
}

#[test]
fn guards_name_the_set_that_tasks_are_spawned_on() {
    let runtime = current_thread();
    let (outer, inner) = (LocalSet::new(), LocalSet::new());
    let _outer = outer.enter();
    let in_inner = {
        let _inner = inner.enter();
        task::spawn_local(async { "inner" })
    };
    let in_outer = task::spawn_local(async { "outer" });
    assert_eq!(outer.block_on(&runtime, in_outer).unwrap(), "outer");
    assert!(!in_inner.is_finished());
    assert_eq!(inner.block_on(&runtime, in_inner).unwrap(), "inner");
}

#[test]
fn spawn_local_needs_a_place() {
    let expected = "outside of a `task::LocalSet` or `runtime::LocalRuntime`";
    let message = panic_message(|| task::spawn_local(async {}));
    assert!(message.contains(expected), "{message}");
    on_both(|runtime| {
        runtime.block_on(async {
            let message = panic_message(|| task::spawn_local(async {}));
            assert!(message.contains(expected), "{message}");
        });
        // Only the set's own tasks are in it.
        let local = LocalSet::new();
        let spawned = local.block_on(&runtime, async {
            fastwake::spawn(async { panic_message(|| task::spawn_local(async {})) }).await
        });
        assert!(spawned.unwrap().contains(expected));
    });
}

#[test]
fn a_local_task_does_not_leave_its_thread_to_block() {
    let runtime = multi_thread(1);
    let local = LocalSet::new();
    let task = local.spawn_local(async { task::block_in_place(|| ()) });
    let error = local.block_on(&runtime, task).unwrap_err();
    let message = support::message(&*error.into_panic());
    assert!(message.contains("`LocalSet`"), "{message}");
    // Beside the set it is as it was.
    runtime.block_on(async { task::block_in_place(|| ()) });
}

#[test]
fn a_panic_ends_its_task_alone() {
    let runtime = current_thread();
    let local = LocalSet::new();
    let bad = local.spawn_local(async { panic!("on purpose") });
    let good = local.spawn_local(async { 5 });
    local.block_on(&runtime, async {
        assert!(bad.await.unwrap_err().is_panic());
        assert_eq!(good.await.unwrap(), 5);
    });
}

#[test]
fn sets_may_be_nested_and_wake_each_other() {
    must_end(|| {
        let runtime = current_thread();
        let outer = LocalSet::new();
        let gate = Gate::default();
        let waiting = outer.spawn_local(gate.wait());
        outer.block_on(&runtime, async {
            let inner = LocalSet::new();
            let opens = inner.run_until(async move {
                task::yield_now().await;
                // Not the set that this thread polls just now, but the one around it.
                task::spawn_local(async move { gate.open() }).await.unwrap();
            });
            let (opened, waited) = (task::spawn_local(async {}), opens);
            waited.await;
            opened.await.unwrap();
            waiting.await.unwrap();
        });
    });
}

#[test]
fn a_join_set_takes_local_tasks() {
    let runtime = current_thread();
    let local = LocalSet::new();
    let mut set = JoinSet::new();
    let shared = Rc::new(Cell::new(1));
    set.spawn_local_on(
        {
            let shared = Rc::clone(&shared);
            async move { shared.replace(2) }
        },
        &local,
    );
    set.build_task()
        .name("second")
        .spawn_local_on(async { 7 }, &local)
        .unwrap();
    let mut outputs = local.block_on(&runtime, async {
        set.spawn_local(async { 3 });
        set.join_all().await
    });
    outputs.sort_unstable();
    assert_eq!((outputs, shared.get()), (vec![1, 3, 7], 2));
}

#[test]
fn each_task_of_a_set_has_a_budget_of_its_own() {
    let runtime = current_thread();
    let local = LocalSet::new();
    let spenders: Vec<_> = (0..2)
        .map(|_| {
            local.spawn_local(poll_fn(|context| {
                for spent in 0.. {
                    match task::coop::poll_proceed(context) {
                        Poll::Ready(unit) => unit.made_progress(),
                        Poll::Pending => return Poll::Ready(spent),
                    }
                }
                unreachable!("a budget has an end")
            }))
        })
        .collect();
    local.block_on(&runtime, async {
        for spender in spenders {
            assert_eq!(spender.await.unwrap(), 128);
        }
    });
}

#[test]
fn a_set_in_a_thread_local_is_dropped_with_its_thread() {
    thread_local! {
        static SET: LocalSet = LocalSet::new();
    }
    struct Notes(mpsc::Sender<ThreadId>);
    impl Drop for Notes {
        fn drop(&mut self) {
            let _ = self.0.send(thread::current().id());
        }
    }
    let (notes, noted) = mpsc::channel();
    let id = thread::spawn(move || {
        let notes = Notes(notes);
        SET.with(|set| {
            set.spawn_local(async move {
                let _notes = notes;
                pending::<()>().await
            })
        });
        thread::current().id()
    });
    assert_eq!(noted.recv().unwrap(), id.join().unwrap());
}
