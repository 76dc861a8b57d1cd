//! Files in files: M24, M37 to M44, M82, M88, M89, M101, M103.

use crate::support::check;

#[test]
fn m24_begin_base64_line() {
    check(
        "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nbegin-base64 644 f.pdf\nJVBERi0xLjQK\n====\n",
        &[r#"0 application/pdf base64 name="f.pdf" "%PDF-1.4\n" b64-begin-line"#],
        &[],
    );
    check(
        "Subject: x\n\nSee:\nbegin-base64 644 f.pdf\nJVBERi0xLjQK\n====\nEnd.\n",
        &[
            r#"0 text/plain "See:\nbegin-base64 644 f.pdf\nJVBERi0xLjQK\n====\nEnd.\n""#,
            r#"b64-1 application/octet-stream binary name="f.pdf" in=base64 "%PDF-1.4\n" begin-base64"#,
        ],
        &[],
    );
}

#[test]
fn m37_uuencode_declared() {
    check(
        "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 text/plain x-uuencode "begin 644 cat.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    check(
        "Content-Transfer-Encoding: uuencode\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 text/plain x-uuencode "begin 644 cat.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    check(
        "Content-Transfer-Encoding: x-uue\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 text/plain x-uuencode "begin 644 cat.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    check(
        "Content-Transfer-Encoding: uue\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 text/plain x-uuencode "begin 644 cat.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    check(
        "Content-Transfer-Encoding: x-uu\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 text/plain x-uuencode "begin 644 cat.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    check(
        "Content-Transfer-Encoding: x-uuencode\nContent-Disposition: attachment; filename=cat.txt\n\n#0V%T\n`\n",
        &[
            r##"0 text/plain x-uuencode name="cat.txt" "#0V%T\n`\n""##,
            r#"uu1 application/octet-stream binary in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
}

#[test]
fn m37_uuencode_in_an_attachment_that_names_no_encoding() {
    check(
        "Content-Type: application/octet-stream; name=a.zip\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 application/octet-stream name="a.zip" "begin 644 cat.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    // What is decoded first is the file, and a word is no line of it.
    check(
        "Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\nYmVnaW4gNjQ0IGEKIzBWJVQKYAplbmQK\n",
        &[r#"0 application/zip base64 "begin 644 a\n#0V%T\n`\nend\n""#],
        &[],
    );
    check(
        "Content-Type: application/x-pascal\n\nbegin 644 times\nend.\n",
        &[r#"0 application/x-pascal "begin 644 times\nend.\n""#],
        &[],
    );
}

#[test]
fn m38_uuencode_with_the_kind_of_the_file() {
    check(
        "Subject: x\n\nbegin 100644 cat.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 text/plain "begin 100644 cat.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
}

#[test]
fn m38_uuencode_inline() {
    check(
        "Subject: x\n\nHere it is:\nbegin 644 cat.txt\n#0V%T\n`\nend\nBye.\n",
        &[
            r#"0 text/plain "Here it is:\nbegin 644 cat.txt\n#0V%T\n`\nend\nBye.\n""#,
            r#"uu1 application/octet-stream binary name="cat.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\nWe\nbegin 644 times\nand end.\n",
        &[r#"0 text/plain "We\nbegin 644 times\nand end.\n""#],
        &[],
    );
}

#[test]
fn m39_uuencode_faults() {
    check(
        "Subject: x\n\nbegin 644 a\n#0V%T\n&0V%T\n\"86(`Z\n#    \n`\nend\n",
        &[
            r#"0 text/plain "begin 644 a\n#0V%T\n&0V%T\n\"86(`Z\n#    \n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="a" in=uuencode "CatCat\x00\x00\x00ab\x00\x00\x00" uuencode"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\nbegin 644 a\n#0V%T\nno such line\n",
        &[
            r#"0 text/plain "begin 644 a\n#0V%T\nno such line\n""#,
            r#"uu1 application/octet-stream binary name="a" in=uuencode "Cat" incomplete partial uuencode uu-line"#,
        ],
        &[],
    );
}

#[test]
fn m40_yenc_declared() {
    check(
        "Content-Type: image/png\nContent-Transfer-Encoding: x-yencode\n\n=ybegin line=128 size=10 name=abc.bin\nklmnopqrst\n=yend size=10 crc32=321e6d05\n",
        &[
            r#"0 image/png "x-yencode" "=ybegin line=128 size=10 name=abc.bin\nklmnopqrst\n=yend size=10 crc32=321e6d05\n" failed cte-unknown"#,
            r#"yenc1 application/octet-stream binary name="abc.bin" in=yenc "ABCDEFGHIJ" yenc"#,
        ],
        &[],
    );
}

#[test]
fn m40_yenc() {
    check(
        "Subject: x\n\n=ybegin line=128 size=10 name=abc.bin\nklmnopqrst\n=yend size=10 crc32=321e6d05\n",
        &[
            r#"0 text/plain "=ybegin line=128 size=10 name=abc.bin\nklmnopqrst\n=yend size=10 crc32=321e6d05\n""#,
            r#"yenc1 application/octet-stream binary name="abc.bin" in=yenc "ABCDEFGHIJ" yenc"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\n=ybegin part=2 total=2 line=128 size=10 name=abc.bin\n=ypart begin=6 end=10\npqrst\n=yend size=5 part=2 pcrc32=de69baca\n=ybegin part=1 total=2 line=128 size=10 name=abc.bin\n=ypart begin=1 end=5\nklmno\n=yend size=5 part=1 pcrc32=72d31ad5\n",
        &[
            r#"0 text/plain "=ybegin part=2 total=2 line=128 size=10 name=abc.bin\n=ypart begin=6 end=10\npqrst\n=yend size=5 part=2 pcrc32=de69baca\n=ybegin part=1 total=2 line=128 size=10 name=abc.bin\n=ypart begin=1 end=5\nklmno\n=ye"..233"#,
            r#"yenc1 application/octet-stream binary name="abc.bin" in=yenc "FGHIJ" incomplete yenc yenc-part(2)"#,
            r#"yenc2 application/octet-stream binary name="abc.bin" in=yenc "ABCDE" incomplete yenc yenc-part(1)"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\n=ybegin part=1 total=2 line=128 size=10 name=abc.bin\n=ypart begin=1 end=5\nkkkno\n=yend size=5 part=1 pcrc32=72d31ad5\n",
        &[
            r#"0 text/plain "=ybegin part=1 total=2 line=128 size=10 name=abc.bin\n=ypart begin=1 end=5\nkkkno\n=yend size=5 part=1 pcrc32=72d31ad5\n""#,
            r#"yenc1 application/octet-stream binary name="abc.bin" in=yenc "AAADE" incomplete partial yenc yenc-checksum yenc-part(1)"#,
        ],
        &[],
    );
}

#[test]
fn m41_binhex_is_told() {
    check(
        "Content-Type: application/mac-binhex40; name=x.hqx\n\n(This file must be converted with BinHex 4.0)\n:$f*TEQKPH#jdCQjPBh3!:\n",
        &[
            r#"0 application/mac-binhex40 name="x.hqx" "(This file must be converted with BinHex 4.0)\n:$f*TEQKPH#jdCQjPBh3!:\n" binhex"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\nSee\n(This file must be converted with BinHex 4.0)\n:x:\n",
        &[r#"0 text/plain "See\n(This file must be converted with BinHex 4.0)\n:x:\n" binhex"#],
        &[],
    );
}

#[test]
fn m42_gzip64() {
    check(
        "Content-Type: text/plain\nContent-Transfer-Encoding: x-gzip64\n\nH4sICAAAAAAC/2luLnR4dADzSM3JyddRSK/KLAAAnRQt2gsAAAA=\n",
        &[
            r#"0 text/plain x-gzip64 "\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\xffin.txt\x00\xf3H\xcd\xc9\xc9\xd7QH\xaf\xca,\x00\x00\x9d\x14-\xda\x0b\x00\x00\x00" gzip64"#,
            r#"gzip1 text/plain binary name="in.txt" in=gzip "Hello, gzip""#,
        ],
        &[],
    );
    check(
        "Content-Transfer-Encoding: x-gzip64\n\nH4sICAAAAAAC/2luLnR4dADzSM3JyddRSK/KLAAA\n",
        &[
            r#"0 text/plain x-gzip64 "\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\xffin.txt\x00\xf3H\xcd\xc9\xc9\xd7QH\xaf\xca,\x00\x00" gzip64"#,
            r#"gzip1 text/plain binary name="in.txt" in=gzip "Hello, gzip" incomplete partial"#,
        ],
        &[],
    );
}

#[test]
fn m43_appledouble_and_applesingle() {
    check(
        "Content-Type: multipart/appledouble; boundary=b\n\n--b\nContent-Type: application/applefile\nContent-Transfer-Encoding: base64\n\nAAUWBwACAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAADAAAAMgAAAAcAAAACAAAAOQAAAARwaWMuanBn\ncnNyYw==\n--b\nContent-Type: image/jpeg\nContent-Disposition: attachment\n\nJFIF\n--b--\n",
        &[
            "0 multipart multipart/appledouble",
            r#"1 application/applefile base64 name="pic.jpg" "\x00\x05\x16\x07\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x002\x00\x00\x00\x07\x00\x00\x00\x02\x00\x00\x009\x00\x00\x00\x04pic.jpgrsrc" apple-double"#,
            r#"1.fork1 application/x-resource-fork binary in=apple "rsrc""#,
            r#"2 image/jpeg name="pic.jpg" "JFIF""#,
        ],
        &[],
    );
    check(
        "Content-Type: application/applefile\nContent-Transfer-Encoding: base64\n\nAAUWAAACAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAADAAAAPgAAAAgAAAABAAAARgAAAAQAAAACAAAA\nSgAAAARuYW1lLnR4dGRhdGFyc3Jj\n",
        &[
            r#"0 application/applefile base64 name="name.txt" "\x00\x05\x16\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x03\x00\x00\x00>\x00\x00\x00\x08\x00\x00\x00\x01\x00\x00\x00F\x00\x00\x00\x04\x00\x00\x00\x02\x00\x00\x00J\x00\x00\x00\x04name.txtdatarsrc" apple-single"#,
            r#"fork1 application/octet-stream binary name="name.txt" in=apple "data""#,
            r#"fork2 application/x-resource-fork binary in=apple "rsrc""#,
        ],
        &[],
    );
}

#[test]
fn m44_tnef() {
    check(
        "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+IgEAAgKQBgAOAAAAAQD/////AAAAAAAAAAD9AwIQgAEABgAAAGEudHh0AO8BAg+ABgAIAAAA\nYXR0YWNoZWQ+Aw==\n",
        &[
            r#"0 application/ms-tnef base64 name="winmail.dat" "x\x9f>\"\x01\x00\x02\x02\x90\x06\x00\x0e\x00\x00\x00\x01\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\xfd\x03\x02\x10\x80\x01\x00\x06\x00\x00\x00a.txt\x00\xef\x01\x02\x0f\x80\x06\x00\x08\x00\x00\x00attached>\x03" tnef"#,
            r#"tnef1 application/octet-stream binary name="a.txt" in=tnef "attached""#,
        ],
        &[],
    );
}

#[test]
fn m82_a_name_only_in_the_encoding() {
    check(
        "Subject: x\n\nbegin 644 only.txt\n#0V%T\n`\nend\n",
        &[
            r#"0 text/plain "begin 644 only.txt\n#0V%T\n`\nend\n""#,
            r#"uu1 application/octet-stream binary name="only.txt" in=uuencode "Cat" uuencode"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\n=ybegin line=128 size=1 name=only.bin\nk\n=yend size=1\n",
        &[
            r#"0 text/plain "=ybegin line=128 size=1 name=only.bin\nk\n=yend size=1\n""#,
            r#"yenc1 application/octet-stream binary name="only.bin" in=yenc "A" yenc"#,
        ],
        &[],
    );
    check(
        "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\neJ8+IgEAAgKQBgAOAAAAAQD/////AAAAAAAAAAD9AwIQgAEABgAAAGEudHh0AO8BAg+ABgAIAAAA\nYXR0YWNoZWQ+Aw==\n",
        &[
            r#"0 application/octet-stream base64 "x\x9f>\"\x01\x00\x02\x02\x90\x06\x00\x0e\x00\x00\x00\x01\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\xfd\x03\x02\x10\x80\x01\x00\x06\x00\x00\x00a.txt\x00\xef\x01\x02\x0f\x80\x06\x00\x08\x00\x00\x00attached>\x03" tnef"#,
            r#"tnef1 application/octet-stream binary name="a.txt" in=tnef "attached""#,
        ],
        &[],
    );
    check(
        "Content-Type: application/octet-stream\nContent-Transfer-Encoding: x-gzip64\n\nH4sICAAAAAAC/2luLnR4dADzSM3JyddRSK/KLAAAnRQt2gsAAAA=\n",
        &[
            r#"0 application/octet-stream x-gzip64 "\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\xffin.txt\x00\xf3H\xcd\xc9\xc9\xd7QH\xaf\xca,\x00\x00\x9d\x14-\xda\x0b\x00\x00\x00" gzip64"#,
            r#"gzip1 application/octet-stream binary name="in.txt" in=gzip "Hello, gzip""#,
        ],
        &[],
    );
}

#[test]
fn m88_signed_and_encrypted() {
    check(
        "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\n\n--b\nContent-Type: text/plain\n\nSigned.\n--b\nContent-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n\nMAA=\n--b--\n",
        &[
            "0 multipart multipart/signed",
            r#"1 text/plain "Signed.""#,
            r#"2 application/pkcs7-signature base64 "0\x00""#,
        ],
        &[],
    );
    check(
        "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHAqCAMIACAQExADCABgkqhkiG9w0BBwGggCSABBNDb250ZW50LVR5cGU6IG11\nbHRpBF9wYXJ0L21peGVkOyBib3VuZGFyeT1pCgotLWkKCm9uZQotLWkKQ29udGVudC1EaXNwb3Np\ndGlvbjogYXR0YWNobWVudDsgZmlsZW5hbWU9ei56aXAKClBLCi0taS0tCgAAAAAAADEAAAAAAAAA\n",
        &[
            r#"0 application/pkcs7-mime base64 name="smime.p7m" "0\x80\x06\t*\x86H\x86\xf7\r\x01\x07\x02\xa0\x800\x80\x02\x01\x011\x000\x80\x06\t*\x86H\x86\xf7\r\x01\x07\x01\xa0\x80$\x80\x04\x13Content-Type: multi\x04_part/mixed; boundary=i\n\n--i\n\none\n--i\nContent-Disposition: attachment; filename=z.zip\n\nPK\n--i--\n\x00\x00\x00\x00\x00\x001\x00\x00\x00\x00\x00\x00\x00" opaque-signed"#,
            r#"cms1 message message/rfc822 binary in=cms "Content-Type: multipart/mixed; boundary=i\n\n--i\n\none\n--i\nContent-Disposition: attachment; filename=z.zip\n\nPK\n--i--\n""#,
            "cms1.0 multipart multipart/mixed",
            r#"cms1.1 text/plain "one""#,
            r#"cms1.2 text/plain name="z.zip" "PK""#,
        ],
        &[],
    );
    check(
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMBIGCSqGSIb3DQEHA6AFMAMCAQA=\n",
        &[
            r#"0 application/pkcs7-mime base64 name="smime.p7m" "0\x12\x06\t*\x86H\x86\xf7\r\x01\x07\x03\xa0\x050\x03\x02\x01\x00" encrypted(cms)"#,
        ],
        &[],
    );
    check(
        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\nx\n--b--\n",
        &[
            "0 multipart multipart/encrypted encrypted(pgp)",
            r#"1 application/pgp-encrypted "Version: 1""#,
            r#"2 application/octet-stream "x""#,
        ],
        &[],
    );
}

#[test]
fn m89_pgp_inline() {
    check(
        "Subject: x\n\nHello\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n",
        &[
            r#"0 text/plain "Hello\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n" pgp-inline(message)"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHi\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n",
        &[
            r#"0 text/plain "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHi\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n" pgp-inline(signed message)"#,
        ],
        &[],
    );
    check(
        "Subject: x\n\nThey write -----BEGIN PGP MESSAGE----- in a line.\n",
        &[r#"0 text/plain "They write -----BEGIN PGP MESSAGE----- in a line.\n""#],
        &[],
    );
}

#[test]
fn m101_messages_in_files() {
    check(
        "Content-Type: application/octet-stream; name=fwd.eml\nContent-Transfer-Encoding: base64\n\nUmVjZWl2ZWQ6IGZyb20geCBieSB5OyAxIEphbiAyMDAxIDAwOjAwOjAwIEdNVApGcm9tOiBhQGIK\nU3ViamVjdDogaW5uZXIKQ29udGVudC1EaXNwb3NpdGlvbjogYXR0YWNobWVudDsgZmlsZW5hbWU9\naW4udHh0CgpkZWVwCg==\n",
        &[
            r#"0 application/octet-stream base64 name="fwd.eml" "Received: from x by y; 1 Jan 2001 00:00:00 GMT\nFrom: a@b\nSubject: inner\nContent-Disposition: attachment; filename=in.txt\n\ndeep\n" nested-container(eml)"#,
            r#"eml1 message message/rfc822 binary in=message "Received: from x by y; 1 Jan 2001 00:00:00 GMT\nFrom: a@b\nSubject: inner\nContent-Disposition: attachment; filename=in.txt\n\ndeep\n""#,
            r#"eml1.0 text/plain name="in.txt" "deep\n""#,
        ],
        &[],
    );
    check(
        "Content-Type: application/octet-stream; name=mail.msg\nContent-Transfer-Encoding: base64\n\n0M8R4KGxGuEAAAAAAAAAAAA=\n",
        &[
            r#"0 application/octet-stream base64 name="mail.msg" "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00\x00\x00\x00\x00\x00\x00\x00" nested-container(msg)"#,
        ],
        &[],
    );
    check(
        "Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\nUEsDBA==\n",
        &[r#"0 application/zip base64 name="a.zip" "PK\x03\x04""#],
        &[],
    );
}

#[test]
fn m103_data_addresses() {
    check(
        "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<a download=3D\"x\" href=3D\"data:application/zip;base64,UEs=\nDBA=3D=3D\">x</a>\n<img src=3D\"data:image/gif;base64,R0lGODlh\">\n",
        &[
            r#"0 text/html quoted-printable "<a download=\"x\" href=\"data:application/zip;base64,UEsDBA==\">x</a>\n<img src=\"data:image/gif;base64,R0lGODlh\">\n""#,
            r#"data1 application/zip binary name="x" in=data-uri "PK\x03\x04" html-data-uri"#,
            r#"data2 image/gif binary in=data-uri "GIF89a""#,
        ],
        &[],
    );
    check(
        "Content-Type: text/html\n\n<iframe src=\"data:text/html,%3Cscript%3Ex%3C/script%3E\"></iframe>\n",
        &[
            r#"0 text/html "<iframe src=\"data:text/html,%3Cscript%3Ex%3C/script%3E\"></iframe>\n""#,
            r#"data1 text/html binary in=data-uri "<script>x</script>" html-data-uri"#,
        ],
        &[],
    );
    check(
        "Content-Type: text/html\n\nMetadata: no data: address, data-x:y\n",
        &[r#"0 text/html "Metadata: no data: address, data-x:y\n""#],
        &[],
    );
}
