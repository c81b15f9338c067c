//! The attribute macros of the [fastwake](https://docs.rs/fastwake) runtime.
//!
//! Programs reach them through the runtime crate, as `#[fastwake::main]` and `#[fastwake::test]`:
//! what they expand to needs it.

#![forbid(unsafe_code)]

mod args;
mod expand;
mod function;
mod suggest;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

use crate::args::Config;
use crate::function::Function;

/// Makes of an `async fn` a function that runs it on a runtime of its own.
///
/// It is meant for the `main` function of a program. On any other function it works as well,
/// arguments and all, but builds a runtime, and takes it down again, at each call. Whoever wants
/// one runtime for several calls, or settings that have no argument here, uses
/// `fastwake::runtime::Builder`.
///
/// ```
/// #[fastwake::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let answer: u8 = std::future::ready("42").await.parse()?;
///     println!("{answer}");
///     Ok(())
/// }
/// ```
///
/// # The body is no task
///
/// The body runs on the thread that calls the function, inside of `Runtime::block_on`; the workers
/// run what it spawns. It moves to no worker, so it need not be `Send`. When it is done, the
/// function returns its value, and tasks that are not done are dropped with the runtime.
///
/// # Arguments
///
/// All are optional. Each may be given once, in any order.
///
/// | argument | value | without it |
/// |---|---|---|
/// | `flavor` | `"multi_thread"`, or `"current_thread"` to run every task on the calling thread, or `"local"` for tasks there that are not `Send` | `"multi_thread"` |
/// | `worker_threads` | how many workers: an integer literal from 1 | the runtime chooses |
/// | `affinity_scope` | how CPUs are grouped: `"cpu"`, `"smt"`, `"cache_shard"`, `"cache"`, `"numa"` or `"system"` | the runtime chooses |
/// | `affinity_strict` | `true`: workers and work never leave their group; `false`: idle groups may help | the runtime chooses |
/// | `start_paused` | `true`: the runtime's clock stands still at first, for tests | it runs |
/// | `name` | a string by which to tell the runtime from others | the runtime's own |
/// | `crate` | where the runtime crate is: a path, or a string with one | `::fastwake` |
///
/// `worker_threads`, `affinity_scope` and `affinity_strict` need the multi-thread flavor,
/// `start_paused` one of the others, and the runtime crate's feature `test-util`.
///
/// ```
/// #[fastwake::main(worker_threads = 2, affinity_scope = "system", name = "ingest")]
/// async fn main() {}
/// ```
///
/// Under the flavor `"local"` the runtime is built by `Builder::build_local`, and `task::spawn_local`
/// spawns on it:
///
/// ```
/// #[fastwake::main(flavor = "local")]
/// async fn main() {
///     let text = std::rc::Rc::new("not Send");
///     let task = fastwake::task::spawn_local(async move { text.len() });
///     assert_eq!(task.await.unwrap(), 8);
/// }
/// ```
///
/// Whoever renames the runtime crate, or hands it on, says where it is:
///
/// ```
/// mod framework {
///     pub(crate) use fastwake as engine;
/// }
///
/// #[fastwake::main(crate = "crate::framework::engine")]
/// async fn main() {}
/// ```
///
/// # Expands to
///
/// ```
/// # use std::io::Error;
/// # async fn serve() -> Result<(), Error> {
/// #     Ok(())
/// # }
/// #[fastwake::main(
///     worker_threads = 4,
///     affinity_scope = "numa",
///     affinity_strict = true,
///     name = "ingest"
/// )]
/// async fn main() -> Result<(), Error> {
///     serve().await
/// }
/// ```
///
/// is, but for names that cannot clash and for the care of error messages,
///
/// ```
/// # use std::io::Error;
/// # async fn serve() -> Result<(), Error> {
/// #     Ok(())
/// # }
/// fn main() -> Result<(), Error> {
///     let runtime = ::fastwake::runtime::Builder::new_multi_thread()
///         .enable_all()
///         .worker_threads(4)
///         .affinity_scope(::fastwake::topology::AffinityScope::Numa)
///         .affinity_strict(true)
///         .name("ingest")
///         .build()
///         .unwrap_or_else(|error| {
///             panic!("#[fastwake::main] cannot build its runtime: {error}")
///         });
///     let body = async move { serve().await };
///     return runtime.block_on(body);
/// }
/// ```
///
/// Attributes, visibility, generics, `unsafe` and `extern` stay as they are. The body coerces to
/// the return type as that of any function does; the type may also be `!` or have an `impl Trait`
/// in it.
///
/// # Errors
///
/// It is an error of compilation if the item is no `async fn` with a body, if the `main` function
/// of a program has arguments, and if an argument of the attribute is unknown, repeated, out of its
/// bounds or of no use to the flavor.
///
/// # Panics
///
/// The function panics if the runtime cannot be built, with the error of the builder in the
/// message.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    Entry::Main.apply(arguments.into(), item.into()).into()
}

/// Makes of an `async fn` a test that runs it on a runtime of its own.
///
/// ```test_harness
/// #[fastwake::test]
/// async fn a_test_may_return_a_result() -> Result<(), Box<dyn std::error::Error>> {
///     let seven: u8 = std::future::ready("7").await.parse()?;
///     assert_eq!(seven, 7);
///     Ok(())
/// }
/// ```
///
/// The attributes of tests, `#[should_panic]` and `#[ignore]`, go with it. `#[test]` does not: the
/// function is a test already.
///
/// # Arguments
///
/// Those of [`macro@main`], with one difference: the flavor is `"current_thread"` unless it is
/// given, so that a test runs the same way each time and a crate with many tests starts no more
/// threads than the test harness. A test that is about workers asks for them:
///
/// ```test_harness
/// #[fastwake::test(flavor = "multi_thread", worker_threads = 1, affinity_scope = "cpu")]
/// async fn a_test_may_have_workers() {}
/// ```
///
/// In the unit tests of the runtime crate itself, `crate = "crate"` says where the runtime is.
///
/// # Expands to
///
/// ```test_harness
/// # async fn answer() -> u8 {
/// #     42
/// # }
/// #[fastwake::test]
/// async fn answers() {
///     assert_eq!(answer().await, 42);
/// }
/// ```
///
/// is, but for names that cannot clash and for the care of error messages,
///
/// ```test_harness
/// # use std::pin::{Pin, pin};
/// # async fn answer() -> u8 {
/// #     42
/// # }
/// #[::core::prelude::v1::test]
/// fn answers() {
///     let runtime = ::fastwake::runtime::Builder::new_current_thread()
///         .enable_all()
///         .build()
///         .unwrap_or_else(|error| {
///             panic!("#[fastwake::test] cannot build its runtime: {error}")
///         });
///     let body: Pin<&mut dyn Future<Output = _>> = pin!(async move {
///         assert_eq!(answer().await, 42);
///     });
///     return runtime.block_on(body);
/// }
/// ```
///
/// The future is behind a pointer so that all tests of a crate share one `block_on`, which is
/// generic over futures, and so that a large one is not moved.
///
/// # Errors
///
/// It is an error of compilation if the item is no `async fn` with a body, if it has a `#[test]`
/// after this attribute, and if an argument is wrong, as for [`macro@main`].
///
/// # Panics
///
/// The test fails if the runtime cannot be built, with the error of the builder in the message.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    Entry::Test.apply(arguments.into(), item.into()).into()
}

/// Which of the two attributes it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Main,
    Test,
}

impl Entry {
    /// The attribute, as it is written without arguments.
    fn attribute(self) -> &'static str {
        match self {
            Self::Main => "#[fastwake::main]",
            Self::Test => "#[fastwake::test]",
        }
    }

    /// What the attribute makes of the item. In spite of errors it leaves an item as close to what
    /// was meant as it can, so that compiler and editor find what they look for, and say no more
    /// than what is wrong.
    fn apply(self, arguments: TokenStream2, item: TokenStream2) -> TokenStream2 {
        let (mut tokens, errors) = match syn::parse2(item.clone()) {
            Ok(function) => self.apply_to(function, arguments, item),
            Err(error) => (item, vec![error]),
        };
        tokens.extend(errors.into_iter().map(syn::Error::into_compile_error));
        tokens
    }

    fn apply_to(
        self,
        mut function: Function,
        arguments: TokenStream2,
        item: TokenStream2,
    ) -> (TokenStream2, Vec<syn::Error>) {
        let (config, mut errors) = Config::parse(self, arguments);
        errors.extend(function.check(self).err());
        if self == Self::Test {
            errors.extend(function.remove_test_attributes().iter().map(|second| {
                let message = format!(
                    "`{}` makes the function a test already: remove this attribute",
                    self.attribute()
                );
                syn::Error::new_spanned(second, message)
            }));
        }
        let tokens = if function.is_async() {
            expand::expand(self, &config, function)
        } else {
            item
        };
        (tokens, errors)
    }
}
