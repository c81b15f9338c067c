//! Standard output: the format of a line, and the order of the lines.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::mem;

use super::hash::Sum;

/// Appends the line that `sha256sum` (coreutils 9) prints for a file.
///
/// A path that holds a newline, a carriage return or a backslash is printed with these escaped,
/// and a backslash in front of the line says so. All other bytes stand as they are.
pub(crate) fn push_line(out: &mut Vec<u8>, sum: &Sum, path: &[u8]) {
    let escaped = path.iter().any(|byte| escape(*byte).is_some());
    if escaped {
        out.push(b'\\');
    }
    for byte in sum {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    out.extend_from_slice(b"  ");
    if escaped {
        for byte in path {
            match escape(*byte) {
                Some(letter) => out.extend_from_slice(&[b'\\', letter]),
                None => out.push(*byte),
            }
        }
    } else {
        out.extend_from_slice(path);
    }
    out.push(b'\n');
}

/// What stands for this byte after a backslash, if it may not stand for itself.
fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\\' => Some(b'\\'),
        _ => None,
    }
}

/// Puts the lines of numbered batches, which come in any order, back in order.
#[derive(Debug, Default)]
pub(crate) struct InOrder {
    /// The number of the first batch that has not come yet.
    next: usize,
    /// Those that have come before their turn.
    early: BTreeMap<usize, Vec<u8>>,
    ready: Vec<u8>,
}

impl InOrder {
    pub(crate) fn add(&mut self, number: usize, lines: Vec<u8>) {
        self.early.insert(number, lines);
        while let Some(mut lines) = self.early.remove(&self.next) {
            self.ready.append(&mut lines);
            self.next += 1;
        }
    }

    /// All lines whose turn has come.
    pub(crate) fn take_ready(&mut self) -> Vec<u8> {
        mem::take(&mut self.ready)
    }
}

/// Writes all of `text` to standard output.
///
/// # Errors
///
/// Whatever `write` reports, `BrokenPipe` among it.
pub(crate) fn write_stdout(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ZEROES: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn line(path: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        push_line(&mut out, &[0; 32], path);
        out
    }

    /// Reads a line back as `sha256sum --check` does.
    fn path_of(line: &[u8]) -> Vec<u8> {
        let line = line.strip_suffix(b"\n").expect("a newline at the end");
        let (escaped, line) = match line.strip_prefix(b"\\") {
            Some(line) => (true, line),
            None => (false, line),
        };
        let name = line
            .strip_prefix(format!("{ZEROES}  ").as_bytes())
            .expect("the sum");
        let mut path = Vec::new();
        let mut bytes = name.iter();
        while let Some(byte) = bytes.next() {
            path.push(match (byte, escaped) {
                (b'\\', true) => match bytes.next() {
                    Some(b'n') => b'\n',
                    Some(b'r') => b'\r',
                    Some(b'\\') => b'\\',
                    other => panic!("no such escape: {other:?}"),
                },
                (byte, _) => *byte,
            });
        }
        path
    }

    /// Paths with many of the bytes that matter.
    fn paths() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'\\'), 1..=u8::MAX];
        prop::collection::vec(byte, 1..40)
    }

    #[test]
    fn sums_are_in_lower_case_hexadecimal() {
        let mut out = Vec::new();
        push_line(
            &mut out,
            &[0x0f, 0xa9].repeat(16).try_into().expect("32 bytes"),
            b"x",
        );
        assert_eq!(out, format!("{}  x\n", "0fa9".repeat(16)).into_bytes());
    }

    #[test]
    fn a_newline_a_return_and_a_backslash_are_escaped() {
        assert_eq!(
            line(b"a\nb\rc\\d\te"),
            format!("\\{ZEROES}  a\\nb\\rc\\\\d\te\n").into_bytes()
        );
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_and_gives_the_path_back(path in paths()) {
            let line = line(&path);
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert!(!line.contains(&b'\r'));
            prop_assert_eq!(path_of(&line), path);
        }

        #[test]
        fn a_path_that_needs_no_escape_stands_as_it_is(path in "[^\n\r\\\\]{1,40}") {
            prop_assert_eq!(line(path.as_bytes()), format!("{ZEROES}  {path}\n").into_bytes());
        }

        #[test]
        fn batches_come_out_in_the_order_of_their_numbers(
            numbers in Just((0..40).collect::<Vec<usize>>()).prop_shuffle()
        ) {
            let mut in_order = InOrder::default();
            let mut out = Vec::new();
            for number in numbers {
                in_order.add(number, format!("{number}\n").into_bytes());
                out.extend(in_order.take_ready());
            }
            let expected: String = (0..40).map(|number| format!("{number}\n")).collect();
            prop_assert_eq!(String::from_utf8(out), Ok(expected));
        }
    }
}
