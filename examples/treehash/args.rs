//! The command line.

use std::ffi::OsString;

pub(crate) const VERSION: &str = concat!("treehash ", env!("CARGO_PKG_VERSION"), "\n");

pub(crate) const HELP: &str = "\
Usage: treehash [--] PATH

Print the SHA-256 of every regular file under PATH, sorted by path, in the
format of sha256sum. PATH is a directory or a regular file; \"-\" is a name like
any other. Symbolic links are not followed (PATH itself is when it ends in a
slash), fifos, sockets and devices are skipped. A summary goes to standard error.

Options:
  -h, --help     print this text
  -V, --version  print the version

Exit status:
    0  every file was hashed
    1  some file or directory could not be read, or output not be written
    2  the command line is wrong, or there is no PATH
  141  standard output was closed early, as by head
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Hash(OsString),
    Help,
    Version,
}

/// Understands the arguments that follow the program's name.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut path = None;
    let mut options_ended = false;
    for argument in arguments {
        let bytes = argument.as_encoded_bytes();
        if !options_ended && bytes.len() > 1 && bytes.starts_with(b"-") {
            match bytes {
                b"--" => options_ended = true,
                b"-h" | b"--help" => return Ok(Request::Help),
                b"-V" | b"--version" => return Ok(Request::Version),
                _ => {
                    return Err(format!(
                        "there is no option {argument:?}: see treehash --help \
                         (a PATH that begins with \"-\" goes after \"--\")"
                    ));
                }
            }
        } else if let Some(first) = path.replace(argument) {
            let second = path.unwrap_or_default();
            return Err(format!(
                "one PATH is expected, not {first:?} and {second:?} as well"
            ));
        }
    }
    path.map(Request::Hash)
        .ok_or_else(|| "no PATH given: see treehash --help".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_all(arguments: &[&str]) -> Result<Request, String> {
        parse(arguments.iter().map(OsString::from))
    }

    fn hash(path: &str) -> Result<Request, String> {
        Ok(Request::Hash(path.into()))
    }

    #[test]
    fn a_single_argument_is_the_path() {
        for path in ["dir", "dir/", ".", "/", "", "-", "./-x"] {
            assert_eq!(parse_all(&[path]), hash(path));
            assert_eq!(parse_all(&["--", path]), hash(path));
        }
    }

    #[test]
    fn after_two_dashes_nothing_is_an_option() {
        assert_eq!(parse_all(&["--", "--help"]), hash("--help"));
        assert_eq!(parse_all(&["--", "--"]), hash("--"));
        assert_eq!(parse_all(&["dir", "--"]), hash("dir"));
    }

    #[test]
    fn help_and_version_are_answered_beside_a_path() {
        assert_eq!(parse_all(&["dir", "--help"]), Ok(Request::Help));
        assert_eq!(parse_all(&["-V", "dir"]), Ok(Request::Version));
    }

    #[test]
    fn a_wrong_command_line_is_explained_in_one_line() {
        let wrong: [&[&str]; 6] = [
            &[],
            &["--"],
            &["a", "b"],
            &["a", "--", "b"],
            &["-x"],
            &["--a\nb", "dir"],
        ];
        for arguments in wrong {
            let message = parse_all(arguments).expect_err("a wrong command line");
            assert!(
                !message.is_empty() && !message.contains('\n'),
                "{message:?}"
            );
        }
    }
}
