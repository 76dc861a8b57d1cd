//! The paths of nodes: where in the tree they stand, as [`Part`](crate::Part) tells them.

use std::borrow::Cow;

/// The path of the node below `parent` with that number; see [`Part`](crate::Part). `None`: the body of a message.
pub(super) fn of(parent: Option<&str>, number: Option<&str>) -> Cow<'static, str> {
    // Without the machinery of formats: this is done for each part.
    let join = |pieces: [&str; 3]| Cow::Owned(pieces.concat());
    match (parent, number) {
        (None, None) => Cow::Borrowed("0"),
        (None, Some(number)) => Cow::Owned(number.to_owned()),
        (Some(parent), None) => join([parent, ".", "0"]),
        // The parts of a body stand where the body does.
        (Some(parent), Some(number)) => match parent.strip_suffix('0').filter(|above| is_body(above)) {
            Some(above) => join([above, "", number]),
            None => join([parent, ".", number]),
        },
    }
}

fn is_body(above: &str) -> bool {
    above.is_empty() || above.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (parent, number, expected) in [
            (None, None, "0"),
            (Some("0"), Some("1"), "1"),
            (Some("1"), Some("2"), "1.2"),
            (Some("10"), Some("1"), "10.1"),
            (Some("2"), None, "2.0"),
            (Some("2.0"), Some("1"), "2.1"),
            (Some("0"), None, "0.0"),
            (Some("0.0"), Some("3"), "0.3"),
            (Some("0"), Some("preamble"), "preamble"),
            (Some("1"), Some("epilogue"), "1.epilogue"),
        ] {
            assert_eq!(of(parent, number), expected);
        }
    }
}
