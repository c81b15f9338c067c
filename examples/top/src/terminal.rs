//! The program on a terminal.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event;

use crate::app::{App, Then};
use crate::cli::Failure;
use crate::screen;
use crate::watch::{self, Update};

/// How long an update waits on the screen's side, at most.
const TURN: Duration = Duration::from_millis(50);

/// Shows what the process does until a key ends it.
///
/// # Errors
///
/// The system's, if the terminal cannot be used. It is given back as it was in any case.
pub(crate) fn run(socket: PathBuf, interval: Duration) -> Result<(), Failure> {
    let app = App::new(socket.display().to_string(), interval);
    let (sender, updates) = mpsc::channel();
    watch::watch(socket, interval, sender);
    let mut terminal = ratatui::try_init()?;
    let result = show(&mut terminal, app, &updates);
    ratatui::restore();
    Ok(result?)
}

fn show(
    terminal: &mut DefaultTerminal,
    mut app: App,
    updates: &mpsc::Receiver<Update>,
) -> io::Result<()> {
    terminal.draw(|frame| screen::draw(frame, &app))?;
    loop {
        let mut changed = false;
        while let Ok(update) = updates.try_recv() {
            app.update(update);
            changed = true;
        }
        // A key, or another size.
        if event::poll(TURN)? {
            if app.event(&event::read()?) == Then::Quit {
                return Ok(());
            }
            changed = true;
        }
        if changed {
            terminal.draw(|frame| screen::draw(frame, &app))?;
        }
    }
}
