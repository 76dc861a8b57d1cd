//! Sessions with what belongs to them, and logins.

use std::collections::BTreeMap;

use super::file::RecordFile;
use super::records::{Credentials, Pop3, Smtp};
use super::{mail_id, nanoseconds};
use crate::export::cells::{ip, port};
use crate::export::source::{Source, Taken};
use crate::record::{Direction, Login, LoginOutcome, Protocol, Reading, Session, Tls};

/// So many commands and sessions are held at once, about.
const BATCH: u64 = 500_000;

/// So many commands of one session are told.
const COMMANDS: usize = 100_000;

/// A session under way.
struct Joined {
    session: Session,
    commands: Vec<String>,
    left_out: u64,
    mails: Vec<String>,
    user: String,
    pass: String,
    token: String,
    accepted: bool,
}

pub(super) fn write(source: &Source, pop3: &mut RecordFile, smtp: &mut RecordFile) -> Taken {
    let mut batch: BTreeMap<u64, Joined> = BTreeMap::new();
    // In the order of the records, which need not be that of the numbers.
    let mut order: Vec<u64> = Vec::new();
    let (mut weight, mut is_first) = (0, true);
    source.sessions(|session| {
        if session.protocol == Protocol::Imap {
            return Ok(());
        }
        weight += session.commands.min(COMMANDS as u64) + 10;
        order.push(session.session);
        batch.insert(session.session, Joined::of(session));
        if weight < BATCH {
            return Ok(());
        }
        weight = 0;
        join(source, &mut batch, core::mem::take(&mut is_first))?;
        flush(source, &mut batch, &mut order, pop3, smtp)
    })?;
    join(source, &mut batch, is_first)?;
    flush(source, &mut batch, &mut order, pop3, smtp)
}

/// Reads what belongs to these sessions. Damage is told once, and not where others will tell it.
fn join(source: &Source, batch: &mut BTreeMap<u64, Joined>, is_first: bool) -> Taken {
    if batch.is_empty() {
        return Ok(());
    }
    source.quietly(!is_first, || {
        source.commands(|command| {
            if let (Some(joined), Direction::Client, Some(verb)) =
                (batch.get_mut(&command.session), command.direction, command.verb)
            {
                if joined.commands.len() < COMMANDS {
                    joined.commands.push(verb.to_string());
                } else {
                    joined.left_out += 1;
                }
            }
            Ok(())
        })
    })?;
    source.quietly(true, || {
        source.logins(|_, login| {
            if let Some(joined) = batch.get_mut(&login.session) {
                joined.login(&login);
            }
            Ok(())
        })?;
        source.messages(|message| {
            if let Some(joined) = message.session.and_then(|session| batch.get_mut(&session))
                && message.reading == Reading::Primary
            {
                joined.mails.push(mail_id(message.message));
            }
            Ok(())
        })
    })
}

fn flush(
    source: &Source,
    batch: &mut BTreeMap<u64, Joined>,
    order: &mut Vec<u64>,
    pop3: &mut RecordFile,
    smtp: &mut RecordFile,
) -> Taken {
    for number in order.drain(..) {
        let Some(joined) = batch.remove(&number) else { continue };
        if joined.left_out > 0 {
            source.lose(format!("session {number}: {} of its commands are left out", joined.left_out));
        }
        match joined.session.protocol {
            Protocol::Pop3 => pop3.write(&joined.pop3())?,
            _ => smtp.write(&joined.smtp())?,
        }
    }
    batch.clear();
    Ok(())
}

impl Joined {
    const fn of(session: Session) -> Self {
        Self {
            session,
            commands: Vec::new(),
            left_out: 0,
            mails: Vec::new(),
            user: String::new(),
            pass: String::new(),
            token: String::new(),
            accepted: false,
        }
    }

    /// The login that was accepted counts, otherwise the last.
    fn login(&mut self, login: &Login) {
        let accepted = login.outcome == LoginOutcome::Accepted;
        if self.accepted && !accepted {
            return;
        }
        self.accepted = accepted;
        self.user = login.username.as_ref().map(ToString::to_string).unwrap_or_default();
        self.pass = login.password.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default();
        let digest = login.hash.as_ref().filter(|hash| hash.hashcat_mode == Some(20));
        let digest = digest.and_then(|hash| hash.line.expose().split_once(':')).map(|(digest, _)| digest);
        let token = login.token.as_ref().map(|token| token.expose());
        self.token = digest.or(token).unwrap_or_default().to_owned();
    }

    fn pop3(self) -> Pop3 {
        Pop3 {
            timestamp: nanoseconds(self.session.start),
            client_ip: ip(&self.session.client).to_owned(),
            server_ip: ip(&self.session.server).to_owned(),
            auth_token: self.token,
            user: self.user,
            pass: self.pass,
            mail_ids: self.mails,
            commands: self.commands,
        }
    }

    fn smtp(self) -> Smtp {
        Smtp {
            timestamp: nanoseconds(self.session.start),
            is_encrypted: matches!(self.session.tls, Tls::Starttls | Tls::Implicit | Tls::DecryptedUpstream),
            is_response: false,
            src_ip: ip(&self.session.client).to_owned(),
            dst_ip: ip(&self.session.server).to_owned(),
            src_port: port(&self.session.client).map_or(0, i32::from),
            dst_port: port(&self.session.server).map_or(0, i32::from),
            mail_ids: self.mails,
            commands: self.commands,
        }
    }
}

pub(super) fn credentials(login: &Login) -> Credentials {
    let text =
        |text: &Option<crate::record::Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let mechanism = login.mechanism.as_str();
    let service = match (login.protocol, mechanism) {
        (Protocol::Pop3, _) => "POP3".to_owned(),
        (Protocol::Smtp, "PLAIN") => "SMTP Auth Plain".to_owned(),
        (Protocol::Smtp, "LOGIN") => "SMTP Auth Login".to_owned(),
        (Protocol::Smtp, other) => format!("SMTP Auth {other}"),
        (Protocol::Lmtp, other) => format!("LMTP Auth {other}"),
        (Protocol::Imap, "IMAP-LOGIN") => "IMAP Login".to_owned(),
        (Protocol::Imap, other) => format!("IMAP {other}"),
    };
    let secret = login.password.as_ref().or(login.token.as_ref());
    let mut notes = format!("mechanism {mechanism}, {}", login.outcome);
    if let Some(hash) = &login.hash {
        let mode = hash.hashcat_mode.map(|mode| format!(", hashcat mode {mode}")).unwrap_or_default();
        let format =
            hash.john_format.as_ref().map(|name| format!(", john format {name}")).unwrap_or_default();
        notes += &format!("{mode}{format}, line {}", hash.line.expose());
    }
    Credentials {
        timestamp: nanoseconds(login.at),
        service,
        flow: format!("{}->{}", login.client, login.server),
        user: text(&login.username),
        password: secret.map(|secret| secret.expose().to_owned()).unwrap_or_default(),
        notes,
    }
}
