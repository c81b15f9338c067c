#![forbid(unsafe_code)]
//! How a worker goes to sleep, and how it comes back.

use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use crate::cell::Runnable;
use crate::driver::{Driver, Driving};
use crate::park::Woken;
use crate::primitives::atomic::fence;
use crate::scheduler::injector::Session;
use crate::scheduler::policy;
use crate::scheduler::pool::Host;
use crate::scheduler::standing::Standing;
use crate::threads;

use super::drive::Awake;
use super::{Mode, Worker};

/// What a worker does next.
pub(in crate::scheduler) enum Next {
    Run(Runnable),
    /// Look for work in all the places.
    Search,
    /// The pool is closed, or does not need the worker any more.
    Leave,
}

/// A worker that is on the idle list. It has to come off it to do anything.
struct Idle<'w, 'p> {
    worker: &'w Worker<'p>,
    bed: Bed<'p>,
    /// How long to sleep: for ever, unless the pool could do without this worker.
    patience: Option<Duration>,
}

/// Where an idle worker sleeps.
pub(super) enum Bed<'p> {
    Parker,
    Driver(Driving<'p>),
}

/// What an idle worker that has woken up finds.
enum Found<'p> {
    Next(Next),
    /// Enough others run: back to bed.
    Nothing(Bed<'p>),
}

impl<'p> Worker<'p> {
    /// A new thread reports to its pool.
    pub(in crate::scheduler) fn arrive(&self) -> Next {
        let mut session = self.pool.injector.lock();
        if session.arrive(self.index) {
            self.slot.standing.set(Standing::Running);
            drop(session);
            self.ask_to_be_watched();
            return Next::Search;
        }
        self.slot.standing.set(Standing::Idle);
        if session.is_closed() {
            // Whoever closed the pool need not have seen this slot, and so wakes nobody in it.
            return Next::Leave;
        }
        self.lie_down(session).sleep()
    }

    /// The worker has joined the idle list; ends the locked section.
    fn lie_down(&self, mut session: Session<'_>) -> Idle<'_, 'p> {
        let bed = self.choose_bed(&mut session);
        // Who looks after the driver stays.
        let spare = policy::too_many_threads(&session.counts()) && matches!(bed, Bed::Parker);
        drop(session);
        let patience = self.pool.host().filter(|_| spare).map(Host::keep_alive);
        Idle {
            worker: self,
            bed,
            patience,
        }
    }

    /// One idle worker sleeps in the driver, the others on their parkers.
    ///
    /// P1: under the lock, so that whoever picks this worker wakes it in the right place.
    fn choose_bed(&self, session: &mut Session<'_>) -> Bed<'p> {
        let pool = self.pool;
        if let Some(driving) = pool.driver_in_use().and_then(Driver::try_drive)
            && self.slot.parker.prepare_elsewhere()
        {
            session.pick_last(self.index);
            return Bed::Driver(driving);
        }
        self.slot.parker.prepare();
        Bed::Parker
    }

    fn go_idle(&self, session: &mut Session<'_>) {
        self.slot.standing.set(Standing::Idle);
        session.go_idle(self.index);
    }

    /// Nothing to do: goes idle, unless there is something after all.
    pub(super) fn rest(&self) -> Next {
        let mut session = self.pool.injector.lock();
        if session.is_closed() {
            return Next::Leave;
        }
        self.count_again(&mut session);
        if !session.worklist.is_empty() {
            return Next::Search;
        }
        self.go_idle(&mut session);
        let idle = self.lie_down(session);
        // ORDERING: I4; the other half is in `Pool::help_local`.
        fence(SeqCst);
        if self.sees_work_elsewhere() {
            idle.return_to_work()
        } else {
            idle.sleep()
        }
    }

    /// As [`rest`](Self::rest), for a model in which the sleep ends by itself.
    #[cfg(all(test, fastwake_loom))]
    pub(in crate::scheduler) fn rest_until(&self, sleep: impl Fn() -> Woken) -> Next {
        let mut session = self.pool.injector.lock();
        if !session.worklist.is_empty() {
            return Next::Search;
        }
        self.go_idle(&mut session);
        let _idle = self.lie_down(session);
        match self.wake_up(sleep().into()) {
            Found::Next(next) => next,
            Found::Nothing(_) => Next::Search,
        }
    }

    /// Goes idle although there may be work, because too many run. What is in the local queue goes
    /// to those who stay.
    pub(super) fn step_down(&self) -> Next {
        let local = self.slot.take_local();
        let mut session = self.pool.injector.lock();
        self.count_again(&mut session);
        session.worklist.append(local);
        if session.is_closed() || !policy::too_many_running(&session.counts()) {
            self.slot.standing.set(Standing::Running);
            return Next::Search;
        }
        self.go_idle(&mut session);
        let left = !session.worklist.is_empty();
        let idle = self.lie_down(session);
        if left {
            // All who may run here do; of the neighbours somebody may be free.
            self.pool.call_neighbours();
        }
        idle.sleep()
    }

    /// Counts the time since it woke up.
    pub(super) fn count_busy(&self) {
        let busy = self.awake_since.get().elapsed();
        self.slot.counters.busy.add(busy.as_nanos() as u64);
    }
}

impl Idle<'_, '_> {
    /// Sleeps until picked, until the driver has something, or until the pool can do without this
    /// worker.
    fn sleep(self) -> Next {
        let Idle {
            worker,
            mut bed,
            patience,
        } = self;
        worker.slot.counters.parks.increment();
        worker.count_busy();
        // A worker that is not running keeps nothing to itself: what its hooks schedule goes to the
        // worklist, and wakes this worker or another.
        worker.mode.set(Mode::Away);
        let host = worker.pool.host();
        if let Some(host) = host {
            host.bring_home(&worker.pool.config, &worker.slot.counters);
            threads::call(host.thread_config().on_park.as_ref());
            worker.stand_guard(&bed);
        }
        let next = loop {
            if matches!(bed, Bed::Parker)
                && worker.pool.unattended_driver().is_some()
                && let Some(host) = host
            {
                // Somebody had a look at the driver when this worker chose its bed, and has left it
                // since. ORDERING: the monitor's half is in `Vigil::end`.
                fence(SeqCst);
                host.watch(&worker.pool.config);
            }
            let awake = match bed {
                Bed::Parker => worker.slot.parker.wait(patience).into(),
                Bed::Driver(driving) => worker.sleep_in_driver(driving),
            };
            bed = match worker.wake_up(awake) {
                Found::Next(next) => break next,
                Found::Nothing(bed) => bed,
            };
            worker.slot.counters.futile.increment();
        };
        worker.awake_since.set(Instant::now());
        worker.polls_before.set(worker.slot.counters.polls.get());
        if !matches!(next, Next::Leave) {
            worker.mode.set(Mode::Running);
        }
        if let Some(host) = host {
            threads::call(host.thread_config().on_unpark.as_ref());
        }
        next
    }

    /// Comes off the list because of work that has turned up meanwhile: as if it had been woken, and
    /// with a wake-up that may have been issued in between.
    fn return_to_work(self) -> Next {
        let Idle {
            worker,
            bed,
            patience,
        } = self;
        drop(bed);
        worker.slot.parker.cancel();
        match worker.wake_up(Woken::Notified.into()) {
            Found::Next(next) => next,
            Found::Nothing(bed) => Idle {
                worker,
                bed,
                patience,
            }
            .sleep(),
        }
    }
}

impl<'p> Worker<'p> {
    /// The worker is awake. In one locked section it comes off the idle list, takes its share of
    /// the worklist, and picks the next worker if more is left.
    fn wake_up(&self, awake: Awake) -> Found<'p> {
        let Awake { woken, ready } = awake;
        let mut session = self.pool.injector.lock();
        if session.is_closed() {
            drop(session);
            ready.for_each(|task| self.pool.refuse(task));
            return Found::Next(Next::Leave);
        }
        debug_assert!(
            ready.is_empty() || woken == Woken::Notified,
            "who sleeps in the driver does not time out"
        );
        if woken == Woken::TimedOut && session.retire(self.index) {
            // ORDERING: I6. Until the hint says otherwise, this worker looks as if it was on its
            // way, and whoever has pushed on a local queue relies on it; as in `help_local`.
            session.publish();
            fence(SeqCst);
            // I7: whoever looked for somebody to drive may have taken this worker for one on its way.
            let needed = self.sees_work_elsewhere() || self.pool.unattended_driver().is_some();
            if !policy::may_run(&session.counts()) || !needed {
                self.slot.standing.set(Standing::Vacant);
                self.pool.injector.counters.retired.increment();
                return Found::Next(Next::Leave);
            }
            session.unretire(self.index);
            self.slot.standing.set(Standing::Running);
        } else if policy::may_run(&session.counts()) {
            session.leave_idle(self.index);
            self.slot.standing.set(Standing::Running);
        } else {
            session.worklist.append(ready);
            session.stay_idle(self.index);
            let bed = self.choose_bed(&mut session);
            let left = !session.worklist.is_empty();
            drop(session);
            if left {
                // As in `step_down`.
                self.pool.call_neighbours();
            }
            return Found::Nothing(bed);
        }
        let batch = self.divide(&mut session, ready);
        let task = self.share(session, batch);
        // ORDERING: I4. Whoever saw this worker on its way, and so woke nobody, had pushed before;
        // behind the fence that is visible, to the search or here.
        fence(SeqCst);
        if task.is_some() && self.sees_work_elsewhere() {
            self.pool.help_local();
        }
        if let Some(host) = self.pool.host() {
            // Behind the fence, which pairs with the one in `Vigil::end`, too.
            host.watch(&self.pool.config);
        }
        Found::Next(task.map_or(Next::Search, Next::Run))
    }
}
