//! The local queue against a model, and on real threads.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use proptest::prelude::*;

use crate::cell::{self, OwnedTasks, Ran, Runnable, TaskMeta};
use crate::scheduler::local_queue::{CAPACITY, LocalQueue};
use crate::scheduler::pool::Pool;

fn task(pool: &Pool, number: usize, log: &Arc<parking_lot::Mutex<Vec<usize>>>) -> Runnable {
    let log = Arc::clone(log);
    let future = async move { log.lock().push(number) };
    cell::new(
        future,
        pool.as_scheduler(),
        TaskMeta::at(Location::caller()),
    )
    .0
}

fn run(task: Runnable) {
    assert!(matches!(task.run(&OwnedTasks::new()), Ran::Completed));
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Push(usize),
    Pop,
    Steal,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..CAPACITY).prop_map(Step::Push),
        Just(Step::Pop),
        Just(Step::Pop),
        Just(Step::Steal),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_local_queue_behaves_as_a_bounded_deque(steps in steps()) {
        let pool = super::pool(1, 1);
        let log = Arc::default();
        let queue = LocalQueue::new();
        let mut model = VecDeque::new();
        let mut pushed = 0;
        let mut expected = Vec::new();
        for step in steps {
            match step {
                Step::Push(n) => for _ in 0..n {
                    let overflow = queue.push_back(task(&pool, pushed, &log));
                    model.push_back(pushed);
                    pushed += 1;
                    prop_assert_eq!(overflow.is_some(), model.len() > CAPACITY);
                    if let Some(overflow) = overflow {
                        // The older half, and the new one.
                        let newest = model.pop_back().unwrap();
                        expected.extend(model.drain(..CAPACITY / 2));
                        expected.push(newest);
                        overflow.for_each(run);
                    }
                },
                Step::Pop => {
                    let popped = queue.pop_front();
                    prop_assert_eq!(popped.is_some(), !model.is_empty());
                    expected.extend(model.pop_front());
                    popped.into_iter().for_each(run);
                }
                Step::Steal => {
                    let thief = LocalQueue::new();
                    let half = model.len().div_ceil(2).min(CAPACITY / 2);
                    if let Some((first, more)) = queue.steal_into(&thief) {
                        prop_assert_eq!(1 + more, half);
                        run(first);
                        std::iter::from_fn(|| thief.pop_front()).for_each(run);
                    } else {
                        prop_assert_eq!(half, 0);
                    }
                    expected.extend(model.drain(..half));
                }
            }
            prop_assert_eq!(queue.len(), model.len());
        }
        std::iter::from_fn(|| queue.pop_front()).for_each(run);
        expected.extend(model);
        prop_assert_eq!(&*log.lock(), &expected);
    }
}

#[test]
fn thieves_and_owner_take_each_task_once() {
    const TASKS: usize = 20_000;
    let pool = super::pool(1, 1);
    let ran: Arc<Vec<AtomicUsize>> = Arc::new((0..TASKS).map(|_| AtomicUsize::new(0)).collect());
    let queue = LocalQueue::new();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let own = LocalQueue::new();
                while !over.load(SeqCst) || !queue.is_empty() {
                    if let Some((task, _)) = queue.steal_into(&own) {
                        run(task);
                        std::iter::from_fn(|| own.pop_front()).for_each(run);
                    }
                    std::thread::yield_now();
                }
            });
        }
        for number in 0..TASKS {
            let ran = Arc::clone(&ran);
            let future = async move {
                ran[number].fetch_add(1, SeqCst);
            };
            let meta = TaskMeta::at(Location::caller());
            let task = cell::new(future, pool.as_scheduler(), meta).0;
            if let Some(overflow) = queue.push_back(task) {
                overflow.for_each(run);
            }
            if number % 3 == 0 {
                queue.pop_front().into_iter().for_each(run);
            }
        }
        over.store(true, SeqCst);
    });
    assert!(ran.iter().all(|ran| ran.load(SeqCst) == 1));
}
