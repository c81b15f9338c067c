//! The functions of `fs` that take paths: each does what the standard library's does, in one hop.
#![cfg(feature = "fs")]

mod support;

use std::collections::BTreeSet;
use std::future::Future;
use std::io::ErrorKind;

use fastwake::fs;
use fastwake::runtime::Runtime;
use support::{current_thread, multi_thread, must_end, on_both, panic_message};

/// Runs a future, which hops onto a blocking thread once.
fn in_one_hop<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    let hops = || runtime.metrics().blocking().tasks_queued;
    let before = hops();
    let output = runtime.block_on(future);
    assert_eq!(hops() - before, 1);
    output
}

#[test]
fn a_whole_file_is_one_hop() {
    must_end(|| {
        let runtime = current_thread();
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (directory.path().join("one"), directory.path().join("other"));
        let contents: Vec<u8> = (0..24_u32 << 20).map(|i| (i ^ (i >> 11)) as u8).collect();
        in_one_hop(&runtime, fs::write(&one, &contents)).unwrap();
        assert_eq!(
            in_one_hop(&runtime, fs::copy(&one, &other)).unwrap(),
            24 << 20
        );
        assert!(in_one_hop(&runtime, fs::read(&other)).unwrap() == contents);
        in_one_hop(&runtime, fs::write(&one, contents.clone())).unwrap();
        assert!(std::fs::read(&one).unwrap() == contents);
        in_one_hop(&runtime, fs::write(&one, String::from("häh"))).unwrap();
        assert_eq!(
            in_one_hop(&runtime, fs::read_to_string(&one)).unwrap(),
            "häh"
        );
        std::fs::write(&one, b"\xff").unwrap();
        let error = in_one_hop(&runtime, fs::read_to_string(&one)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    });
}

#[test]
fn the_errors_are_the_systems() {
    on_both(|runtime| {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing/file");
        runtime.block_on(async {
            let is_missing = |error: std::io::Error| {
                assert_eq!(error.kind(), ErrorKind::NotFound);
                assert!(error.raw_os_error().is_some(), "{error:?}");
            };
            is_missing(fs::read(&missing).await.unwrap_err());
            is_missing(fs::write(&missing, "text").await.unwrap_err());
            is_missing(fs::copy(&missing, directory.path()).await.unwrap_err());
            is_missing(fs::metadata(&missing).await.unwrap_err());
            is_missing(fs::symlink_metadata(&missing).await.unwrap_err());
            is_missing(fs::canonicalize(&missing).await.unwrap_err());
            is_missing(fs::read_link(&missing).await.unwrap_err());
            is_missing(fs::remove_file(&missing).await.unwrap_err());
            is_missing(fs::remove_dir(&missing).await.unwrap_err());
            is_missing(fs::remove_dir_all(&missing).await.unwrap_err());
            is_missing(fs::create_dir(&missing).await.unwrap_err());
            is_missing(fs::read_dir(&missing).await.unwrap_err());
            is_missing(fs::rename(&missing, directory.path()).await.unwrap_err());
            is_missing(fs::hard_link(&missing, directory.path()).await.unwrap_err());
            is_missing(fs::File::open(&missing).await.unwrap_err());
            is_missing(fs::File::create(&missing).await.unwrap_err());
            assert!(!fs::try_exists(&missing).await.unwrap());
            let error = fs::create_dir(directory.path()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            let error = fs::File::create_new(directory.path()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        });
    });
}

#[test]
fn directories_are_made_and_removed() {
    on_both(|runtime| {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        let deep = root.join("a/b/c");
        runtime.block_on(async {
            fs::create_dir(&root).await.unwrap();
            assert!(fs::DirBuilder::new().create(&deep).await.is_err());
            fs::create_dir_all(&deep).await.unwrap();
            fs::create_dir_all(&deep).await.unwrap();
            fs::DirBuilder::new()
                .recursive(true)
                .create(deep.join("d"))
                .await
                .unwrap();
            assert!(deep.join("d").is_dir());
            let error = fs::remove_dir(&deep).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
            fs::remove_dir(deep.join("d")).await.unwrap();
            fs::remove_dir_all(&root).await.unwrap();
            assert!(!root.exists());
        });
    });
}

#[test]
#[cfg(unix)]
fn modes_are_those_asked_for() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    on_both(|runtime| {
        let directory = tempfile::tempdir().unwrap();
        let (made, file) = (directory.path().join("made"), directory.path().join("file"));
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        runtime.block_on(async {
            fs::DirBuilder::new()
                .mode(0o700)
                .create(&made)
                .await
                .unwrap();
            assert_eq!(mode(&made), 0o700);
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            options.open(&file).await.unwrap();
            assert_eq!(mode(&file), 0o600);
            fs::set_permissions(&file, PermissionsExt::from_mode(0o640))
                .await
                .unwrap();
            assert_eq!(mode(&file), 0o640);
            let copy = directory.path().join("copy");
            fs::copy(&file, &copy).await.unwrap();
            assert_eq!(mode(&copy), 0o640);
        });
    });
}

#[test]
#[cfg(unix)]
fn options_can_be_made_of_the_standard_librarys() {
    use std::os::unix::fs::OpenOptionsExt;

    on_both(|runtime| {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        runtime.block_on(async {
            fs::symlink("/dev/null", &link).await.unwrap();
            let mut options = std::fs::OpenOptions::new();
            options.read(true).custom_flags(libc::O_NOFOLLOW);
            assert!(fs::OpenOptions::from(options).open(&link).await.is_err());
            let mut options = fs::File::options();
            options.read(true);
            options.open(&link).await.unwrap();
            assert!(
                options
                    .custom_flags(libc::O_NOFOLLOW)
                    .open(&link)
                    .await
                    .is_err()
            );
        });
    });
}

#[test]
#[cfg(unix)]
fn links_lead_where_they_point() {
    use std::os::unix::fs::MetadataExt;

    on_both(|runtime| {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        runtime.block_on(async {
            fs::write(at("file"), "text").await.unwrap();
            fs::hard_link(at("file"), at("hard")).await.unwrap();
            fs::symlink("file", at("soft")).await.unwrap();
            fs::symlink("nowhere", at("broken")).await.unwrap();

            let file = fs::metadata(at("file")).await.unwrap();
            assert_eq!(fs::metadata(at("hard")).await.unwrap().ino(), file.ino());
            assert_eq!(fs::metadata(at("soft")).await.unwrap().ino(), file.ino());
            assert!(fs::symlink_metadata(at("soft")).await.unwrap().is_symlink());
            assert_eq!(
                fs::read_link(at("soft")).await.unwrap().to_str(),
                Some("file")
            );
            let real = std::fs::canonicalize(at("file")).unwrap();
            assert_eq!(fs::canonicalize(at("soft")).await.unwrap(), real);
            assert!(fs::try_exists(at("soft")).await.unwrap());
            assert!(!fs::try_exists(at("broken")).await.unwrap());

            fs::rename(at("file"), at("broken")).await.unwrap();
            assert!(!fs::try_exists(at("soft")).await.unwrap());
            fs::remove_file(at("soft")).await.unwrap();
            assert_eq!(fs::read(at("broken")).await.unwrap(), b"text");
        });
    });
}

#[test]
fn every_entry_of_a_directory_is_given_once() {
    must_end(|| {
        let runtime = multi_thread(2);
        let directory = tempfile::tempdir().unwrap();
        let names: BTreeSet<String> = (0..10_000).map(|i| format!("entry-{i}")).collect();
        for name in &names {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        std::fs::create_dir(directory.path().join("directory")).unwrap();
        let before = runtime.metrics().blocking().tasks_queued;
        let mut given = BTreeSet::new();
        runtime.block_on(async {
            let mut entries = fs::read_dir(directory.path()).await.unwrap();
            while let Some(entry) = entries.next_entry().await.unwrap() {
                let name = entry.file_name().into_string().unwrap();
                assert_eq!(entry.path(), directory.path().join(&name));
                let is_directory = entry.file_type().await.unwrap().is_dir();
                assert_eq!(is_directory, name == "directory");
                assert!(given.insert(name), "given twice");
            }
            assert!(entries.next_entry().await.unwrap().is_none());
        });
        assert!(given.remove("directory"));
        assert!(given == names);
        let hops = runtime.metrics().blocking().tasks_queued - before;
        assert!(hops <= 30, "{hops} hops for 10,001 entries");
    });
}

#[test]
fn an_entry_knows_its_metadata() {
    on_both(|runtime| {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), "text").unwrap();
        runtime.block_on(async {
            let mut entries = fs::read_dir(directory.path()).await.unwrap();
            let entry = entries.next_entry().await.unwrap().unwrap();
            let metadata = entry.metadata().await.unwrap();
            assert!(metadata.is_file());
            assert_eq!(metadata.len(), 4);
            #[cfg(unix)]
            assert_eq!(entry.ino(), std::os::unix::fs::MetadataExt::ino(&metadata));
        });
    });
}

#[test]
fn outside_a_runtime_an_operation_panics_when_it_is_polled() {
    use std::task::{Context, Waker};

    fn polled<F: Future>(future: F) -> String {
        let mut future = Box::pin(future);
        let mut context = Context::from_waker(Waker::noop());
        panic_message(|| future.as_mut().poll(&mut context).is_ready())
    }

    let messages = [
        polled(fs::read("Cargo.toml")),
        polled(fs::write("/nowhere/at/all", "")),
        polled(fs::read_dir(".")),
        polled(fs::File::open("Cargo.toml")),
        polled(fs::File::from_std(tempfile::tempfile().unwrap()).metadata()),
        polled(fs::File::from_std(tempfile::tempfile().unwrap()).set_len(0)),
    ];
    for message in messages {
        assert!(message.contains("no reactor running"), "{message}");
    }
}

#[test]
fn everything_can_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync + Unpin>() {}
    fn future<F: Future + Send + Sync>(_: fn() -> F) {}
    fn method<T: 'static, F: Future + Send + Sync>(_: fn(&'static mut T) -> F) {}

    sent_and_shared::<fs::File>();
    sent_and_shared::<fs::OpenOptions>();
    sent_and_shared::<fs::DirBuilder>();
    sent_and_shared::<fs::ReadDir>();
    sent_and_shared::<fs::DirEntry>();
    sent_and_shared::<fs::FileTimes>();
    future(|| fs::read("path"));
    future(|| fs::write("path", "contents"));
    future(|| fs::read_dir("path"));
    future(|| fs::File::open("path"));
    method(|file: &mut fs::File| file.sync_all());
    method(|file: &mut fs::File| file.set_len(5));
    method(|file: &mut fs::File| file.metadata());
    method(|file: &mut fs::File| file.try_clone());
    method(|entries: &mut fs::ReadDir| entries.next_entry());
    method(|options: &mut fs::OpenOptions| options.open("path"));
    method(|builder: &mut fs::DirBuilder| builder.create("path"));
}
