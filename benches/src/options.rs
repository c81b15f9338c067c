#![forbid(unsafe_code)]
//! The command line of the comparison.

use std::fmt;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What to do.
    pub mode: Mode,
    /// A quick look: fewer rounds, smaller runs, no builds apart.
    pub quick: bool,
    /// Rounds in which each contestant runs each row once.
    pub rounds: usize,
    /// Only what has this in its name: rows, and what is measured beside them.
    pub only: Option<String>,
    /// Workers of each runtime.
    pub workers: usize,
    /// Earlier results to compare with.
    pub compare: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Measure, and report.
    Compare,
    /// Only count system calls and instructions.
    Count,
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
        write!(
            f,
            "{}; options: --quick, --rounds N, --only PART-OF-A-NAME, --workers N, \
             --compare OLD.json, --counts, --list",
            self.0
        )
    }
}

impl std::error::Error for BadOption {}

/// As many as there are orders of six contestants, or twice.
const ROUNDS: usize = 12;
const QUICK_ROUNDS: usize = 6;

impl Options {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    ///
    /// [`BadOption`] for what it does not know.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, BadOption> {
        let mut options = Self {
            mode: Mode::Test,
            quick: false,
            rounds: ROUNDS,
            only: None,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            compare: None,
        };
        let mut arguments = arguments.into_iter();
        let (mut list, mut counts, mut rounds) = (false, false, None);
        while let Some(option) = arguments.next() {
            match option.as_str() {
                // Cargo says so when it benchmarks; when it tests, it says nothing.
                "--bench" => options.mode = Mode::Compare,
                "--quick" => options.quick = true,
                "--rounds" => rounds = Some(count(&option, arguments.next())?),
                "--workers" => options.workers = count(&option, arguments.next())?,
                "--only" => options.only = Some(value(&option, arguments.next())?),
                "--compare" => options.compare = Some(value(&option, arguments.next())?.into()),
                "--counts" => counts = true,
                "--list" => list = true,
                _ => return Err(BadOption(format!("unknown option {option:?}"))),
            }
        }
        let usual = if options.quick { QUICK_ROUNDS } else { ROUNDS };
        options.rounds = rounds.unwrap_or(usual);
        match options.mode {
            _ if list => options.mode = Mode::List,
            Mode::Compare if counts => options.mode = Mode::Count,
            _ => {}
        }
        Ok(options)
    }

    /// Is it a whole run, whose results are kept?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.quick && self.only.is_none()
    }

    /// Is this name asked for?
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|part| name.contains(part))
    }

    /// Is what is no row and takes longer asked for by this name? A quick look has it only if it is
    /// named.
    #[must_use]
    pub fn wants_study(&self, name: &str) -> bool {
        self.wants(name) && (self.only.is_some() || !self.quick)
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
        assert_eq!(parse("--counts --bench").unwrap().mode, Mode::Count);
        assert_eq!(parse("--counts --list --bench").unwrap().mode, Mode::List);
        assert_eq!(parse("--counts").unwrap().mode, Mode::Test);
    }

    #[test]
    fn a_whole_comparison_has_at_least_eleven_rounds() {
        assert!(parse("--bench").unwrap().rounds >= 11);
        assert!(parse("--bench --quick").unwrap().rounds < 11);
        assert_eq!(parse("--bench --rounds 3").unwrap().rounds, 3);
        assert_eq!(parse("--rounds 3 --quick --bench").unwrap().rounds, 3);
    }

    #[test]
    fn rows_are_chosen_by_a_part_of_their_name() {
        let options = parse("--only spawn --bench").unwrap();
        assert!(options.wants("spawn-worker") && !options.wants("yield"));
        assert!(parse("--bench").unwrap().wants("yield"));
    }

    #[test]
    fn a_quick_look_has_a_study_only_if_it_is_named() {
        for (line, wanted) in [
            ("--bench", true),
            ("--bench --quick", false),
            ("--bench --quick --only exper", true),
            ("--bench --only experiment", true),
            ("--bench --only yield", false),
        ] {
            let options = parse(line).unwrap();
            assert_eq!(options.wants_study("experiment"), wanted, "{line}");
        }
    }

    #[test]
    fn earlier_results_are_a_file() {
        let options = parse("--bench --compare old.json").unwrap();
        assert_eq!(options.compare, Some("old.json".into()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_remedy() {
        for line in [
            "--fast",
            "--only",
            "--compare",
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
