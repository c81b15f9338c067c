//! A long poll is told to `tracing`.
#![cfg(feature = "tracing")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, mpsc};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use support::{PATIENCE, multi_thread, must_end, until};

static TOLD: Mutex<Vec<BTreeMap<&'static str, String>>> = Mutex::new(Vec::new());

struct Collector;

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "fastwake::long_poll" {
            assert_eq!(*event.metadata().level(), Level::WARN);
            let mut fields = Fields::default();
            event.record(&mut fields);
            TOLD.lock().unwrap().push(fields.0);
        }
    }
}

#[test]
fn a_long_poll_is_an_event_that_names_the_task() {
    must_end(|| {
        let subscriber = tracing_subscriber::registry().with(Collector);
        tracing::subscriber::set_global_default(subscriber).expect("the first one");
        let runtime = multi_thread(1);
        let (let_go, held) = mpsc::channel();
        let entered = runtime.enter();
        let long = fastwake::task::Builder::new()
            .name("careless")
            .spawn(async move { held.recv_timeout(PATIENCE).expect("it is let go") })
            .unwrap();
        drop(entered);
        let other = runtime.spawn(async {});
        until(|| !TOLD.lock().unwrap().is_empty());
        let told = TOLD.lock().unwrap()[0].clone();
        assert_eq!(told["task.id"], long.id().to_string());
        assert_eq!(told["task.name"], "\"careless\"");
        assert!(told["spawned_at"].contains("tracing_long_poll.rs"));
        assert_eq!((&*told["hits"], &*told["worker"]), ("1", "0"));
        assert_eq!(told["substitute"], "Called");
        assert!(told["message"].contains("longer than the threshold"));
        let_go.send(()).unwrap();
        runtime.block_on(async { (long.await.unwrap(), other.await.unwrap()) });
    });
}
