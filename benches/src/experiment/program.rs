//! The program that runs once, and is started afresh for each run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

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

    /// In a target directory of its own, so that this build and others do not undo each other.
    fn build() -> io::Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => PathBuf::from(target),
            None => workspace.join("target"),
        };
        let target = target.join(CFG);
        let mut flags = env::var_os("RUSTFLAGS").unwrap_or_default();
        flags.push(format!(" --cfg {CFG}"));
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let status = Command::new(&cargo)
            .args([
                "build",
                "--release",
                "--quiet",
                "--no-default-features",
                "--bin",
                NAME,
            ])
            .arg("--manifest-path")
            .arg(workspace.join("benches/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .env("RUSTFLAGS", flags)
            .status()?;
        if !status.success() {
            return Err(io::Error::other(format!(
                "{} could not build the experiment apart: {status}",
                cargo.display()
            )));
        }
        let name = format!("{NAME}{}", env::consts::EXE_SUFFIX);
        Ok(Self(target.join("release").join(name)))
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
