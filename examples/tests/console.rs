//! What tokio-console gets to see of `console`, asked for as it asks.
#![cfg(all(unix, feature = "tokio-console", console_without_tokio_unstable))]

mod support;

use std::collections::HashMap;
use std::process::{Child, Stdio};
use std::time::Duration;

use console_api::field::{Name, Value};
use console_api::instrument::instrument_client::InstrumentClient;
use console_api::instrument::{InstrumentRequest, TaskDetailsRequest, Update};
use console_api::tasks::{Stats, Task};
use console_api::{Field, Id, Metadata};
use support::{PATIENCE, program};

/// The program; killed with the value.
struct Console(Child);

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// All that has been told so far.
#[derive(Default)]
struct Told {
    metadata: HashMap<u64, Metadata>,
    tasks: HashMap<u64, Task>,
    stats: HashMap<u64, Stats>,
    lost: u64,
}

impl Told {
    fn take(&mut self, update: Update) {
        let metadata = update.new_metadata.map(|new| new.metadata);
        for new in metadata.into_iter().flatten() {
            let id = new.id.expect("an id").id;
            self.metadata.insert(id, new.metadata.expect("metadata"));
        }
        let Some(update) = update.task_update else {
            return;
        };
        for task in update.new_tasks {
            self.tasks.insert(task.id.expect("an id").id, task);
        }
        self.stats.extend(update.stats_update);
        self.lost += update.dropped_events;
    }

    fn field(&self, task: &Task, name: &str) -> Option<String> {
        let is_called = |field: &&Field| match field.name.as_ref().expect("a name") {
            Name::StrName(own) => own == name,
            Name::NameIdx(index) => {
                let id = field.metadata_id.expect("an id").id;
                self.metadata[&id].field_names[*index as usize] == name
            }
        };
        let field = task.fields.iter().find(is_called)?;
        Some(match field.value.as_ref().expect("a value") {
            Value::DebugVal(text) | Value::StrVal(text) => text.clone(),
            Value::U64Val(number) => number.to_string(),
            Value::I64Val(number) => number.to_string(),
            Value::BoolVal(yes) => yes.to_string(),
        })
    }

    /// The task with a name, once it is known.
    fn called(&self, name: &str) -> Option<Seen<'_>> {
        let mut tasks = self.tasks.iter();
        let (id, task) =
            tasks.find(|(_, task)| self.field(task, "task.name") == Some(name.into()))?;
        let stats = self.stats.get(id)?;
        Some(Seen {
            told: self,
            id: *id,
            task,
            stats,
        })
    }

    /// Has everything happened that the test looks at?
    fn is_enough(&self) -> bool {
        let goes_on = |name| self.called(name).is_some_and(|seen| seen.polls() >= 5);
        let has_ended = |name| self.called(name).is_some_and(|seen| seen.has_ended());
        ["ticker", "listener", "spinner", "window"]
            .into_iter()
            .all(goes_on)
            && ["finished", "napper", "adder"].into_iter().all(has_ended)
    }
}

struct Seen<'a> {
    told: &'a Told,
    id: u64,
    task: &'a Task,
    stats: &'a Stats,
}

impl Seen<'_> {
    fn polls(&self) -> u64 {
        self.stats
            .poll_stats
            .as_ref()
            .map_or(0, |stats| stats.polls)
    }

    fn has_ended(&self) -> bool {
        self.stats.dropped_at.is_some()
    }

    #[track_caller]
    fn field(&self, name: &str) -> String {
        let field = self.told.field(self.task, name);
        field.unwrap_or_else(|| panic!("no field {name}: {:?}", self.task))
    }

    #[track_caller]
    fn check(&self, kind: &str, has_ended: bool) {
        assert_eq!(self.field("kind"), kind, "{:?}", self.task);
        let location = self.task.location.as_ref().expect("a location");
        let file = location.file.as_deref().expect("a file");
        assert!(file.ends_with("console.rs"), "{file}");
        assert_eq!(self.has_ended(), has_ended, "{:?}", self.stats);
        let polls = self.stats.poll_stats.as_ref().expect("its polls");
        assert!(polls.busy_time.is_some() && polls.first_poll.is_some());
    }
}

#[test]
fn tokio_console_sees_the_tasks_their_states_and_their_polls() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let mut program = program("console");
    program.args(["--interval", "20", "--socket"]).arg(&socket);
    let _console = Console(program.stdout(Stdio::null()).spawn().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let address = format!("unix:{}", socket.to_str().unwrap());
    let watched = runtime.block_on(async { tokio::time::timeout(PATIENCE, watch(address)).await });
    let told = watched.expect("hangs: not all is seen");

    assert_eq!(told.lost, 0, "all has been told");
    let seen = |name| told.called(name).expect("it is known");
    seen("ticker").check("task", false);
    seen("listener").check("task", false);
    let woken = seen("listener").stats;
    assert!(woken.wakes >= 4);
    // A channel wakes who waits for it if a message comes meanwhile; the others the ticker sends.
    assert!(woken.self_wakes < woken.wakes);
    seen("spinner").check("task", false);
    let Stats {
        wakes, self_wakes, ..
    } = *seen("spinner").stats;
    assert!(self_wakes * 2 > wakes, "{self_wakes} of {wakes}");
    seen("window").check("local", false);
    // Its two polls, and its drop, which enters the span as well.
    seen("finished").check("task", true);
    assert_eq!(seen("finished").polls(), 3);
    for closure in ["napper", "adder"] {
        seen(closure).check("blocking", true);
        assert_eq!(seen(closure).polls(), 2);
        assert!(seen(closure).field("fn").contains("start_all"));
    }
    let blocked_on = told.tasks.values();
    let blocked_on = blocked_on.filter(|task| told.field(task, "kind") == Some("block_on".into()));
    assert_eq!(blocked_on.count(), 1, "that of `main`");
}

/// Connects as soon as there is a server, and watches until it has seen enough.
async fn watch(address: String) -> Told {
    let mut client = loop {
        match InstrumentClient::connect(address.clone()).await {
            Ok(client) => break client,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let updates = client.watch_updates(InstrumentRequest {}).await;
    let mut updates = updates.expect("updates").into_inner();
    let mut told = Told::default();
    while !told.is_enough() {
        told.take(updates.message().await.unwrap().expect("it goes on"));
    }
    // What tokio-console asks for when a task is selected.
    let id = told.called("ticker").map(|ticker| Id { id: ticker.id });
    let details = client.watch_task_details(TaskDetailsRequest { id }).await;
    let details = details.expect("details").into_inner().message().await;
    let details = details.unwrap().expect("there are some");
    assert_eq!(details.task_id, id);
    assert!(details.poll_times_histogram.is_some());
    assert!(details.scheduled_times_histogram.is_some());
    told
}
