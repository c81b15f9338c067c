//! The parker's promises, on real threads; under the model checker, in all interleavings.

#[cfg(not(fastwake_loom))]
mod threads {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use crate::park::{Parker, Unparked, Woken};
    use crate::primitives::Lock;

    #[test]
    fn a_notification_before_the_wait_ends_it_at_once() {
        let parker = Parker::new();
        assert_eq!(parker.unpark(), Unparked::Coalesced);
        parker.prepare();
        assert_eq!(parker.wait(None), Woken::Notified);
    }

    #[test]
    fn a_wake_makes_a_system_call_only_once_and_only_if_the_owner_parks() {
        let parker = Parker::new();
        parker.prepare();
        assert!(parker.is_parked());
        assert_eq!(parker.unpark(), Unparked::Woke);
        assert_eq!(parker.unpark(), Unparked::Coalesced);
        assert!(!parker.is_parked());
        assert_eq!(parker.wait(None), Woken::Notified);
        assert_eq!(parker.unpark(), Unparked::Coalesced);
    }

    #[test]
    fn a_cancelled_park_takes_the_notification_with_it() {
        let parker = Parker::new();
        parker.prepare();
        parker.unpark();
        parker.cancel();
        parker.prepare();
        assert_eq!(parker.wait(Some(Duration::from_millis(1))), Woken::TimedOut);
    }

    #[test]
    fn a_wait_without_a_wake_times_out_and_not_before() {
        let parker = Parker::new();
        let start = Instant::now();
        parker.prepare();
        assert_eq!(
            parker.wait(Some(Duration::from_millis(20))),
            Woken::TimedOut
        );
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert!(!parker.is_parked());
    }

    #[test]
    fn after_a_nap_the_owner_is_parked_or_notified() {
        let parker = Parker::new();
        parker.prepare();
        assert!(parker.nap(Duration::from_millis(1)));
        assert!(parker.is_parked());
        assert_eq!(parker.unpark(), Unparked::Woke);
        assert!(!parker.nap(Duration::MAX));
        assert_eq!(parker.wait(None), Woken::Notified);
    }

    #[test]
    fn endless_timeouts_do_not_overflow() {
        let parker = Arc::new(Parker::new());
        let waker = Arc::clone(&parker);
        let thread = std::thread::spawn(move || waker.unpark());
        parker.prepare();
        assert_eq!(parker.wait(Some(Duration::MAX)), Woken::Notified);
        thread.join().unwrap();
    }

    #[test]
    fn every_handshake_of_many_arrives() {
        let parkers = Arc::new([Parker::new(), Parker::new()]);
        let rounds = 2_000;
        let other = Arc::clone(&parkers);
        let thread = std::thread::spawn(move || {
            for _ in 0..rounds {
                other[0].prepare();
                other[0].wait(None);
                other[1].unpark();
            }
        });
        for _ in 0..rounds {
            parkers[0].unpark();
            parkers[1].prepare();
            parkers[1].wait(None);
        }
        thread.join().unwrap();
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "a wake-up is issued while this thread holds a scheduler lock")]
    fn no_wake_up_is_issued_under_a_scheduler_lock() {
        let lock = Lock::new(());
        let parker = Parker::new();
        let _guard = lock.lock();
        parker.unpark();
    }
}

#[cfg(fastwake_loom)]
mod models {
    use crate::park::{Parker, Woken};
    use crate::primitives::atomic::{AtomicBool, Ordering::Relaxed};
    use crate::primitives::{Arc, thread};

    /// P3, and that what the waker wrote before is seen after the wait.
    #[test]
    fn p3_a_notification_is_never_lost_and_carries_what_was_written() {
        loom::model(|| {
            let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
            let other = Arc::clone(&shared);
            let waker = thread::spawn(move || {
                other.1.store(true, Relaxed);
                other.0.unpark();
            });
            shared.0.prepare();
            assert_eq!(shared.0.wait(None), Woken::Notified);
            assert!(shared.1.load(Relaxed));
            waker.join().unwrap();
        });
    }

    /// P3 with two wakers: the second must not be swallowed by the first one's wait when the owner
    /// asks again for what the second brought.
    #[test]
    fn p3_two_wakers_and_an_owner_that_waits_for_both() {
        let mut model = loom::model::Builder::new();
        // Three threads: all interleavings would take hours.
        model.preemption_bound = Some(3);
        model.check(|| {
            let shared = Arc::new((
                Parker::new(),
                [AtomicBool::new(false), AtomicBool::new(false)],
            ));
            let wakers: Vec<_> = (0..2)
                .map(|i| {
                    let other = Arc::clone(&shared);
                    thread::spawn(move || {
                        other.1[i].store(true, Relaxed);
                        other.0.unpark();
                    })
                })
                .collect();
            while !shared.1.iter().all(|done| done.load(Relaxed)) {
                shared.0.prepare();
                shared.0.wait(None);
            }
            for waker in wakers {
                waker.join().unwrap();
            }
        });
    }
}
