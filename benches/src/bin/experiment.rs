#![forbid(unsafe_code)]
//! What do wake-ups after the unlock gain over wake-ups inside the lock? See `docs/experiment.md`.
//!
//! ```text
//! cargo run --release -p fastwake-benches --bin experiment -- all
//! cargo run --release -p fastwake-benches --bin experiment -- all --quick
//! experiment run cache in-lock batched 200000     # one run, one line of JSON
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, io};

use fastwake_benches::experiment::{self, ITEMS, Options, PRODUCERS, Progress, Setting};
use fastwake_benches::machine::Machine;
use lexopt::prelude::{Long, Value, ValueExt};

const USAGE: &str = "usage:
  experiment all [--quick] [--processes N] [--hold-processes N] [--producers N]
                 [--items N] [--closed-items N] [--json FILE]
  experiment run SCOPE in-lock|after-unlock closed|batched [ITEMS] [--producers N] [--holds]
where SCOPE is one of cpu, smt, cache_shard, cache, numa, system; items are those of one producer";

enum Command {
    All(Options, Option<PathBuf>),
    Run(Setting),
}

fn main() -> ExitCode {
    let command = match parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("experiment: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match command {
        Command::Run(setting) => run(setting),
        Command::All(options, json) => all(&options, json),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("experiment: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(setting: Setting) -> io::Result<()> {
    let outcome = experiment::run(setting)?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

fn all(options: &Options, json: Option<PathBuf>) -> io::Result<()> {
    let results = experiment::run_all(options, |progress| match progress {
        Progress::Building => eprintln!("building the experiment apart"),
        Progress::Ran { done, of, outcome } => eprintln!(
            "{done}/{of} {} {} {}: {:.0} items/s{}",
            outcome.scope,
            outcome.form,
            outcome.mode,
            outcome.items_per_second,
            if outcome.holds.is_some() {
                ", while the lock is measured"
            } else {
                ""
            },
        ),
    })?;
    Machine::this()
        .lines()
        .iter()
        .for_each(|line| println!("{line}"));
    println!("{} processes of each kind, in turn", options.processes);
    print!("{}", experiment::tables(&results));
    if let Some(path) = json {
        let text = serde_json::to_string_pretty(&results)?;
        fs::write(&path, text).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
    }
    Ok(())
}

fn parse(mut arguments: lexopt::Parser) -> Result<Command, Box<dyn Error>> {
    match arguments.next()? {
        Some(Value(command)) if command == "all" => parse_all(arguments),
        Some(Value(command)) if command == "run" => parse_run(arguments),
        Some(other) => Err(other.unexpected().into()),
        None => Err("what is to be done?".into()),
    }
}

fn parse_all(mut arguments: lexopt::Parser) -> Result<Command, Box<dyn Error>> {
    let mut options = Options::default();
    let mut json = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("quick") => options = Options::quick(),
            Long("processes") => options.processes = count("--processes", &mut arguments, 1)?,
            Long("hold-processes") => {
                options.hold_processes = count("--hold-processes", &mut arguments, 0)?;
            }
            Long("producers") => options.producers = count("--producers", &mut arguments, 1)?,
            Long("items") => options.batched_items = count("--items", &mut arguments, 1)?,
            Long("closed-items") => {
                options.closed_items = count("--closed-items", &mut arguments, 1)?;
            }
            Long("json") => json = Some(arguments.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::All(options, json))
}

fn count(
    option: &str,
    arguments: &mut lexopt::Parser,
    least: usize,
) -> Result<usize, Box<dyn Error>> {
    let value = arguments.value()?.string()?;
    at_least(option, &value, least)
}

fn at_least(what: &str, value: &str, least: usize) -> Result<usize, Box<dyn Error>> {
    match value.parse() {
        Ok(count) if count >= least => Ok(count),
        _ => Err(format!("{what} is {value:?}; it must be a number from {least} up").into()),
    }
}

fn parse_run(mut arguments: lexopt::Parser) -> Result<Command, Box<dyn Error>> {
    let mut holds = false;
    let mut producers = PRODUCERS;
    let mut words = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("holds") => holds = true,
            Long("producers") => producers = count("--producers", &mut arguments, 1)?,
            Value(word) if words.len() < 4 => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let [scope, mode, form, items @ ..] = &words[..] else {
        return Err("a run needs a scope, a mode and a form".into());
    };
    Ok(Command::Run(Setting {
        scope: scope.parse()?,
        mode: mode.parse()?,
        form: form.parse()?,
        producers,
        items: match items.first() {
            Some(items) => at_least("the number of items", items, 1)?,
            None => ITEMS,
        },
        holds,
    }))
}
