//! What is on the screen, and what keys do to it.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::sample::Sample;
use crate::watch::Update;

/// As many values of the past as a wide terminal has columns.
const PAST: usize = 512;

/// Does the program go on?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    GoOn,
    Quit,
}

pub(crate) struct App {
    pub(crate) socket: String,
    pub(crate) interval: Duration,
    pub(crate) now: Option<Sample>,
    pub(crate) before: Option<Sample>,
    /// Why there is no newer sample.
    pub(crate) trouble: Option<String>,
    /// The line of the pool or queue that is shown over time.
    pub(crate) selected: usize,
    pasts: Vec<Past>,
}

/// What a pool or queue was like, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// In nanoseconds; empty if it is not known.
    pub(crate) latency: VecDeque<u64>,
    pub(crate) waiting: VecDeque<u64>,
}

impl Past {
    fn push(values: &mut VecDeque<u64>, value: u64) {
        if values.len() == PAST {
            values.pop_front();
        }
        values.push_back(value);
    }
}

impl App {
    pub(crate) fn new(socket: String, interval: Duration) -> Self {
        Self {
            socket,
            interval,
            now: None,
            before: None,
            trouble: None,
            selected: 0,
            pasts: Vec::new(),
        }
    }

    pub(crate) fn update(&mut self, update: Update) {
        let sample = match update {
            Ok(sample) => sample,
            Err(trouble) => {
                self.trouble = Some(trouble);
                return;
            }
        };
        self.trouble = None;
        self.before = self.now.take().filter(|before| sample.follows(before));
        let mut old = match &self.before {
            Some(before) => before
                .entries()
                .zip(std::mem::take(&mut self.pasts))
                .collect(),
            // Another runtime than before has another past.
            None => Vec::new(),
        };
        self.pasts.clear();
        for entry in sample.entries() {
            let same = old.iter().position(|(before, _)| before.is_same(entry));
            let mut past = same.map_or_else(Past::default, |place| old.swap_remove(place).1);
            let latency = entry.latency_ns();
            // It begins with the first that is known.
            if latency.is_some() || !past.latency.is_empty() {
                Past::push(&mut past.latency, latency.unwrap_or(0));
            }
            Past::push(&mut past.waiting, entry.waiting());
            self.pasts.push(past);
        }
        self.selected = self.selected.min(self.pasts.len().saturating_sub(1));
        self.now = Some(sample);
    }

    /// That of the selected line.
    pub(crate) fn past(&self) -> Option<&Past> {
        self.pasts.get(self.selected)
    }

    pub(crate) fn event(&mut self, event: &Event) -> Then {
        let &Event::Key(KeyEvent {
            code,
            modifiers,
            kind: KeyEventKind::Press | KeyEventKind::Repeat,
            ..
        }) = event
        else {
            return Then::GoOn;
        };
        match code {
            KeyCode::Char('q') | KeyCode::Esc => return Then::Quit,
            // The terminal sends it as a key now, and no signal.
            KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => return Then::Quit,
            KeyCode::Up | KeyCode::Char('k') => self.selected = self.selected.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => {
                let last = self.pasts.len().saturating_sub(1);
                self.selected = (self.selected + 1).min(last);
            }
            KeyCode::Home => self.selected = 0,
            KeyCode::End => self.selected = self.pasts.len().saturating_sub(1),
            _ => {}
        }
        Then::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::{pool, queue, sample, sample_with_queues};

    fn app() -> App {
        App::new("socket".to_owned(), Duration::from_secs(1))
    }

    fn press(app: &mut App, code: KeyCode) -> Then {
        app.event(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn latencies(app: &App) -> Vec<u64> {
        app.past().unwrap().latency.iter().copied().collect()
    }

    #[test]
    fn arrows_select_a_pool_and_stay_within_the_table() {
        let mut app = app();
        assert_eq!(press(&mut app, KeyCode::Down), Then::GoOn);
        assert_eq!(app.selected, 0, "there is none yet");
        let pools = |n| (0..n).map(|cpu| pool("per_cpu", &format!("{cpu}"), 1, 1));
        app.update(Ok(sample(1, pools(3).collect())));
        for expected in [1, 2, 2] {
            press(&mut app, KeyCode::Down);
            assert_eq!(app.selected, expected);
        }
        app.update(Ok(sample(2, pools(2).collect())));
        assert_eq!(app.selected, 1, "the last that is left");
        for expected in [0, 0] {
            press(&mut app, KeyCode::Up);
            assert_eq!(app.selected, expected);
        }
    }

    #[test]
    fn q_escape_and_control_c_end_and_other_keys_do_not() {
        for code in [KeyCode::Char('q'), KeyCode::Esc] {
            assert_eq!(press(&mut app(), code), Then::Quit);
        }
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(app().event(&Event::Key(control_c)), Then::Quit);
        for code in [KeyCode::Char('c'), KeyCode::Enter] {
            assert_eq!(press(&mut app(), code), Then::GoOn);
        }
        assert_eq!(app().event(&Event::Resize(1, 1)), Then::GoOn);
    }

    #[test]
    fn a_past_goes_with_its_pool_and_ends_with_the_runtime() {
        let mut app = app();
        app.update(Ok(sample(1, vec![pool("per_cpu", "1", 1, 10)])));
        let more = vec![pool("per_cpu", "0", 1, 99), pool("per_cpu", "1", 1, 20)];
        app.update(Ok(sample(2, more)));
        assert_eq!(latencies(&app), [99]);
        press(&mut app, KeyCode::Down);
        assert_eq!(latencies(&app), [10, 20]);
        // Started anew.
        app.update(Ok(sample(1, vec![pool("per_cpu", "1", 1, 30)])));
        assert_eq!(latencies(&app), [30]);
        assert!(app.before.is_none());
    }

    #[test]
    fn a_queue_is_selected_below_the_pools_and_has_a_past_without_latency() {
        let mut app = app();
        for second in 1..=2 {
            let pools = vec![pool("unbound", "0", 1, 5)];
            let queues = serde_json::json!([queue("mail", second * 10)]);
            app.update(Ok(sample_with_queues(second, pools, queues)));
        }
        press(&mut app, KeyCode::End);
        assert_eq!((app.selected, latencies(&app).len()), (1, 0));
        assert_eq!(app.past().unwrap().waiting, [11, 21]);
    }

    #[test]
    fn a_past_is_bounded() {
        let mut app = app();
        for second in 1..=PAST as u64 + 5 {
            app.update(Ok(sample(second, vec![pool("unbound", "0", 1, second)])));
        }
        let latencies = latencies(&app);
        assert_eq!((latencies.len(), latencies[0]), (PAST, 6));
    }

    #[test]
    fn what_was_known_stays_while_the_process_is_gone() {
        let mut app = app();
        app.update(Ok(sample(1, vec![pool("unbound", "0", 1, 1)])));
        app.update(Err("nobody listens".to_owned()));
        assert!(app.now.is_some() && app.trouble.is_some());
        app.update(Ok(sample(2, vec![pool("unbound", "0", 1, 1)])));
        assert!(app.trouble.is_none() && app.before.is_some());
    }
}
