//! The records as they are encoded: `netcap.proto` in Rust.

use std::collections::BTreeMap;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Smtp = 91,
    Pop3 = 93,
    Credentials = 97,
    Mail = 102,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Header {
    #[prost(int64, tag = "1")]
    pub(super) created: i64,
    #[prost(string, tag = "2")]
    pub(super) input_source: String,
    #[prost(int32, tag = "3")]
    pub(super) type_: i32,
    #[prost(string, tag = "4")]
    pub(super) version: String,
    #[prost(bool, tag = "5")]
    pub(super) contains_payloads: bool,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Pop3 {
    #[prost(int64, tag = "1")]
    pub(super) timestamp: i64,
    #[prost(string, tag = "2")]
    pub(super) client_ip: String,
    #[prost(string, tag = "3")]
    pub(super) server_ip: String,
    #[prost(string, tag = "4")]
    pub(super) auth_token: String,
    #[prost(string, tag = "5")]
    pub(super) user: String,
    #[prost(string, tag = "6")]
    pub(super) pass: String,
    #[prost(string, repeated, tag = "7")]
    pub(super) mail_ids: Vec<String>,
    #[prost(string, repeated, tag = "8")]
    pub(super) commands: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Smtp {
    #[prost(int64, tag = "1")]
    pub(super) timestamp: i64,
    #[prost(bool, tag = "2")]
    pub(super) is_encrypted: bool,
    #[prost(bool, tag = "3")]
    pub(super) is_response: bool,
    #[prost(string, tag = "6")]
    pub(super) src_ip: String,
    #[prost(string, tag = "7")]
    pub(super) dst_ip: String,
    #[prost(int32, tag = "8")]
    pub(super) src_port: i32,
    #[prost(int32, tag = "9")]
    pub(super) dst_port: i32,
    #[prost(string, repeated, tag = "10")]
    pub(super) mail_ids: Vec<String>,
    #[prost(string, repeated, tag = "11")]
    pub(super) commands: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Mail {
    #[prost(int64, tag = "1")]
    pub(super) timestamp: i64,
    #[prost(string, tag = "2")]
    pub(super) return_path: String,
    #[prost(string, tag = "3")]
    pub(super) from: String,
    #[prost(string, tag = "4")]
    pub(super) to: String,
    #[prost(string, tag = "5")]
    pub(super) cc: String,
    #[prost(string, tag = "6")]
    pub(super) subject: String,
    #[prost(string, tag = "7")]
    pub(super) date: String,
    #[prost(string, tag = "8")]
    pub(super) message_id: String,
    #[prost(string, tag = "9")]
    pub(super) references: String,
    #[prost(string, tag = "10")]
    pub(super) in_reply_to: String,
    #[prost(string, tag = "11")]
    pub(super) content_language: String,
    #[prost(bool, tag = "12")]
    pub(super) has_attachments: bool,
    #[prost(string, tag = "13")]
    pub(super) x_originating_ip: String,
    #[prost(string, tag = "14")]
    pub(super) content_type: String,
    #[prost(string, tag = "15")]
    pub(super) envelope_to: String,
    #[prost(message, repeated, tag = "16")]
    pub(super) body: Vec<MailPart>,
    #[prost(string, tag = "17")]
    pub(super) client_ip: String,
    #[prost(string, tag = "18")]
    pub(super) server_ip: String,
    #[prost(string, tag = "19")]
    pub(super) id: String,
    #[prost(string, tag = "20")]
    pub(super) delivery_date: String,
    #[prost(string, tag = "21")]
    pub(super) origin: String,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct MailPart {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(btree_map = "string, string", tag = "2")]
    pub(super) header: BTreeMap<String, String>,
    #[prost(string, tag = "3")]
    pub(super) content: String,
    #[prost(string, tag = "4")]
    pub(super) filename: String,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Credentials {
    #[prost(int64, tag = "1")]
    pub(super) timestamp: i64,
    #[prost(string, tag = "2")]
    pub(super) service: String,
    #[prost(string, tag = "3")]
    pub(super) flow: String,
    #[prost(string, tag = "4")]
    pub(super) user: String,
    #[prost(string, tag = "5")]
    pub(super) password: String,
    #[prost(string, tag = "6")]
    pub(super) notes: String,
}
