//! Mails and what is told of them, in `tests/corpus/`: `x.eml` and the expected `x.txt`.
//!
//! `BLESS=1 cargo test -p mime-extract --test corpus` writes the expectations anew; read the difference before you
//! commit it.

mod common;

use common::{corpus, listing, whole};

#[test]
fn every_mail_is_told_as_expected() {
    let bless = std::env::var_os("BLESS").is_some();
    let mails = corpus();
    assert!(mails.len() > 40);
    let mut failures = Vec::new();
    for (path, mail) in mails {
        let told = listing(&whole(&mail)).join("\n") + "\n";
        let expected_path = path.with_extension("txt");
        if bless {
            std::fs::write(&expected_path, &told).unwrap();
        } else if std::fs::read_to_string(&expected_path).unwrap_or_default() != told {
            failures.push(format!("{}:\n{told}", path.display()));
        }
    }
    assert!(failures.is_empty(), "events differ\n{}", failures.join("\n\n"));
}
