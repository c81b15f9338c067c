//! Every future and every output is dropped exactly once: in the product of when the task ends, what
//! panics, and who is there to see it.

mod support;

use std::future::poll_fn;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use fastwake::runtime::Runtime;
use fastwake::task::JoinHandle;
use support::{Count, current_thread, multi_thread, must_end, until};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Panics {
    Nowhere,
    InPoll,
    InFutureDrop,
    InOutputDrop,
    InPollAndFutureDrop,
    InBothDrops,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ends {
    AtFirstPoll,
    AfterSuspension,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Aborted {
    No,
    BeforeFirstPoll,
    WhileSuspended,
    AfterCompletion,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Handle {
    Awaited,
    DroppedAtOnce,
    DroppedAtTheEnd,
    /// Outlives the runtime.
    Kept,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    panics: Panics,
    ends: Ends,
    aborted: Aborted,
    handle: Handle,
}

impl Case {
    fn all() -> Vec<Self> {
        use Panics::*;
        let mut all = Vec::new();
        for panics in [
            Nowhere,
            InPoll,
            InFutureDrop,
            InOutputDrop,
            InPollAndFutureDrop,
            InBothDrops,
        ] {
            for ends in [Ends::AtFirstPoll, Ends::AfterSuspension, Ends::Never] {
                use Aborted::*;
                for aborted in [No, BeforeFirstPoll, WhileSuspended, AfterCompletion] {
                    use Handle::*;
                    for handle in [Awaited, DroppedAtOnce, DroppedAtTheEnd, Kept] {
                        all.push(Self {
                            panics,
                            ends,
                            aborted,
                            handle,
                        });
                    }
                }
            }
        }
        all
    }

    fn panics_in_poll(self) -> bool {
        matches!(self.panics, Panics::InPoll | Panics::InPollAndFutureDrop)
    }

    /// Is the case one that can be?
    fn makes_sense(self) -> bool {
        let ends = self.ends != Ends::Never;
        match self.aborted {
            Aborted::WhileSuspended => self.ends != Ends::AtFirstPoll,
            Aborted::AfterCompletion => ends,
            Aborted::No => ends || self.handle != Handle::Awaited,
            Aborted::BeforeFirstPoll => true,
        }
    }
}

#[derive(Default)]
struct Seen {
    made: Count,
    future_drops: Count,
    output_drops: Count,
    outputs: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

struct Bomb {
    seen: Arc<Seen>,
    is_output: bool,
    armed: bool,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        let seen = &self.seen;
        if self.is_output {
            &seen.output_drops
        } else {
            &seen.future_drops
        }
        .add();
        // In an unwind it would end the process, which is the language's rule and not ours.
        if self.armed && !std::thread::panicking() {
            panic!("on purpose, in a drop");
        }
    }
}

fn task(runtime: &Runtime, case: Case, seen: &Arc<Seen>) -> JoinHandle<Bomb> {
    use Panics::*;
    let bomb = |is_output, armed| Bomb {
        seen: Arc::clone(seen),
        is_output,
        armed,
    };
    let kept = bomb(
        false,
        matches!(
            case.panics,
            InFutureDrop | InPollAndFutureDrop | InBothDrops
        ),
    );
    seen.made.add();
    let seen = Arc::clone(seen);
    let mut suspended = false;
    // `poll_fn` keeps what it owns until the runtime drops it, also after a panic.
    runtime.spawn(poll_fn(move |context| {
        let _ = &kept;
        let suspend = match case.ends {
            Ends::AtFirstPoll => false,
            Ends::AfterSuspension => !std::mem::replace(&mut suspended, true),
            Ends::Never => true,
        };
        if suspend {
            *seen.waker.lock().unwrap() = Some(context.waker().clone());
            return Poll::Pending;
        }
        if case.panics_in_poll() {
            panic!("on purpose, in a poll");
        }
        seen.outputs.fetch_add(1, SeqCst);
        let armed = matches!(case.panics, InOutputDrop | InBothDrops);
        Poll::Ready(Bomb {
            seen: Arc::clone(&seen),
            is_output: true,
            armed,
        })
    }))
}

fn quietly(f: impl FnOnce()) {
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
}

/// Lets a current-thread runtime run what it has.
fn settle(runtime: &Runtime, is_settled: impl Fn() -> bool) {
    runtime.block_on(async {
        while !is_settled() {
            fastwake::task::yield_now().await;
        }
    });
}

fn run(runtime: Runtime, case: Case) {
    let seen = Arc::new(Seen::default());
    let handle = task(&runtime, case, &seen);
    let abort = handle.abort_handle();
    let mut handle = Some(handle);
    if case.aborted == Aborted::BeforeFirstPoll {
        abort.abort();
    }
    if case.handle == Handle::DroppedAtOnce {
        quietly(|| drop(handle.take()));
    }
    settle(&runtime, || {
        abort.is_finished() || seen.waker.lock().unwrap().is_some()
    });
    if case.aborted == Aborted::WhileSuspended {
        abort.abort();
        abort.abort();
    } else if case.ends == Ends::AfterSuspension {
        let waker = seen.waker.lock().unwrap().clone();
        waker.into_iter().for_each(Waker::wake);
    }
    let lasts = case.ends == Ends::Never && matches!(case.aborted, Aborted::No);
    if !lasts {
        settle(&runtime, || abort.is_finished());
    }
    if case.aborted == Aborted::AfterCompletion {
        abort.abort();
    }
    match case.handle {
        Handle::Awaited => {
            let handle = handle.take().unwrap();
            let result = runtime.block_on(handle);
            if case.aborted == Aborted::WhileSuspended {
                let error = result.as_ref().map(|_| ()).unwrap_err();
                assert!(
                    error.is_cancelled() || error.is_panic(),
                    "{case:?}: {error}"
                );
            }
            quietly(move || drop(result));
        }
        Handle::DroppedAtOnce | Handle::Kept => {}
        Handle::DroppedAtTheEnd => quietly(|| drop(handle.take())),
    }
    drop(runtime);
    if let Some(waker) = seen.waker.lock().unwrap().take() {
        waker.wake_by_ref();
        drop(waker);
    }
    quietly(|| drop(handle));
    until(|| seen.future_drops.get() == seen.made.get());
    until(|| seen.output_drops.get() == seen.outputs.load(SeqCst));
    drop(abort);
    // The last reference to the task is gone, and with it all that it owned.
    assert_eq!(Arc::strong_count(&seen), 1, "{case:?}");
    assert_eq!(seen.future_drops.get(), 1, "{case:?}");
    assert_eq!(
        seen.output_drops.get(),
        seen.outputs.load(SeqCst),
        "{case:?}"
    );
}

#[test]
fn futures_and_outputs_are_dropped_exactly_once() {
    must_end(|| {
        // Hundreds of panics on purpose; a failure is told by the assertions' own panics, which
        // come out of here.
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.to_string().contains("on purpose") {
                report(info);
            }
        }));
        for case in Case::all().into_iter().filter(|case| case.makes_sense()) {
            run(multi_thread(1), case);
            run(multi_thread(2), case);
            run(current_thread(), case);
        }
    });
}

/// A panic payload whose destructor panics, so many times.
struct Payload(usize);

impl Drop for Payload {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(Payload(self.0 - 1));
        }
    }
}

#[test]
fn a_payload_that_panics_when_dropped_takes_no_worker_with_it() {
    for runtime in [multi_thread(1), current_thread()] {
        must_end(move || {
            for depth in 0..4 {
                // Nobody takes the payload, so the worker drops it.
                drop(runtime.spawn(async move { panic_any(Payload(depth)) }));
                let task = runtime.spawn(async { 1 });
                assert_eq!(
                    runtime.block_on(task).unwrap(),
                    1,
                    "after a payload of depth {depth}"
                );
            }
        });
    }
}

/// Tells, when it is dropped, in which task that is and whether the thread unwinds.
struct Witness(std::sync::mpsc::Sender<(Option<fastwake::task::Id>, bool)>);

impl Drop for Witness {
    fn drop(&mut self) {
        let seen = (fastwake::task::try_id(), std::thread::panicking());
        let _ = self.0.send(seen);
    }
}

#[test]
fn destructors_see_their_task_and_the_panic_that_ends_it() {
    for runtime in [current_thread(), multi_thread(1)] {
        let (send, seen) = std::sync::mpsc::channel();
        // A future whose poll panics.
        let witness = Witness(send.clone());
        let task = runtime.spawn(poll_fn(move |_| -> Poll<()> {
            let _witness = &witness;
            panic!("on purpose");
        }));
        let id = task.id();
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        assert_eq!(seen.recv().unwrap(), (Some(id), true));
        // An output that its handle takes along.
        let witness = Witness(send.clone());
        let task = runtime.spawn(async move { witness });
        let id = task.id();
        let abort = task.abort_handle();
        settle(&runtime, || abort.is_finished());
        drop(task);
        assert_eq!(seen.recv().unwrap(), (Some(id), false));
        // One that nobody waits for.
        let witness = Witness(send);
        let task = runtime.spawn(async move {
            fastwake::task::yield_now().await;
            witness
        });
        let id = task.id();
        drop(task);
        settle(&runtime, || {
            seen.try_recv().is_ok_and(|seen| seen == (Some(id), false))
        });
    }
}
