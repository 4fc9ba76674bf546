//! What went wrong, as RFC 9457 words it.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong in this case.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    /// Makes a problem of a status.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            hint: None,
        }
    }

    /// A request that cannot be understood.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Something that is not there.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Sources that could not be read: the detail and the hint are the caller's words.
    pub fn unreadable(detail: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            hint,
            ..Self::new(StatusCode::BAD_GATEWAY, detail)
        }
    }

    /// A push that is not taken, with the status that agents expect.
    pub fn rejected(status: u16, detail: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(status, detail)
    }

    /// Says what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The answer that tells it.
    pub(crate) fn response(&self) -> Response {
        let text = serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned());
        let mut response = Response::new(Body::from(text));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<fathom_report::Failure> for Problem {
    fn from(failure: fathom_report::Failure) -> Self {
        use fathom_report::Error;
        let detail = failure.error.to_string();
        match failure.error {
            Error::NoMatch { .. } | Error::NoAddress { .. } => Self::not_found(detail),
            _ => Self::bad_request(detail),
        }
    }
}

impl From<fathom_report::Error> for Problem {
    fn from(error: fathom_report::Error) -> Self {
        fathom_report::Failure::from(error).into()
    }
}
