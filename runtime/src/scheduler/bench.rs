#![forbid(unsafe_code)]
//! Tasks on probation: they have stayed in a poll for long, and are polled apart from the others.
//!
//! A worker that is to poll one takes a seat: it stops counting as running, so that another does what
//! else there is to do. There are as many seats as workers that may run: together the tasks on probation
//! leave as much of the CPUs to the others as they take. Who finds no seat puts the task on the bench,
//! and whoever has a seat takes from there before it gives the seat up. So a bench that is not empty has
//! somebody with a seat.

use std::fmt;

use crate::cell::{Runnable, TaskList};

pub(super) struct Bench {
    tasks: TaskList,
    taken: u32,
    seats: u32,
}

impl Bench {
    pub(super) fn new(seats: u32) -> Self {
        Self {
            tasks: TaskList::new(),
            taken: 0,
            seats,
        }
    }

    /// Takes a seat, if there is one.
    pub(super) fn sit_down(&mut self) -> bool {
        let free = self.taken < self.seats;
        self.taken += u32::from(free);
        free
    }

    /// Gives up a seat that another is to take: the next task, for the other to come with. If nobody
    /// sits any more, all of them, for the other may not find it worth its while.
    pub(super) fn get_up(&mut self) -> TaskList {
        debug_assert!(self.taken > 0, "nobody sits");
        self.taken -= 1;
        match self.taken {
            0 => self.take_all(),
            _ => self.pop_front().into_iter().collect(),
        }
    }

    pub(super) fn push_back(&mut self, task: Runnable) {
        self.tasks.push_back(task);
    }

    pub(super) fn pop_front(&mut self) -> Option<Runnable> {
        self.tasks.pop_front()
    }

    /// For those who do not run them.
    pub(super) fn take_all(&mut self) -> TaskList {
        std::mem::take(&mut self.tasks)
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tasks,
            taken,
            seats,
        } = self;
        write!(f, "Bench({} tasks, {taken} of {seats} seats)", tasks.len())
    }
}
