#![forbid(unsafe_code)]
//! A worker that polls tasks on probation: it does not count as running meanwhile.

use crate::cell::Runnable;
use crate::coop;
use crate::metrics::PoolKind;
use crate::scheduler::policy;
use crate::scheduler::standing::Standing;

use super::{Mode, Worker};

impl Worker<'_> {
    /// As [`turn`](Self::turn), for a task on probation, and others that wait for the same.
    #[cold]
    pub(super) fn turn_apart(&self, task: Runnable) {
        let mut next = self.go_apart(task);
        while let Some(task) = next {
            self.slot.owned.count_down_probation();
            self.prepare(&task);
            let yielded = self.poll(task);
            next = match self.slot.standing.get() {
                Standing::Apart | Standing::Relieved if self.mode.get() == Mode::Away => {
                    // Who has a seat lets nobody else go first but those on the bench.
                    coop::take_yielded();
                    self.next_apart(yielded)
                }
                _ => {
                    if let Some(task) = yielded {
                        self.let_others_go_first(task);
                    }
                    None
                }
            };
        }
        self.slot.owned.clear_verdict();
    }

    /// Takes a seat, if it makes sense. Gives the task back if it is to be polled.
    fn go_apart(&self, task: Runnable) -> Option<Runnable> {
        if self.pool.config.kind == PoolKind::CpuIntensive {
            // Apart from the others already.
            return Some(task);
        }
        let mut session = self.pool.injector.lock();
        self.count_again(&mut session);
        if session.is_closed() || session.is_exhausted() {
            // Nobody is left to do what else there is to do.
            return Some(task);
        }
        if !session.bench.sit_down() {
            session.bench.push_back(task);
            return None;
        }
        self.slot.standing.set(Standing::Apart);
        session.begin_blocking();
        drop(session);
        self.mode.set(Mode::Away);
        self.hand_over();
        Some(task)
    }

    /// What has been polled waits again if it has yielded. The next from the bench; if there is none,
    /// the worker counts as running again.
    fn next_apart(&self, yielded: Option<Runnable>) -> Option<Runnable> {
        let waits_again = match yielded {
            // Somebody is to come for it: this worker may stay apart for as long as others wait here.
            Some(task) if !task.is_on_probation() => {
                self.pool.submit(task);
                None
            }
            yielded => yielded,
        };
        let mut session = self.pool.injector.lock();
        let closed = session.is_closed();
        match waits_again {
            Some(task) if closed => session.worklist.push_back(task),
            Some(task) => session.bench.push_back(task),
            None => {}
        }
        // The monitor has given its seat away meanwhile if it was stuck.
        let sits = self.slot.standing.get() == Standing::Apart || session.bench.sit_down();
        if sits {
            self.slot.standing.set(Standing::Apart);
            // If all the others are blocked, this worker is to do what else there is to do, too.
            let alone = session.is_exhausted() && policy::room_for_worker(&session.counts());
            if !closed
                && !alone
                && let Some(next) = session.bench.pop_front()
            {
                return Some(next);
            }
            let waiting = session.bench.get_up();
            session.worklist.append(waiting);
        }
        self.come_back(&mut session);
        drop(session);
        self.go_on();
        None
    }
}
