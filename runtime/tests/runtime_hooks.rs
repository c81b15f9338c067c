//! Names and hooks of the runtime's threads.

mod support;

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Builder, Handle};
use support::{Count, current_thread, multi_thread, must_end, panic_message, until};

fn both() -> [Builder; 2] {
    let mut multi = Builder::new_multi_thread();
    multi.worker_threads(1);
    [multi, Builder::new_current_thread()]
}

/// A closure that is true only the first time.
fn once() -> impl Fn() -> bool + Send + Sync + 'static {
    let calls = Count::default();
    move || calls.add() == 1
}

#[test]
fn a_task_that_the_park_hook_spawns_runs() {
    for mut builder in both() {
        must_end(move || {
            let (sender, receiver) = mpsc::channel();
            let first = once();
            builder.on_thread_park(move || {
                if first() {
                    let sender = sender.clone();
                    fastwake::spawn(async move { sender.send(()).unwrap() });
                }
            });
            let runtime = builder.build().unwrap();
            // A current-thread runtime parks only in `block_on`.
            runtime.block_on(async {
                let blocking = fastwake::task::spawn_blocking(move || {
                    receiver.recv_timeout(Duration::from_secs(20)).is_ok()
                });
                assert!(blocking.await.unwrap(), "the spawned task did not run");
            });
        });
    }
}

#[test]
fn a_task_that_the_park_hook_wakes_runs() {
    for mut builder in both() {
        must_end(move || {
            let waker: Arc<Mutex<Option<std::task::Waker>>> = Arc::default();
            let woken = Arc::clone(&waker);
            builder.on_thread_park(move || {
                let waker = woken.lock().unwrap().take();
                waker.into_iter().for_each(std::task::Waker::wake);
            });
            let runtime = builder.build().unwrap();
            let (sender, receiver) = mpsc::channel();
            runtime.spawn(async move {
                let mut polls = 0;
                std::future::poll_fn(|context| {
                    polls += 1;
                    *waker.lock().unwrap() = Some(context.waker().clone());
                    match polls {
                        1 => std::task::Poll::Pending,
                        _ => std::task::Poll::Ready(()),
                    }
                })
                .await;
                sender.send(()).unwrap();
            });
            runtime.block_on(async {
                let blocking = fastwake::task::spawn_blocking(move || {
                    receiver.recv_timeout(Duration::from_secs(20)).is_ok()
                });
                assert!(blocking.await.unwrap(), "the woken task did not run");
            });
        });
    }
}

#[test]
fn the_main_future_that_the_park_hook_wakes_is_polled() {
    must_end(|| {
        let waker: Arc<Mutex<Option<std::task::Waker>>> = Arc::default();
        let woken = Arc::clone(&waker);
        let runtime = Builder::new_current_thread()
            .on_thread_park(move || {
                let waker = woken.lock().unwrap().take();
                waker.into_iter().for_each(std::task::Waker::wake);
            })
            .build()
            .unwrap();
        let mut polls = 0;
        runtime.block_on(std::future::poll_fn(|context| {
            polls += 1;
            *waker.lock().unwrap() = Some(context.waker().clone());
            if polls == 3 {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        }));
    });
}

#[test]
fn each_thread_starts_and_stops_once() {
    must_end(|| {
        let (started, stopped) = (Count::default(), Count::default());
        let (start, stop) = (started.clone(), stopped.clone());
        let runtime = Builder::new_multi_thread()
            .worker_threads(3)
            .on_thread_start(move || {
                start.add();
            })
            .on_thread_stop(move || {
                stop.add();
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            fastwake::task::spawn_blocking(|| ()).await.unwrap();
            fastwake::task::spawn_cpu_intensive(|| ()).await.unwrap();
        });
        until(|| started.get() == 5);
        assert_eq!(stopped.get(), 0);
        drop(runtime);
        assert_eq!((started.get(), stopped.get()), (5, 5));
    });
}

#[test]
fn a_worker_is_unparked_as_often_as_it_was_parked() {
    must_end(|| {
        let (parked, unparked) = (Count::default(), Count::default());
        let (park, unpark) = (parked.clone(), unparked.clone());
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_park(move || {
                park.add();
            })
            .on_thread_unpark(move || {
                unpark.add();
            })
            .build()
            .unwrap();
        for round in 1..=20 {
            until(|| parked.get() == round);
            runtime.block_on(runtime.spawn(async {})).unwrap();
        }
        until(|| parked.get() == 21);
        assert_eq!(unparked.get(), 20);
        drop(runtime);
        assert_eq!((parked.get(), unparked.get()), (21, 21));
    });
}

#[test]
fn hooks_run_inside_the_runtime() {
    must_end(|| {
        let (sender, receiver) = mpsc::channel();
        let send = move || sender.send(Handle::try_current().is_ok()).unwrap();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_start(send.clone())
            .on_thread_stop(send.clone())
            .on_thread_park(send.clone())
            .on_thread_unpark(send)
            .build()
            .unwrap();
        // Otherwise the worker may come so late that it never sleeps.
        until(|| runtime.metrics().pools()[0].parks > 0);
        runtime.block_on(async { fastwake::spawn(async {}).await.unwrap() });
        drop(runtime);
        let inside: Vec<bool> = receiver.iter().collect();
        assert!(
            inside.len() >= 4 && inside.iter().all(|inside| *inside),
            "{inside:?}"
        );
    });
}

#[test]
fn a_panicking_hook_takes_no_worker_with_it() {
    for mut builder in both() {
        must_end(move || {
            let hook = || panic!("a hook that panics on purpose");
            builder.on_thread_start(hook).on_thread_stop(hook);
            builder.on_thread_park(hook).on_thread_unpark(hook);
            let runtime = builder.build().unwrap();
            for _ in 0..10 {
                runtime.block_on(async {
                    fastwake::task::spawn_blocking(|| ()).await.unwrap();
                    fastwake::spawn(async {}).await.unwrap();
                });
            }
        });
    }
}

#[test]
fn threads_bear_the_name_that_the_builder_gives() {
    let name = || thread::current().name().map(str::to_owned);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("abc")
        .build()
        .unwrap();
    runtime.block_on(async {
        assert_eq!(
            fastwake::spawn(async move { name() })
                .await
                .unwrap()
                .as_deref(),
            Some("abc")
        );
        assert_eq!(
            fastwake::task::spawn_blocking(name)
                .await
                .unwrap()
                .as_deref(),
            Some("abc")
        );
        let computing = fastwake::task::spawn_cpu_intensive(name);
        assert_eq!(computing.await.unwrap().as_deref(), Some("abc"));
    });
    let numbers = Count::default();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name_fn(move || format!("worker-{}", numbers.add()))
        .build()
        .unwrap();
    let named = runtime
        .block_on(runtime.spawn(async move { name() }))
        .unwrap()
        .unwrap();
    assert!(["worker-1", "worker-2"].contains(&&*named), "{named}");
    for runtime in [multi_thread(1), current_thread()] {
        let named = runtime.block_on(runtime.spawn_blocking(name)).unwrap();
        assert_eq!(named.as_deref(), Some("fastwake-worker"));
    }
}

#[test]
fn a_name_with_a_nul_byte_is_refused() {
    let text = panic_message(|| {
        Builder::new_multi_thread().thread_name("a\0b");
    });
    assert_eq!(
        text,
        r#"thread_name is "a\0b"; it must not hold a NUL byte"#
    );
}

/// What the naming function does wrong must not cost the runtime its threads.
#[test]
fn a_naming_function_that_panics_or_gives_nul_bytes_costs_only_the_name() {
    let panicking = || -> String { panic!("a naming function that panics on purpose") };
    let nul = || "a\0b".to_owned();
    let functions: [Arc<dyn Fn() -> String + Send + Sync>; 2] =
        [Arc::new(panicking), Arc::new(nul)];
    for function in functions {
        for mut builder in both() {
            let function = Arc::clone(&function);
            must_end(move || {
                let runtime = builder.thread_name_fn(move || function()).build().unwrap();
                runtime.block_on(async {
                    fastwake::spawn(async {}).await.unwrap();
                    fastwake::task::spawn_blocking(|| ()).await.unwrap();
                    fastwake::task::spawn_cpu_intensive(|| ()).await.unwrap();
                });
            });
        }
    }
}

/// A producer that is held up between its decision to make a thread and the making of it must not
/// hold up the work of others.
#[test]
fn a_thread_that_is_slow_to_be_made_holds_up_only_its_maker() {
    let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
    must_end(move || {
        let (held, is_held) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let first = once();
        let runtime = Builder::new_current_thread()
            .thread_name_fn(move || {
                if first() {
                    held.send(()).unwrap();
                    let _ = released
                        .lock()
                        .unwrap()
                        .recv_timeout(Duration::from_secs(20));
                }
                "named".to_owned()
            })
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        let slow = thread::spawn(move || handle.spawn_on(cpu, async {}).unwrap());
        is_held.recv().unwrap();
        let (sender, receiver) = mpsc::channel();
        runtime
            .handle()
            .spawn_on(cpu, async move { sender.send(()).unwrap() })
            .unwrap();
        let ran = receiver.recv_timeout(Duration::from_secs(10)).is_ok();
        release.send(()).unwrap();
        runtime.block_on(slow.join().unwrap()).unwrap();
        assert!(
            ran,
            "another's task waited for the thread that was slow to be made"
        );
    });
}
