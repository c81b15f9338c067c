//! What `#[fastwake::main]` and `#[fastwake::test]` make of the functions they stand on.

#![cfg(feature = "macros")]

use std::cell::Cell;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::poll_fn;
use std::num::ParseIntError;
use std::process::{ExitCode, Termination};
use std::task::Poll;

/// Is pending once, so that what awaits it must be woken to go on.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[fastwake::main]
async fn sum(numbers: &[u64]) -> u64 {
    let mut total = 0;
    for number in numbers {
        yield_once().await;
        total += number;
    }
    total
}

#[test]
fn main_returns_the_value_of_its_body() {
    assert_eq!(sum(&[1, 2, 3]), 6);
    assert_eq!(sum(&[]), 0);
}

#[fastwake::main(flavor = "current_thread")]
async fn on_this_thread() -> std::thread::ThreadId {
    yield_once().await;
    std::thread::current().id()
}

#[test]
fn a_current_thread_main_runs_on_the_thread_that_calls_it() {
    assert_eq!(on_this_thread(), std::thread::current().id());
}

#[fastwake::main(
    worker_threads = 2,
    affinity_scope = "system",
    affinity_strict = false,
    name = "behaviour"
)]
async fn configured() -> &'static str {
    yield_once().await;
    "done"
}

#[test]
fn a_runtime_of_all_arguments_runs() {
    assert_eq!(configured(), "done");
}

#[fastwake::main]
async fn parsed(text: &str) -> Result<u8, Box<dyn Error + Send + Sync>> {
    yield_once().await;
    let number: u8 = text.parse()?;
    if number == 0 {
        return Err("zero is refused".into());
    }
    Ok(number)
}

#[test]
fn the_question_mark_and_return_convert_to_the_declared_error() {
    assert_eq!(parsed("7").ok(), Some(7));
    assert_eq!(
        parsed("0").err().map(|error| error.to_string()).as_deref(),
        Some("zero is refused")
    );
    assert!(parsed("x").is_err_and(|error| error.is::<ParseIntError>()));
}

#[fastwake::main]
async fn coerced(first: bool) -> Box<dyn Display> {
    if first {
        return Box::new(1);
    }
    Box::new("two")
}

#[test]
fn the_value_coerces_to_the_declared_type() {
    assert_eq!(coerced(true).to_string(), "1");
    assert_eq!(coerced(false).to_string(), "two");
}

#[fastwake::main]
async fn evens(below: u32) -> impl Iterator<Item = u32> + Debug {
    yield_once().await;
    (0..below).step_by(2)
}

#[fastwake::main]
async fn nested_impl(text: &str) -> Result<impl Iterator<Item = u8> + use<>, ParseIntError> {
    let last: u8 = text.parse()?;
    Ok(0..=last)
}

#[test]
fn the_return_type_may_be_opaque() {
    assert_eq!(evens(5).collect::<Vec<_>>(), [0, 2, 4]);
    assert_eq!(
        nested_impl("2").map(Iterator::collect::<Vec<_>>),
        Ok(vec![0, 1, 2])
    );
    assert!(nested_impl("-1").is_err());
}

#[fastwake::main]
async fn never() -> ! {
    yield_once().await;
    panic!("this is how it ends")
}

#[test]
#[should_panic(expected = "this is how it ends")]
fn main_may_never_return() {
    never()
}

#[fastwake::main]
async fn longest<'a, const N: usize, T>(words: [&'a T; N], mut best: &'a T) -> &'a T
where
    T: AsRef<str> + ?Sized + 'a,
{
    for word in words {
        yield_once().await;
        if word.as_ref().len() > best.as_ref().len() {
            best = word;
        }
    }
    best
}

#[fastwake::main]
async fn first_of(numbers: &mut Vec<u8>, otherwise: impl Into<u8>) -> &mut u8 {
    if numbers.is_empty() {
        numbers.push(otherwise.into());
    }
    &mut numbers[0]
}

#[test]
fn generics_lifetimes_patterns_and_where_clauses_are_kept() {
    assert_eq!(longest(["a", "ccc", "bb"], ""), "ccc");
    let mut numbers = vec![];
    *first_of(&mut numbers, 4) += 1;
    assert_eq!(numbers, [5]);
}

struct Counter(u32);

impl Counter {
    #[fastwake::main]
    async fn add(&mut self, by: u32) -> &mut Self {
        yield_once().await;
        self.0 += by;
        self
    }

    #[fastwake::main]
    async fn finish(self) -> u32 {
        self.0
    }
}

#[test]
fn methods_run_too() {
    let mut counter = Counter(1);
    counter.add(2).add(3);
    assert_eq!(counter.finish(), 6);
}

mod visible {
    /// # Safety
    ///
    /// Safe for whoever calls it; it is the keyword that is tested.
    #[must_use]
    #[fastwake::main]
    pub(super) async unsafe extern "C" fn forty_two() -> i32 {
        #![allow(unused_variables)]
        let unused = 1;
        42
    }
}

#[test]
fn visibility_and_qualifiers_are_kept() {
    let function: unsafe extern "C" fn() -> i32 = visible::forty_two;
    // SAFETY: it asks nothing of its callers.
    assert_eq!(unsafe { function() }, 42);
}

#[test]
fn names_of_the_expansion_and_of_the_body_do_not_meet() {
    #[fastwake::main]
    async fn shadowing(runtime: u8, body: u8, value: u8) -> u8 {
        let error = 1;
        runtime + body + value + error
    }
    assert_eq!(shadowing(1, 2, 3), 7);
}

#[test]
fn arguments_are_dropped_before_the_call_returns_even_when_it_panics() {
    thread_local!(static DROPPED: Cell<u32> = const { Cell::new(0) });
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    #[fastwake::main(flavor = "current_thread")]
    async fn take(counted: Counted, fail: bool) {
        yield_once().await;
        assert!(!fail, "told to fail");
        drop(counted);
    }
    take(Counted, false);
    assert_eq!(DROPPED.get(), 1);
    assert!(std::panic::catch_unwind(|| take(Counted, true)).is_err());
    assert_eq!(DROPPED.get(), 2);
}

#[test]
fn a_function_made_by_a_macro_is_no_different() {
    macro_rules! answer {
        ($(#[$attribute:meta])* $visibility:vis $name:ident, $type:ty, $body:block) => {
            $(#[$attribute])*
            #[fastwake::main]
            $visibility async fn $name() -> $type $body
        };
    }
    answer!(#[must_use] pub(crate) named, u8, { return 7; });
    answer!(opaque, impl Display, { "shown" });
    answer!(diverging, !, { panic!("on purpose") });
    assert_eq!(named(), 7);
    assert_eq!(opaque().to_string(), "shown");
    assert!(std::panic::catch_unwind(|| diverging()).is_err());
}

#[fastwake::test]
async fn a_test_runs() {
    yield_once().await;
}

#[fastwake::test]
#[should_panic(expected = "seen by the harness")]
async fn attributes_reach_the_harness_and_panics_too() {
    yield_once().await;
    panic!("seen by the harness");
}

#[fastwake::test]
async fn a_test_may_return_a_result() -> Result<(), Box<dyn Error>> {
    yield_once().await;
    let seven: u8 = "7".parse()?;
    assert_eq!(seven, 7);
    Ok(())
}

#[fastwake::test]
async fn a_test_may_return_something_opaque() -> impl Termination {
    yield_once().await;
    ExitCode::SUCCESS
}

#[fastwake::test(flavor = "multi_thread", worker_threads = 1, affinity_scope = "cpu")]
async fn a_test_may_have_workers() {
    yield_once().await;
}

#[fastwake::test]
async fn a_test_holds_a_future_of_a_megabyte() {
    let mut large = [0_u8; 1 << 20];
    large[7] = 7;
    yield_once().await;
    assert_eq!(large.iter().map(|byte| u32::from(*byte)).sum::<u32>(), 7);
}

/// Reaches the runtime by another name, as crates do that hand it on.
mod framework {
    pub(crate) use fastwake as engine;
}

#[fastwake::test(crate = "crate::framework::engine")]
async fn the_runtime_may_have_another_name() {
    yield_once().await;
}

macro_rules! framework_test {
    ($name:ident) => {
        #[fastwake::test(crate = $crate::framework::engine)]
        async fn $name() {
            yield_once().await;
        }
    };
}

framework_test!(a_macro_may_say_where_its_own_crate_has_the_runtime);

#[fastwake::main]
#[test]
async fn main_before_a_test_attribute_makes_a_test() {
    yield_once().await;
}
