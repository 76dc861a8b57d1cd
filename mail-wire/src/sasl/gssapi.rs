//! GSSAPI, GSS-SPNEGO and NTLM: Kerberos tickets or NTLM messages, each bare or in the wrapping of the other
//! mechanisms. The tokens say what they are, whatever the mechanism is called.

use super::Credential;
use super::crack::{Crack, field, hex};
use super::der::{Der, integer};
use super::ntlm::{self, Ntlm};
use bytes::Bytes;

#[cfg(test)]
mod tests;

/// Object identifiers as DER has them.
const SPNEGO: &[u8] = b"\x2b\x06\x01\x05\x05\x02";
const NTLMSSP: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
const KERBEROS: [&[u8]; 2] = [
    b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02",
    // Microsoft's, one bit off.
    b"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02",
];

/// An exchange of tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Gssapi {
    ntlm: Ntlm,
}

/// What is inside of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Ntlm(&'a [u8]),
    /// KRB_AP_REQ.
    Ticket(&'a [u8]),
    /// A message in the protection of an established context.
    Wrap(&'a [u8]),
    /// Nothing that tells anything.
    Other,
}

impl Gssapi {
    pub(super) fn challenge(&mut self, credential: &mut Credential, message: &[u8]) {
        if let Some(Token::Ntlm(message)) = token(message) {
            self.ntlm.challenge(credential, message);
        }
    }

    pub(super) fn response(&mut self, credential: &mut Credential, message: &[u8]) -> bool {
        if message.is_empty() {
            return true;
        }
        match token(message) {
            Some(Token::Ntlm(message)) => self.ntlm.response(credential, message),
            Some(Token::Ticket(request)) => ticket(credential, request).is_some(),
            Some(Token::Wrap(message)) => {
                security_layer(credential, message);
                true
            }
            Some(Token::Other) => true,
            None => false,
        }
    }
}

/// RFC 2743 section 3.1 (the initial token's wrapping), RFC 4178 section 4.2 (SPNEGO), RFC 4121 section 4 (Kerberos).
fn token(message: &[u8]) -> Option<Token<'_>> {
    let mut message = message;
    // SPNEGO around a mechanism with its own wrapping: three layers, no more.
    for _ in 0..3 {
        if ntlm::is_message(message) {
            return Some(Token::Ntlm(message));
        }
        match message {
            [5, 4, ..] => return Some(Token::Wrap(message)),
            [5, 5, ..] | [4 | 5, 1, ..] => return Some(Token::Other),
            _ => {}
        }
        let mut der = Der(message);
        let inner = match der.next()? {
            (0x60, content) => {
                let mut content = Der(content);
                let mechanism = content.take(0x06)?;
                if KERBEROS.contains(&mechanism) {
                    return match content.0 {
                        [1, 0, request @ ..] => Some(Token::Ticket(request)),
                        _ => Some(Token::Other),
                    };
                }
                match mechanism {
                    SPNEGO | NTLMSSP => content.0,
                    _ => return Some(Token::Other),
                }
            }
            // NegTokenInit and NegTokenResp hold the mechanism's token at the same place.
            (0xa0 | 0xa1, content) => {
                let Some(token) = Der(Der(content).take(0x30)?).find(0xa2) else { return Some(Token::Other) };
                Der(token).take(0x04)?
            }
            _ => return None,
        };
        message = inner;
    }
    None
}

/// RFC 4120 section 5.5.1, and 5.3 for the ticket, whose outside is not encrypted.
///
/// ```text
/// AP-REQ ::= [APPLICATION 14] SEQUENCE { pvno [0], msg-type [1], ap-options [2], ticket [3] Ticket, .. }
/// Ticket ::= [APPLICATION 1] SEQUENCE { tkt-vno [0], realm [1] GeneralString,
///            sname [2] SEQUENCE { name-type [0], name-string [1] SEQUENCE OF GeneralString },
///            enc-part [3] SEQUENCE { etype [0] INTEGER, kvno [1] OPTIONAL, cipher [2] OCTET STRING } }
/// ```
fn ticket(credential: &mut Credential, request: &[u8]) -> Option<()> {
    let request = Der(Der(Der(request).take(0x6e)?).take(0x30)?);
    let ticket = Der(Der(Der(request.find(0xa3)?).take(0x61)?).take(0x30)?);
    let realm = Der(ticket.find(0xa1)?).take(0x1b)?;
    let mut names = Der(Der(Der(Der(ticket.find(0xa2)?).take(0x30)?).find(0xa1)?).take(0x30)?);
    let mut components: Vec<&[u8]> = Vec::new();
    while let Some(component) = names.take(0x1b) {
        components.push(component);
    }
    let service = components.join(&b'/');
    credential.realm = Some(Bytes::copy_from_slice(realm));
    let encrypted = Der(Der(ticket.find(0xa3)?).take(0x30)?);
    let etype = integer(Der(encrypted.find(0xa0)?).take(0x02)?)?;
    credential.etype = Some(etype);
    let cipher = Der(encrypted.find(0xa2)?).take(0x04)?;
    credential.hash = line(etype, realm, &components.concat(), &service, cipher);
    credential.service = Some(Bytes::from(service));
    Some(())
}

/// The parts of the cipher are in the order of the tools: checksum first.
fn line(etype: i32, realm: &[u8], account: &[u8], service: &[u8], cipher: &[u8]) -> Option<Crack> {
    /// What a ticket holds is never shorter.
    const MIN_DATA: usize = 32;
    let text = |value| field(value, "$*:").filter(|text| !text.is_empty());
    let (realm, account, service) = (text(realm)?, text(account)?, text(service)?);
    let mode = match etype {
        // RFC 4757 section 5: the checksum stands before the data.
        23 => {
            let (checksum, data) = cipher.split_at_checked(16).filter(|(_, data)| data.len() >= MIN_DATA)?;
            let (checksum, data) = (hex(checksum), hex(data));
            let line = format!("$krb5tgs$23$*{account}${realm}${service}*${checksum}${data}");
            return Some(Crack::new(Some(13100), Some("krb5tgs"), line));
        }
        // RFC 3962 section 6: the checksum stands behind the data.
        17 => 19600,
        18 => 19700,
        _ => return None,
    };
    let (data, checksum) = cipher.split_at_checked(cipher.len().checked_sub(12)?)?;
    if data.len() < MIN_DATA {
        return None;
    }
    let line = format!("$krb5tgs${etype}${account}${realm}${}${}", hex(checksum), hex(data));
    Some(Crack::new(Some(mode), None, line))
}

/// RFC 4752 section 3.1: at the end the client names the security layer it wants and whom to act as, in a message
/// that is signed, not encrypted (RFC 4121 section 4.2.6.2).
///
/// ```text
/// 05 04, flags 1 (bit 1: sealed), FF, extra count 2, right rotation count 2, sequence 8, then rotated to the right:
/// layer 1 (1: none, 2: integrity, 4: confidentiality), size of the buffer 3, authorization identity; checksum
/// ```
fn security_layer(credential: &mut Credential, message: &[u8]) {
    let Some((&[_, _, flags, _, ec0, ec1, rrc0, rrc1, ..], data)) = message.split_first_chunk::<16>() else {
        return;
    };
    if flags & 2 != 0 || data.is_empty() {
        return;
    }
    let mut data = data.to_vec();
    let rotation = usize::from(u16::from_be_bytes([rrc0, rrc1])) % data.len();
    data.rotate_left(rotation);
    let checksum = usize::from(u16::from_be_bytes([ec0, ec1]));
    let Some(plain) = data.len().checked_sub(checksum).and_then(|end| data.get(..end)) else { return };
    if let Some((&[layer, ..], identity)) = plain.split_first_chunk::<4>() {
        credential.security_layer = layer & 6 != 0;
        credential.authorization_identity = Some(Bytes::copy_from_slice(identity));
    }
}
