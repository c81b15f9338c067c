#![forbid(unsafe_code)]
//! Sleeping on a condition variable: for systems without a futex, and for the model checker.

use std::time::Duration;

use super::state::ParkState;
use crate::primitives::blocking::{Condvar, Mutex};

#[derive(Debug)]
pub(super) struct Sleeper {
    /// Held from the look at the word to the sleep; a waker passes through it after it changed the
    /// word, so that it cannot notify in between.
    gate: Mutex<()>,
    condvar: Condvar,
}

impl Sleeper {
    pub(super) fn new() -> Self {
        Self {
            gate: Mutex::new(()),
            condvar: Condvar::new(),
        }
    }

    /// Sleeps while the word says `PARKED`; may wake up early. False: `timeout` has passed.
    pub(super) fn sleep_while_parked(&self, state: &ParkState, timeout: Option<Duration>) -> bool {
        let gate = self.gate.lock().expect("nothing panics under the gate");
        if !state.is_parked() {
            return true;
        }
        match timeout {
            None => {
                drop(
                    self.condvar
                        .wait(gate)
                        .expect("nothing panics under the gate"),
                );
                true
            }
            Some(timeout) => {
                let (_gate, result) = self
                    .condvar
                    .wait_timeout(gate, timeout)
                    .expect("nothing panics under the gate");
                !result.timed_out()
            }
        }
    }

    pub(super) fn wake(&self, _state: &ParkState) {
        drop(self.gate.lock().expect("nothing panics under the gate"));
        self.condvar.notify_one();
    }
}
