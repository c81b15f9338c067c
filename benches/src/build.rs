#![forbid(unsafe_code)]
//! Builds of this crate's programs with other features or flags than the running one has: one program
//! cannot have both.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds a program without the default features, and gives its path. `target` is a target directory of
/// its own, so that this build and others do not undo each other; `flags` are added to `RUSTFLAGS`.
///
/// # Errors
///
/// If cargo is not there, or fails.
pub(crate) fn build_apart(
    program: &str,
    target: &Path,
    features: &[&str],
    flags: &str,
) -> io::Result<PathBuf> {
    let mut all_flags = env::var_os("RUSTFLAGS").unwrap_or_default();
    all_flags.push(" ");
    all_flags.push(flags);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(&cargo)
        .args(["build", "--quiet", "--release", "--no-default-features"])
        .args(["--bin", program])
        .args(["--features", &features.join(",")])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        // It would win over `RUSTFLAGS`.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", all_flags)
        .status()?;
    if !status.success() {
        let (cargo, target) = (cargo.display(), target.display());
        let text = format!("{cargo} could not build the program {program} in {target}: {status}");
        return Err(io::Error::other(text));
    }
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    Ok(target.join("release").join(name))
}
