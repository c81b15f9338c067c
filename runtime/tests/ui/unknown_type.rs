//! What is wrong with the signature is said once.

#[fastwake::main]
async fn unknown_type() -> Vec<Missing> {
    Vec::new()
}

fn main() {}
