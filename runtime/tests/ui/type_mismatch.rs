//! A value of the wrong type is shown where it is, as in any function.

#[fastwake::main]
async fn missing_semicolon_or_return_type() {
    let one = 1;
    one
}

#[fastwake::main]
async fn wrong_return() -> u8 {
    return "text";
}

#[fastwake::main]
async fn wrong_last_expression() -> Result<(), ()> {
    let flag = true;
    if flag {
        return Ok(());
    }
    flag
}

#[fastwake::main]
async fn extra_semicolon() -> Result<(), ()> {
    Ok(());
}

#[fastwake::main]
async fn empty() -> u8 {}

#[fastwake::main]
async fn question_mark_without_result() {
    Err(())?;
}

#[fastwake::main]
async fn opaque() -> impl Iterator<Item = u8> {
    let start = 1_u8;
    start + 1
}

#[fastwake::main]
async fn comes_back() -> ! {
    let _here = 1;
}

fn main() {}
