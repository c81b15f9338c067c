//! The examples in the documentation of the attributes: they compile and run, and what is said to
//! be the expansion does the same as the attribute.

#![cfg(feature = "macros")]

/// The examples of `#[fastwake::main]`.
mod main {
    pub(crate) mod plain {
        #[fastwake::main]
        pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
            let answer: u8 = std::future::ready("42").await.parse()?;
            println!("{answer}");
            Ok(())
        }
    }

    pub(crate) mod configured {
        #[fastwake::main(worker_threads = 2, affinity_scope = "system", name = "ingest")]
        pub(crate) async fn main() {}
    }

    pub(crate) mod local {
        #[fastwake::main(flavor = "local")]
        pub(crate) async fn main() {
            let text = std::rc::Rc::new("not Send");
            let task = fastwake::task::spawn_local(async move { text.len() });
            assert_eq!(task.await.unwrap(), 8);
        }
    }

    pub(crate) mod handed_on {
        mod framework {
            pub(crate) use fastwake as engine;
        }

        // From the root of the crate, which in the documentation is where the module is.
        #[fastwake::main(crate = "crate::main::handed_on::framework::engine")]
        pub(crate) async fn main() {}
    }
}

/// Both sides of what the attributes are said to expand to.
mod expansion {
    use std::pin::{Pin, pin};

    pub(crate) type Error = std::num::ParseIntError;

    async fn serve() -> Result<(), Error> {
        "no number".parse::<u8>().map(drop)
    }

    async fn answer() -> u8 {
        42
    }

    #[fastwake::main(
        worker_threads = 4,
        affinity_scope = "numa",
        affinity_strict = true,
        name = "ingest"
    )]
    pub(crate) async fn main_written() -> Result<(), Error> {
        serve().await
    }

    #[expect(clippy::needless_return, reason = "as documented")]
    pub(crate) fn main_expanded() -> Result<(), Error> {
        let runtime = ::fastwake::runtime::Builder::new_multi_thread()
            .enable_all()
            .worker_threads(4)
            .affinity_scope(::fastwake::topology::AffinityScope::Numa)
            .affinity_strict(true)
            .name("ingest")
            .build()
            .unwrap_or_else(|error| panic!("#[fastwake::main] cannot build its runtime: {error}"));
        let body = async move { serve().await };
        return runtime.block_on(body);
    }

    #[fastwake::test]
    async fn answers_written() {
        assert_eq!(answer().await, 42);
    }

    #[::core::prelude::v1::test]
    #[expect(clippy::needless_return, reason = "as documented")]
    fn answers_expanded() {
        let runtime = ::fastwake::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("#[fastwake::test] cannot build its runtime: {error}"));
        let body: Pin<&mut dyn Future<Output = _>> = pin!(async move {
            assert_eq!(answer().await, 42);
        });
        return runtime.block_on(body);
    }
}

#[test]
fn the_examples_of_main_run() {
    assert!(main::plain::main().is_ok());
    main::configured::main();
    main::local::main();
    main::handed_on::main();
}

#[test]
fn main_does_what_it_is_said_to_expand_to() {
    assert_eq!(expansion::main_written(), expansion::main_expanded());
    assert!(expansion::main_written().is_err());
}

#[fastwake::test]
async fn a_test_may_return_a_result() -> Result<(), Box<dyn std::error::Error>> {
    let seven: u8 = std::future::ready("7").await.parse()?;
    assert_eq!(seven, 7);
    Ok(())
}

#[fastwake::test(flavor = "multi_thread", worker_threads = 1, affinity_scope = "cpu")]
async fn a_test_may_have_workers() {}
