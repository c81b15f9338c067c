//! `treehash` as its users see it: what it prints, and with which status it ends.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat};
use sha2::{Digest, Sha256};
use tempfile::{TempDir, tempdir};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// The program, which `cargo test` builds where its own tests go.
fn program() -> PathBuf {
    let mut path = std::env::current_exe().expect("the path of this test");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.push("examples/treehash");
    assert!(
        path.exists(),
        "{path:?} is not there: run cargo build --examples in this profile"
    );
    path
}

/// The program, about to run in a directory.
fn treehash(directory: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(directory).stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    treehash(directory)
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn tree() -> TempDir {
    tempdir().expect("a directory for the test")
}

fn write(tree: &TempDir, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) {
    let path = tree.path().join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("the directories");
    fs::write(path, contents).expect("the file");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines on standard error, which is expected to hold nothing that steers a terminal.
fn messages(output: &Output) -> Vec<String> {
    let text = text(&output.stderr);
    assert!(!text.contains(['\r', '\x1b']), "{text:?}");
    text.lines().map(str::to_owned).collect()
}

/// That these are the lines printed, that all went well, and that a summary tells so.
#[track_caller]
fn assert_prints(output: &Output, expected: &[u8]) {
    assert_eq!(text(&output.stdout), text(expected));
    assert_eq!(output.stdout, expected);
    let messages = messages(output);
    let summary = messages.last().expect("a summary");
    let files = expected.iter().filter(|byte| **byte == b'\n').count();
    assert!(
        summary.starts_with(&format!("treehash: {files} files, ")),
        "{summary}"
    );
    assert!(summary.ends_with(" MB/s"), "{summary}");
    assert_eq!(output.status.code(), Some(0), "{messages:?}");
}

/// That the wrong command line is explained in one line, with status 2 and no output.
#[track_caller]
fn assert_refused(output: &Output, hint: &str) {
    assert_eq!(text(&output.stdout), "");
    let messages = messages(output);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(
        messages[0].starts_with("treehash: ") && messages[0].contains(hint),
        "{messages:?}"
    );
    assert_eq!(output.status.code(), Some(2));
}

/// Compares with the tools that the program takes after, where they are installed.
#[track_caller]
fn assert_like_sha256sum(directory: &Path, path: &str) {
    let version = Command::new("sha256sum").arg("--version").output();
    let version = version
        .map(|output| text(&output.stdout))
        .unwrap_or_default();
    // Carriage returns are escaped since 9.0.
    if !version
        .lines()
        .next()
        .is_some_and(|line| line.contains("(GNU coreutils) 9."))
    {
        println!("not compared with sha256sum: version 9 is not installed");
        return;
    }
    let script = r#"find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum --"#;
    let expected = Command::new("sh")
        .args(["-c", script, "sh", path])
        .current_dir(directory)
        .output()
        .expect("a shell");
    assert_eq!(text(&expected.stderr), "", "{path:?}");
    assert_prints(&run(directory, &["--", path]), &expected.stdout);
}

#[test]
fn known_sums_come_sorted_by_the_bytes_of_whole_paths() {
    let tree = tree();
    for path in ["d/a/x", "d/a-b", "d/a.b", "d/a0", "d/B", "d/\u{e9}"] {
        write(&tree, path, "abc");
    }
    write(&tree, "d/a/empty", "");
    let expected = format!(
        "{ABC}  d/B\n{ABC}  d/a-b\n{ABC}  d/a.b\n{EMPTY}  d/a/empty\n{ABC}  d/a/x\n{ABC}  d/a0\n\
         {ABC}  d/\u{e9}\n"
    );
    assert_prints(&run(tree.path(), &["d"]), expected.as_bytes());
    assert_like_sha256sum(tree.path(), "d");
}

#[test]
fn the_path_is_printed_as_it_was_given() {
    let tree = tree();
    write(&tree, "d/e/f", "abc");
    let cases = [
        ("d", "d/e/f"),
        ("d/", "d/e/f"),
        ("d//", "d//e/f"),
        ("./d", "./d/e/f"),
        (".", "./d/e/f"),
        ("d/e/..", "d/e/../e/f"),
        ("d/e/f", "d/e/f"),
        ("./d/e/f", "./d/e/f"),
    ];
    for (path, printed) in cases {
        assert_prints(
            &run(tree.path(), &[path]),
            format!("{ABC}  {printed}\n").as_bytes(),
        );
        assert_like_sha256sum(tree.path(), path);
    }
    let absolute = tree.path().join("d");
    let absolute = absolute.to_str().expect("a directory named in UTF-8");
    let expected = format!("{ABC}  {absolute}/e/f\n");
    assert_prints(&run(tree.path(), &[absolute]), expected.as_bytes());
}

#[test]
fn a_path_may_begin_with_a_dash() {
    let tree = tree();
    for path in ["-/f", "-x/f", "--help/f"] {
        write(&tree, path, "abc");
    }
    assert_prints(
        &run(tree.path(), &["-"]),
        format!("{ABC}  -/f\n").as_bytes(),
    );
    assert_prints(
        &run(tree.path(), &["--", "-"]),
        format!("{ABC}  -/f\n").as_bytes(),
    );
    assert_prints(
        &run(tree.path(), &["--", "-x"]),
        format!("{ABC}  -x/f\n").as_bytes(),
    );
    assert_prints(
        &run(tree.path(), &["--", "--help"]),
        format!("{ABC}  --help/f\n").as_bytes(),
    );
}

#[test]
fn odd_names_are_escaped_as_sha256sum_does() {
    let tree = tree();
    let names: [&[u8]; 8] = [
        b"a\nb", b"a\rb", b"a\\b", b"a\xffb", b"a\tb", b"a\x1bb", b" a ", b"\\",
    ];
    for name in names {
        write(&tree, Path::new("d").join(OsStr::from_bytes(name)), "abc");
    }
    let mut expected = Vec::new();
    let printed: [&[u8]; 8] = [
        b"  d/ a ",
        b"  d/\\\\",
        b"  d/a\tb",
        b"  d/a\\nb",
        b"  d/a\\rb",
        b"  d/a\x1bb",
        b"  d/a\\\\b",
        b"  d/a\xffb",
    ];
    for (name, escaped) in printed.iter().zip([0, 1, 0, 1, 1, 0, 1, 0]) {
        expected.extend_from_slice(&b"\\"[..escaped]);
        expected.extend_from_slice(ABC.as_bytes());
        expected.extend_from_slice(name);
        expected.push(b'\n');
    }
    assert_prints(&run(tree.path(), &["d"]), &expected);
    assert_like_sha256sum(tree.path(), "d");
}

#[test]
fn links_are_not_followed_and_what_is_no_file_is_not_opened() {
    let tree = tree();
    write(&tree, "d/file", "abc");
    symlink("file", tree.path().join("d/link")).expect("a link");
    symlink(".", tree.path().join("d/loop")).expect("a link");
    symlink("nowhere", tree.path().join("d/dangling")).expect("a link");
    // Whoever opens a fifo waits for a writer; there is none.
    let fifo = tree.path().join("d/fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a fifo");
    let _socket = UnixListener::bind(tree.path().join("d/socket")).expect("a socket");
    assert_prints(
        &run(tree.path(), &["d"]),
        format!("{ABC}  d/file\n").as_bytes(),
    );
    assert_like_sha256sum(tree.path(), "d");
    assert_prints(&run(tree.path(), &["d/fifo"]), b"");
}

#[test]
fn a_path_that_is_a_link_is_followed_only_with_a_slash() {
    let tree = tree();
    write(&tree, "d/file", "abc");
    symlink("d", tree.path().join("link")).expect("a link");
    let output = run(tree.path(), &["link"]);
    assert_prints(&output, b"");
    assert!(messages(&output)[0].contains("a slash"), "{output:?}");
    assert_like_sha256sum(tree.path(), "link");
    assert_prints(
        &run(tree.path(), &["link/"]),
        format!("{ABC}  link/file\n").as_bytes(),
    );
    assert_like_sha256sum(tree.path(), "link/");
}

#[test]
fn an_empty_tree_prints_nothing() {
    let tree = tree();
    fs::create_dir_all(tree.path().join("d/e")).expect("directories");
    assert_prints(&run(tree.path(), &["d"]), b"");
}

#[test]
fn a_file_of_many_buffers_is_hashed_as_a_whole() {
    let tree = tree();
    let mut expected = String::new();
    for (name, size) in [
        ("a", 5 << 20),
        ("b", (1 << 20) - 1),
        ("c", 1 << 20),
        ("d", (1 << 20) + 1),
    ] {
        let contents: Vec<u8> = (0..size)
            .map(|n: u32| (n.wrapping_mul(n) >> 7) as u8)
            .collect();
        write(&tree, name, &contents);
        let sum: String = Sha256::digest(&contents)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        expected += &format!("{sum}  ./{name}\n");
    }
    assert_prints(&run(tree.path(), &["."]), expected.as_bytes());
    assert_like_sha256sum(tree.path(), ".");
}

#[test]
fn thousands_of_small_files_come_in_order() {
    let tree = tree();
    let mut expected = String::new();
    for number in 0..5000 {
        let path = format!("{:02}/{:02}", number / 100, number % 100);
        write(&tree, &path, if number % 3 == 0 { "" } else { "abc" });
        expected += &format!("{}  ./{path}\n", if number % 3 == 0 { EMPTY } else { ABC });
    }
    assert_prints(&run(tree.path(), &["."]), expected.as_bytes());
}

#[test]
fn what_has_no_size_but_contents_is_hashed() {
    let file = Path::new("/proc/version");
    let Ok(contents) = fs::read(file) else {
        println!("skipped: there is no {file:?}");
        return;
    };
    assert_eq!(fs::metadata(file).expect("its metadata").len(), 0);
    let sum: String = Sha256::digest(&contents)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let output = run(Path::new("/"), &["/proc/version"]);
    assert_prints(&output, format!("{sum}  /proc/version\n").as_bytes());
}

#[test]
fn a_tree_deeper_than_any_path_can_name_is_hashed() {
    let tree = tree();
    let name = "n".repeat(200);
    let mut path = "d".to_owned();
    fs::create_dir(tree.path().join("d")).expect("a directory");
    let mut parent = openat(CWD, tree.path().join("d"), OFlags::RDONLY, Mode::empty()).expect("d");
    for _ in 0..50 {
        mkdirat(&parent, &name, Mode::RWXU).expect("a directory");
        parent = openat(&parent, &name, OFlags::RDONLY, Mode::empty()).expect("the directory");
        path = format!("{path}/{name}");
    }
    openat(&parent, "f", OFlags::WRONLY | OFlags::CREATE, Mode::RUSR).expect("a file");
    assert_prints(
        &run(tree.path(), &["d"]),
        format!("{EMPTY}  {path}/f\n").as_bytes(),
    );
}

#[test]
fn what_cannot_be_read_is_reported_and_the_rest_is_hashed() {
    let tree = tree();
    for path in ["d/file", "d/secret", "d/closed/file", "d/last"] {
        write(&tree, path, "abc");
    }
    let mode = |path: &str, mode| {
        let permissions = Permissions::from_mode(mode);
        fs::set_permissions(tree.path().join(path), permissions).expect("the mode is set");
    };
    mode("d/secret", 0);
    mode("d/closed", 0);
    let mut command = treehash(tree.path());
    if fs::metadata(tree.path()).expect("its metadata").uid() == 0 {
        // The superuser reads everything: let nobody try, with a program that nobody can reach.
        let copy = tree.path().join("program");
        fs::copy(program(), &copy).expect("the program is copied");
        mode(".", 0o755);
        mode("program", 0o755);
        command = Command::new(copy);
        command.current_dir(tree.path()).uid(65534).gid(65534);
    }
    let output = match command.arg("d").output() {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: cannot run the program as nobody: {error}");
            return;
        }
    };
    mode("d/closed", 0o755);
    assert_eq!(
        text(&output.stdout),
        format!("{ABC}  d/file\n{ABC}  d/last\n")
    );
    let mut messages = messages(&output);
    let summary = messages.pop().expect("a summary");
    assert!(
        summary.starts_with("treehash: 2 files, 6 bytes, "),
        "{summary}"
    );
    messages.sort();
    assert_eq!(messages.len(), 2, "{messages:?}");
    for (message, path) in messages.iter().zip(["d/closed", "d/secret"]) {
        let expected = format!("treehash: \"{path}\": Permission denied");
        assert!(message.starts_with(&expected), "{message}");
    }
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_that_fails_while_it_is_read_is_reported() {
    // Nothing is mapped at address 0, which is where reading begins.
    let file = format!("/proc/{}/mem", std::process::id());
    if !Path::new(&file).exists() {
        println!("skipped: there is no {file}");
        return;
    }
    let output = run(Path::new("/"), &[&file]);
    assert_eq!(text(&output.stdout), "");
    let messages = messages(&output);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[0].starts_with(&format!("treehash: {file:?}: ")),
        "{messages:?}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_path_that_is_not_there_is_refused() {
    let tree = tree();
    write(&tree, "file", "");
    for path in ["missing", "", "file/", "missing\nline", "d/missing"] {
        assert_refused(&run(tree.path(), &[path]), &format!("{path:?}: "));
    }
}

#[test]
fn a_wrong_command_line_is_refused() {
    let tree = tree();
    assert_refused(&run(tree.path(), &[]), "PATH");
    assert_refused(&run(tree.path(), &["--"]), "PATH");
    assert_refused(&run(tree.path(), &["one", "two"]), "\"two\"");
    assert_refused(&run(tree.path(), &["--nonsense", "."]), "\"--nonsense\"");
    assert_refused(&run(tree.path(), &["-x"]), "\"-x\"");
}

#[test]
fn help_and_version_go_to_standard_output() {
    let tree = tree();
    for (option, beginning) in [("--help", "Usage: treehash "), ("--version", "treehash 0.")] {
        let output = run(tree.path(), &[option]);
        assert!(text(&output.stdout).starts_with(beginning));
        assert_eq!(
            (text(&output.stderr).as_str(), output.status.code()),
            ("", Some(0))
        );
    }
}

#[test]
fn a_closed_standard_output_ends_the_program_quietly() {
    let tree = tree();
    let name = "n".repeat(200);
    for number in 0..3000 {
        // More lines than a pipe holds.
        write(&tree, format!("{number:04}{name}"), "abc");
    }
    let mut child = treehash(tree.path())
        .arg(".")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    reader.read_line(&mut first).expect("a line");
    drop(reader);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(first, format!("{ABC}  ./0000{name}\n"));
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}

#[test]
fn a_standard_output_that_is_full_is_an_error() {
    let tree = tree();
    write(&tree, "file", "abc");
    for argument in ["file", "--help"] {
        let Ok(full) = File::options().write(true).open("/dev/full") else {
            println!("skipped: there is no /dev/full");
            return;
        };
        let output = treehash(tree.path())
            .arg(argument)
            .stdout(full)
            .output()
            .expect("it runs");
        let messages = messages(&output);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(
            messages[0].contains("No space left on device"),
            "{messages:?}"
        );
        assert_eq!(output.status.code(), Some(1));
    }
}
