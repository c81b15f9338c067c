//! `Builder::inspect`: the socket, who may use it, and what it answers.
#![cfg(unix)]

mod support;

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use fastwake::WorkQueue;
use fastwake::runtime::{Builder, Runtime};
use serde_json::Value;
use support::{PATIENCE, is_rerun, must_end, rerun, rerun_passes, until};
use tempfile::TempDir;

/// A folder for sockets, and the path of one in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    (folder, path)
}

fn inspected(path: &Path) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .inspect(path)
        .build()
}

fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All that is answered to these bytes. That the other side closes with some of them unread is no
/// error.
fn raw(path: &Path, request: &[u8]) -> String {
    let mut stream = connect(path);
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        answer.extend(&buffer[..n]);
    }
    String::from_utf8(answer).unwrap()
}

/// The status and the body of the answer to a request.
fn ask(path: &Path, request: &str) -> (String, String) {
    let answer = raw(path, format!("{request}\n").as_bytes());
    let (head, body) = answer.split_once('\n').expect("a head");
    let words: Vec<_> = head.split(' ').collect();
    let ["fastwake-inspect", "1", status, length] = words[..] else {
        panic!("not a head: {head:?}");
    };
    assert_eq!(length.parse(), Ok(body.len()));
    (status.to_owned(), body.to_owned())
}

fn json(path: &Path, request: &str) -> Value {
    let (status, body) = ask(path, request);
    assert_eq!(status, "ok", "{body}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn dumps_and_metrics_are_answered_one_client_after_the_other() {
    let (_folder, path) = place();
    let runtime = inspected(&path).unwrap();
    let id = runtime.handle().id().to_string();
    for _ in 0..50 {
        let (status, text) = ask(&path, "dump text");
        assert_eq!(status, "ok");
        assert!(
            text.starts_with(&format!("Runtime {id} of process ")),
            "{text}"
        );
        let dump = json(&path, "dump json");
        assert_eq!(dump["process"], std::process::id());
        assert_eq!(dump["id"], id);
        let metrics = json(&path, "metrics json");
        assert_eq!(metrics["version"], 1);
        let (dumped, counted) = (&dump["pools"][0], &metrics["pools"][0]);
        assert_eq!(dumped["cpus"], counted["cpus"]);
        assert!(counted["tasks_started"].as_u64() >= dumped["tasks_started"].as_u64());
    }
}

#[test]
fn dumps_and_metrics_tell_of_the_work_queues() {
    let (_folder, path) = place();
    let runtime = inspected(&path).unwrap();
    let _guard = runtime.enter();
    let mail = WorkQueue::builder("mail").max_active(1).build().unwrap();
    let stuck = [(); 3].map(|()| mail.spawn(std::future::pending::<()>()));
    for request in ["dump json", "metrics json"] {
        let queue = || json(&path, request)["queues"][0].clone();
        // It may be busy.
        until(|| queue()["active"] == 1);
        until(|| queue()["inactive"] == 2);
        assert_eq!(queue()["name"], "mail");
    }
    drop(stuck);
}

#[test]
fn every_flavor_can_be_inspected() {
    let (_folder, path) = place();
    let runtime = Builder::new_current_thread()
        .inspect(&path)
        .build()
        .unwrap();
    assert_eq!(json(&path, "dump json")["flavor"], "current_thread");
    let probe = |metrics: &Value| metrics["pools"][0]["probe"].clone();
    // Nobody is in `block_on`.
    assert!(probe(&json(&path, "metrics json"))["pending_ns"].is_u64());
    runtime.block_on(async {
        until_async(|| probe(&json(&path, "metrics json"))["latency_ns"].is_u64()).await;
    });
}

/// As `until`, and lets the other tasks run.
async fn until_async(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE);
        fastwake::task::yield_now().await;
    }
}

#[test]
fn a_probe_tells_how_long_a_task_waits() {
    let (_folder, path) = place();
    let _runtime = inspected(&path).unwrap();
    let probe = || json(&path, "metrics json")["pools"][0]["probe"].clone();
    until(|| {
        let probe = probe();
        probe["latency_ns"]
            .as_u64()
            .is_some_and(|latency| latency > 0)
            && probe["pending_ns"].is_null()
    });
}

#[test]
fn it_answers_while_every_worker_is_stuck() {
    let (_folder, path) = place();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        // Nobody takes their places.
        .max_spare_workers(0)
        .inspect(&path)
        .build()
        .unwrap();
    let (end, ended) = mpsc::channel::<()>();
    let ended = std::sync::Arc::new(std::sync::Mutex::new(ended));
    let (begin, begun) = mpsc::channel();
    for _ in 0..2 {
        let (begin, ended) = (begin.clone(), ended.clone());
        runtime.spawn(async move {
            begin.send(()).unwrap();
            // A long poll.
            let _ = ended.lock().unwrap().recv();
        });
    }
    for _ in 0..2 {
        begun.recv_timeout(PATIENCE).unwrap();
    }
    until(|| {
        let dump = json(&path, "dump json");
        let pools = dump["pools"].as_array().unwrap();
        let workers = pools
            .iter()
            .flat_map(|pool| pool["workers"].as_array().unwrap());
        workers
            .filter(|worker| worker["state"] == "running" || worker["state"] == "relieved")
            .count()
            == 2
    });
    assert_eq!(ask(&path, "dump text").0, "ok");
    let probe = || json(&path, "metrics json")["pools"][0]["probe"]["pending_ns"].as_u64();
    until(|| probe().is_some());
    let (first, second) = (probe().unwrap(), probe().unwrap());
    assert!(second > first, "the same probe waits on");
    drop(end);
    until(|| probe().is_none());
}

#[test]
fn only_the_owner_can_open_the_socket() {
    let (_folder, path) = place();
    let _runtime = inspected(&path).unwrap();
    let file = fs::symlink_metadata(&path).unwrap();
    assert_eq!(file.mode() & 0o7777, 0o600);
    assert_eq!(
        file.uid(),
        tempfile::tempfile().unwrap().metadata().unwrap().uid()
    );
}

/// What another user gets who connects; `None` if this process is not root's, and so cannot find out.
#[cfg(target_os = "linux")]
fn as_another_user(path: &Path) -> Option<io::Result<String>> {
    const NOBODY: libc::uid_t = 65_534;
    let path = path.to_owned();
    let thread = thread::spawn(move || {
        // SAFETY: the call takes its arguments by value. Made without the C library, it changes the
        // user of this thread alone, which ends soon.
        let status = unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) };
        (status == 0).then(|| {
            let mut stream = UnixStream::connect(&path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(b"dump text\n")?;
            let mut head = [0; 22];
            stream.read_exact(&mut head)?;
            Ok(String::from_utf8_lossy(&head).into_owned())
        })
    });
    thread.join().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn another_user_is_refused_by_the_socket_and_by_who_listens() {
    let (folder, path) = place();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let _runtime = inspected(&path).unwrap();
    let Some(refused) = as_another_user(&path) else {
        return;
    };
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let answer = as_another_user(&path).unwrap().unwrap();
    assert_eq!(answer, "fastwake-inspect 1 err");
    assert_eq!(ask(&path, "dump text").0, "ok");
}

#[test]
fn the_socket_goes_with_the_runtime_however_it_is_shut_down() {
    for shutdown in [
        |runtime: Runtime| drop(runtime),
        |runtime: Runtime| runtime.shutdown_background(),
        |runtime: Runtime| runtime.shutdown_timeout(PATIENCE),
    ] {
        let (folder, path) = place();
        let runtime = inspected(&path).unwrap();
        // A client that does not ask does not hold it up.
        let mut waiting = connect(&path);
        ask(&path, "dump text");
        let start = Instant::now();
        must_end(move || shutdown(runtime));
        // Far less than a client's time.
        assert!(start.elapsed() < Duration::from_secs(8));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut answer = Vec::new();
        waiting.read_to_end(&mut answer).unwrap();
        assert!(answer.is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn its_thread_ends_with_the_runtime() {
    const TEST: &str = "its_thread_ends_with_the_runtime";
    if !is_rerun(TEST) {
        return rerun_passes(TEST, |_| {});
    }
    let inspectors = || {
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        let name = |task: io::Result<fs::DirEntry>| {
            // It may have ended meanwhile.
            let task = task.ok()?.path();
            fs::read_to_string(task.join("comm")).ok()
        };
        let names = tasks.filter_map(name);
        names
            .filter(|name| name.starts_with("fastwake-inspec"))
            .count()
    };
    let (_folder, path) = place();
    let runtime = inspected(&path).unwrap();
    ask(&path, "dump text");
    assert_eq!(inspectors(), 1);
    drop(runtime);
    assert_eq!(inspectors(), 0);
}

#[test]
fn what_a_dead_process_has_left_is_replaced() {
    let (folder, path) = place();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let _runtime = inspected(&path).unwrap();
    assert_eq!(ask(&path, "dump text").0, "ok");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_place_that_is_taken_is_an_error_and_stays_as_it_is() {
    let (folder, path) = place();
    let runtime = inspected(&path).unwrap();
    let error = inspected(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&format!("{path:?}")), "{error}");
    assert_eq!(ask(&path, "dump text").0, "ok");
    drop(runtime);
    fs::write(&path, "something of the user's").unwrap();
    let error = inspected(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains("no socket"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"something of the user's");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_path_that_cannot_be_is_an_error() {
    let (folder, path) = place();
    let missing = path.join("missing/socket");
    let error = inspected(&missing).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("missing"), "{error}");
    for path in ["", "/", "a\0b"] {
        let error = inspected(Path::new(path)).unwrap_err();
        assert_eq!(
            error.kind(),
            io::ErrorKind::InvalidInput,
            "{path:?}: {error}"
        );
    }
    let deep = folder.path().join("d".repeat(120));
    fs::create_dir(&deep).unwrap();
    let error = inspected(&deep.join("socket")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("too long"), "{error}");
    assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
}

#[test]
fn what_is_no_request_is_told_so() {
    let (_folder, path) = place();
    let _runtime = inspected(&path).unwrap();
    for request in ["", "dump", "DUMP TEXT", "dump text please", "metrics text"] {
        let (status, body) = ask(&path, request);
        assert_eq!(status, "error");
        assert!(
            body.contains("dump text, dump json, metrics json"),
            "{body}"
        );
    }
    // Bytes that are no text, a line without an end, and one that would not end.
    let answer = raw(&path, b"\xff\0\n");
    assert!(answer.starts_with("fastwake-inspect 1 error "), "{answer}");
    let answer = raw(&path, &[b'x'; 256]);
    assert!(answer.contains("256 bytes at most"), "{answer}");
    assert_eq!(ask(&path, "dump text").0, "ok");
}

#[test]
fn the_end_of_what_a_client_sends_ends_its_request() {
    let (_folder, path) = place();
    let _runtime = inspected(&path).unwrap();
    let mut stream = connect(&path);
    stream.write_all(b"dump ").unwrap();
    stream.write_all(b"json").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("fastwake-inspect 1 ok "), "{answer}");
}

#[test]
fn clients_that_do_nothing_hold_nobody_up() {
    let (_folder, path) = place();
    let _runtime = inspected(&path).unwrap();
    let start = Instant::now();
    // Some do not ask, some do not read, some leave: more than are served at once.
    let mut idle = Vec::new();
    for n in 0..60 {
        let mut stream = connect(&path);
        match n % 3 {
            0 => idle.push(stream),
            1 => {
                stream.write_all(b"dump json\n").unwrap();
                idle.push(stream);
            }
            _ => drop(stream),
        }
        assert_eq!(ask(&path, "dump text").0, "ok");
    }
    // Each of them has 10 s; one after the other they would have taken minutes.
    assert!(start.elapsed() < Duration::from_secs(100));
}

#[test]
fn a_client_that_does_not_ask_is_let_go_in_the_end() {
    let (_folder, path) = place();
    let _runtime = inspected(&path).unwrap();
    let mut stream = connect(&path);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty());
}

#[test]
fn many_clients_at_a_time_are_all_answered_while_the_runtime_works() {
    let (_folder, path) = place();
    let runtime = inspected(&path).unwrap();
    for _ in 0..4 {
        runtime.spawn(async {
            loop {
                fastwake::task::yield_now().await;
            }
        });
    }
    thread::scope(|scope| {
        for request in ["dump text", "dump json", "metrics json", "dump json"] {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(ask(path, request).0, "ok");
                }
            });
        }
    });
}

#[test]
fn a_relative_path_stays_where_it_was_meant() {
    const TEST: &str = "a_relative_path_stays_where_it_was_meant";
    if !is_rerun(TEST) {
        let folder = tempfile::tempdir().unwrap();
        return rerun_passes(TEST, |command| {
            command.current_dir(folder.path());
        });
    }
    let before = std::env::current_dir().unwrap();
    let runtime = inspected(Path::new("socket")).unwrap();
    std::env::set_current_dir("/").unwrap();
    assert_eq!(ask(&before.join("socket"), "dump text").0, "ok");
    drop(runtime);
    assert!(!before.join("socket").exists());
}

#[test]
fn the_environment_names_a_folder_for_the_sockets_of_all_runtimes() {
    const TEST: &str = "the_environment_names_a_folder_for_the_sockets_of_all_runtimes";
    if !is_rerun(TEST) {
        let folder = tempfile::tempdir().unwrap();
        return rerun_passes(TEST, |command| {
            command.env("FASTWAKE_INSPECT", folder.path());
        });
    }
    let folder = PathBuf::from(std::env::var_os("FASTWAKE_INSPECT").unwrap());
    let runtimes = [
        Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap(),
        Builder::new_current_thread().build().unwrap(),
    ];
    for runtime in &runtimes {
        let id = runtime.handle().id();
        let path = folder.join(format!("{}.{id}", std::process::id()));
        assert_eq!(json(&path, "dump json")["id"], id.to_string());
    }
    // What the code says wins.
    let (_folder, path) = place();
    let own = inspected(&path).unwrap();
    assert_eq!(ask(&path, "dump text").0, "ok");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    drop((runtimes, own));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn an_environment_that_names_no_folder_is_an_error_of_build() {
    const TEST: &str = "an_environment_that_names_no_folder_is_an_error_of_build";
    if !is_rerun(TEST) {
        for value in ["", "/dev/null", "/nowhere/at/all"] {
            rerun_passes(TEST, |command| {
                command.env("FASTWAKE_INSPECT", value);
            });
        }
        return;
    }
    let value = std::env::var_os("FASTWAKE_INSPECT").unwrap();
    let error = Builder::new_current_thread().build().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let text = format!("FASTWAKE_INSPECT is {value:?}");
    assert!(error.to_string().contains(&text), "{error}");
}

#[test]
fn a_process_that_is_killed_leaves_a_socket_that_the_next_replaces() {
    const TEST: &str = "a_process_that_is_killed_leaves_a_socket_that_the_next_replaces";
    if is_rerun(TEST) {
        let path = PathBuf::from(std::env::var_os("TEST_SOCKET").unwrap());
        let _runtime = inspected(&path).unwrap();
        std::process::abort();
    }
    let (_folder, path) = place();
    let output = rerun(TEST, |command| {
        command.env("TEST_SOCKET", &path);
    });
    assert!(!output.status.success());
    assert!(path.exists());
    let _runtime = inspected(&path).unwrap();
    assert_eq!(ask(&path, "dump text").0, "ok");
}

#[test]
fn nobody_but_its_owner_can_write_to_the_folder_where_it_is_made() {
    // A folder in which others may make files, as /tmp is.
    let (folder, path) = place();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for entry in fs::read_dir(folder.path()).unwrap() {
                    // It may have gone again.
                    let Ok(file) = entry.and_then(|entry| entry.metadata()) else {
                        continue;
                    };
                    assert_eq!(file.mode() & 0o077, 0, "{:o}", file.mode());
                    seen += 1;
                }
            }
            seen
        });
        for _ in 0..100 {
            drop(inspected(&path).unwrap());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        watcher.join().unwrap();
    });
}
