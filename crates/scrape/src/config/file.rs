//! The configuration as it is written: every key that is known, and nothing filled in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::Secret;
use super::client::{RawAuthorization, RawBasic, RawTls};
use super::profiles::RawProfiles;
use super::quantity::{DurationText, ShareText, SizeText};
use crate::labels::Labels;
use crate::relabel::Rule;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub(super) global: RawGlobal,
    pub(super) scrape_configs: Vec<RawJob>,
    pub(super) storage: RawStorage,
    pub(super) server: RawServer,
    pub(super) alerts: RawAlerts,
    pub(super) remote_write: Vec<RawRemoteWrite>,
    pub(super) line_protocol: Option<RawLineProtocol>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawGlobal {
    pub(super) scrape_interval: Option<DurationText>,
    pub(super) scrape_timeout: Option<DurationText>,
    pub(super) max_concurrent_scrapes: Option<usize>,
    pub(super) external_labels: Labels,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJob {
    pub(super) job_name: String,
    pub(super) scheme: Option<String>,
    pub(super) metrics_path: Option<String>,
    pub(super) pprof_path: Option<String>,
    pub(super) scrape_interval: Option<DurationText>,
    pub(super) scrape_timeout: Option<DurationText>,
    #[serde(default)]
    pub(super) params: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) static_configs: Vec<RawStatic>,
    #[serde(default)]
    pub(super) file_sd_configs: Vec<RawFileSd>,
    #[serde(default)]
    pub(super) http_sd_configs: Vec<RawHttpSd>,
    #[serde(default)]
    pub(super) relabel_configs: Vec<Rule>,
    pub(super) basic_auth: Option<RawBasic>,
    pub(super) authorization: Option<RawAuthorization>,
    pub(super) tls_config: Option<RawTls>,
    pub(super) profiles: Option<RawProfiles>,
    #[serde(default)]
    pub(super) limits: RawLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStatic {
    pub(super) targets: Vec<String>,
    #[serde(default)]
    pub(super) labels: Labels,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFileSd {
    pub(super) files: Vec<String>,
    pub(super) refresh_interval: Option<DurationText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHttpSd {
    pub(super) url: String,
    pub(super) refresh_interval: Option<DurationText>,
    pub(super) basic_auth: Option<RawBasic>,
    pub(super) authorization: Option<RawAuthorization>,
    pub(super) tls_config: Option<RawTls>,
}

#[expect(
    clippy::struct_field_names,
    reason = "the keys of the file are named so"
)]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    pub(super) max_bytes: Option<SizeText>,
    pub(super) max_share: Option<ShareText>,
    pub(super) max_bytes_per_interval: Option<SizeText>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStorage {
    pub(super) path: Option<PathBuf>,
    pub(super) retention: Option<DurationText>,
    pub(super) max_bytes: Option<SizeText>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawServer {
    pub(super) listen: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAlerts {
    pub(super) webhook: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRemoteWrite {
    pub(super) url: String,
    pub(super) remote_timeout: Option<DurationText>,
    pub(super) basic_auth: Option<RawBasic>,
    pub(super) authorization: Option<RawAuthorization>,
    pub(super) tls_config: Option<RawTls>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLineProtocol {
    pub(super) url: String,
    pub(super) timeout: Option<DurationText>,
    pub(super) basic_auth: Option<RawBasic>,
    pub(super) authorization: Option<RawAuthorization>,
    pub(super) tls_config: Option<RawTls>,
}
