#![forbid(unsafe_code)]
//! What is shown of the results: on the terminal, and as a page.

pub mod changes;
pub mod counts;
pub mod experiment;
#[cfg(test)]
pub(crate) mod fixture;
pub mod html;
pub mod model;
pub mod study;
pub mod table;
pub mod targets;
pub mod terminal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::results::Results;

/// The files of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The raw samples.
    pub samples: PathBuf,
    /// The page.
    pub page: PathBuf,
}

/// Writes the raw samples and the page into a folder, which it makes if there is none. `earlier` results
/// are compared with.
///
/// # Errors
///
/// What the file system says.
pub fn write(folder: &Path, results: &Results, earlier: Option<&Results>) -> io::Result<Files> {
    fs::create_dir_all(folder)?;
    let files = Files {
        samples: folder.join("results.json"),
        page: folder.join("report.html"),
    };
    results.save(&files.samples)?;
    fs::write(&files.page, html::page(results, earlier))?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Results;

    #[test]
    fn results_from_before_there_were_studies_can_be_read() {
        let mut json = serde_json::to_value(fixture::everything_else()).unwrap();
        let fields = json.as_object_mut().unwrap();
        for study in study::Study::ALL {
            assert!(fields.remove(study.name).is_some(), "{}", study.name);
        }
        let read: Results = serde_json::from_value(json).unwrap();
        assert!(read.experiment.is_none() && read.model.is_none());
    }

    #[test]
    fn the_experiment_and_the_model_are_written_and_read_with_all_else() {
        let results = fixture::everything_else();
        let json = serde_json::to_string(&results).unwrap();
        let read: Results = serde_json::from_str(&json).unwrap();
        assert_eq!(read.experiment, results.experiment);
        assert_eq!(read.model, results.model);
    }
}
