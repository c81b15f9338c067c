#![forbid(unsafe_code)]
//! Writes JSON: as much of it as dumps and metrics are made of.

use std::fmt::{Display, Write};
use std::time::Duration;

use crate::topology::CpuSet;

/// A value that is written in one go.
pub(super) trait Value {
    fn write(&self, out: &mut String);
}

/// An object that is being written, between its braces.
pub(super) struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

/// Writes an object that has what `fill` puts into it.
pub(super) fn object(out: &mut String, fill: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    fill(&mut Object {
        out,
        is_empty: true,
    });
    out.push('}');
}

impl Object<'_> {
    /// Begins a member; its value is to follow.
    fn key(&mut self, name: &str) -> &mut String {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(',');
        }
        name.write(self.out);
        self.out.push(':');
        self.out
    }

    pub(super) fn put(&mut self, name: &str, value: impl Value) {
        value.write(self.key(name));
    }

    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.key(name), fill);
    }

    /// An array to which `write` adds a value for each of `items`.
    pub(super) fn array<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut String, T),
    ) {
        let out = self.key(name);
        out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write(out, item);
        }
        out.push(']');
    }
}

impl Value for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        for char in self.chars() {
            match char {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\0'..' ' => display(out, format_args!("\\u{:04x}", u32::from(char))),
                char => out.push(char),
            }
        }
        out.push('"');
    }
}

impl Value for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

/// In the kernel's form: `0-3,8`.
impl Value for CpuSet {
    fn write(&self, out: &mut String) {
        self.to_string().write(out);
    }
}

/// In nanoseconds.
impl Value for Duration {
    fn write(&self, out: &mut String) {
        display(out, self.as_nanos());
    }
}

impl<T: Value> Value for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

macro_rules! as_displayed {
    ($($type:ty),*) => {$(
        impl Value for $type {
            fn write(&self, out: &mut String) {
                display(out, self);
            }
        }
    )*};
}

as_displayed!(bool, i32, u32, u64, usize);

fn display(out: &mut String, value: impl Display) {
    write!(out, "{value}").expect("a string takes all that is written");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(fill: impl FnOnce(&mut Object<'_>)) -> serde_json::Value {
        let mut out = String::new();
        object(&mut out, fill);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    #[test]
    fn all_kinds_of_values_are_read_as_they_were_written() {
        let read = read(|object| {
            object.put("text", "a \"b\" \\ \u{7f} é");
            object.put("none", None::<u64>);
            object.put("some", Some(u64::MAX));
            object.put("least", i32::MIN);
            object.put("true", true);
            object.put("time", Duration::from_micros(3));
            object.put("cpus", CpuSet::from_iter([0, 1, 2, 8]));
            object.object("empty", |_| {});
            object.array("numbers", [1_usize, 2], |out, number| number.write(out));
            object.array("objects", ["x", "y"], |out, name| {
                super::object(out, |object| object.put(name, name));
            });
        });
        let expected = json!({
            "text": "a \"b\" \\ \u{7f} é", "none": null, "some": u64::MAX, "least": i32::MIN,
            "true": true, "time": 3_000, "cpus": "0-2,8", "empty": {}, "numbers": [1, 2],
            "objects": [{"x": "x"}, {"y": "y"}],
        });
        assert_eq!(read, expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_text_is_read_as_it_was_written(chars in prop::collection::vec(any::<char>(), 0..40), low in "[\\x00-\\x2f\\\\]{0,20}") {
            let text: String = chars.into_iter().chain(low.chars()).collect();
            let read = read(|object| object.put(&text, &text));
            prop_assert_eq!(read, json!({ &text: &text }));
        }
    }
}
