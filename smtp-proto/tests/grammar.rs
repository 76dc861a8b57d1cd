//! What holds for every line, sound or not.

use bytes::Bytes;
use proptest::prelude::*;
use smtp_proto::command::{self, Arguments, Command, Verb};
use smtp_proto::reply::{self, Reply};

/// Whether a field is a part of the line itself, not a copy and not something else. Empty fields hold nothing.
fn lies_in(line: &[u8], field: &[u8]) -> bool {
    let (line, field) = (line.as_ptr_range(), field.as_ptr_range());
    field.is_empty() || line.start <= field.start && field.end <= line.end
}

/// Every text of a command, whatever holds it.
fn fields<T: AsRef<[u8]>>(command: &Command<T>) -> Vec<&[u8]> {
    let mut fields = vec![command.line.as_ref()];
    match &command.arguments {
        Arguments::Mail { sender: path, parameters } | Arguments::Rcpt { recipient: path, parameters } => {
            fields.extend([&path.mailbox, &path.raw].into_iter().chain(&path.route).map(T::as_ref));
            fields.push(parameters.text.as_ref());
            fields.extend(parameters.iter().flat_map(|one| [one.keyword].into_iter().chain(one.value)));
        }
        Arguments::Auth { mechanism, initial_response } => {
            fields.extend([mechanism].into_iter().chain(initial_response).map(T::as_ref));
        }
        Arguments::Domain(text)
        | Arguments::Text(text)
        | Arguments::Raw(text)
        | Arguments::Burl { url: text, .. }
        | Arguments::Queue { name: text, .. } => fields.push(text.as_ref()),
        _ => {}
    }
    fields
}

/// Lines that begin like a command and go wrong later, and plain noise.
fn any_line() -> impl Strategy<Value = Bytes> {
    let start = prop::sample::select(vec![
        "",
        " ",
        "MAIL FROM:",
        "mail from: ",
        "MAIL FROM:<",
        "RCPT TO:",
        "RCPT TO :<@a,@b:",
        "RCPTTO:",
        "MAIL ",
        "BDAT ",
        "BURL ",
        "AUTH ",
        "EHLO ",
        "HELO [",
        "VRFY ",
        "X-EXPS ",
        "DATA",
        "250",
        "250-",
        "250 2.1.0",
        "550 5.",
    ]);
    // The bytes that steer the grammar, far more often than chance would have them.
    let steering = prop::sample::select(&b"<<>>@@\"\"\\:[],= \t+.-=a1"[..]);
    let byte = prop_oneof![4 => steering, 1 => any::<u8>()];
    let tail = prop::collection::vec(byte, 0..40);
    (start, tail).prop_map(|(start, tail)| Bytes::from([start.as_bytes(), &tail].concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_field_lies_in_its_line(line in any_line()) {
        let mut commands = vec![Command::unparsed(&line)];
        commands.extend(command::parse(&line));
        for command in &commands {
            prop_assert!(fields(command).into_iter().all(|field| lies_in(&line, field)), "{:?}", command);
            prop_assert_eq!(command.line, &line);
            prop_assert_eq!(command.verb, Verb::of(&line));
            // Kept, it says the same, out of the line it is given.
            for kept in [&line, &Bytes::copy_from_slice(&line)] {
                let shared = command.share(kept);
                prop_assert_eq!(fields(&shared), fields(command));
                prop_assert!(fields(&shared).into_iter().all(|field| lies_in(kept, field)), "{:?}", command);
                prop_assert_eq!((shared.verb, shared.strict), (command.verb, command.strict));
            }
        }
        if let Ok(parsed) = reply::parse_line(&line) {
            prop_assert!(lies_in(&line, parsed.text));
            prop_assert_eq!(parsed.share(&line).text, parsed.text);
            prop_assert!((100..=599).contains(&parsed.code));
            prop_assert!(parsed.text.ends_with(parsed.text_without_enhanced()));
            let mut reply = Reply::new(parsed.clone());
            reply.push_line(parsed);
            for capability in reply.capabilities() {
                prop_assert!(lies_in(&line, capability.keyword) && lies_in(&line, capability.parameters));
            }
            prop_assert!(reply.auth_mechanisms().all(|mechanism| lies_in(&line, mechanism)));
        }
    }

    /// An error points into the line, or right behind it.
    #[test]
    fn errors_point_into_the_line(line in any_line()) {
        for error in [command::parse(&line).err(), reply::parse_line(&line).err()].into_iter().flatten() {
            prop_assert!(error.at <= line.len(), "{}", error);
        }
    }

    /// Nothing of what a client sent behind its `MAIL FROM:` is lost: the path and the parameters hold all but blanks.
    #[test]
    fn no_byte_of_an_envelope_is_dropped(tail in r#"[<>@"\\:,= a-c\[\]]{0,40}"#) {
        let line = Bytes::from(format!("MAIL FROM:{tail}"));
        let Ok(Command { arguments: Arguments::Mail { sender, parameters }, .. }) = command::parse(&line) else {
            return Ok(());
        };
        let mut kept = sender.raw.to_vec();
        for parameter in &parameters {
            kept.extend(parameter.keyword);
            if let Some(value) = parameter.value {
                kept.push(b'=');
                kept.extend(value);
            }
        }
        kept.retain(|&byte| byte != b' ');
        prop_assert_eq!(Bytes::from(kept), tail.replace(' ', ""));

        let mut halves = sender.local_part().to_vec();
        if let Some(domain) = sender.domain() {
            halves.push(b'@');
            halves.extend(domain);
        }
        prop_assert_eq!(halves, sender.mailbox);
    }

    /// Whatever the ABNF makes is strict, and comes back as it went in.
    #[test]
    fn strict_lines_come_back(
        route in prop::option::of("@[a-z0-9]{1,5}(,@[a-z]{1,5}[.]org)?"),
        local in r#"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,8}([.][a-z]{1,3}){0,2}|"([a-z <>@:,]|\\[ -~]){0,8}""#,
        domain in r"[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?([.][a-zü]{1,3}){0,2}|\[192[.]0[.]2[.][0-9]{1,2}\]|\[IPv6:2001:db8::[0-9a-f]{1,4}\]",
        list in prop::collection::vec(("[A-Z0-9][A-Z0-9-]{0,6}", prop::option::of("[!-<>-~]{1,8}")), 0..5),
    ) {
        let address = format!("{local}@{domain}");
        let raw = match &route {
            Some(route) => format!("<{route}:{address}>"),
            None => format!("<{address}>"),
        };
        let mut text = format!("RCPT TO:{raw}");
        for (keyword, value) in &list {
            text += &format!(" {keyword}");
            if let Some(value) = value {
                text += &format!("={value}");
            }
        }
        let line = Bytes::from(text);
        let command = command::parse(&line).unwrap();
        prop_assert!(command.strict, "{:?}", command);
        let Arguments::Rcpt { recipient, parameters } = command.arguments else { panic!("no recipient") };
        prop_assert_eq!(recipient.route, route.as_deref().map(str::as_bytes));
        prop_assert_eq!(recipient.local_part(), local.as_bytes());
        prop_assert_eq!(recipient.domain(), Some(domain.as_bytes()));
        prop_assert_eq!(recipient.raw, raw.as_bytes());
        let parameters: Vec<_> = parameters.iter().map(|one| (one.keyword, one.value)).collect();
        let list: Vec<_> =
            list.iter().map(|(keyword, value)| (keyword.as_bytes(), value.as_deref().map(str::as_bytes))).collect();
        prop_assert_eq!(parameters, list);
    }

    /// The loose reading of a sound path is the strict one: only the flag differs.
    #[test]
    fn a_blank_too_many_changes_nothing_but_the_flag(
        local in r#"[a-z+=/-]{1,8}|"[a-z <>@:,]{0,8}""#,
        domain in r"[a-z]{1,5}[.]org|\[IPv6:::1\]",
        route in "|@r1:|@r1,@r2:",
    ) {
        let [strict, loose] = ["", " "].map(|blank| format!("MAIL FROM:{blank}<{route}{local}@{domain}> SIZE=3"));
        let [strict, loose] = [&strict, &loose].map(|line| command::parse(line.as_bytes()).unwrap());
        prop_assert_eq!((strict.strict, loose.strict), (true, false));
        prop_assert_eq!(strict.arguments, loose.arguments);
    }
}
