//! The ledger against a model that looks at every task.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::flushes::Flushes;
use super::ledger::{Admitted, Deposited, Ended, Ledger, Outcome};

#[derive(Debug, Clone, Copy)]
enum Step {
    Admit {
        own: bool,
    },
    /// The handle of a task that is being made comes.
    Deposit(usize),
    /// Some task ends.
    End(usize),
    SetMaxActive(usize),
    Pause(bool),
    CancelAll,
    Flush,
    Drain,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<bool>().prop_map(|own| Step::Admit { own }),
        6 => any::<usize>().prop_map(Step::Deposit),
        8 => any::<usize>().prop_map(Step::End),
        2 => (1usize..6).prop_map(Step::SetMaxActive),
        2 => any::<bool>().prop_map(Step::Pause),
        1 => Just(Step::CancelAll),
        3 => Just(Step::Flush),
        1 => Just(Step::Drain),
    ]
}

/// What the model knows of a task that has not ended.
#[derive(Debug, Clone, Copy)]
struct Known {
    active: bool,
    /// Is its handle still to be deposited?
    in_the_making: bool,
    cancelled: bool,
}

struct Model {
    ledger: Ledger<u64>,
    tasks: BTreeMap<u64, Known>,
    max_active: usize,
    paused: bool,
    draining: bool,
    next: u64,
    /// Each with the tasks that it waits for.
    flushes: Vec<(u64, Vec<u64>)>,
}

impl Model {
    fn new() -> Self {
        Self {
            ledger: Ledger::new(2),
            tasks: BTreeMap::new(),
            max_active: 2,
            paused: false,
            draining: false,
            next: 0,
            flushes: Vec::new(),
        }
    }

    fn active(&self) -> usize {
        self.tasks.values().filter(|task| task.active).count()
    }

    /// The oldest that waits gets a slot; returns the handle that the ledger is to give.
    fn begin_oldest(&mut self) -> Option<Option<u64>> {
        if self.paused || self.active() >= self.max_active {
            return None;
        }
        let (&number, task) = self.tasks.iter_mut().find(|(_, task)| !task.active)?;
        task.active = true;
        Some((!task.in_the_making && !task.cancelled).then_some(number))
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Admit { own } => self.admit(own),
            Step::Deposit(which) => self.deposit(which),
            Step::End(which) => self.end(which),
            Step::SetMaxActive(max_active) => {
                self.max_active = max_active;
                self.ledger.set_max_active(max_active);
                self.activate();
            }
            Step::Pause(paused) => {
                self.paused = paused;
                self.ledger.set_paused(paused);
                self.activate();
            }
            Step::CancelAll => self.cancel_all(),
            Step::Flush => {
                let mark = self.ledger.mark();
                self.flushes
                    .push((mark, self.tasks.keys().copied().collect()));
            }
            Step::Drain => {
                self.draining = true;
                self.ledger.drain();
            }
        }
    }

    fn admit(&mut self, own: bool) {
        let admitted = self.ledger.admit(own);
        if self.draining && !own {
            assert_eq!(admitted, None);
            return;
        }
        let waits = self.tasks.values().any(|task| !task.active);
        let is_active = !waits && !self.paused && self.active() < self.max_active;
        let number = self.next;
        self.next += 1;
        assert_eq!(admitted, Some(Admitted { number, is_active }));
        let task = Known {
            active: is_active,
            in_the_making: !is_active,
            cancelled: false,
        };
        self.tasks.insert(number, task);
    }

    fn deposit(&mut self, which: usize) {
        let mut making = self.tasks.iter_mut().filter(|(_, task)| task.in_the_making);
        let n = making.by_ref().count();
        let mut making = self.tasks.iter_mut().filter(|(_, task)| task.in_the_making);
        let Some((&number, task)) = (n > 0).then(|| making.nth(which % n)).flatten() else {
            return;
        };
        task.in_the_making = false;
        let expected = match (task.cancelled, task.active) {
            (true, _) => Deposited::Abort(number),
            (_, true) => Deposited::Wake(number),
            (_, false) => Deposited::Kept,
        };
        assert_eq!(self.ledger.deposit(number, number), expected);
    }

    fn cancel_all(&mut self) {
        let (below, _) = self.ledger.cancel_all();
        assert_eq!(below, self.next);
        let mut taken = Vec::new();
        let mut from = Some(0);
        while let Some(start) = from {
            let mut chunk = Vec::with_capacity(2);
            from = self.ledger.take_waiting(start, &mut chunk);
            taken.append(&mut chunk);
        }
        let expected: Vec<u64> = self
            .tasks
            .iter_mut()
            .filter_map(|(&number, task)| {
                let there = !task.active && !task.in_the_making && !task.cancelled;
                task.cancelled = true;
                there.then_some(number)
            })
            .collect();
        assert_eq!(taken, expected);
    }

    fn end(&mut self, which: usize) {
        // A task that is being made is in nobody's hands but its maker's.
        let there = |task: &Known| !task.in_the_making;
        let n = self.tasks.values().filter(|task| there(task)).count();
        if n == 0 {
            return;
        }
        let mut ending = self.tasks.iter().filter(|(_, task)| there(task));
        let (&number, &task) = ending.nth(which % n).expect("there are `n`");
        let flushed = |ledger: &Ledger<u64>, flushes: &[(u64, Vec<u64>)]| {
            flushes
                .iter()
                .filter(|(mark, _)| ledger.is_flushed(*mark))
                .count()
        };
        let before = flushed(&self.ledger, &self.flushes);
        let Ended {
            next,
            own,
            some_flush_is_done,
        } = self.ledger.end(number, Outcome::Completed);
        self.tasks.remove(&number);
        let waited = !task.active && !task.cancelled;
        assert_eq!(own, waited.then_some(number));
        assert_eq!(next, self.begin_oldest().flatten());
        for (_, tasks) in &mut self.flushes {
            tasks.retain(|&task| task != number);
        }
        if flushed(&self.ledger, &self.flushes) > before {
            assert!(some_flush_is_done);
        }
    }

    fn activate(&mut self) {
        while let Some(handle) = self.ledger.activate() {
            assert_eq!(self.begin_oldest(), Some(handle));
        }
        assert_eq!(self.begin_oldest(), None, "a slot is idle while work waits");
    }

    fn check(&self) {
        let standing = self.ledger.standing();
        assert_eq!(standing.active, self.active());
        assert_eq!(standing.inactive, self.tasks.len() - self.active());
        assert_eq!(self.ledger.is_empty(), self.tasks.is_empty());
        // W1
        let idle = !self.paused && standing.active < self.max_active;
        assert!(!idle || standing.inactive == 0);
        // W2
        let youngest = self
            .tasks
            .iter()
            .filter(|(_, task)| task.active)
            .map(|(n, _)| n)
            .max();
        let oldest = self
            .tasks
            .iter()
            .filter(|(_, task)| !task.active)
            .map(|(n, _)| n)
            .min();
        assert!(youngest.is_none_or(|young| oldest.is_none_or(|old| young < old)));
        for (mark, tasks) in &self.flushes {
            assert_eq!(self.ledger.is_flushed(*mark), tasks.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn the_ledger_decides_as_one_that_looks_at_every_task(steps in prop::collection::vec(step(), 0..200)) {
        let mut model = Model::new();
        for step in steps {
            model.take(step);
            model.check();
        }
    }

    /// However many flushes are given up while one task never ends.
    #[test]
    fn marks_are_no_more_than_the_tasks_that_are_left(rounds in 1u64..200) {
        let mut flushes = Flushes::default();
        flushes.begin();
        for number in 1..=rounds {
            flushes.begin();
            let mark = flushes.mark(number + 1);
            assert!(!flushes.end(number));
            assert!(!flushes.is_done(mark));
        }
        assert_eq!(flushes.marks(), 1);
        assert!(flushes.end(0));
        assert!(flushes.is_done(rounds + 1));
        assert_eq!(flushes.marks(), 0);
    }
}
