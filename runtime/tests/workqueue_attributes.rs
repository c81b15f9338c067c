//! What a work queue can be asked for, and what it cannot.

mod support;

use std::io;

use fastwake::WorkQueue;
use fastwake::runtime::Runtime;
use fastwake::topology::{AffinityScope, CpuSet};
use fastwake::workqueue::WorkQueueBuilder;
use support::{current_thread, multi_thread, must_end};

#[track_caller]
fn refused(runtime: &Runtime, builder: WorkQueueBuilder, kind: io::ErrorKind, parts: &[&str]) {
    let error = builder.build_on(runtime.handle()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}

#[track_caller]
fn invalid(runtime: &Runtime, builder: WorkQueueBuilder, parts: &[&str]) {
    refused(runtime, builder, io::ErrorKind::InvalidInput, parts);
}

fn queue() -> WorkQueueBuilder {
    WorkQueue::builder("mail")
}

#[test]
fn what_is_out_of_bounds_is_refused_with_the_bound() {
    must_end(|| {
        let runtime = multi_thread(2);
        for name in ["", " ", "\t\n"] {
            invalid(
                &runtime,
                WorkQueue::builder(name),
                &["name", "at least one character"],
            );
        }
        invalid(
            &runtime,
            queue().max_active(0),
            &["\"mail\"", "max_active is 0", "at least 1"],
        );
        for nice in [-21, 20, i32::MIN, i32::MAX] {
            let value = format!("nice is {nice}");
            invalid(
                &runtime,
                queue().nice(nice),
                &["\"mail\"", &value, "from -20", "to 19"],
            );
        }
        let allowed = queue().build_on(runtime.handle()).unwrap().metrics().cpus;
        let all = allowed.to_string();
        invalid(&runtime, queue().cpus(CpuSet::new()), &["is empty", &all]);
        let foreign = allowed.last().unwrap() + 5;
        let mut cpus = allowed.clone();
        cpus.insert(foreign);
        let not = format!("may not use {foreign}");
        invalid(&runtime, queue().cpus(cpus), &[&not, &all]);
    });
}

#[test]
fn what_contradicts_itself_is_refused_with_both_sides() {
    must_end(|| {
        let runtime = multi_thread(2);
        let cpus: CpuSet = fastwake::topology::allowed_cpus().unwrap();
        let contradictions = [
            (
                queue().ordered(true).max_active(2),
                ["max_active is 2", "ordered"],
            ),
            (
                queue().percpu(true).affinity_scope(AffinityScope::Cpu),
                ["percpu", "affinity_scope"],
            ),
            (
                queue().percpu(true).affinity_strict(true),
                ["percpu", "affinity_strict"],
            ),
            (queue().percpu(true).cpus(cpus), ["percpu", "cpus"]),
            (queue().percpu(true).nice(5), ["percpu", "nice"]),
            (
                queue().percpu(true).high_priority(true),
                ["percpu", "high_priority"],
            ),
            (
                queue().percpu(true).cpu_intensive(true),
                ["percpu", "cpu_intensive"],
            ),
            (
                queue()
                    .cpu_intensive(true)
                    .affinity_scope(AffinityScope::Cpu),
                ["cpu_intensive", "affinity_scope"],
            ),
            (
                queue().cpu_intensive(true).affinity_strict(true),
                ["cpu_intensive", "affinity_strict"],
            ),
            (
                queue().cpu_intensive(true).high_priority(true),
                ["cpu_intensive", "high_priority"],
            ),
            (
                queue().high_priority(true).nice(-5),
                ["high_priority", "nice"],
            ),
        ];
        for (builder, parts) in contradictions {
            invalid(
                &runtime,
                builder,
                &[parts[0], parts[1], "leave one of them out"],
            );
        }
    });
}

#[test]
fn what_goes_together_is_built() {
    must_end(|| {
        let runtime = multi_thread(2);
        let fine = [
            queue().ordered(true).max_active(1),
            queue().percpu(true).ordered(true).affinity_strict(false),
            queue().cpu_intensive(true).nice(19).ordered(true),
            queue()
                .high_priority(true)
                .affinity_scope(AffinityScope::Smt)
                .affinity_strict(true),
            queue().max_active(usize::MAX),
        ];
        for builder in fine {
            let queue = builder.build_on(runtime.handle()).unwrap();
            runtime.block_on(queue.spawn(async {})).unwrap();
        }
    });
}

#[test]
fn a_change_that_cannot_be_leaves_the_queue_as_it_was() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue().max_active(3).build_on(runtime.handle()).unwrap();
        let before = queue.metrics();
        assert!(queue.set_max_active(0).is_err());
        assert!(queue.set_cpus(CpuSet::new()).is_err());
        let after = queue.metrics();
        assert_eq!(after.max_active, 3);
        assert_eq!(after.cpus, before.cpus);

        let build = |builder: WorkQueueBuilder| builder.build_on(runtime.handle()).unwrap();
        let ordered = build(WorkQueue::builder("ordered").ordered(true));
        let text = ordered.set_max_active(4).unwrap_err().to_string();
        assert!(
            text.contains("max_active is 4") && text.contains("ordered"),
            "{text}"
        );
        let percpu = build(WorkQueue::builder("percpu").percpu(true));
        assert!(percpu.set_affinity_scope(AffinityScope::System).is_err());
        assert!(percpu.set_cpus(before.cpus).is_err());
        assert_eq!(percpu.metrics().affinity_scope, None);
        let intensive = build(WorkQueue::builder("intensive").cpu_intensive(true));
        assert!(intensive.set_affinity_scope(AffinityScope::System).is_err());
        for queue in [queue, ordered, percpu, intensive] {
            runtime.block_on(queue.spawn(async {})).unwrap();
        }
    });
}

#[test]
fn a_runtime_without_workers_refuses_and_says_what_to_use() {
    let runtime = current_thread();
    refused(
        &runtime,
        queue(),
        io::ErrorKind::Unsupported,
        &["\"mail\"", "current-thread", "new_multi_thread"],
    );
}

#[test]
fn a_cpu_that_the_queue_may_not_use_is_refused() {
    must_end(|| {
        let runtime = multi_thread(2);
        for (name, percpu) in [("pods", false), ("percpu", true)] {
            let queue = WorkQueue::builder(name).percpu(percpu);
            let queue = queue.build_on(runtime.handle()).unwrap();
            let allowed = queue.metrics().cpus;
            for cpu in [allowed.last().unwrap() + 1, usize::MAX] {
                let error = queue.spawn_on(cpu, async {}).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
                let text = error.to_string();
                assert!(
                    text.contains(&cpu.to_string()) && text.contains(name),
                    "{text}"
                );
                assert!(text.contains(&allowed.to_string()), "{text}");
            }
            assert_eq!(queue.metrics().queued, 0);
        }
    });
}
