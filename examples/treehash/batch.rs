//! Packing files into batches, so that small files share the cost of going from thread to thread.

use super::read::BUFFER_BYTES;
use super::walk::Found;

/// The most files in a batch, so that a crowd of empty ones is still spread over the CPUs.
const BATCH_FILES: usize = 256;

/// Cuts a run of files into batches that fit a buffer each, as far as their sizes are known; a
/// larger file is a batch of its own.
pub(crate) fn pack(files: impl IntoIterator<Item = Found>) -> Vec<Vec<Found>> {
    let mut batches: Vec<Vec<Found>> = Vec::new();
    let mut room = 0;
    for file in files {
        match batches.last_mut() {
            Some(batch) if file.size_hint < room && batch.len() < BATCH_FILES => {
                room -= file.size_hint;
                batch.push(file);
            }
            _ => {
                room = (BUFFER_BYTES as u64).saturating_sub(file.size_hint);
                batches.push(vec![file]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file((number, size_hint): (usize, u64)) -> Found {
        Found {
            path: number.to_string().into_bytes(),
            size_hint,
        }
    }

    proptest! {
        #[test]
        fn batches_keep_every_file_and_the_order(
            sizes in prop::collection::vec(0..BUFFER_BYTES as u64 * 2, 0..600)
        ) {
            let batches = pack(sizes.iter().copied().enumerate().map(file));
            let paths: Vec<_> = batches.iter().flatten().map(|file| file.path.clone()).collect();
            let expected: Vec<_> = (0..sizes.len()).map(|n| n.to_string().into_bytes()).collect();
            prop_assert_eq!(paths, expected);
        }

        #[test]
        fn a_batch_of_several_files_fits_a_buffer(
            sizes in prop::collection::vec(0..BUFFER_BYTES as u64 / 4, 0..600)
        ) {
            for batch in pack(sizes.iter().copied().enumerate().map(file)) {
                prop_assert!((1..=BATCH_FILES).contains(&batch.len()));
                let bytes: u64 = batch.iter().map(|file| file.size_hint).sum();
                prop_assert!(batch.len() == 1 || bytes <= BUFFER_BYTES as u64);
            }
        }
    }
}
