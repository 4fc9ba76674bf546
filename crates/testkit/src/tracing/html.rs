//! Just enough HTML to read the tables of the reference's pages.

/// A table, row by row.
pub(super) type Table = Vec<Vec<Cell>>;

/// A cell of a table, of its head or its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    /// Where its links lead.
    pub(super) links: Vec<String>,
    /// The tables within it.
    pub(super) tables: Vec<Table>,
}

impl Cell {
    /// The text without that of tables within, line breaks for `<br>`, and without the space
    /// around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }
}

/// Returns the tables of a page, those within others only there. What is not closed ends with
/// the page.
pub(super) fn tables(page: &str) -> Vec<Table> {
    let mut finished = Vec::new();
    let mut open = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        if let Some(cell) = last_cell(&mut open) {
            cell.text.push_str(&unescape(text));
        }
        let end = tag.find('>').unwrap_or(tag.len() - 1);
        let (tag, after) = tag.split_at(end + 1);
        rest = after;
        read_tag(tag, &mut open, &mut finished);
    }
    while !open.is_empty() {
        close_table(&mut open, &mut finished);
    }
    finished
}

fn read_tag(tag: &str, open: &mut Vec<Table>, finished: &mut Vec<Table>) {
    let inner = tag.trim_start_matches('<').trim_end_matches('>');
    let name = inner.split_whitespace().next().unwrap_or_default();
    match name {
        "table" => open.push(Table::new()),
        "/table" => close_table(open, finished),
        "tr" => {
            if let Some(table) = open.last_mut() {
                table.push(Vec::new());
            }
        }
        "td" | "th" => {
            if let Some(row) = open.last_mut().and_then(|table| table.last_mut()) {
                row.push(Cell::default());
            }
        }
        "br" => {
            if let Some(cell) = last_cell(open) {
                cell.text.push('\n');
            }
        }
        "a" => {
            if let (Some(cell), Some(link)) = (last_cell(open), link(inner)) {
                cell.links.push(link);
            }
        }
        _ => {}
    }
}

fn close_table(open: &mut Vec<Table>, finished: &mut Vec<Table>) {
    let Some(table) = open.pop() else { return };
    match last_cell(open) {
        Some(cell) => cell.tables.push(table),
        None => finished.push(table),
    }
}

fn last_cell(open: &mut [Table]) -> Option<&mut Cell> {
    open.last_mut()?.last_mut()?.last_mut()
}

/// Returns the value of `href`, which the reference does not always quote.
fn link(inner: &str) -> Option<String> {
    let (_, value) = inner.split_once("href=")?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split_whitespace().next()?,
    };
    Some(unescape(value))
}

/// Puts characters in the place of entities; leaves what it does not know.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, entity) = rest.split_at(start);
        plain.push_str(before);
        let named = entity
            .find(';')
            .map(|end| (entity.get(1..end).unwrap_or_default(), end + 1))
            .and_then(|(name, end)| Some((character(name)?, end)));
        let (character, length) = named.unwrap_or(('&', 1));
        plain.push(character);
        rest = entity.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Writes a value of a query so that it arrives as it is.
pub(super) fn percent_encode(value: &str) -> String {
    use std::fmt::Write as _;

    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Returns the value of a query's parameter, decoded.
pub(super) fn parameter(link: &str, name: &str) -> Option<String> {
    let (_, query) = link.split_once('?')?;
    let value = query.split(['&', '#']).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_within_cells_stay_there_and_open_ones_end_with_the_page() {
        let page = "<h1>x</h1><table a=1><tr><th> A</th><th>B<br>C</th></tr>\
                    <tr><td><a href=\"/p?name=a%2Bb+c&amp;n=1\">1 &lt; 2 &#43; &x;</a></td>\
                    <td><table><tr><td align=right><a href=/q?min=1>5</a></td></tr></table></td>\
                    </tr></table> between <table><tr><td>open";
        let found = tables(page);
        let [first, second] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(first[0][1].text(), "B\nC");
        assert_eq!(first[1][0].text(), "1 < 2 + &x;");
        let link = &first[1][0].links[0];
        assert_eq!(parameter(link, "name").as_deref(), Some("a+b c"));
        assert_eq!(parameter(link, "n").as_deref(), Some("1"));
        assert_eq!(parameter(link, "m"), None);
        assert_eq!(first[1][1].text(), "");
        assert_eq!(first[1][1].tables[0][0][0].text(), "5");
        assert_eq!(first[1][1].tables[0][0][0].links, ["/q?min=1"]);
        assert_eq!(second.len(), 1);
    }

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let name = "main.(*shop).ServeHTTP.func1 & 100% µs|x";
        let link = format!("/goroutine?name={}", percent_encode(name));
        assert_eq!(parameter(&link, "name").as_deref(), Some(name));
    }
}
