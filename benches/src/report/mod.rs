#![forbid(unsafe_code)]
//! What is shown of the results: on the terminal, and as a page.

pub mod changes;
pub mod counts;
#[cfg(test)]
mod fixture;
pub mod html;
pub mod table;
pub mod targets;
pub mod terminal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::results::Results;
use html::Section;

/// The files of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The raw samples.
    pub samples: PathBuf,
    /// The page.
    pub page: PathBuf,
}

/// Writes the raw samples and the page into a folder, which it makes if there is none. `earlier` results
/// are compared with; other measurements have sections of their own.
///
/// # Errors
///
/// What the file system says.
pub fn write(
    folder: &Path,
    results: &Results,
    earlier: Option<&Results>,
    others: &[Section],
) -> io::Result<Files> {
    fs::create_dir_all(folder)?;
    let files = Files {
        samples: folder.join("results.json"),
        page: folder.join("report.html"),
    };
    results.save(&files.samples)?;
    fs::write(&files.page, html::page(results, earlier, others))?;
    Ok(files)
}
