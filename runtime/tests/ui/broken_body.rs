//! rustc speaks for itself about a body that it cannot parse.

#[fastwake::main]
async fn main() {
    let = 1;
}
