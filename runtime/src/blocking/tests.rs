//! What the queue decides, by table: no threads here.

use std::panic::Location;

use crate::cell::{self, Runnable, Schedule, TaskMeta};

use super::queue::{Call, Order, Queue};

#[derive(Clone, Copy)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(self, task: Runnable) {
        task.cancel();
    }
}

fn closure() -> Runnable {
    cell::new(async {}, Nowhere, TaskMeta::at(Location::caller())).0
}

fn queue_of(base: usize, seats: u32, closures: usize) -> Queue {
    let mut queue = Queue::new(base, seats);
    (0..closures).for_each(|_| queue.push(closure()));
    queue
}

/// Nobody on the way, sleepers asleep.
fn call(queue: &mut Queue) -> Option<Call> {
    queue.call(false, |_| true)
}

/// Makes a thread and lets it come.
fn come(queue: &mut Queue) -> (u32, Order) {
    let Some(Call::Create(seat)) = call(queue) else {
        panic!("no thread is made")
    };
    queue.arrive();
    (seat, queue.order_comer(seat))
}

#[test]
fn nobody_is_called_without_work() {
    assert_eq!(call(&mut queue_of(2, 4, 0)), None);
}

#[test]
fn nobody_is_called_while_somebody_is_on_the_way() {
    let mut queue = queue_of(2, 4, 1);
    assert_eq!(queue.call(true, |_| true), None);
    assert!(matches!(call(&mut queue), Some(Call::Create(_))));
}

#[test]
fn a_sleeper_is_preferred_to_a_new_thread_and_the_last_one_to_the_others() {
    let mut queue = queue_of(2, 4, 2);
    let mut seats = [0; 2];
    for seat in &mut seats {
        let order;
        (*seat, order) = come(&mut queue);
        assert!(matches!(order, Order::Run(_)));
    }
    for seat in seats {
        queue.finish();
        assert!(matches!(queue.order(seat), Order::Sleep));
    }
    queue.push(closure());
    assert_eq!(call(&mut queue), Some(Call::Wake(seats[1])));
    assert_eq!(
        call(&mut queue),
        Some(Call::Wake(seats[1])),
        "it stays visible until it comes"
    );
    assert_eq!(queue.call(false, |_| false), None, "it has been woken");
}

#[test]
fn as_many_threads_as_cpus_take_closures_at_once_and_the_next_watches() {
    let mut queue = queue_of(2, 8, 10);
    assert!(matches!(come(&mut queue).1, Order::Run(_)));
    assert!(matches!(come(&mut queue).1, Order::Run(_)));
    let (_, order) = come(&mut queue);
    let Order::Watch(since) = order else {
        panic!("the third is to watch")
    };
    assert_eq!(call(&mut queue), None, "one watches");
    assert!(queue.is_stuck(since, 1));
    for gets_on in [false, true] {
        queue.finish();
        assert!(matches!(queue.order(0), Order::Run(_)));
        assert_eq!(
            !queue.is_stuck(since, 1),
            gets_on,
            "two threads, so two closures"
        );
    }
}

#[test]
fn while_nobody_gets_on_every_comer_takes_a_closure() {
    let mut queue = queue_of(1, 8, 10);
    assert!(matches!(come(&mut queue).1, Order::Run(_)));
    let (seat, order) = come(&mut queue);
    assert!(matches!(order, Order::Watch(_)));
    queue.end_watch();
    assert!(matches!(queue.order(seat), Order::Run(_)));
    assert!(matches!(come(&mut queue).1, Order::Run(_)));
    assert!(matches!(come(&mut queue).1, Order::Run(_)));
    queue.finish();
    assert!(
        matches!(come(&mut queue).1, Order::Watch(_)),
        "one has got on"
    );
}

#[test]
fn at_the_limit_closures_wait_for_those_that_run() {
    let mut queue = queue_of(4, 2, 5);
    let (seat, _order) = come(&mut queue);
    come(&mut queue);
    assert_eq!(call(&mut queue), None);
    queue.finish();
    assert!(matches!(queue.order(seat), Order::Run(_)));
}

#[test]
fn a_refused_thread_strands_the_work_only_if_it_would_have_been_the_first() {
    let mut queue = queue_of(2, 4, 2);
    let Some(Call::Create(seat)) = call(&mut queue) else {
        panic!("no thread is made")
    };
    assert_eq!(queue.give_up_thread(seat).len(), 2);
    queue.push(closure());
    queue.push(closure());
    come(&mut queue);
    let Some(Call::Create(seat)) = call(&mut queue) else {
        panic!("no thread is made")
    };
    assert_eq!(queue.give_up_thread(seat).len(), 0);
    assert_eq!(queue.len(), 1);
}

#[test]
fn a_sleeper_retires_only_without_work() {
    let mut queue = queue_of(2, 4, 1);
    let (seat, _order) = come(&mut queue);
    queue.finish();
    assert!(matches!(queue.order(seat), Order::Sleep));
    queue.push(closure());
    assert!(!queue.retire(seat));
    queue.wake_up(seat);
    assert!(matches!(queue.order_comer(seat), Order::Run(_)));
    queue.finish();
    assert!(matches!(queue.order(seat), Order::Sleep));
    assert!(queue.retire(seat));
    assert_eq!(queue.threads(), 0);
}

#[test]
fn a_closed_queue_gives_back_what_has_not_begun_and_sends_its_threads_off() {
    let mut queue = queue_of(2, 4, 3);
    let (seat, _order) = come(&mut queue);
    assert_eq!(queue.close().len(), 2);
    queue.finish();
    assert!(matches!(queue.order(seat), Order::Leave));
    assert_eq!(call(&mut queue), None);
}

#[test]
fn who_steps_aside_leaves_its_seat_to_others_and_takes_another() {
    let mut queue = queue_of(2, 1, 3);
    let (seat, _order) = come(&mut queue);
    assert_eq!(call(&mut queue), None, "there is one seat");
    queue.step_aside(seat);
    let (seat, order) = come(&mut queue);
    assert!(matches!(order, Order::Run(_)));
    assert_eq!(queue.threads(), 1);
    assert!(queue.come_back().is_none(), "another has it");
    queue.step_aside(seat);
    let seat = queue.come_back().expect("there is a seat");
    assert!(matches!(queue.order_comer(seat), Order::Run(_)));
    assert_eq!((queue.threads(), queue.running()), (1, 1));
}

#[test]
fn who_comes_back_does_not_run_beside_as_many_as_may() {
    let mut queue = queue_of(1, 4, 4);
    let (seat, _order) = come(&mut queue);
    queue.step_aside(seat);
    assert!(matches!(come(&mut queue).1, Order::Run(_)));
    queue.finish();
    assert!(matches!(come(&mut queue).1, Order::Run(_)));
    let seat = queue.come_back().expect("there is a seat");
    assert!(matches!(queue.order_comer(seat), Order::Watch(_)));
    let seat = queue.come_back().expect("there is a seat");
    assert!(
        matches!(queue.order_comer(seat), Order::Sleep),
        "one watches already"
    );
}

#[test]
fn who_steps_aside_does_not_keep_a_refused_thread_s_work() {
    let refused = |queue: &mut Queue| {
        let Some(Call::Create(seat)) = call(queue) else {
            panic!("no thread is made")
        };
        queue.give_up_thread(seat).len()
    };
    let mut queue = queue_of(2, 4, 2);
    let (seat, _order) = come(&mut queue);
    assert_eq!(refused(&mut queue), 0);
    queue.step_aside(seat);
    assert_eq!(refused(&mut queue), 1);
}

#[test]
fn who_comes_back_to_a_closed_queue_leaves() {
    let mut queue = queue_of(2, 4, 1);
    let (seat, _order) = come(&mut queue);
    queue.step_aside(seat);
    queue.close();
    let seat = queue.come_back().expect("there is a seat");
    assert!(matches!(queue.order_comer(seat), Order::Leave));
    assert_eq!(queue.threads(), 0);
}

#[test]
fn what_a_closed_queue_has_kept_for_a_thread_that_was_refused_is_given_back() {
    let mut queue = queue_of(2, 4, 2);
    let (seat, _order) = come(&mut queue);
    let Some(Call::Create(refused)) = call(&mut queue) else {
        panic!("no thread is made")
    };
    assert_eq!(queue.close().len(), 0, "a thread is being made for it");
    assert_eq!(queue.give_up_thread(refused).len(), 0);
    assert_eq!(queue.abandoned().len(), 0, "one is left to do it");
    queue.step_aside(seat);
    assert_eq!(queue.abandoned().len(), 1);
}

#[test]
fn closures_are_short_of_threads_while_they_wait_and_all_seats_are_taken() {
    let mut queue = queue_of(2, 1, 2);
    assert!(!queue.is_short(), "a thread can be made");
    let (seat, _order) = come(&mut queue);
    assert!(queue.is_short());
    queue.finish();
    assert!(matches!(queue.order(seat), Order::Run(_)));
    assert!(!queue.is_short(), "nothing waits");
}
