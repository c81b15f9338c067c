#![forbid(unsafe_code)]
//! The workqueue experiment: what do wake-ups after the unlock gain over wake-ups inside the lock?
//!
//! Producers that are none of the runtime's threads enqueue tiny items, for each affinity scope, once
//! with the wake-ups issued inside the injector's lock and once after it. What is measured, what
//! would refute the claim and what came of it is in `docs/experiment.md`.
//!
//! * [`Setting`], [`run()`]: one run, in a process of its own, which needs a build with `--cfg
//!   fastwake_experiment` for anything but plain runs with the wake-ups after the unlock.
//! * [`Options`], [`run_all`]: the whole, with fresh processes of such a build, which it makes.
//! * [`Results`]: what comes of it; [`tables`] prints it, and the report shows it.

mod all;
mod program;
mod results;
mod round_trip;
mod run;
mod setting;
mod switch;
mod table;

pub use all::{Options, Progress, run_all};
pub use results::{Held, Measured, Moments, Results, Row, ScopePods};
pub use run::{Holds, Outcome, Percentiles, run};
pub use setting::{BATCH, Form, ITEMS, Mode, PRODUCERS, Setting};
pub use table::{alike, tables};
