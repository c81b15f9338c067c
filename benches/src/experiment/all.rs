//! The whole experiment: fresh processes for everything, in turn.

use std::io;

use fastwake::topology::{AffinityScope, Topology};

use super::program::Program;
use super::results::{Results, ScopePods};
use super::run::Outcome;
use super::setting::{Form, ITEMS, Mode, PRODUCERS, Setting};

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Fresh processes for each scope, form and mode.
    pub processes: usize,
    /// Beside them, those in which it is measured how long the lock is held, where it can be.
    pub hold_processes: usize,
    /// Threads that enqueue.
    pub producers: usize,
    /// Items of each producer in the batched form.
    pub batched_items: usize,
    /// Items of each producer in the closed form.
    pub closed_items: usize,
}

impl Default for Options {
    /// Some four minutes on two CPUs, after the build.
    fn default() -> Self {
        Self {
            processes: 7,
            hold_processes: 1,
            producers: PRODUCERS,
            batched_items: ITEMS,
            closed_items: CLOSED_ITEMS,
        }
    }
}

impl Options {
    /// Some 20 seconds on two CPUs, after the build: to see that everything runs, not for figures.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            processes: 2,
            hold_processes: 1,
            producers: PRODUCERS,
            batched_items: ITEMS / 5,
            closed_items: CLOSED_ITEMS / 5,
        }
    }

    fn items(&self, form: Form) -> usize {
        match form {
            Form::Closed => self.closed_items,
            Form::Batched => self.batched_items,
        }
    }

    /// The orchestrator itself need not be able to measure it, but has the same processor.
    fn hold_rounds(&self) -> usize {
        match cfg!(target_arch = "x86_64") {
            true => self.hold_processes,
            false => 0,
        }
    }

    fn runs(&self) -> usize {
        let kinds = AffinityScope::ALL.len() * Form::ALL.len() * Mode::ALL.len();
        kinds * (self.processes + self.hold_rounds())
    }
}

/// Of each producer. Each is a round trip with a context switch or two, and takes some ten times as
/// long as one of the batched form: with [`ITEMS`], the whole would take a quarter of an hour.
const CLOSED_ITEMS: usize = 50_000;

/// How far [`run_all`] has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress<'a> {
    /// The program is being built apart; this can take minutes.
    Building,
    /// A process has ended.
    Ran {
        /// So many have.
        done: usize,
        /// So many will have in the end.
        of: usize,
        /// What it came to.
        outcome: &'a Outcome,
    },
}

/// Runs the whole experiment, and says now and then how far it has come.
///
/// If the calling program is not `experiment` in a build with `--cfg fastwake_experiment`, that one
/// is built first, into a directory of its own beside the other builds.
///
/// # Errors
///
/// If it cannot be built, or a run fails.
pub fn run_all(options: &Options, mut progress: impl FnMut(Progress<'_>)) -> io::Result<Results> {
    let program = Program::find(|| progress(Progress::Building))?;
    let (mut done, of) = (0, options.runs());
    let mut run = |setting| {
        let outcome = program.run(setting)?;
        done += 1;
        progress(Progress::Ran {
            done,
            of,
            outcome: &outcome,
        });
        Ok::<_, io::Error>(outcome)
    };
    let mut outcomes = Vec::with_capacity(of);
    for round in 0..options.processes {
        for setting in in_turn(options, round, false) {
            outcomes.push(run(setting)?);
        }
    }
    for round in 0..options.hold_rounds() {
        for setting in in_turn(options, round, true) {
            outcomes.push(run(setting)?);
        }
    }
    Ok(Results::new(pods(), outcomes))
}

/// One of each kind; the two modes next to each other, and the other one first in every other round.
fn in_turn(options: &Options, round: usize, holds: bool) -> impl Iterator<Item = Setting> {
    let mut modes = Mode::ALL;
    if round % 2 == 1 {
        modes.reverse();
    }
    let options = *options;
    Form::ALL.into_iter().flat_map(move |form| {
        AffinityScope::ALL.into_iter().flat_map(move |scope| {
            modes.into_iter().map(move |mode| Setting {
                scope,
                mode,
                form,
                producers: options.producers,
                items: options.items(form),
                holds,
            })
        })
    })
}

fn pods() -> Vec<ScopePods> {
    let machine = Topology::current();
    let of = |scope: AffinityScope| ScopePods {
        scope: scope.to_string(),
        pods: machine
            .pods(scope)
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    AffinityScope::ALL.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_run_once_a_round_and_no_mode_is_always_first() {
        let options = Options::default();
        let [first, second] =
            [0, 1].map(|round| in_turn(&options, round, false).collect::<Vec<_>>());
        assert_eq!(
            first.len() * (options.processes + options.hold_rounds()),
            options.runs()
        );
        for (a, b) in first.iter().zip(&second) {
            assert_eq!((a.scope, a.form), (b.scope, b.form));
            assert_ne!(a.mode, b.mode);
        }
        for pair in first.chunks(Mode::ALL.len()) {
            assert_eq!((pair[0].scope, pair[0].form), (pair[1].scope, pair[1].form));
        }
    }

    #[test]
    fn the_whole_has_the_sizes_of_the_patches_where_they_end_in_time() {
        let options = Options::default();
        assert!(options.processes >= 5);
        assert_eq!(options.batched_items, 200_000);
        assert!(Options::quick().runs() < options.runs());
    }
}
