//! Authentication-Results fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Text;

/// What a server says of the checks that it made (RFC 8601).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AuthenticationResults {
    /// The server that checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Text>,
    /// In order; empty if it checked nothing.
    pub results: Vec<AuthenticationResult>,
}

/// One check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AuthenticationResult {
    /// `spf`, `dkim`, `dmarc`, `auth`, ..
    pub method: Text,
    /// `pass`, `fail`, `none`, ..
    pub result: Text,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// The first comment, in which most servers say why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Text>,
    /// What was checked: `smtp.mailfrom`, `header.d`, ..
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<Text, Text>,
}
