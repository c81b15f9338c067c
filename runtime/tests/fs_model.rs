//! `File` does what the standard library's does, also if futures are dropped in between.
#![cfg(all(feature = "fs", feature = "io-util"))]

mod support;

use std::future::{Future, poll_fn};
use std::io::{Read, Seek, SeekFrom, Write};
use std::pin::pin;
use std::task::Poll;

use fastwake::fs::File;
use fastwake::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use proptest::prelude::*;
use support::{current_thread, must_end};

#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    /// Polled once and dropped; takes something if it is ready then.
    DroppedRead(usize),
    Write(Vec<u8>),
    Seek(SeekFrom),
    Position,
    SetLen(u64),
    SetMaxBufSize(usize),
    Flush,
    SyncAll,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![Just(0_usize), 1..20_usize, 1..6_000_usize];
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        prop::collection::vec(any::<u8>(), 0..3_000),
    ];
    let seek = prop_oneof![
        4 => (0..8_000_u64).prop_map(SeekFrom::Start),
        4 => (-5_000..5_000_i64).prop_map(SeekFrom::Current),
        4 => (-8_000..2_000_i64).prop_map(SeekFrom::End),
        // These fail.
        1 => Just(SeekFrom::Start(u64::MAX)),
        1 => Just(SeekFrom::Current(i64::MIN)),
    ];
    prop_oneof![
        6 => len.clone().prop_map(Step::Read),
        6 => len.prop_map(Step::DroppedRead),
        6 => bytes.prop_map(Step::Write),
        6 => seek.prop_map(Step::Seek),
        2 => Just(Step::Position),
        2 => (0..8_000_u64).prop_map(Step::SetLen),
        1 => prop_oneof![1..10_usize, Just(2 << 20)].prop_map(Step::SetMaxBufSize),
        2 => Just(Step::Flush),
        1 => Just(Step::SyncAll),
        1 => Just(Step::Reopen),
    ]
}

/// The model has read the same.
fn check_read(model: &mut std::fs::File, read: &[u8], asked: usize) -> Result<(), TestCaseError> {
    let mut expected = vec![0; read.len()];
    model
        .read_exact(&mut expected)
        .expect("the model has as much");
    prop_assert!(
        read == expected,
        "{read:?} was read instead of {expected:?}"
    );
    if read.is_empty() && asked > 0 {
        prop_assert_eq!(model.read(&mut [0]).unwrap(), 0, "not at the end");
    }
    Ok(())
}

async fn run(file: &mut File, model: &mut std::fs::File, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Read(len) => {
            let mut bytes = vec![0; len];
            let n = file.read(&mut bytes).await.unwrap();
            check_read(model, &bytes[..n], len)?;
        }
        Step::DroppedRead(len) => {
            let mut bytes = vec![0; len];
            let polled = {
                let mut read = pin!(file.read(&mut bytes));
                poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await
            };
            if let Poll::Ready(n) = polled {
                check_read(model, &bytes[..n.unwrap()], len)?;
            }
        }
        Step::Write(bytes) => {
            let n = file.write(&bytes).await.unwrap();
            prop_assert_eq!(n, bytes.len().min(file.max_buf_size()));
            model.write_all(&bytes[..n]).unwrap();
        }
        Step::Seek(to) => match (file.seek(to).await, model.seek(to)) {
            (Ok(at), Ok(expected)) => prop_assert_eq!(at, expected),
            (Err(error), Err(expected)) => prop_assert_eq!(error.kind(), expected.kind()),
            (got, expected) => prop_assert!(false, "{got:?} instead of {expected:?}"),
        },
        Step::Position => {
            let expected = model.stream_position().unwrap();
            prop_assert_eq!(file.stream_position().await.unwrap(), expected);
        }
        Step::SetLen(len) => {
            file.set_len(len).await.unwrap();
            model.set_len(len).unwrap();
            prop_assert_eq!(file.metadata().await.unwrap().len(), len);
        }
        Step::SetMaxBufSize(size) => file.set_max_buf_size(size),
        Step::Flush => {
            file.flush().await.unwrap();
            let len = model.metadata().unwrap().len();
            prop_assert_eq!(file.metadata().await.unwrap().len(), len);
        }
        Step::SyncAll => file.sync_all().await.unwrap(),
        Step::Reopen => {
            let at = file.stream_position().await.unwrap();
            prop_assert_eq!(at, model.stream_position().unwrap());
            *file = file.try_clone().await.unwrap();
        }
    }
    Ok(())
}

fn check(initial: Vec<u8>, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let open = || {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&initial).unwrap();
        file.rewind().unwrap();
        file
    };
    let mut model = open();
    current_thread().block_on(async {
        let mut file = File::from_std(open());
        for step in steps {
            run(&mut file, &mut model, step).await?;
        }
        file.flush().await.unwrap();
        let (mut written, mut expected) = (Vec::new(), Vec::new());
        file.rewind().await.unwrap();
        file.read_to_end(&mut written).await.unwrap();
        model.rewind().unwrap();
        model.read_to_end(&mut expected).unwrap();
        prop_assert!(written == expected, "the contents differ");
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_file_does_what_the_standard_librarys_does(
        initial in prop::collection::vec(any::<u8>(), 0..5_000),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        must_end(move || check(initial, steps))?;
    }
}
