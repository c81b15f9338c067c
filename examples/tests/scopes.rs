//! What the program `scopes` promises to whoever calls it: its output, its messages and its exit
//! status.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example, which `cargo test` builds before it runs this.
fn scopes() -> Command {
    let test = env::current_exe().unwrap();
    // target/PROFILE/deps/TEST
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("scopes{}", env::consts::EXE_SUFFIX);
    Command::new(profile.join("examples").join(name))
}

/// A machine with two cores of two threads, under a cache each; gone with the value.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let machine = Self(env::temp_dir().join(format!("scopes-{}-{name}", std::process::id())));
        machine.write("online", "0-3");
        for (cpu, core) in [(0, "0,2"), (1, "1,3"), (2, "0,2"), (3, "1,3")] {
            machine.write(&format!("cpu{cpu}/topology/core_cpus_list"), core);
            machine.write(&format!("cpu{cpu}/cache/index2/level"), "2");
            machine.write(&format!("cpu{cpu}/cache/index2/type"), "Unified");
            machine.write(&format!("cpu{cpu}/cache/index2/shared_cpu_list"), core);
        }
        machine
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.0.join("devices/system/cpu").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, format!("{text}\n")).unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn json_is_one_object_with_the_pods_of_every_scope() {
    let machine = Machine::new("json");
    let run = |args: &[&str]| {
        scopes()
            .arg("--sysfs")
            .arg(&machine.0)
            .args(args)
            .output()
            .unwrap()
    };
    let expected = "{\"cpu\":[[0],[1],[2],[3]],\"smt\":[[0,2],[1,3]],\"cache_shard\":[[0,2],[1,3]],\
        \"cache\":[[0,2],[1,3]],\"numa\":[[0,1,2,3]],\"system\":[[0,1,2,3]]}\n";
    assert_eq!(stdout(&run(&["--format", "json"])), expected);
    assert_eq!(stdout(&run(&["--format=json"])), expected);
}

#[test]
fn text_is_the_default_and_marks_the_default_scope() {
    let machine = Machine::new("text");
    let run = |args: &[&str]| {
        scopes()
            .arg("--sysfs")
            .arg(&machine.0)
            .args(args)
            .output()
            .unwrap()
    };
    let plain = run(&[]);
    let marked: Vec<&str> = stdout(&plain)
        .lines()
        .filter(|line| line.starts_with('*'))
        .collect();
    assert_eq!(marked, ["* cache_shard     2 pods  0,2  1,3"]);
    assert_eq!(stdout(&run(&["--format", "text"])), stdout(&plain));
}

#[test]
fn without_a_directory_it_describes_this_machine() {
    let output = scopes().output().unwrap();
    let cpus = fastwake::topology::Topology::current().to_string();
    assert_eq!(stdout(&output).trim_end(), cpus);
}

#[test]
fn help_goes_to_standard_output() {
    assert!(stdout(&scopes().arg("--help").output().unwrap()).starts_with("usage: scopes"));
}

#[test]
fn what_cannot_be_understood_is_one_line_and_status_2() {
    let machine = Machine::new("usage");
    let directory = machine.0.to_str().unwrap();
    let file = machine.0.join("devices/system/cpu/online");
    let (file, missing) = (file.to_str().unwrap(), machine.0.join("missing"));
    let missing = missing.to_str().unwrap();
    // A directory, but not one of a machine.
    let no_machine = machine.0.join("devices/system/cpu/cpu0");
    let no_machine = no_machine.to_str().unwrap();
    let cases: [(&[&str], &str); 10] = [
        (&["--colour"], "--colour"),
        (&["-x"], "-x"),
        (&["extra"], "extra"),
        (&["--sysfs"], "--sysfs"),
        (&["--format"], "--format"),
        (&["--format", "xml"], "\"xml\": it is text or json"),
        (&["--sysfs", directory, "--format", "a\nb"], "\"a\\nb\""),
        (&["--sysfs", missing], missing),
        (&["--sysfs", file], file),
        (&["--sysfs", no_machine], no_machine),
    ];
    for (args, part) in cases {
        let output = scopes().args(args).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert_eq!(message.lines().count(), 1, "{args:?}: {message}");
        assert!(
            message.starts_with("scopes: ") && message.contains(part),
            "{args:?}: {message}"
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = scopes().stdout(writer).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = scopes().stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot write")
    );
}
