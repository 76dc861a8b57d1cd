//! NTLM (MS-NLMP): version 1, NTLM2 session and version 2.

use super::crack::{Crack, field, hex};
use super::{Credential, Fact};
use bytes::Bytes;

/// MS-NLMP section 2.2.2.5.
const UNICODE: u32 = 1;
const OEM_DOMAIN_SUPPLIED: u32 = 0x1000;
const OEM_WORKSTATION_SUPPLIED: u32 = 0x2000;

/// MS-NLMP section 2.2.1: what every message begins with.
const SIGNATURE: &[u8] = b"NTLMSSP\0";

/// What of an exchange is needed for its last message.
#[derive(Clone, Debug, Default)]
pub(super) struct Ntlm {
    flags: u32,
    challenge: Option<[u8; 8]>,
}

pub(super) fn is_message(message: &[u8]) -> bool {
    message.starts_with(SIGNATURE)
}

impl Ntlm {
    /// CHALLENGE_MESSAGE (MS-NLMP section 2.2.1.2).
    pub(super) fn challenge(&mut self, credential: &mut Credential, message: &[u8]) {
        if !is_message(message) || u32_at(message, 8) != Some(2) {
            return;
        }
        self.flags = u32_at(message, 20).unwrap_or(self.flags);
        self.challenge = array_at(message, 24);
        if let Some(target) = payload(message, 12)
            && !target.is_empty()
        {
            name(credential, "target", text(target, self.flags).0);
        }
        // Old servers end the message here.
        if let Some(pairs) = payload(message, 40) {
            self.names(credential, pairs);
        }
    }

    /// NEGOTIATE_MESSAGE or AUTHENTICATE_MESSAGE (MS-NLMP sections 2.2.1.1 and 2.2.1.3).
    pub(super) fn response(&mut self, credential: &mut Credential, message: &[u8]) -> bool {
        if !is_message(message) {
            return false;
        }
        match u32_at(message, 8) {
            Some(1) => self.negotiate(credential, message),
            Some(3) => return self.authenticate(credential, message).is_some(),
            _ => return false,
        }
        true
    }

    fn negotiate(&mut self, credential: &mut Credential, message: &[u8]) {
        self.flags = u32_at(message, 12).unwrap_or_default();
        // Both names are in the OEM charset, whatever the flags say; the last message repeats them.
        let supplied = |flag, at| (self.flags & flag != 0).then(|| payload(message, at)).flatten();
        credential.domain = supplied(OEM_DOMAIN_SUPPLIED, 16).and_then(filled);
        credential.workstation = supplied(OEM_WORKSTATION_SUPPLIED, 24).and_then(filled);
    }

    /// ```text
    /// signature 8, type 4, then length 2, room 2, offset 4 of each: LM response, NT response, domain, user,
    /// workstation, session key; flags 4
    /// ```
    fn authenticate(&mut self, credential: &mut Credential, message: &[u8]) -> Option<()> {
        let fields = [12, 20, 28, 36, 44].map(|at| payload(message, at));
        // The flags are there if no payload begins before their end.
        let begins = [16, 24, 32, 40, 48].iter().filter_map(|at| u32_at(message, *at)).min();
        if begins.is_some_and(|begins| begins >= 64)
            && let Some(flags) = u32_at(message, 60)
        {
            self.flags = flags;
        }
        let [lm, nt, domain, user, workstation] = fields;
        let of = |bytes: Option<&[u8]>| bytes.map(|bytes| text(bytes, self.flags));
        let (domain, user, workstation) = (of(domain), of(user), of(workstation));
        credential.username = user.as_ref().map(|(user, _)| user.clone());
        credential.domain = domain.as_ref().and_then(|(domain, _)| filled(domain));
        credential.workstation = workstation.as_ref().and_then(|(workstation, _)| filled(workstation));
        let (lm, nt, domain, user) = (lm?, nt?, domain?, user?);
        workstation?;
        // MS-NLMP section 3.2.5.1.2: neither name nor response, or a response of one zero byte.
        credential.anonymous = nt.is_empty() && lm.len() <= 1;
        // What NTLM v2 hashes besides the password (MS-NLMP section 2.2.2.7).
        if let Some((_, pairs)) = nt.split_at_checked(44) {
            self.names(credential, pairs);
        }
        let exact = domain.1 && user.1;
        credential.hash = self
            .challenge
            .take()
            .filter(|_| exact)
            .and_then(|challenge| line(&user.0, &domain.0, challenge, lm, nt));
        Some(())
    }

    /// AV_PAIRs (MS-NLMP section 2.2.2.1), always in UTF-16. The first of a kind counts.
    fn names(&self, credential: &mut Credential, mut pairs: &[u8]) {
        while let (Some(id @ 1..), Some(len)) = (u16_at(pairs, 0), u16_at(pairs, 2)) {
            let Some((value, rest)) = pairs.get(4..).and_then(|rest| rest.split_at_checked(len.into()))
            else {
                return;
            };
            pairs = rest;
            let value = text(value, UNICODE).0;
            match id {
                1 => name(credential, "netbios-computer", value),
                2 => name(credential, "netbios-domain", value),
                3 => name(credential, "dns-computer", value),
                4 => name(credential, "dns-domain", value),
                5 => name(credential, "dns-tree", value),
                9 if !value.is_empty() => credential.service = Some(value),
                _ => {}
            }
        }
    }
}

fn name(credential: &mut Credential, name: &'static str, value: Bytes) {
    if !credential.server_names.iter().any(|fact| fact.name == name) {
        credential.server_names.push(Fact::new(name, value));
    }
}

fn line(user: &[u8], domain: &[u8], challenge: [u8; 8], lm: &[u8], nt: &[u8]) -> Option<Crack> {
    let (user, domain, challenge) = (field(user, ":")?, field(domain, ":")?, hex(&challenge));
    if nt.len() == 24 {
        // Of NTLM2 session the LM field holds the client's challenge, of version 1 it may be missing.
        let lm = if lm.len() == 24 { hex(lm) } else { String::new() };
        let line = format!("{user}::{domain}:{lm}:{}:{challenge}", hex(nt));
        return Some(Crack::new(Some(5500), Some("netntlm"), line));
    }
    // NTProofStr, then the blob with its header, time, client challenge and pairs.
    let (proof, blob) = nt.split_at_checked(16)?;
    if blob.len() < 28 {
        return None;
    }
    // The names are hashed; hashcat widens them byte by byte, which is right for ASCII alone.
    let hashcat = (user.is_ascii() && domain.is_ascii()).then_some(5600);
    let line = format!("{user}::{domain}:{challenge}:{}:{}", hex(proof), hex(blob));
    Some(Crack::new(hashcat, Some("netntlmv2"), line))
}

/// Text as UTF-8, and whether that took no replacement: UTF-16LE, or the bytes of an OEM charset nobody names.
fn text(bytes: &[u8], flags: u32) -> (Bytes, bool) {
    if flags & UNICODE == 0 {
        return (Bytes::copy_from_slice(bytes), true);
    }
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut exact = odd.is_empty();
    let mut text: String = char::decode_utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)))
        .map(|unit| {
            unit.unwrap_or_else(|_| {
                exact = false;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    (Bytes::copy_from_slice(text.as_bytes()), exact)
}

fn filled(text: impl AsRef<[u8]>) -> Option<Bytes> {
    let text = text.as_ref();
    (!text.is_empty()).then(|| Bytes::copy_from_slice(text))
}

/// What the length and offset at this place point to; `None` if that is outside of the message.
fn payload(message: &[u8], at: usize) -> Option<&[u8]> {
    let len = usize::from(u16_at(message, at)?);
    let offset = usize::try_from(u32_at(message, at + 4)?).ok()?;
    // The offset of an empty field may be anything.
    if len == 0 { Some(&[]) } else { message.get(offset..offset.checked_add(len)?) }
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}
