#![forbid(unsafe_code)]
//! What was counted beside the times.

use crate::count::Counts;
use crate::report::counts::parts;

use super::Section;

/// The tables, and what is not in them.
pub(super) fn section(counts: &Counts) -> Section {
    let mut section = Section::new("Counts").text(
        "They do not depend on how fast the machine is just now, nor on what else runs on it; only how the \
         threads meet is up to chance.",
    );
    if counts.apart {
        section = section.text(
            "They were counted in a run of their own (--counts): the times on this page may be of another \
             build.",
        );
    }
    for (title, table) in parts(counts) {
        section = section.text(&title).table(table);
    }
    if counts.omitted.is_empty() {
        return section;
    }
    section.text("Not counted:").list(counts.omitted.clone())
}
