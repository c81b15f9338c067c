#![forbid(unsafe_code)]

use fastwake::topology::AffinityScope;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::costs::{Costs, ItemCosts, LineCosts, Rules, WakeCosts};
use super::super::outcome::Outcome;
use super::super::setup::{Setup, Wake};
use super::super::shape::Shape;
use super::Engine;

fn outcome(costs: &Costs, setup: &Setup) -> Outcome {
    Engine::new(costs, setup).run().outcome()
}

/// Both ways of waking, under the lock first.
fn both(costs: &Costs, setup: Setup) -> [Outcome; 2] {
    [Wake::InLock, Wake::Deferred].map(|wake| outcome(costs, &Setup { wake, ..setup }))
}

fn any_costs() -> impl Strategy<Value = Costs> {
    let line = [0..300_u64, 0..600, 0..100, 0..50];
    let wake = [0..3_000_u64, 0..1_000, 0..200, 0..5_000, 0..2_000, 0..50];
    let item = [1..500_u64, 1..2_000];
    let rules = (0..4_u64, 0..4_u64, any::<bool>(), any::<bool>());
    (line, wake, item, rules, 0..=100_u64).prop_map(|(line, wake, item, rules, noise)| {
        let [near, far, lock, waiter] = line;
        let [idle, busy, awake, latency, switch, defer] = wake;
        let [call, run] = item;
        let (enqueue_lines, worker_lines, counted, coalesced) = rules;
        Costs {
            name: String::new(),
            line: LineCosts {
                near,
                far,
                lock,
                waiter,
            },
            item: ItemCosts { call, run },
            wake: WakeCosts {
                idle,
                busy,
                awake,
                latency,
                switch,
                defer,
            },
            rules: Rules {
                enqueue_lines,
                worker_lines,
                counted,
                coalesced,
            },
            noise,
        }
    })
}

fn any_setup() -> impl Strategy<Value = Setup> {
    let shape = prop_oneof![
        (1..40_usize).prop_map(Shape::one_cache),
        (1..40_usize).prop_map(Shape::chiplets),
    ];
    let load = (1..50_usize, 1..6_usize, 1..6_usize);
    let scope = select(&AffinityScope::ALL[..]);
    let wake = select(&[Wake::InLock, Wake::Deferred][..]);
    (shape, scope, wake, load, any::<u64>()).prop_map(|(shape, scope, wake, load, seed)| {
        let (producers, batch, rounds) = load;
        Setup {
            shape,
            scope,
            wake,
            producers,
            batch,
            rounds,
            seed,
        }
    })
}

proptest! {
    #[test]
    fn every_item_runs_exactly_once(costs in any_costs(), setup in any_setup()) {
        let engine = Engine::new(&costs, &setup).run();
        prop_assert!(engine.record.runs.iter().all(|runs| *runs == 1));
        prop_assert_eq!(engine.record.latencies.len(), engine.record.runs.len());
        prop_assert!(engine.pools.iter().all(|pool| pool.items.is_empty() && pool.coming == 0));
        prop_assert!(engine.threads.iter().all(|thread| thread.asleep));
    }

    #[test]
    fn the_same_run_has_the_same_outcome(costs in any_costs(), setup in any_setup()) {
        prop_assert_eq!(outcome(&costs, &setup), outcome(&costs, &setup));
    }

    #[test]
    fn a_call_takes_no_less_than_what_it_does(costs in any_costs(), setup in any_setup()) {
        let engine = Engine::new(&costs, &setup).run();
        let least = |time: u64| time - time * costs.noise / 100;
        let call = least(costs.item.call) + least(costs.line.lock);
        prop_assert!(engine.record.latencies.iter().all(|latency| *latency >= call));
    }

    #[test]
    fn no_lock_is_held_for_longer_than_the_run_takes(costs in any_costs(), setup in any_setup()) {
        let outcome = outcome(&costs, &setup);
        prop_assert!((0.0..=1.0).contains(&outcome.lock_busy), "{outcome:?}");
        prop_assert!(outcome.p50 <= outcome.p95 && outcome.p95 <= outcome.p99);
    }
}

#[test]
fn without_a_cost_of_waking_it_does_not_matter_where_it_happens() {
    let mut costs = Costs::grace();
    (
        costs.wake.idle,
        costs.wake.busy,
        costs.wake.awake,
        costs.wake.defer,
    ) = (0, 0, 0, 0);
    for scope in AffinityScope::ALL {
        for batch in [1, 8] {
            let setup = Setup::batched(Shape::one_cache(16), scope, batch);
            let [in_lock, deferred] = both(&costs, setup);
            let ratio = deferred.throughput / in_lock.throughput;
            assert!(
                (ratio - 1.0).abs() < 0.005,
                "{scope}, {batch}: {in_lock:?} {deferred:?}"
            );
        }
    }
}

#[test]
fn a_lone_producer_waits_for_no_more_than_the_workers_that_it_woke() {
    let costs = Costs {
        noise: 0,
        ..Costs::grace()
    };
    let LineCosts { near, lock, .. } = costs.line;
    // Its own turn and that of a worker, each with the lines and the counter.
    let section = lock + near * (1 + 2 + 1);
    let most = costs.item.call + 2 * section + costs.wake.idle + costs.wake.defer;
    for scope in AffinityScope::ALL {
        let mut setup = Setup::closed_loop(Shape::one_cache(16), scope);
        setup.producers = 1;
        for outcome in both(&costs, setup) {
            assert!(
                outcome.p99 <= most,
                "{scope}: {outcome:?}, at most {most} ns"
            );
            assert!(outcome.lock_busy < 0.5, "{scope}: {outcome:?}");
        }
    }
}

#[test]
fn pools_that_share_nothing_scale_with_the_cpus() {
    let mut costs = Costs::grace();
    costs.rules.counted = false;
    let throughput = |cpus| {
        let setup = Setup::closed_loop(Shape::one_cache(cpus), AffinityScope::Cpu);
        outcome(&costs, &setup).throughput
    };
    let ratio = throughput(128) / throughput(8);
    assert!((ratio - 16.0).abs() < 0.5, "{ratio}");
}

#[test]
fn a_counter_that_all_pools_share_bounds_them_together() {
    // Two visits for each item, one line.
    let costs = Costs::grace();
    let most = 1e9 / (2.0 * costs.line.near as f64);
    for scope in [AffinityScope::Cpu, AffinityScope::CacheShard] {
        let throughput =
            outcome(&costs, &Setup::closed_loop(Shape::one_cache(128), scope)).throughput;
        assert!(
            (0.95..1.01).contains(&(throughput / most)),
            "{scope}: {throughput} of {most}"
        );
    }
}

#[test]
fn where_the_lock_is_the_bottleneck_dearer_wakes_widen_the_gain_of_deferring_them() {
    let gain = |idle| {
        let mut costs = Costs::grace();
        costs.wake.idle = idle;
        let setup = Setup::closed_loop(Shape::one_cache(32), AffinityScope::Cache);
        let [in_lock, deferred] = both(&costs, setup);
        deferred.throughput / in_lock.throughput
    };
    let gains = [0, 2_000, 6_000].map(gain);
    assert!(gains[0] < gains[1] && gains[1] < gains[2], "{gains:?}");
}

#[test]
fn coalescing_kicks_nobody_who_is_awake() {
    let mut costs = Costs::grace();
    let setup = Setup::closed_loop(Shape::one_cache(32), AffinityScope::Cache);
    let always = outcome(&costs, &setup);
    costs.rules.coalesced = true;
    let coalesced = outcome(&costs, &setup);
    assert!(always.futile > 0.5, "{always:?}");
    assert_eq!(coalesced.futile, 0.0, "{coalesced:?}");
}

#[test]
fn a_far_line_costs_more_than_a_near_one() {
    let costs = Costs::grace();
    let throughput =
        |shape| outcome(&costs, &Setup::closed_loop(shape, AffinityScope::System)).throughput;
    assert!(throughput(Shape::chiplets(64)) < 0.8 * throughput(Shape::one_cache(64)));
}
