#![forbid(unsafe_code)]
//! The command line of the comparison.

use std::fmt;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What to do.
    pub mode: Mode,
    /// Rounds in which each peer runs each row once.
    pub rounds: usize,
    /// Only rows whose name contains this.
    pub only: Option<String>,
    /// Workers of each runtime.
    pub workers: usize,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Measure, and print the table.
    Compare,
    /// Say what the rows ask.
    List,
    /// See that each row runs: what `cargo test --benches` wants.
    Test,
}

/// The command line makes no sense; the text says what does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadOption(String);

impl fmt::Display for BadOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        f.write_str(
            "; options: --quick, --rounds N, --only PART-OF-A-ROW'S-NAME, --workers N, --list",
        )
    }
}

impl std::error::Error for BadOption {}

/// Multiples of the orders in which the peers can run.
const ROUNDS: usize = 24;
const QUICK_ROUNDS: usize = 6;
const WORKERS: usize = 2;

impl Options {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    ///
    /// [`BadOption`] for what it does not know.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, BadOption> {
        let mut options = Self {
            mode: Mode::Test,
            rounds: ROUNDS,
            only: None,
            workers: WORKERS,
        };
        let mut arguments = arguments.into_iter();
        let mut list = false;
        while let Some(option) = arguments.next() {
            match option.as_str() {
                // Cargo says so when it benchmarks; when it tests, it says nothing.
                "--bench" => options.mode = Mode::Compare,
                "--quick" => options.rounds = QUICK_ROUNDS,
                "--rounds" => options.rounds = count(&option, arguments.next())?,
                "--workers" => options.workers = count(&option, arguments.next())?,
                "--only" => options.only = Some(value(&option, arguments.next())?),
                "--list" => list = true,
                _ => return Err(BadOption(format!("unknown option {option:?}"))),
            }
        }
        if list {
            options.mode = Mode::List;
        }
        Ok(options)
    }
}

fn value(option: &str, value: Option<String>) -> Result<String, BadOption> {
    value.ok_or_else(|| BadOption(format!("{option} needs a value")))
}

fn count(option: &str, text: Option<String>) -> Result<usize, BadOption> {
    let text = value(option, text)?;
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(BadOption(format!(
            "{option} is {text:?}; it must be a number from 1 up"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, BadOption> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn cargo_bench_measures_and_cargo_test_only_tries() {
        assert_eq!(parse("--bench").unwrap().mode, Mode::Compare);
        assert_eq!(parse("").unwrap().mode, Mode::Test);
        assert_eq!(parse("--list --bench").unwrap().mode, Mode::List);
    }

    #[test]
    fn a_whole_comparison_has_at_least_eleven_rounds() {
        assert!(parse("--bench").unwrap().rounds >= 11);
        assert!(parse("--bench --quick").unwrap().rounds < 11);
        assert_eq!(parse("--bench --rounds 3").unwrap().rounds, 3);
    }

    #[test]
    fn rows_are_chosen_by_a_part_of_their_name() {
        assert_eq!(
            parse("--only spawn --bench").unwrap().only.as_deref(),
            Some("spawn")
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_remedy() {
        for line in [
            "--fast",
            "--only",
            "--rounds",
            "--rounds 0",
            "--workers x",
            "--workers -1",
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains("options: "), "{line}: {error}");
        }
    }
}
