//! What the feature `tracing` says of tasks, heard by a subscriber.
#![cfg(all(feature = "sync", feature = "test-util", feature = "tracing"))]

mod support;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::future::{pending, poll_fn};
use std::sync::{Mutex, Once};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Handle, LocalRuntime};
use fastwake::sync::mpsc;
use fastwake::task::{self, Builder, JoinSet, LocalSet};
use fastwake::time::sleep;
use support::driven::{on_each, paused};
use support::{current_thread, multi_thread, must_end, on_both};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Span, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// A span that was made for a task, and what has become of it.
#[derive(Debug, Clone)]
struct Seen {
    span: u64,
    target: &'static str,
    level: Level,
    parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
    /// `enter`, `exit`, `close` and the operations on the task's wakers, in their order.
    log: Vec<String>,
}

impl Seen {
    #[track_caller]
    fn field(&self, name: &str) -> &str {
        match self.fields.get(name) {
            Some(value) => value,
            None => panic!("no field {name}: {self:?}"),
        }
    }

    fn wakers(&self) -> Vec<&str> {
        let ops = self.log.iter().map(String::as_str);
        ops.filter(|entry| entry.starts_with("waker.")).collect()
    }
}

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
/// Is told of every waker's event, but of those of the task whose span is named.
static LISTENER: Mutex<Option<(mpsc::UnboundedSender<String>, u64)>> = Mutex::new(None);

struct Collector;

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Collector {
    fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let subscriber = tracing_subscriber::registry().with(Self);
            tracing::subscriber::set_global_default(subscriber).expect("the first one");
        });
    }

    fn log(span: u64, entry: &str) {
        let mut seen = SEEN.lock().unwrap();
        // The last: ids of spans that are closed may come again.
        if let Some(seen) = seen.iter_mut().rfind(|seen| seen.span == span) {
            seen.log.push(entry.to_owned());
        }
    }

    fn tell(span: u64, op: &str) {
        thread_local!(static TELLING: Cell<bool> = const { Cell::new(false) });
        if TELLING.replace(true) {
            return;
        }
        let listener = LISTENER.lock().unwrap().clone();
        if let Some((sender, ignored)) = listener
            && span != ignored
        {
            // Nobody listens any more once the test is over.
            let _ = sender.send(op.to_owned());
        }
        TELLING.set(false);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.name() != "runtime.spawn" {
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = context.span(id).expect("it is new");
        SEEN.lock().unwrap().push(Seen {
            span: id.into_u64(),
            target: metadata.target(),
            level: *metadata.level(),
            parent: span.parent().map(|parent| parent.name()),
            fields: fields.0,
            log: Vec::new(),
        });
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "tokio::task::waker" {
            assert_eq!(*event.metadata().level(), Level::TRACE);
            let mut fields = Fields::default();
            event.record(&mut fields);
            let span = fields.0["task.id"].parse().expect("a span's id");
            Self::log(span, &fields.0["op"]);
            Self::tell(span, &fields.0["op"]);
        }
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        Self::log(id.into_u64(), "enter");
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        Self::log(id.into_u64(), "exit");
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        Self::log(id.into_u64(), "close");
    }
}

/// The id of the span that this thread is in, which has to be a task's.
#[track_caller]
fn current_span() -> u64 {
    let span = Span::current();
    assert_eq!(span.metadata().expect("a span").name(), "runtime.spawn");
    span.id().expect("it is enabled").into_u64()
}

async fn here() -> u64 {
    current_span()
}

/// The span of the task that has an id.
#[track_caller]
fn seen(task: impl Display) -> Seen {
    let id = task.to_string();
    let seen = SEEN.lock().unwrap();
    let mut found = seen.iter().filter(|seen| seen.field("task.id") == id);
    let first = found.next().expect("a span of the task");
    assert!(found.next().is_none(), "two spans of task {id}");
    first.clone()
}

/// The span with an id, the last one that had it.
#[track_caller]
fn seen_span(span: u64) -> Seen {
    let seen = SEEN.lock().unwrap();
    let found = seen.iter().rfind(|seen| seen.span == span);
    found.expect("the span of a task").clone()
}

#[test]
fn each_poll_and_the_drop_enter_the_span_which_closes_with_the_task() {
    Collector::install();
    on_both(|runtime| {
        let mut kept: Option<Waker> = None;
        let task = runtime.spawn(poll_fn(move |context| match kept.take() {
            None => {
                let waker = kept.insert(context.waker().clone());
                waker.wake_by_ref();
                Poll::Pending
            }
            Some(waker) => {
                drop(waker);
                Poll::Ready(current_span())
            }
        }));
        let id = task.id();
        let span = runtime.block_on(task).unwrap();
        let seen = seen(id);
        assert_eq!(seen.span, span);
        let first = ["enter", "waker.clone", "waker.wake_by_ref", "exit"];
        let second = ["enter", "waker.drop", "exit"];
        let end = ["enter", "exit", "close"];
        assert_eq!(seen.log, [&first[..], &second, &end].concat());
    });
}

#[test]
fn a_wake_up_by_value_is_no_drop_of_the_waker() {
    Collector::install();
    on_both(|runtime| {
        let (sender, wakers) = std::sync::mpsc::channel::<Waker>();
        let waking = thread::spawn(move || wakers.recv().unwrap().wake());
        let mut sent = false;
        let task = runtime.spawn(poll_fn(move |context| {
            if std::mem::replace(&mut sent, true) {
                return Poll::Ready(());
            }
            sender.send(context.waker().clone()).unwrap();
            Poll::Pending
        }));
        let id = task.id();
        runtime.block_on(task).unwrap();
        waking.join().unwrap();
        assert_eq!(seen(id).wakers(), ["waker.clone", "waker.wake"]);
    });
}

#[test]
fn what_a_task_awaits_wakes_it() {
    Collector::install();
    // Its clock stands still: the sleep cannot be over before it has begun.
    let runtime = paused();
    let task = runtime.spawn(async {
        fastwake::spawn(task::yield_now()).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    });
    let id = task.id();
    runtime.block_on(task).unwrap();
    let wakers = seen(id).wakers().join(" ");
    let count = |op| wakers.split(' ').filter(|other| *other == op).count();
    assert!(
        count("waker.wake") + count("waker.wake_by_ref") >= 2,
        "{wakers}"
    );
    assert_eq!(
        count("waker.clone"),
        count("waker.drop") + count("waker.wake"),
        "{wakers}"
    );
}

/// What a span is to say of itself.
struct Expected {
    target: &'static str,
    kind: &'static str,
    name: &'static str,
    size: usize,
    lines: std::ops::Range<u32>,
}

impl Expected {
    fn future(kind: &'static str, lines: std::ops::Range<u32>) -> Self {
        Self {
            target: "tokio::task",
            kind,
            name: "",
            size: size_of_val(&here()),
            lines,
        }
    }

    /// Of a closure that captures nothing.
    fn closure(lines: std::ops::Range<u32>) -> Self {
        Self {
            target: "tokio::task::blocking",
            kind: "blocking",
            name: "",
            size: 0,
            lines,
        }
    }

    fn name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    #[track_caller]
    fn check(&self, seen: &Seen) {
        assert_eq!(seen.target, self.target, "{seen:?}");
        assert_eq!(seen.level, Level::TRACE);
        assert_eq!(seen.field("kind"), self.kind, "{seen:?}");
        assert_eq!(seen.field("task.name"), self.name, "{seen:?}");
        assert_eq!(seen.field("size.bytes"), self.size.to_string(), "{seen:?}");
        assert_eq!(seen.field("loc.file"), file!());
        let line: u32 = seen.field("loc.line").parse().unwrap();
        assert!(self.lines.contains(&line), "{:?}: {seen:?}", self.lines);
        assert!(seen.field("loc.col").parse::<u32>().unwrap() > 0);
        assert_eq!(seen.log, ["enter", "exit", "enter", "exit", "close"]);
        let is_closure = self.kind == "blocking";
        assert_eq!(seen.fields.contains_key("fn"), is_closure, "{seen:?}");
        if is_closure {
            assert!(seen.field("fn").contains("tracing_tasks"), "{seen:?}");
        }
    }
}

#[test]
fn futures_say_what_they_are_and_where_they_were_spawned() {
    Collector::install();
    on_both(|runtime| {
        let handle = runtime.handle();
        let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
        let mut set = JoinSet::new();
        let _entered = runtime.enter();
        let from = line!();
        let mut tasks = handle.spawn_batch((0..3).map(|_| here()));
        tasks.push(handle.spawn(here()));
        tasks.push(runtime.spawn(here()));
        tasks.push(fastwake::spawn(here()));
        tasks.push(handle.spawn_on(cpu, here()).unwrap());
        let heavy = Builder::new().cpu_intensive(true);
        tasks.push(heavy.spawn_on(here(), handle).unwrap());
        set.spawn_on(here(), handle);
        let in_set = runtime.block_on(set.join_next()).unwrap().unwrap();
        let expected = Expected::future("task", from..line!());
        expected.check(&seen_span(in_set));
        for task in tasks {
            let id = task.id();
            let span = runtime.block_on(task).unwrap();
            let seen = seen(id);
            assert_eq!(seen.span, span);
            expected.check(&seen);
        }
        let named = Builder::new().name("indexer").spawn_on(here(), handle);
        let span = runtime.block_on(named.unwrap()).unwrap();
        let expected = Expected::future("task", from..line!()).name("indexer");
        expected.check(&seen_span(span));
    });
}

#[test]
fn futures_that_stay_on_their_thread_say_what_they_are() {
    Collector::install();
    let from = line!();
    let runtime = LocalRuntime::new().unwrap();
    let task = runtime.spawn_local(here());
    let span = runtime.block_on(task).unwrap();
    Expected::future("task", from..line!()).check(&seen_span(span));

    let runtime = current_thread();
    let set = LocalSet::new();
    let span = set.block_on(&runtime, async { task::spawn_local(here()).await });
    let expected = Expected::future("local", from..line!());
    expected.check(&seen_span(span.unwrap()));
    let named = Builder::new().name("window").spawn_local_on(here(), &set);
    let span = set.block_on(&runtime, named.unwrap()).unwrap();
    let expected = Expected::future("local", from..line!()).name("window");
    expected.check(&seen_span(span));
}

#[test]
fn closures_say_what_they_are_and_which_function() {
    Collector::install();
    on_both(|runtime| {
        let handle = runtime.handle();
        let _entered = runtime.enter();
        let from = line!();
        let tasks = [
            handle.spawn_blocking(current_span),
            handle.spawn_cpu_intensive(current_span),
            task::spawn_blocking(current_span),
            task::spawn_cpu_intensive(current_span),
        ];
        for task in tasks {
            let id = task.id();
            let span = runtime.block_on(task).unwrap();
            let seen = seen(id);
            assert_eq!(seen.span, span);
            Expected::closure(from..line!()).check(&seen);
        }
        let builder = Builder::new().name("thumbnails");
        let named = builder.spawn_blocking_on(current_span, handle).unwrap();
        let span = runtime.block_on(named).unwrap();
        let expected = Expected::closure(from..line!()).name("thumbnails");
        expected.check(&seen_span(span));
    });
}

#[test]
fn what_is_blocked_on_has_a_span_with_an_id_of_its_own() {
    Collector::install();
    on_both(|runtime| {
        let from = line!();
        let mut spans = vec![runtime.block_on(here()), runtime.handle().block_on(here())];
        let local = LocalRuntime::new().unwrap();
        spans.push(local.block_on(here()));
        for span in spans {
            let seen_there = seen_span(span);
            Expected::future("block_on", from..line!()).check(&seen_there);
            assert_eq!(seen(seen_there.field("task.id")).span, span);
        }
    });
}

#[test]
fn a_task_has_no_parent_and_a_closure_is_part_of_what_asked_for_it() {
    Collector::install();
    let runtime = multi_thread(1);
    let (task, closure) = tracing::trace_span!("request").in_scope(|| {
        let closure = runtime.spawn_blocking(current_span);
        (runtime.spawn(here()), closure)
    });
    let (task, closure) = runtime.block_on(async { (task.await, closure.await) });
    assert_eq!(seen_span(task.unwrap()).parent, None);
    assert_eq!(seen_span(closure.unwrap()).parent, Some("request"));
}

#[test]
fn a_panic_leaves_and_closes_the_span() {
    Collector::install();
    on_both(|runtime| {
        let task = runtime.spawn(async { panic!("on purpose") });
        let id = task.id();
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        assert_eq!(seen(id).log, ["enter", "exit", "enter", "exit", "close"]);
    });
}

#[test]
fn a_task_that_is_never_polled_or_never_completes_closes_its_span() {
    Collector::install();
    let runtime = current_thread();
    let aborted = runtime.spawn(here());
    let id = aborted.id();
    aborted.abort();
    assert!(runtime.block_on(aborted).unwrap_err().is_cancelled());
    // For its drop.
    assert_eq!(seen(id).log, ["enter", "exit", "close"]);

    let id = runtime.spawn(pending::<()>()).id();
    runtime.block_on(task::yield_now());
    assert_eq!(seen(id).log, ["enter", "exit"]);
    drop(runtime);
    assert_eq!(seen(id).log, ["enter", "exit", "enter", "exit", "close"]);
}

/// In a debug build a wake-up under a lock of the scheduler's is a panic.
#[test]
fn a_subscriber_may_wake_tasks() {
    Collector::install();
    must_end(|| {
        on_each(|runtime| {
            let (sender, mut heard) = mpsc::unbounded_channel();
            let listening = runtime.spawn(async move {
                let mut ops = BTreeMap::<String, usize>::new();
                while let Some(op) = heard.recv().await {
                    *ops.entry(op).or_default() += 1;
                }
                ops
            });
            let listener = seen(listening.id()).span;
            *LISTENER.lock().unwrap() = Some((sender, listener));
            runtime.block_on(async {
                let work = |_| async {
                    sleep(Duration::from_micros(50)).await;
                    task::yield_now().await;
                    let closure = task::spawn_blocking(thread::yield_now);
                    closure.await.unwrap();
                    fastwake::spawn(task::yield_now()).await.unwrap();
                };
                for task in Handle::current().spawn_batch((0..50).map(work)) {
                    task.await.unwrap();
                }
            });
            // Dropped once the lock is let go: that wakes the listening task, too.
            let told = LISTENER.lock().unwrap().take();
            drop(told);
            let ops = runtime.block_on(listening).unwrap();
            // One for each `yield_now` at least.
            assert!(ops.values().sum::<usize>() >= 100, "{ops:?}");
        });
    });
}
