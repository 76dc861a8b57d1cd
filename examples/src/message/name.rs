//! File names from the wire in a form that is safe to use.

/// The longest name, in bytes.
const MAX: usize = 200;

/// A name that is one path component on every system, shows no other order of letters than it has, and starts no
/// hidden file. It is given to people, who may save under it; this tool writes files under their hashes only.
pub(super) fn safe(name: &str) -> String {
    // What turns the direction of writing, or takes no room, hides an extension.
    let invisible = |c: char| matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    // Of a path, the last component.
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim_matches([' ', '.']).is_empty()).unwrap_or("");
    let visible: String = last.chars().filter(|c| !invisible(*c)).collect();
    let visible = visible.trim_start_matches(['.', ' ', '-', '~']);
    let mut safe = sanitise_file_name::sanitise(visible);
    while safe.len() > MAX {
        // An extension tells more than the end of a long name.
        let stem = safe.rfind('.').filter(|dot| safe.len() - dot < 16).unwrap_or(safe.len());
        match safe.get(..stem).and_then(|stem| stem.char_indices().next_back()) {
            Some((at, _)) => safe.remove(at),
            None => break,
        };
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_harm() {
        for (name, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\a.exe", "a.exe"),
            ("C:\\temp\\a.exe", "a.exe"),
            ("/", "_"),
            ("..", "_"),
            ("", "_"),
            (".htaccess", "htaccess"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("a\0b\x1b[2Jc", "a_b_[2Jc"),
            ("Übersicht – €5.pdf", "Übersicht – €5.pdf"),
            ("-rf", "rf"),
        ] {
            assert_eq!(safe(name), expected, "{name:?}");
        }
        assert_ne!(safe("CON"), "CON");
        assert_ne!(safe("a.pdf      .exe . ").chars().last(), Some(' '));
        let long = safe(&format!("{}.pdf", "ä".repeat(500)));
        assert!(long.len() <= MAX && long.ends_with("ä.pdf"), "{long}");
    }
}
