//! The program that runs once, and is started afresh for each run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use crate::build::build_apart;

use super::run::Outcome;
use super::setting::Setting;
use super::switch;

const CFG: &str = "fastwake_experiment";
const NAME: &str = "experiment";

pub(super) struct Program(PathBuf);

impl Program {
    /// The running program, if it can do the experiment; otherwise one that is built apart.
    pub(super) fn find(building: impl FnOnce()) -> io::Result<Self> {
        let own = env::current_exe()?;
        if switch::AVAILABLE && own.file_stem().is_some_and(|stem| stem == NAME) {
            return Ok(Self(own));
        }
        building();
        Self::build()
    }

    fn build() -> io::Result<Self> {
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => PathBuf::from(target),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        };
        build_apart(NAME, &target.join(CFG), &[], &format!("--cfg {CFG}")).map(Self)
    }

    /// Runs once, in a fresh process.
    pub(super) fn run(&self, setting: Setting) -> io::Result<Outcome> {
        let Setting {
            scope,
            mode,
            form,
            producers,
            items,
            holds,
        } = setting;
        let mut command = Command::new(&self.0);
        command.args(["run", scope.as_str(), mode.name(), form.name()]);
        command.arg(items.to_string());
        command.args(["--producers", &producers.to_string()]);
        if holds {
            command.arg("--holds");
        }
        let output = command.output()?;
        let parsed = serde_json::from_slice(&output.stdout);
        match parsed {
            Ok(outcome) if output.status.success() => Ok(outcome),
            _ => Err(io::Error::other(format!(
                "the run {scope} {mode} {form} {items} failed ({}): {}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            ))),
        }
    }
}
