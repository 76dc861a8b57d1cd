//! Base64 that is not as RFC 2045 section 6.8 has it: M19 to M28.

use crate::support::check;

#[test]
fn m19_padding_in_the_middle() {
    check(
        "Content-Transfer-Encoding: base64\n\nZm9vYg==\nYXI=\n",
        &[r#"0 text/plain base64 "foobar" b64-inner-padding(1)"#],
        &[],
    );
}
