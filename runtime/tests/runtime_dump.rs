//! `Handle::dump`: what a runtime looks like, as fields, as text and as JSON.

mod support;

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;

use fastwake::WorkQueue;
use fastwake::runtime::dump::{Dump, PoolDump, QueueDump, WorkerState};
use fastwake::runtime::{Builder, PoolKind, Runtime};
use fastwake::task::{self, JoinHandle};
use fastwake::topology::AffinityScope;
use serde_json::Value;
use support::{current_thread, multi_thread, on_both, until};

fn dump(runtime: &Runtime) -> Dump {
    runtime.handle().dump()
}

fn json(dump: &Dump) -> Value {
    let text = dump.to_json();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The workers of the pods' pools that are in a state.
fn workers(dump: &Dump, state: WorkerState) -> usize {
    let pods = dump.pools.iter();
    let pods = pods.filter(|pool| pool.metrics.kind == PoolKind::Unbound);
    let workers = pods.flat_map(|pool| &pool.workers);
    workers.filter(|worker| worker.state == state).count()
}

fn sleepers(dump: &Dump) -> usize {
    workers(dump, WorkerState::Idle) + workers(dump, WorkerState::Driving)
}

#[test]
fn every_cpu_is_in_one_pod_of_each_scope_and_has_a_pool() {
    let dump = dump(&multi_thread(2));
    let scopes: Vec<_> = dump.scopes.iter().map(|scope| scope.scope).collect();
    assert_eq!(scopes, AffinityScope::ALL);
    for scope in &dump.scopes {
        let cpus: Vec<_> = scope.pods.iter().flat_map(|pod| pod.cpus.iter()).collect();
        assert_eq!(cpus.len(), dump.allowed_cpus.len(), "{}", scope.scope);
        for (&cpu, &pod) in &scope.pods_by_cpu {
            assert!(scope.pods[pod].cpus.contains(cpu));
        }
        let cpus = scope.pods_by_cpu.keys().copied();
        assert!(cpus.eq(dump.allowed_cpus.iter()));
    }
    assert!(
        dump.pools_by_cpu
            .keys()
            .copied()
            .eq(dump.allowed_cpus.iter())
    );
    for (&cpu, &pool) in &dump.pools_by_cpu {
        let metrics = &dump.pools[pool].metrics;
        assert!(metrics.cpus.contains(cpu) && metrics.kind == PoolKind::Unbound);
    }
}

#[test]
fn the_default_scope_and_the_current_one_are_marked() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .affinity_scope(AffinityScope::System)
        .affinity_strict(true)
        .build()
        .unwrap();
    let dump = dump(&runtime);
    let marked = |mark: fn(&fastwake::runtime::dump::ScopeDump) -> bool| {
        let scopes = dump.scopes.iter().filter(|scope| mark(scope));
        scopes.map(|scope| scope.scope).collect::<Vec<_>>()
    };
    assert_eq!(
        marked(|scope| scope.is_default),
        [AffinityScope::CacheShard]
    );
    assert_eq!(marked(|scope| scope.is_current), [AffinityScope::System]);
    assert!(dump.strict && dump.pools[0].metrics.strict);
    let text = dump.to_string();
    assert!(text.contains("\ncache_shard (default)\n"), "{text}");
    assert!(text.contains("\nsystem (current)\n"), "{text}");
    assert!(text.contains("scope         system (strict)\n"), "{text}");
}

#[test]
fn workers_are_dumped_as_they_sleep_run_and_block() {
    let runtime = multi_thread(2);
    until(|| sleepers(&dump(&runtime)) == 2);
    let (release, released) = mpsc::channel::<()>();
    let (end, ended) = mpsc::channel::<()>();
    let polls = || {
        let dump = dump(&runtime);
        let pools = dump.pools.iter();
        pools.map(|pool| pool.metrics.polls).sum::<u64>()
    };
    let before = polls();
    let running = runtime.spawn(async move { ended.recv().is_err() });
    until(|| workers(&dump(&runtime), WorkerState::Running) == 1 && polls() > before);
    let blocked = runtime.spawn(async move { task::block_in_place(|| released.recv().is_err()) });
    until(|| workers(&dump(&runtime), WorkerState::Blocked) == 1);
    let now = dump(&runtime);
    let blocked_pools: Vec<_> = now.pools.iter().filter_map(PoolDump::blocked).collect();
    assert!(now.pools.iter().any(PoolDump::is_busy) || blocked_pools.iter().sum::<usize>() == 1);
    drop(release);
    runtime.block_on(blocked).unwrap();
    until(|| workers(&dump(&runtime), WorkerState::Blocked) == 0);
    drop(end);
    runtime.block_on(running).unwrap();
    until(|| workers(&dump(&runtime), WorkerState::Running) == 0);
}

#[cfg(feature = "time")]
#[test]
fn one_of_the_sleepers_is_in_the_driver_once_it_has_been_used() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .affinity_scope(AffinityScope::System)
        .enable_all()
        .build()
        .unwrap();
    until(|| workers(&dump(&runtime), WorkerState::Idle) == 2);
    let long = std::time::Duration::from_secs(10_000);
    runtime.spawn(async move { fastwake::time::sleep(long).await });
    until(|| {
        let dump = dump(&runtime);
        let attended = dump.pools[0].driver == fastwake::runtime::dump::DriverState::Attended;
        attended && workers(&dump, WorkerState::Driving) == 1
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_has_the_number_and_the_cpu_time_of_its_thread() {
    let runtime = multi_thread(1);
    let task = runtime.spawn(async {
        let link = std::fs::read_link("/proc/thread-self").unwrap();
        let number = link.file_name().unwrap().to_str().unwrap().to_owned();
        number.parse::<u32>().unwrap()
    });
    let number = runtime.block_on(task).unwrap();
    let dump_now = dump(&runtime);
    let worker = &dump_now.pools[0].workers[0];
    assert_eq!(worker.thread, Some(number));
    let before = dump_now.pools[0].cpu_time.unwrap();
    let more = std::time::Duration::from_millis(5);
    let busy = runtime.spawn({
        let handle = runtime.handle().clone();
        async move { while handle.dump().pools[0].cpu_time.unwrap() < before + more {} }
    });
    runtime.block_on(busy).unwrap();
    assert!(dump(&runtime).pools[0].cpu_time.unwrap() >= before + more);
}

#[test]
fn a_current_thread_runtime_has_a_worker_while_a_thread_is_in_block_on() {
    let runtime = current_thread();
    let idle = dump(&runtime);
    assert_eq!((idle.scope, idle.pools_by_cpu.len()), (None, 0));
    assert_eq!(idle.pools[0].metrics.kind, PoolKind::CurrentThread);
    assert_eq!(idle.pools[0].threads, Some(0));
    assert!(idle.pools[0].workers.is_empty());
    let handle = runtime.handle().clone();
    let inside = runtime.block_on(async move { handle.dump() });
    assert_eq!(inside.pools[0].running, Some(1));
    assert_eq!(inside.pools[0].workers[0].state, WorkerState::Running);
    let (end, ended) = mpsc::channel();
    let handle = runtime.handle().clone();
    let thread = thread::spawn(move || {
        runtime.block_on(async {
            let task = fastwake::task::spawn_blocking(move || ended.recv().is_err());
            assert!(task.await.unwrap());
        });
    });
    until(|| {
        let pool = &handle.dump().pools[0];
        pool.idle == Some(1) && pool.workers[0].state == WorkerState::Idle
    });
    drop::<mpsc::Sender<()>>(end);
    thread.join().unwrap();
}

#[test]
fn blocking_threads_and_what_waits_for_them_are_dumped() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (end, ended) = mpsc::channel::<()>();
    let first = runtime.spawn_blocking(move || ended.recv().is_err());
    let second = runtime.spawn_blocking(|| {});
    until(|| {
        let blocking = dump(&runtime).blocking;
        assert_eq!(blocking.max_threads, 1);
        (blocking.running, blocking.queue_depth) == (Some(1), Some(1))
    });
    drop(end);
    runtime.block_on(async { (first.await.unwrap(), second.await.unwrap()) });
    assert_eq!(dump(&runtime).blocking.threads_made, 1);
}

/// The cells of a queue's line in the text.
fn queue_line(text: &str, name: &str) -> Vec<String> {
    let section = text.lines().skip_while(|line| *line != "Work queues");
    let lines: Vec<_> = section.take_while(|line| !line.is_empty()).collect();
    let line = lines.iter().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    let cells = line.split("  ").map(str::trim);
    let cells = cells.filter(|cell| !cell.is_empty());
    cells.map(str::to_owned).collect()
}

/// A dump in which nothing of a queue was busy.
fn dump_of_queues(runtime: &Runtime) -> Dump {
    let known = Cell::new(None);
    until(|| {
        let dump = dump(runtime);
        let queues = dump.queues.as_ref();
        let is_known = queues.is_some_and(|queues| !queues.iter().any(QueueDump::is_busy));
        known.set(is_known.then_some(dump));
        is_known
    });
    known.into_inner().expect("it is known by now")
}

/// A paused queue of which one task has ended, two are active and three wait; with these.
fn stuck_queue(runtime: &Runtime) -> (WorkQueue, Vec<JoinHandle<()>>) {
    let mail = WorkQueue::builder("mail")
        .affinity_scope(AffinityScope::System)
        .nice(5)
        .max_active(2)
        .build_on(runtime.handle());
    let mail = mail.unwrap();
    runtime.block_on(mail.spawn(async {})).unwrap();
    runtime.block_on(mail.flush());
    let stuck = (0..5).map(|_| mail.spawn(std::future::pending()));
    let stuck = stuck.collect();
    mail.pause();
    (mail, stuck)
}

#[test]
fn the_text_has_a_line_for_each_queue() {
    let runtime = multi_thread(2);
    let none = dump_of_queues(&runtime).to_string();
    assert!(none.contains("Work queues\n===========\n-\n"), "{none}");
    let _mail = stuck_queue(&runtime);
    let dump = dump_of_queues(&runtime);
    let cpus = dump.allowed_cpus.to_string();
    let text = dump.to_string();
    let line = queue_line(&text, "mail");
    let expected = [
        "mail",
        "system nice=5",
        &cpus,
        "paused",
        "2",
        "2",
        "3",
        "6",
        "3",
        "1",
        "0",
        "0",
        "0",
    ];
    assert_eq!(line[..expected.len()], expected, "{text}");
}

#[test]
fn json_has_an_object_for_each_queue() {
    let runtime = multi_thread(2);
    let none = dump_of_queues(&runtime);
    assert_eq!(json(&none)["queues"], Value::Array(Vec::new()));
    let _mail = stuck_queue(&runtime);
    let dump = dump_of_queues(&runtime);
    let queue = &json(&dump)["queues"][0];
    for (member, expected) in [
        ("name", Value::from("mail")),
        ("affinity_scope", "system".into()),
        ("affinity_strict", false.into()),
        ("cpus", dump.allowed_cpus.to_string().into()),
        ("nice", 5.into()),
        ("ordered", false.into()),
        ("paused", true.into()),
        ("draining", false.into()),
        ("max_active", 2.into()),
        ("active", 2.into()),
        ("inactive", 3.into()),
        ("queued", 6.into()),
        ("started", 3.into()),
        ("completed", 1.into()),
        ("cancelled", 0.into()),
        ("rescued", 0.into()),
    ] {
        assert_eq!(queue[member], expected, "{member} of {queue}");
    }
    assert!(queue["busy_ns"].is_u64(), "{queue}");
}

#[test]
fn a_queue_is_in_dumps_until_its_last_handle_and_task_are_gone() {
    let runtime = multi_thread(2);
    let (mail, stuck) = stuck_queue(&runtime);
    let tasks = |dump: &Dump| {
        let queue = &dump.queues.as_deref().unwrap()[0];
        let metrics = queue.metrics.as_ref().unwrap();
        assert_eq!((&*queue.name, &*metrics.name), ("mail", "mail"));
        (metrics.active, metrics.inactive, metrics.cancelled)
    };
    assert_eq!(tasks(&dump_of_queues(&runtime)), (2, 3, 0));
    mail.resume();
    mail.cancel_all();
    runtime.block_on(mail.flush());
    assert_eq!(tasks(&dump_of_queues(&runtime)), (0, 0, 5));
    drop((mail, stuck));
    until(|| {
        dump(&runtime)
            .queues
            .is_some_and(|queues| queues.is_empty())
    });
}

#[test]
fn attributes_of_queues_are_told_in_short() {
    let runtime = multi_thread(1);
    let _guard = runtime.enter();
    let queue = WorkQueue::builder;
    let queues = [
        (queue("journal").ordered(true), "cache_shard ordered"),
        (queue("hash").cpu_intensive(true), "cpu_intensive"),
        (queue("count").percpu(true), "percpu"),
        (queue("near").affinity_strict(true), "cache_shard strict"),
        (
            queue("beat").high_priority(true),
            "cache_shard high_priority",
        ),
        (queue("close").mem_reclaim(true), "cache_shard mem_reclaim"),
        (queue("a\u{1b}[0m"), "cache_shard"),
    ];
    let (built, short): (Vec<_>, Vec<_>) = queues
        .into_iter()
        .map(|(queue, short)| (queue.build().unwrap(), short))
        .unzip();
    let text = dump_of_queues(&runtime).to_string();
    for (queue, short) in built.iter().zip(short) {
        let name = queue.name().escape_debug().to_string();
        let line = queue_line(&text, &name);
        assert_eq!((&*line[1], &*line[3]), (short, "open"), "{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn json_says_what_the_fields_say() {
    on_both(|runtime| {
        runtime.block_on(async { fastwake::spawn(async {}).await.unwrap() });
        runtime
            .block_on(runtime.spawn_cpu_intensive(|| {}))
            .unwrap();
        let dump = dump(&runtime);
        let json = json(&dump);
        assert_eq!(json["version"], 1);
        assert_eq!(json["process"], std::process::id());
        assert_eq!(json["name"], Value::Null);
        assert_eq!(json["allowed_cpus"], dump.allowed_cpus.to_string());
        assert_eq!(
            json["scope"],
            dump.scope
                .map_or(Value::Null, |scope| scope.as_str().into())
        );
        assert_eq!(json["scopes"].as_array().unwrap().len(), dump.scopes.len());
        let pools = json["pools"].as_array().unwrap();
        assert_eq!(pools.len(), dump.pools.len());
        for (json, pool) in pools.iter().zip(&dump.pools) {
            assert_eq!(json["cpus"], pool.metrics.cpus.to_string());
            assert_eq!(json["polls"], pool.metrics.polls);
            assert_eq!(
                json["threads"],
                pool.threads.map_or(Value::Null, Value::from)
            );
            let workers = json["workers"].as_array().unwrap();
            assert_eq!(workers.len(), pool.workers.len());
            for (json, worker) in workers.iter().zip(&pool.workers) {
                assert_eq!(json["state"], worker.state.as_str());
                assert_eq!(
                    json["thread"],
                    worker.thread.map_or(Value::Null, Value::from)
                );
            }
        }
        assert_eq!(json["blocking"]["max_threads"], 512);
    });
}

#[test]
fn a_name_with_any_characters_is_escaped() {
    let name = "a \"name\"\twith \\ and \u{1b}[0m";
    let runtime = Builder::new_current_thread().name(name).build().unwrap();
    assert_eq!(json(&dump(&runtime))["name"], name);
    let text = dump(&runtime).to_string();
    let controls = text.chars().filter(|char| char.is_control());
    assert!(controls.eq(text.chars().filter(|&char| char == '\n')));
}

#[test]
fn text_has_all_sections_and_tables_that_are_aligned() {
    let runtime = multi_thread(2);
    let text = dump(&runtime).to_string();
    for section in [
        "Runtime ",
        "Affinity scopes",
        "Worker pools",
        "Workers",
        "CPU -> pool",
        "Work queues",
        "Blocking threads",
    ] {
        assert!(text.lines().any(|line| line.starts_with(section)), "{text}");
    }
    let table: Vec<_> = text
        .lines()
        .skip_while(|line| *line != "Worker pools")
        .skip(2)
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(table.len(), 1 + dump(&runtime).pools.len());
    assert!(
        table.iter().all(|line| line.len() == table[0].len()),
        "{text}"
    );
}

#[test]
fn a_runtime_that_has_ended_can_be_dumped() {
    on_both(|runtime| {
        let handle = runtime.handle().clone();
        drop(runtime);
        let dump = handle.dump();
        assert!(dump.pools.iter().all(|pool| pool.is_closed));
        assert!(dump.pools.iter().all(|pool| pool.workers.is_empty()));
        assert!(!dump.to_string().is_empty());
    });
}
