//! Which calls of the builder the attributes stand for, seen by a runtime crate that writes them
//! down.

#![cfg(feature = "macros")]

use std::cell::RefCell;

thread_local! {
    /// What the runtime that ran last on this thread was built by.
    static CALLS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Stands in for the runtime crate.
mod recorder {
    pub(crate) mod topology {
        #[derive(Debug)]
        pub(crate) enum AffinityScope {
            Cpu,
            Smt,
            CacheShard,
            Cache,
            Numa,
            System,
        }
    }

    pub(crate) mod runtime {
        use std::convert::Infallible;
        use std::future::Future;
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};

        use super::topology::AffinityScope;

        #[derive(Default)]
        pub(crate) struct LocalOptions;

        pub(crate) struct Builder {
            calls: Vec<String>,
        }

        impl Builder {
            pub(crate) fn new_multi_thread() -> Self {
                Self {
                    calls: vec!["new_multi_thread".to_owned()],
                }
            }

            pub(crate) fn new_current_thread() -> Self {
                Self {
                    calls: vec!["new_current_thread".to_owned()],
                }
            }

            pub(crate) fn enable_all(&mut self) -> &mut Self {
                self.record("enable_all".to_owned())
            }

            pub(crate) fn worker_threads(&mut self, count: usize) -> &mut Self {
                self.record(format!("worker_threads({count})"))
            }

            pub(crate) fn affinity_scope(&mut self, scope: AffinityScope) -> &mut Self {
                self.record(format!("affinity_scope({scope:?})"))
            }

            pub(crate) fn affinity_strict(&mut self, strict: bool) -> &mut Self {
                self.record(format!("affinity_strict({strict})"))
            }

            pub(crate) fn start_paused(&mut self, paused: bool) -> &mut Self {
                self.record(format!("start_paused({paused})"))
            }

            pub(crate) fn name(&mut self, name: &str) -> &mut Self {
                self.record(format!("name({name:?})"))
            }

            pub(crate) fn build(&mut self) -> Result<Runtime, Infallible> {
                Ok(Runtime {
                    calls: self.calls.clone(),
                })
            }

            pub(crate) fn build_local(&mut self, _: LocalOptions) -> Result<Runtime, Infallible> {
                self.record("build_local".to_owned()).build()
            }

            fn record(&mut self, call: String) -> &mut Self {
                self.calls.push(call);
                self
            }
        }

        pub(crate) struct Runtime {
            calls: Vec<String>,
        }

        impl Runtime {
            pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
                crate::CALLS.set(self.calls.clone());
                match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(output) => output,
                    Poll::Pending => panic!("the bodies of these tests wait for nothing"),
                }
            }
        }
    }
}

/// A runtime crate whose runtimes cannot be built.
mod refusing {
    pub(crate) mod runtime {
        use std::io;

        pub(crate) struct Builder;

        impl Builder {
            pub(crate) fn new_multi_thread() -> Self {
                Self
            }

            pub(crate) fn new_current_thread() -> Self {
                Self
            }

            pub(crate) fn enable_all(&mut self) -> &mut Self {
                self
            }

            pub(crate) fn build(&mut self) -> io::Result<Runtime> {
                Err(io::Error::other("the machine is full"))
            }
        }

        pub(crate) struct Runtime;

        impl Runtime {
            pub(crate) fn block_on<F: Future>(&self, _: F) -> F::Output {
                unreachable!("no runtime of this kind was ever built")
            }
        }
    }
}

fn calls_of<T>(function: impl FnOnce() -> T) -> Vec<String> {
    function();
    CALLS.take()
}

#[fastwake::main(crate = "recorder")]
async fn plain_main() {}

#[fastwake::test(crate = "recorder")]
async fn plain_test() {}

#[test]
fn main_is_multi_threaded_by_default() {
    assert_eq!(calls_of(plain_main), ["new_multi_thread", "enable_all"]);
}

#[test]
fn test_is_single_threaded_by_default() {
    assert_eq!(calls_of(plain_test), ["new_current_thread", "enable_all"]);
}

#[fastwake::main(flavor = "current_thread", crate = "recorder")]
async fn current_thread_main() {}

#[fastwake::test(flavor = "multi_thread", crate = "recorder")]
async fn multi_thread_test() {}

#[test]
fn flavor_chooses_the_constructor() {
    assert_eq!(
        calls_of(current_thread_main),
        ["new_current_thread", "enable_all"]
    );
    assert_eq!(
        calls_of(multi_thread_test),
        ["new_multi_thread", "enable_all"]
    );
}

#[fastwake::main(flavor = "local", crate = "recorder", start_paused = true)]
async fn local_main() {}

#[fastwake::test(start_paused = false, crate = "recorder")]
async fn running_test() {}

#[test]
fn the_local_flavor_chooses_how_to_build() {
    let calls = [
        "new_current_thread",
        "enable_all",
        "start_paused(true)",
        "build_local",
    ];
    assert_eq!(calls_of(local_main), calls);
}

#[test]
fn a_clock_that_is_not_to_be_stopped_is_said_so() {
    let calls = ["new_current_thread", "enable_all", "start_paused(false)"];
    assert_eq!(calls_of(running_test), calls);
}

#[fastwake::main(
    crate = "recorder",
    name = "ingest",
    affinity_strict = true,
    affinity_scope = "cache_shard",
    worker_threads = 0x10,
    flavor = "multi_thread"
)]
async fn configured_main() {}

#[fastwake::test(
    flavor = "multi_thread",
    worker_threads = 1_000usize,
    affinity_scope = "system",
    affinity_strict = false,
    name = "probe \"1\"",
    crate = "recorder"
)]
async fn configured_test() {}

#[test]
fn every_argument_is_one_call_whatever_the_order() {
    let of_main = [
        "new_multi_thread",
        "enable_all",
        "worker_threads(16)",
        "affinity_scope(CacheShard)",
        "affinity_strict(true)",
        "name(\"ingest\")",
    ];
    assert_eq!(calls_of(configured_main), of_main);
    let of_test = [
        "new_multi_thread",
        "enable_all",
        "worker_threads(1000)",
        "affinity_scope(System)",
        "affinity_strict(false)",
        "name(\"probe \\\"1\\\"\")",
    ];
    assert_eq!(calls_of(configured_test), of_test);
}

#[fastwake::main(flavor = "current_thread", name = "alone", crate = "recorder")]
async fn named_current_thread() {}

#[test]
fn a_current_thread_runtime_has_a_name_too() {
    let calls = ["new_current_thread", "enable_all", "name(\"alone\")"];
    assert_eq!(calls_of(named_current_thread), calls);
}

#[test]
fn every_scope_has_its_variant() {
    macro_rules! calls_with_scope {
        ($scope:literal) => {{
            #[fastwake::main(affinity_scope = $scope, crate = "recorder")]
            async fn scoped() {}
            calls_of(scoped)[2].clone()
        }};
    }
    assert_eq!(calls_with_scope!("cpu"), "affinity_scope(Cpu)");
    assert_eq!(calls_with_scope!("smt"), "affinity_scope(Smt)");
    assert_eq!(
        calls_with_scope!("cache_shard"),
        "affinity_scope(CacheShard)"
    );
    assert_eq!(calls_with_scope!("cache"), "affinity_scope(Cache)");
    assert_eq!(calls_with_scope!("numa"), "affinity_scope(Numa)");
    assert_eq!(calls_with_scope!("system"), "affinity_scope(System)");
}

#[test]
fn the_crate_is_a_string_or_a_path() {
    #[fastwake::main(crate = "crate::recorder")]
    async fn string() {}
    #[fastwake::main(crate = crate::recorder)]
    async fn path() {}
    assert_eq!(calls_of(string), calls_of(plain_main));
    assert_eq!(calls_of(path), calls_of(plain_main));
}

#[fastwake::main(crate = "refusing")]
async fn main_without_runtime() {
    unreachable!("there is nothing to run it on");
}

#[test]
#[should_panic(expected = "#[fastwake::main] cannot build its runtime: the machine is full")]
fn main_panics_with_the_reason_why_there_is_no_runtime() {
    main_without_runtime();
}

#[fastwake::test(crate = "refusing")]
#[should_panic(expected = "#[fastwake::test] cannot build its runtime: the machine is full")]
async fn test_panics_with_the_reason_why_there_is_no_runtime() {
    unreachable!("there is nothing to run it on");
}
