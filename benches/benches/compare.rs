//! Compares fastwake with its peers: `cargo bench -p fastwake-benches -- --list` says what it asks.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use fastwake_benches::count::{Counts, Plan, idle};
use fastwake_benches::experiment::{self, Progress};
use fastwake_benches::limits;
use fastwake_benches::machine::Machine;
use fastwake_benches::model::Answers;
use fastwake_benches::options::{Mode, Options};
use fastwake_benches::report::study::{EXPERIMENT, MODEL, Study};
use fastwake_benches::report::{self, counts, terminal};
use fastwake_benches::results::{Results, RowResults};
use fastwake_benches::suite::{self, Contestant};
use fastwake_benches::workload::{ROWS, Row, Setting};

/// Runs the rows, a process for each contestant.
const WORKLOAD: &str = env!("CARGO_BIN_EXE_workload");

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let rows: Vec<&'static Row> = ROWS.iter().filter(|row| options.wants(row.name)).collect();
    let studies = Study::ALL.map(|study| study.name);
    let others = [idle::NAME].into_iter().chain(studies);
    if rows.is_empty() && !others.clone().any(|name| options.wants(name)) {
        let names = ROWS.iter().map(|row| row.name).chain(others);
        let names = names.collect::<Vec<_>>().join(", ");
        return Err(format!("no name contains that; there are {names}").into());
    }
    match options.mode {
        Mode::List => list(&options, &rows),
        Mode::Test => {
            limits::raise();
            rows.into_iter()
                .for_each(|row| try_out(row, options.workers));
        }
        Mode::Compare => compare(&options, &rows)?,
        Mode::Count => count_alone(&options, &rows)?,
    }
    Ok(())
}

fn list(options: &Options, rows: &[&Row]) {
    for row in rows {
        println!("{}", terminal::question(row));
    }
    if options.wants(idle::NAME) {
        println!("{}\n    {}\n", idle::NAME, idle::QUESTION);
    }
    for study in Study::ALL {
        if options.wants(study.name) {
            println!("{}", study.text());
        }
    }
}

/// Runs a row once on each peer, small.
fn try_out(row: &Row, workers: usize) {
    for &which in row.peers {
        let operations = 100;
        let _ = row.once(
            which,
            Setting {
                workers,
                operations,
            },
        );
    }
}

/// `target`, where the program is as well.
fn target() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).map(PathBuf::from);
    target.ok_or_else(|| io::Error::other("the program is not where cargo builds"))
}

fn compare(options: &Options, rows: &[&'static Row]) -> Result<(), Box<dyn std::error::Error>> {
    let earlier = options.compare.as_deref().map(load).transpose()?;
    let mut results = nothing_yet(options);
    let lines = results.machine.lines();
    lines.iter().for_each(|line| println!("{line}"));
    let failed;
    (results.rows, failed) = measure(options, rows)?;
    if !rows.is_empty() {
        print!("{}", terminal::footer(&results, earlier.as_ref()));
    }
    if !rows.is_empty() || options.wants(idle::NAME) {
        let counted = results.counts.insert(count(options, rows));
        print!("{}", counts::tables(counted));
    }
    if options.wants_study(EXPERIMENT.name) {
        results.experiment = experiment(options.quick);
    }
    if let Some(measured) = &results.experiment {
        print!("{}", report::experiment::text(measured));
    }
    if options.wants_study(MODEL.name) {
        let answers = results.model.insert(ask_model());
        print!("{}", report::model::text(answers));
    }
    write(options, &results, earlier.as_ref())?;
    if !failed.is_empty() {
        return Err(format!("not measured: {}", failed.join(", ")).into());
    }
    Ok(())
}

/// Counts, and puts that into the last results in place of what they had counted.
fn count_alone(options: &Options, rows: &[&'static Row]) -> io::Result<()> {
    let counted = count(options, rows);
    print!("{}", counts::tables(&counted));
    let last = folder(options)?.join("results.json");
    let mut results = if last.exists() {
        Results::load(&last)?
    } else {
        nothing_yet(options)
    };
    let apart = !results.rows.is_empty();
    results.counts = Some(Counts { apart, ..counted });
    write(options, &results, None)
}

/// Results of this machine in which nothing has been measured.
fn nothing_yet(options: &Options) -> Results {
    Results {
        machine: Machine::this(),
        workers: options.workers,
        own_processes: true,
        rows: Vec::new(),
        counts: None,
        experiment: None,
        model: None,
    }
}

/// Where the results are kept. A part does not take the place of the whole.
fn folder(options: &Options) -> io::Result<PathBuf> {
    let whole = target()?.join("benchmarks");
    Ok(if options.is_whole() {
        whole
    } else {
        whole.join("partial")
    })
}

fn write(options: &Options, results: &Results, earlier: Option<&Results>) -> io::Result<()> {
    let files = report::write(&folder(options)?, results, earlier)?;
    println!("\nraw samples: {}", files.samples.display());
    println!("report: {}", files.page.display());
    Ok(())
}

/// Earlier results. Cargo runs benches in the folder of their package; a path is also taken to be below the
/// workspace's.
fn load(path: &Path) -> io::Result<Results> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let below = workspace.join(path);
    Results::load(if path.exists() { path } else { &below })
}

/// Runs the rows, and prints each as soon as it is there; also gives the names of those that failed,
/// which is said.
fn measure(
    options: &Options,
    rows: &[&'static Row],
) -> io::Result<(Vec<RowResults>, Vec<&'static str>)> {
    let (mut results, mut failed) = (Vec::with_capacity(rows.len()), Vec::new());
    if rows.is_empty() {
        return Ok((results, failed));
    }
    let Options {
        workers, rounds, ..
    } = *options;
    println!(
        "{workers} workers, {rounds} rounds, each with a new runtime and a run to warm it up;\n\
         each contestant has a process of its own for each row\n"
    );
    let workload = Path::new(WORKLOAD);
    let contestants = if options.quick {
        Contestant::few(workload)
    } else {
        Contestant::all(workload, &target()?, |what| eprintln!("{what}"))
    };
    let bar = progress(rows.len() * rounds);
    bar.suspend(|| print!("{}", terminal::header()));
    for (index, row) in rows.iter().enumerate() {
        bar.set_message(row.name);
        let operations = if options.quick {
            row.quick
        } else {
            row.operations
        };
        let setting = Setting {
            workers,
            operations,
        };
        match suite::run(row, &contestants, setting, rounds, || bar.inc(1)) {
            Ok(measured) => {
                bar.suspend(|| print!("{}", terminal::row(&measured)));
                results.push(measured);
            }
            Err(error) => {
                bar.suspend(|| eprintln!("without {}: {error}", row.name));
                bar.set_position(((index + 1) * rounds) as u64);
                failed.push(row.name);
            }
        }
    }
    bar.finish_and_clear();
    Ok((results, failed))
}

/// Runs the workqueue experiment. `None` if it cannot be run here, which is said: what has been measured
/// before is not to be lost.
fn experiment(quick: bool) -> Option<experiment::Results> {
    let sizes = if quick {
        experiment::Options::quick()
    } else {
        experiment::Options::default()
    };
    let bar = progress(0);
    let measured = experiment::run_all(&sizes, |progress| match progress {
        Progress::Building => bar.suspend(|| eprintln!("building the experiment apart")),
        Progress::Ran { done, of, outcome } => {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            let experiment::Outcome {
                scope, form, mode, ..
            } = outcome;
            bar.set_message(format!("{}: {scope} {form} {mode}", EXPERIMENT.name));
        }
    });
    bar.finish_and_clear();
    let said = measured.inspect_err(|error| eprintln!("without the experiment: {error}"));
    said.ok()
}

fn ask_model() -> Answers {
    let bar = progress(Answers::STEPS);
    bar.set_message(MODEL.name);
    let answers = Answers::all(|| bar.inc(1));
    bar.finish_and_clear();
    answers
}

/// Counts what does not depend on the machine's mood.
fn count(options: &Options, rows: &[&'static Row]) -> Counts {
    let plan = Plan::of(options, rows);
    let bar = progress(plan.steps());
    let counts = plan.count(Path::new(WORKLOAD), |next| {
        bar.set_message(format!("counting: {next}"));
        bar.inc(1);
    });
    bar.finish_and_clear();
    counts
}

fn progress(steps: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta} {msg}");
    ProgressBar::new(steps as u64).with_style(style.expect("the template is well formed"))
}
