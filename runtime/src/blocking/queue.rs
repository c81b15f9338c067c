#![forbid(unsafe_code)]
//! What the blocking pool's lock guards, and what is decided under it.

use crate::cell::{Runnable, TaskList};

/// What a thread that looks for work is told.
pub(super) enum Order {
    Run(Runnable),
    /// Enough threads run: stand watch.
    Watch(Progress),
    /// Nothing to do: sleep.
    Sleep,
    Leave,
}

/// Who is to be called, after the unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Wake(u32),
    Create(u32),
}

/// How far the closures had got when somebody looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    completed: u64,
}

#[derive(Debug)]
pub(super) struct Queue {
    tasks: TaskList,
    /// Most recently idle last. A thread that was called stays here until it comes.
    idle: Vec<u32>,
    /// Seats without a thread.
    free: Vec<u32>,
    threads: usize,
    running: usize,
    /// Threads asked for that have not come yet.
    starting: usize,
    /// Does a thread stand watch?
    watched: bool,
    /// How many may run closures before the next has to show that they do not get on.
    base: usize,
    closed: bool,
    completed: u64,
    /// As it was when a thread was last added to those beyond the base.
    completed_at_growth: Option<u64>,
    pub(super) queued: u64,
    pub(super) started: u64,
}

impl Queue {
    pub(super) fn new(base: usize, seats: u32) -> Self {
        Self {
            tasks: TaskList::new(),
            idle: Vec::with_capacity(seats as usize),
            free: (0..seats).rev().collect(),
            threads: 0,
            running: 0,
            starting: 0,
            watched: false,
            base,
            closed: false,
            completed: 0,
            completed_at_growth: None,
            queued: 0,
            started: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn threads(&self) -> usize {
        self.threads + self.starting
    }

    pub(super) fn idle_threads(&self) -> usize {
        self.idle.len()
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watched
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn push(&mut self, task: Runnable) {
        self.tasks.push_back(task);
        self.queued += 1;
    }

    /// Chooses who is to come for what waits, if anybody has to be called: not while somebody
    /// stands watch or is on the way; `coming` says that a new thread is.
    pub(super) fn call(&mut self, coming: bool, is_parked: impl Fn(u32) -> bool) -> Option<Call> {
        // A watcher minds those that run. With fewer of them than may, somebody is to come at once.
        let minded = self.watched && self.running >= self.base;
        if self.tasks.is_empty() || minded || coming || self.closed {
            return None;
        }
        if let Some(&head) = self.idle.last() {
            return is_parked(head).then_some(Call::Wake(head));
        }
        let seat = self.free.pop()?;
        self.starting += 1;
        Some(Call::Create(seat))
    }

    /// A thread that was made has come.
    pub(super) fn arrive(&mut self) {
        self.starting -= 1;
        self.threads += 1;
    }

    /// A thread was refused. What waits fails if there is nobody else to do it.
    pub(super) fn give_up_thread(&mut self, seat: u32) -> TaskList {
        self.starting -= 1;
        self.free.push(seat);
        if self.threads() == 0 {
            std::mem::take(&mut self.tasks)
        } else {
            TaskList::new()
        }
    }

    /// What is a thread to do that has come because it was called?
    pub(super) fn order_comer(&mut self, seat: u32) -> Order {
        let stuck = self.completed_at_growth == Some(self.completed);
        if self.closed || self.tasks.is_empty() || self.running < self.base || stuck {
            return self.order(seat);
        }
        if self.watched {
            return self.sleep(seat);
        }
        self.watched = true;
        Order::Watch(self.progress())
    }

    /// What is a thread to do that has just finished a closure?
    pub(super) fn order(&mut self, seat: u32) -> Order {
        match self.tasks.pop_front() {
            None if self.closed => {
                self.leave(seat);
                Order::Leave
            }
            None => self.sleep(seat),
            Some(task) => {
                self.running += 1;
                self.started += 1;
                if self.running > self.base {
                    self.completed_at_growth = Some(self.completed);
                }
                Order::Run(task)
            }
        }
    }

    fn sleep(&mut self, seat: u32) -> Order {
        self.idle.push(seat);
        Order::Sleep
    }

    pub(super) fn finish(&mut self) {
        self.running -= 1;
        self.completed += 1;
    }

    /// A thread that runs, or so it seemed, is not to be relied upon.
    pub(super) fn step_aside(&mut self, seat: u32) {
        self.finish();
        self.leave(seat);
    }

    /// A thread that has stepped aside is back, and wants a seat.
    pub(super) fn come_back(&mut self) -> Option<u32> {
        let seat = self.free.pop()?;
        self.threads += 1;
        Some(seat)
    }

    /// What can nobody come for any more?
    pub(super) fn abandoned(&mut self) -> TaskList {
        if self.closed && self.threads() == 0 {
            std::mem::take(&mut self.tasks)
        } else {
            TaskList::new()
        }
    }

    /// Do closures wait, and there is nobody who could be called for them?
    pub(super) fn is_short(&self) -> bool {
        !self.tasks.is_empty() && self.idle.is_empty() && self.free.is_empty()
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            completed: self.completed,
        }
    }

    /// The watcher has slept a while since it saw `since`. Is it to take a closure? Only if the
    /// threads that run have finished nothing, or fewer than `each` apiece, or are not there any
    /// more.
    pub(super) fn is_stuck(&self, since: Progress, each: u64) -> bool {
        let finished = self.completed - since.completed;
        self.running < self.base || finished == 0 || finished < self.running as u64 * each
    }

    pub(super) fn end_watch(&mut self) {
        self.watched = false;
    }

    /// A sleeper is awake.
    pub(super) fn wake_up(&mut self, seat: u32) {
        let position = self.idle.iter().rposition(|&idle| idle == seat);
        self.idle
            .remove(position.expect("a sleeper is on the idle list"));
    }

    /// A sleeper whose keep-alive has passed goes, unless work has come.
    pub(super) fn retire(&mut self, seat: u32) -> bool {
        if !self.tasks.is_empty() || self.closed {
            return false;
        }
        self.wake_up(seat);
        self.leave(seat);
        true
    }

    fn leave(&mut self, seat: u32) {
        self.threads -= 1;
        self.free.push(seat);
    }

    /// Takes no more; what has not begun is returned, to be cancelled. A closure for which a thread
    /// is being made has begun, as far as its owner can tell: the thread takes one, and goes.
    pub(super) fn close(&mut self) -> TaskList {
        self.closed = true;
        let begun = self.tasks.take_front(self.starting);
        std::mem::replace(&mut self.tasks, begun)
    }
}
