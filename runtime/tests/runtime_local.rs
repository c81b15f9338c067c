//! `LocalRuntime`: a current-thread runtime whose tasks need not be `Send`.

mod support;

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use fastwake::runtime::{Builder, LocalOptions, LocalRuntime, RuntimeFlavor};
use fastwake::task::{self, LocalSet};
use support::{must_end, panic_message};

fn local() -> LocalRuntime {
    Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .expect("a runtime")
}

/// Notes that it was dropped.
struct Dropped(Rc<Cell<u32>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn local_and_other_tasks_run_side_by_side_on_its_thread() {
    let runtime = local();
    let here = thread::current().id();
    let shared = Rc::new(RefCell::new(Vec::new()));
    let before = runtime.spawn_local({
        let shared = Rc::clone(&shared);
        async move { shared.borrow_mut().push(1) }
    });
    runtime.block_on(async {
        before.await.unwrap();
        let inside = task::spawn_local({
            let shared = Rc::clone(&shared);
            async move {
                task::yield_now().await;
                shared.borrow_mut().push(2);
            }
        });
        let sent = fastwake::spawn(async { thread::current().id() });
        inside.await.unwrap();
        assert_eq!(sent.await.unwrap(), here);
    });
    assert_eq!(*shared.borrow(), [1, 2]);
    assert_eq!(
        runtime.handle().runtime_flavor(),
        RuntimeFlavor::CurrentThread
    );
}

#[test]
fn a_handle_on_another_thread_spawns_what_is_send() {
    must_end(|| {
        let runtime = local();
        let handle = runtime.handle().clone();
        let (done, is_done) = mpsc::channel();
        let other = thread::spawn(move || {
            let _entered = handle.enter();
            let message = panic_message(|| task::spawn_local(async {}));
            assert!(
                message.contains("only be spawned on a LocalRuntime from the thread"),
                "{message}"
            );
            let task = fastwake::spawn(async { thread::current().id() });
            let ran_on = handle.block_on(task).unwrap();
            done.send(()).unwrap();
            ran_on
        });
        runtime.block_on(async {
            while is_done.try_recv().is_err() {
                task::yield_now().await;
            }
        });
        assert_eq!(other.join().unwrap(), thread::current().id());
    });
}

#[test]
fn local_tasks_are_woken_from_other_threads() {
    must_end(|| {
        let runtime = local();
        let total = Rc::new(Cell::new(0));
        runtime.block_on(async {
            for round in 0..100 {
                let total = Rc::clone(&total);
                task::spawn_local(async move {
                    let part = task::spawn_blocking(move || round).await.unwrap();
                    total.set(total.get() + part);
                })
                .await
                .unwrap();
            }
        });
        assert_eq!(total.get(), 4950);
    });
}

#[test]
fn its_end_drops_what_is_left_on_its_thread() {
    let dropped = Rc::new(Cell::new(0));
    let leave_tasks = |runtime: &LocalRuntime| {
        for _ in 0..3 {
            let witness = Dropped(Rc::clone(&dropped));
            runtime.spawn_local(async move {
                let _witness = witness;
                pending::<()>().await
            });
        }
        runtime.block_on(task::yield_now());
        let witness = Dropped(Rc::clone(&dropped));
        runtime.spawn_local(async move { drop(witness) });
    };
    let runtime = local();
    leave_tasks(&runtime);
    drop(runtime);
    assert_eq!(dropped.get(), 4);
    let runtime = local();
    leave_tasks(&runtime);
    runtime.shutdown_background();
    assert_eq!(dropped.get(), 8);
}

#[test]
fn a_task_spawned_after_the_end_is_cancelled() {
    let runtime = local();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _entered = handle.enter();
    let task = task::spawn_local(async {});
    assert!(handle.block_on(task).unwrap_err().is_cancelled());
}

#[test]
fn a_multi_thread_builder_builds_none() {
    let message =
        panic_message(|| Builder::new_multi_thread().build_local(LocalOptions::default()));
    assert!(
        message.contains("multi_thread is not supported"),
        "{message}"
    );
}

#[test]
fn in_it_spawn_local_is_about_the_runtime_and_not_a_set() {
    let runtime = local();
    let set = LocalSet::new();
    let task =
        runtime.block_on(set.run_until(poll_fn(|_| Poll::Ready(task::spawn_local(async { 5 })))));
    drop(set);
    assert_eq!(runtime.block_on(task).unwrap(), 5);
}

#[cfg(feature = "macros")]
#[fastwake::test(flavor = "local")]
async fn a_test_may_be_local() {
    let text = Rc::new("not Send");
    let task = task::spawn_local(async move { text.len() });
    assert_eq!(task.await.unwrap(), 8);
}
