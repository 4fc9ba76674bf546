//! The multipart form of a push (RFC 7578), as Go's `mime/multipart` writes it.

/// Most parts of a form.
const MOST_PARTS: usize = 32;

/// Most bytes of the headers of a part.
const MOST_HEADER_BYTES: usize = 16 << 10;

/// Longest boundary (RFC 2046).
const MOST_BOUNDARY: usize = 70;

/// One field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) name: String,
    pub(super) content: &'a [u8],
}

/// Reads the fields. The error says what is wrong, and at which byte.
pub(super) fn fields<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Field<'a>>, String> {
    let boundary = boundary(content_type)?;
    let first = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    // What stands before the first boundary is nothing.
    let mut at = if body.starts_with(first.as_bytes()) {
        first.len()
    } else {
        find(body, between.as_bytes(), 0).ok_or("the form has no boundary")? + between.len()
    };
    let mut fields = Vec::new();
    loop {
        let rest = body.get(at..).unwrap_or_default();
        if rest.starts_with(b"--") {
            return Ok(fields);
        }
        // Blanks may follow a boundary.
        let line_end = find(rest, b"\r\n", 0)
            .filter(|end| {
                rest.get(..*end)
                    .unwrap_or_default()
                    .iter()
                    .all(|byte| b" \t".contains(byte))
            })
            .ok_or_else(|| format!("byte {at}: the boundary is not followed by a line break"))?;
        if fields.len() >= MOST_PARTS {
            return Err(format!(
                "byte {at}: the form has more than {MOST_PARTS} parts"
            ));
        }
        let header_start = at + line_end;
        let header_end = find(body, b"\r\n\r\n", header_start)
            .filter(|end| end - header_start <= MOST_HEADER_BYTES)
            .ok_or_else(|| format!("byte {at}: the headers of a part do not end"))?;
        let headers = body.get(header_start..header_end).unwrap_or_default();
        let start = header_end + 4;
        // An empty part ends where it begins: its last line break is that of the headers.
        let end = find(body, between.as_bytes(), start - 2)
            .ok_or_else(|| format!("byte {start}: a part does not end"))?;
        fields.push(Field {
            name: field_name(headers).ok_or_else(|| format!("byte {at}: a part has no name"))?,
            content: body.get(start..end).unwrap_or_default(),
        });
        at = end + between.len();
    }
}

/// The boundary that a content type names.
fn boundary(content_type: &str) -> Result<String, String> {
    let parameter = content_type.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case("boundary")
            .then_some(value.trim())
    });
    let value = parameter.unwrap_or_default();
    let value = value
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(value);
    if value.is_empty() || value.len() > MOST_BOUNDARY {
        return Err("the content type names no boundary".to_owned());
    }
    Ok(value.to_owned())
}

/// The name in `Content-Disposition: form-data; name="profile"`.
fn field_name(headers: &[u8]) -> Option<String> {
    let headers = String::from_utf8_lossy(headers);
    let disposition = headers.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    disposition.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        let value = value.trim();
        let inner = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        key.trim()
            .eq_ignore_ascii_case("name")
            .then(|| inner.unwrap_or(value).to_owned())
    })
}

/// Where a text begins within bytes, from a place on. It begins with a rare byte, so that most
/// places are passed at once.
fn find(bytes: &[u8], text: &[u8], from: usize) -> Option<usize> {
    let first = *text.first()?;
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(text) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<(String, String)>, String> {
        let found = fields("multipart/form-data; boundary=xyz", body.as_bytes())?;
        Ok(found
            .into_iter()
            .map(|field| {
                (
                    field.name,
                    String::from_utf8_lossy(field.content).into_owned(),
                )
            })
            .collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = pairs.iter();
        owned
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    #[test]
    fn fields_are_between_boundaries() {
        let body = "--xyz\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\
            Content-Type: application/octet-stream\r\n\r\none\r\n--xy\r\ntwo\r\n--xyz \r\n\
            content-disposition: form-data; NAME=b\r\n\r\n\r\n--xyz--\r\nepilogue";
        assert_eq!(
            read(body),
            Ok(pairs(&[("a", "one\r\n--xy\r\ntwo"), ("b", "")]))
        );
        let prologue = format!("hello\r\n{body}");
        assert_eq!(read(&prologue).unwrap().len(), 2);
        assert_eq!(read("--xyz--"), Ok(Vec::new()));
    }

    #[test]
    fn boundaries_may_be_quoted() {
        let boundary = |text: &str| boundary(text);
        assert_eq!(
            boundary("multipart/form-data; Boundary=\"a b\""),
            Ok("a b".to_owned())
        );
        assert!(boundary("multipart/form-data").is_err());
        assert!(boundary("multipart/form-data; boundary=").is_err());
        assert!(boundary(&format!("x; boundary={}", "a".repeat(71))).is_err());
    }

    #[test]
    fn forms_that_do_not_end_are_errors() {
        let whole = "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--xyz--";
        assert!(read(whole).is_ok());
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        let nameless = "--xyz\r\nContent-Type: x\r\n\r\none\r\n--xyz--";
        assert_eq!(read(nameless), Err("byte 5: a part has no name".to_owned()));
        let part = "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--xyz";
        let many = format!("--xyz{}--", part.repeat(33));
        assert!(read(&many).unwrap_err().contains("more than 32 parts"));
    }
}
