//! One attribute is enough to make a test.

#[fastwake::test]
#[test]
async fn with_the_one_of_the_language() {}

#[fastwake::test]
#[fastwake::test]
async fn with_itself() {}

#[fastwake::test]
#[core::prelude::v1::test]
async fn with_the_long_name() {}

fn main() {}
