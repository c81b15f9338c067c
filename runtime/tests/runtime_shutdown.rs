//! How a runtime ends, whatever is going on in it.

mod support;

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Builder, Handle, Runtime};
use support::{
    Count, OnDrop, current_thread, keep, multi_thread, must_end, on_both, panic_message, until,
};

/// Spawns tasks that are suspended when this returns.
fn suspend(runtime: &Runtime, tasks: impl IntoIterator<Item: Send + 'static>) -> usize {
    let polled = Count::default();
    let mut n = 0;
    for kept in tasks {
        let polled = polled.clone();
        n += 1;
        runtime.spawn(async move {
            polled.add();
            keep(kept).await;
        });
    }
    runtime.block_on(async {
        while polled.get() < n {
            fastwake::task::yield_now().await;
        }
    });
    n
}

#[test]
fn suspended_tasks_are_dropped_once_and_inside_the_runtime() {
    on_both(|runtime| {
        must_end(move || {
            let (inside, dropped) = (Count::default(), Count::default());
            let kept = |_| {
                let (inside, dropped) = (inside.clone(), dropped.clone());
                OnDrop(move || {
                    dropped.add();
                    if Handle::try_current().is_ok() {
                        inside.add();
                    }
                })
            };
            suspend(&runtime, (0..100).map(kept));
            assert_eq!(dropped.get(), 0);
            drop(runtime);
            assert_eq!((dropped.get(), inside.get()), (100, 100));
        });
    });
}

#[test]
fn tasks_that_spawn_when_dropped_lose_nothing() {
    on_both(|runtime| {
        must_end(move || {
            let dropped = Count::default();
            let kept = |_| {
                let dropped = dropped.clone();
                OnDrop(move || {
                    dropped.add();
                    let late = dropped.on_drop();
                    drop(fastwake::spawn(keep(late)));
                    let late = dropped.on_drop();
                    drop(fastwake::task::spawn_blocking(move || drop(late)));
                    let late = dropped.on_drop();
                    drop(fastwake::task::spawn_cpu_intensive(move || drop(late)));
                })
            };
            suspend(&runtime, (0..50).map(kept));
            drop(runtime);
            until(|| dropped.get() == 200);
        });
    });
}

#[test]
fn tasks_that_wake_and_abort_each_other_when_dropped_are_dropped_once() {
    on_both(|runtime| {
        must_end(move || {
            let dropped = Count::default();
            let wakers: Arc<Mutex<Vec<std::task::Waker>>> = Arc::default();
            let aborts: Arc<Mutex<Vec<fastwake::task::AbortHandle>>> = Arc::default();
            let polled = Count::default();
            for _ in 0..50 {
                let (count, all, polls) = (dropped.clone(), Arc::clone(&wakers), polled.clone());
                let abort_all = Arc::clone(&aborts);
                let wake_all = OnDrop(move || {
                    count.add();
                    let wakers = all.lock().unwrap().clone();
                    wakers.iter().for_each(std::task::Waker::wake_by_ref);
                    let aborts = abort_all.lock().unwrap().clone();
                    aborts.iter().for_each(fastwake::task::AbortHandle::abort);
                });
                let wakers = Arc::clone(&wakers);
                let task = runtime.spawn(async move {
                    let _wake_all = wake_all;
                    std::future::poll_fn(|context| {
                        wakers.lock().unwrap().push(context.waker().clone());
                        polls.add();
                        std::task::Poll::<()>::Pending
                    })
                    .await;
                });
                aborts.lock().unwrap().push(task.abort_handle());
            }
            runtime.block_on(async {
                while polled.get() < 50 {
                    fastwake::task::yield_now().await;
                }
            });
            drop(runtime);
            assert_eq!(dropped.get(), 50);
            // They outlive the runtime.
            let wakers = std::mem::take(&mut *wakers.lock().unwrap());
            wakers.into_iter().for_each(std::task::Waker::wake);
        });
    });
}

#[test]
fn what_is_spawned_after_the_end_is_cancelled() {
    on_both(|runtime| {
        must_end(move || {
            let handle = runtime.handle().clone();
            let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
            drop(runtime);
            let dropped = Count::default();
            let (a, b, c, d) = (
                dropped.on_drop(),
                dropped.on_drop(),
                dropped.on_drop(),
                dropped.on_drop(),
            );
            let mut tasks = vec![
                handle.spawn(async move { drop(a) }),
                handle.spawn_blocking(move || drop(b)),
                handle.spawn_cpu_intensive(move || drop(c)),
                handle.spawn_on(cpu, async move { drop(d) }).unwrap(),
            ];
            let more = dropped.on_drop();
            tasks.extend(handle.spawn_batch([async move { drop(more) }]));
            assert_eq!(dropped.get(), 5);
            for task in tasks {
                assert!(task.is_finished());
                let error = handle.block_on(task).unwrap_err();
                assert!(
                    error.is_cancelled() && error.not_started_because().is_none(),
                    "{error}"
                );
            }
        });
    });
}

#[test]
fn a_runtime_dropped_in_a_task_panics_and_ends() {
    on_both(|outer| {
        must_end(move || {
            for inner in [multi_thread(2), current_thread()] {
                let dropped = Count::default();
                suspend(&inner, [dropped.on_drop()]);
                let task = outer.spawn(async move { drop(inner) });
                let error = outer.block_on(task).unwrap_err();
                let text = support::message(&*error.into_panic());
                assert!(text.contains("`shutdown_background`"), "{text}");
                until(|| dropped.get() == 1);
            }
            assert_eq!(outer.block_on(outer.spawn(async { 1 })).unwrap(), 1);
        });
    });
}

#[test]
fn a_runtime_dropped_in_its_own_task_panics_and_ends() {
    must_end(|| {
        let dropped = Count::default();
        let runtime = multi_thread(2);
        suspend(&runtime, [dropped.on_drop()]);
        let handle = runtime.handle().clone();
        let task = handle.spawn(async move { drop(runtime) });
        let error = handle.block_on(task).unwrap_err();
        assert!(error.is_panic(), "{error}");
        until(|| dropped.get() == 1);
    });
}

#[test]
fn a_runtime_may_be_dropped_where_blocking_is_allowed() {
    must_end(|| {
        let outer = multi_thread(2);
        outer.block_on(async {
            let inner = multi_thread(2);
            fastwake::task::block_in_place(|| drop(inner));
            let inner = multi_thread(2);
            fastwake::task::spawn_blocking(move || drop(inner))
                .await
                .unwrap();
            let inner = current_thread();
            fastwake::task::spawn_cpu_intensive(move || drop(inner))
                .await
                .unwrap();
            multi_thread(2).shutdown_background();
        });
    });
}

/// The thread that drops the runtime is one of those that the drop waits for.
#[test]
fn a_runtime_may_be_dropped_on_its_own_threads() {
    must_end(|| {
        for round in 0..300 {
            let runtime = multi_thread(1);
            let handle = runtime.handle().clone();
            let (sender, receiver) = mpsc::channel();
            let end = move || {
                drop(runtime);
                sender.send(()).unwrap();
            };
            match round % 3 {
                0 => drop(handle.spawn_blocking(end)),
                1 => drop(handle.spawn_cpu_intensive(end)),
                _ => drop(handle.spawn(async { fastwake::task::block_in_place(end) })),
            }
            receiver
                .recv_timeout(Duration::from_secs(20))
                .expect("the drop ends");
        }
    });
}

#[test]
fn the_timeout_bounds_the_wait_for_a_closure_and_for_a_poll_that_are_stuck() {
    on_both(|runtime| {
        must_end(move || {
            let (release, released) = mpsc::channel::<()>();
            let (stuck, is_stuck) = mpsc::channel();
            runtime.spawn_blocking(move || {
                stuck.send(()).unwrap();
                let _ = released.recv();
            });
            is_stuck.recv().unwrap();
            runtime.shutdown_timeout(Duration::from_millis(20));
            drop(release);
        });
    });
    must_end(|| {
        let runtime = multi_thread(1);
        let dropped = Count::default();
        suspend(&runtime, [dropped.on_drop()]);
        let (release, released) = mpsc::channel::<()>();
        let (stuck, is_stuck) = mpsc::channel();
        runtime.spawn(async move {
            stuck.send(()).unwrap();
            let _ = released.recv();
        });
        is_stuck.recv().unwrap();
        runtime.shutdown_timeout(Duration::from_millis(20));
        drop(release);
        // Nothing is lost: the worker sees to it when it comes back.
        until(|| dropped.get() == 1);
    });
}

#[test]
fn a_shutdown_that_need_not_wait_is_done_before_its_timeout() {
    must_end(|| {
        for _ in 0..20 {
            multi_thread(2).shutdown_timeout(Duration::MAX);
            current_thread().shutdown_timeout(Duration::from_secs(1_000_000));
        }
    });
}

#[test]
fn many_runtimes_come_and_go() {
    must_end(|| {
        for round in 0..200 {
            let runtime = if round % 4 == 0 {
                current_thread()
            } else {
                multi_thread(1 + round % 3)
            };
            let dropped = Count::default();
            for _ in 0..round % 7 {
                runtime.spawn(keep(dropped.on_drop()));
            }
            if round % 5 == 0 {
                runtime.block_on(async { fastwake::task::yield_now().await });
            }
            drop(runtime);
            assert_eq!(dropped.get(), round % 7);
        }
    });
}

#[test]
fn a_shutdown_inside_a_task_needs_no_wait() {
    must_end(|| {
        let outer = current_thread();
        outer.block_on(async {
            multi_thread(1).shutdown_timeout(Duration::ZERO);
            let text = panic_message(|| multi_thread(1).shutdown_timeout(Duration::from_nanos(1)));
            assert!(text.contains("Cannot drop a runtime"), "{text}");
            assert!(text.contains("`shutdown_background`"), "{text}");
            let inner = multi_thread(1);
            let task = inner.spawn(std::future::pending::<()>());
            inner.shutdown_background();
            assert!(task.await.unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn a_drop_during_an_unwind_does_not_abort_the_process() {
    must_end(|| {
        let outer = multi_thread(1);
        let task = outer.spawn(async {
            let _inner = multi_thread(1);
            panic!("on purpose");
        });
        let error = outer.block_on(task).unwrap_err();
        assert_eq!(support::message(&*error.into_panic()), "on purpose");
    });
}

/// Spare workers that arrive while the pool closes must not sleep through it.
#[test]
fn spares_that_arrive_at_the_end_leave() {
    must_end(|| {
        for _ in 0..200 {
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .thread_keep_alive(Duration::MAX)
                .build()
                .unwrap();
            for _ in 0..3 {
                runtime.spawn(async {
                    fastwake::task::block_in_place(thread::yield_now);
                });
            }
            drop(runtime);
        }
    });
}

#[test]
fn a_closure_for_which_a_thread_is_being_made_runs() {
    for _ in 0..50 {
        let runtime = current_thread();
        let closure = runtime.spawn_blocking(|| 42);
        drop(runtime);
        assert_eq!(multi_thread(1).block_on(closure).unwrap(), 42);
    }
}
