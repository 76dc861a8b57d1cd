//! What parts are called: M74 to M81.

use crate::support::check;

fn mail(content_type: &str, disposition: &str) -> String {
    format!(
        "Content-Type: application/octet-stream{content_type}\nContent-Disposition: attachment{disposition}\n\nx\n"
    )
}

#[test]
fn m74_two_parameters_with_different_names() {
    check(
        mail("; name=a.png", "; filename=a.zip"),
        &[r#"0 application/octet-stream name="a.zip" name="a.png" "x\n" name-conflict"#],
        &[],
    );
    check(
        mail("; name=a.zip", "; filename=a.zip"),
        &[r#"0 application/octet-stream name="a.zip" name="a.zip" "x\n""#],
        &[],
    );
}

#[test]
fn m75_the_same_parameter_twice() {
    check(
        mail("", "; filename=a.zip; filename=b.zip"),
        &[r#"0 application/octet-stream name="a.zip" name="b.zip" "x\n" name-conflict"#],
        &[],
    );
    check(
        mail("", "; filename=a.zip\nContent-Disposition: attachment; filename=b.zip"),
        &[r#"0 application/octet-stream name="a.zip" name="b.zip" "x\n" name-conflict"#],
        &[],
    );
    check(
        mail("; name=a.zip\nContent-Type: application/zip; name=b.zip", ""),
        &[r#"0 application/octet-stream name="a.zip" name="b.zip" "x\n" ct-duplicate name-conflict"#],
        &[],
    );
    // In a message in base64, where fields have no place of their own.
    let inner = base64_simd::STANDARD
        .encode_to_string(mail("; name=a.zip\nContent-Type: application/zip; name=b.zip", ""));
    let outer = format!("Content-Type: message/global\nContent-Transfer-Encoding: base64\n\n{inner}\n");
    let told = crate::support::listed(&crate::common::whole(&outer.into()));
    assert_eq!(
        told[1],
        r#"0.0 application/octet-stream name="a.zip" name="b.zip" "x\n" ct-duplicate name-conflict"#
    );
}

#[test]
fn m76_plain_and_in_sections() {
    check(
        mail("", "; filename=file.png; filename*0=file.; filename*1=zip"),
        &[r#"0 application/octet-stream name="file.zip" name="file.png" "x\n" name-conflict"#],
        &[],
    );
}

#[test]
fn m77_sections_out_of_order() {
    check(
        mail("", "; filename*1=zip; filename*0=file."),
        &[r#"0 application/octet-stream name="file.zip" "x\n" param-2231"#],
        &[],
    );
    check(
        mail("", "; filename*1=file.; filename*2=zip"),
        &[r#"0 application/octet-stream name="file.zip" "x\n" param-2231"#],
        &[],
    );
    check(
        mail("", "; filename*0=a; filename*1*=utf-8''%c3%a9; filename*2=.zip"),
        &[r#"0 application/octet-stream name="aé.zip" "x\n""#],
        &[],
    );
    check(
        mail("", "; filename*0*=utf-8''%c3; filename*1*=%a9.zip"),
        &[r#"0 application/octet-stream name="é.zip" "x\n""#],
        &[],
    );
}

#[test]
fn m78_encoded_words() {
    check(
        mail("", "; filename=\"=?us-ascii?B?ZmlsZS56aXA=?=\""),
        &[r#"0 application/octet-stream name="file.zip" "x\n" name-2047"#],
        &[],
    );
    check(
        mail("", "; filename=\"=?utf-8?q?file=2Ezip?=\""),
        &[r#"0 application/octet-stream name="file.zip" "x\n" name-2047"#],
        &[],
    );
    check(
        mail("", "; filename=\"=?UTF-16LE?B?YQAuAHoAaQBwAA==?=\""),
        &[r#"0 application/octet-stream name="a.zip" "x\n" name-2047"#],
        &[],
    );
    check(
        mail("", "; filename=\"=?UTF-16BE?B?AGEALgB6AGkAcA==?=\""),
        &[r#"0 application/octet-stream name="a.zip" "x\n" name-2047"#],
        &[],
    );
}

#[test]
fn m79_encoded_words_split_inside_of_a_character() {
    check(
        mail("", "; filename=\"=?utf-8?b?4oI=?= =?utf-8?b?rC56aXA=?=\""),
        &[r#"0 application/octet-stream name="€.zip" "x\n" name-2047"#],
        &[],
    );
}

#[test]
fn m80_names_that_are_not_fit_for_a_file() {
    check(
        mail("", "; filename=\"..\\\\..\\\\a.exe\""),
        &[r#"0 application/octet-stream name="..\\..\\a.exe" "x\n" name-unsafe"#],
        &[],
    );
    check(
        mail("", "; filename=\"../../a.sh\""),
        &[r#"0 application/octet-stream name="../../a.sh" "x\n" name-unsafe"#],
        &[],
    );
    check(
        mail("", "; filename=\"a.exe.\""),
        &[r#"0 application/octet-stream name="a.exe." "x\n" name-unsafe"#],
        &[],
    );
    check(
        mail("", "; filename=\"a.pdf          .exe\""),
        &[r#"0 application/octet-stream name="a.pdf          .exe" "x\n" name-unsafe name-double-extension"#],
        &[],
    );
    check(mail("", "; filename=CON"), &[r#"0 application/octet-stream name="CON" "x\n" name-unsafe"#], &[]);
    check(
        mail("", "; filename*=utf-8''a%E2%80%AEfdp.exe"),
        &[r#"0 application/octet-stream name="a\u{202e}fdp.exe" "x\n" name-unsafe"#],
        &[],
    );
    check(
        mail("", "; filename*=utf-8''a%00.exe"),
        &[r#"0 application/octet-stream name="a\0.exe" "x\n" name-unsafe"#],
        &[],
    );
}

#[test]
fn m81_raw_bytes() {
    let mail = |name: &[u8]| [b"Content-Disposition: attachment; filename=\"", name, b"\"\n\nx\n"].concat();
    check(mail("\u{a9}2023.zip".as_bytes()), &[r#"0 text/plain name="©2023.zip" "x\n""#], &[]);
    check(mail(b"caf\xe9.zip"), &[r#"0 text/plain name="café.zip" "x\n" header-8bit name-charset"#], &[]);
    // GBK and Shift-JIS: no guess, the bytes are in the header.
    check(
        mail(b"\xce\xc4\xbc\xfe.zip"),
        &[r#"0 text/plain name="ÎÄ¼þ.zip" "x\n" header-8bit name-charset"#],
        &[],
    );
    check(
        mail(b"\x83t\x83@\x83C\x83\x8b.zip"),
        &[r#"0 text/plain name="ƒtƒ@ƒCƒ‹.zip" "x\n" header-8bit name-charset"#],
        &[],
    );
}
