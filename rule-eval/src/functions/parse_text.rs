//! Texts with a structure of their own: paths of files, command lines, records of CSV, version numbers.

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};
use rust_decimal::Decimal;

const STRING: Accepts = Accepts::Type(Type::String);

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "parse_path",
        "The parts of a file's path, with slashes or backslashes.",
        &[Signature::new(&[Param::one("path", STRING)], Type::Dynamic)],
        |_, args| parse_path(of(&args[0])),
        &[
            ("tostring(parse_path(@\"C:\\temp\\file.txt\").Filename)", "\"file.txt\""),
            ("tostring(parse_path(\"/usr/lib/temp/file.txt\").DirectoryName)", "\"temp\""),
        ],
    ),
    Function::scalar(
        "parse_csv",
        "The fields of the first record of CSV text.",
        &[Signature::new(&[Param::one("csv", STRING)], Type::Dynamic)],
        |_, args| Value::array(fields(of(&args[0])).into_iter().map(Value::from)),
        &[
            ("parse_csv('aa,\"b,b\",cc')", "dynamic([\"aa\", \"b,b\", \"cc\"])"),
            ("parse_csv(\"record1,a\\nrecord2,x\")", "dynamic([\"record1\", \"a\"])"),
        ],
    ),
    Function::scalar(
        "parse_command_line",
        "The arguments of a command line, taken apart as Windows does.",
        &[Signature::new(
            &[Param::one("command_line", STRING), Param::one("parser_type", STRING)],
            Type::Dynamic,
        )],
        |context, args| match of(&args[1]) {
            "windows" => Value::array(arguments(of(&args[0])).into_iter().map(Value::from)),
            other => {
                context.fail(format!("parse_command_line() knows the parser \"windows\", not \"{other}\""))
            }
        },
        &[(
            "parse_command_line(\"echo \\\"hello world!\\\"\", \"windows\")",
            "dynamic([\"echo\", \"hello world!\"])",
        )],
    ),
    Function::scalar(
        "parse_version",
        "A version of up to four numbers as a decimal that compares as versions do.",
        &[Signature::new(&[Param::one("version", STRING)], Type::Decimal)],
        |_, args| version(of(&args[0])).into(),
        &[
            ("parse_version(\"0.0.0.5\")", "decimal(5)"),
            ("parse_version(\"0.0.3\")", "decimal(300000000)"),
            ("parse_version(\"1.2.x\")", "decimal(null)"),
        ],
    ),
];

fn of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn parse_path(path: &str) -> Value {
    let (scheme, path) = path.split_once("://").unwrap_or(("", path));
    let root = match path.as_bytes() {
        [drive, b':', ..] if drive.is_ascii_alphabetic() => &path[..2],
        _ => "",
    };
    let (directory, file) = match path.rfind(['/', '\\']) {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => ("", path),
    };
    let directory_name = directory.rsplit(['/', '\\']).next().filter(|name| *name != root).unwrap_or("");
    let (file, stream) = file.split_once(':').unwrap_or((file, ""));
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let text = Value::string;
    Value::bag([
        ("Scheme", text(scheme)),
        ("RootPath", text(root)),
        ("DirectoryPath", text(directory)),
        ("DirectoryName", text(directory_name)),
        ("Filename", text(file)),
        ("Extension", text(extension)),
        ("AlternateDataStreamName", text(stream)),
    ])
}

/// Fields are separated by commas; within quotes commas and line ends are text, and a quote is written twice.
fn fields(csv: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                push(&mut fields, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            '\r' | '\n' if !quoted => break,
            _ => push(&mut fields, c),
        }
    }
    fields
}

fn push(fields: &mut [String], c: char) {
    if let Some(field) = fields.last_mut() {
        field.push(c);
    }
}

/// The rules of `CommandLineToArgvW`: backslashes before a quote count half, an odd one makes the quote text; a quote
/// doubled within quotes is text. The program's name in front knows no backslash rules.
fn arguments(line: &str) -> Vec<String> {
    let line = line.trim_start();
    if line.is_empty() {
        return Vec::new();
    }
    let (program, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => line.split_at(line.find([' ', '\t']).unwrap_or(line.len())),
    };
    let mut arguments = vec![program.to_owned()];
    let mut chars = rest.chars().peekable();
    let mut argument: Option<String> = None;
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' if !quoted => arguments.extend(argument.take()),
            '\\' => {
                let mut backslashes = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    backslashes += 1;
                }
                let before_quote = chars.peek() == Some(&'"');
                let written = if before_quote { backslashes / 2 } else { backslashes };
                let argument = argument.get_or_insert_default();
                argument.extend(std::iter::repeat_n('\\', written));
                if before_quote && backslashes % 2 == 1 {
                    chars.next();
                    argument.push('"');
                }
            }
            '"' if quoted && chars.next_if_eq(&'"').is_some() => argument.get_or_insert_default().push('"'),
            '"' => {
                argument.get_or_insert_default();
                quoted = !quoted;
            }
            _ => argument.get_or_insert_default().push(c),
        }
    }
    arguments.extend(argument);
    arguments
}

/// Each part has eight digits of the result; a version whose first part is too large for a decimal is null.
fn version(text: &str) -> Option<Decimal> {
    let parts: Vec<&str> = text.trim().split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    let shift = Decimal::from(100_000_000);
    (0..4).try_fold(Decimal::ZERO, |sum, index| {
        let part = parts.get(index).copied().unwrap_or("0");
        let digits = (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let part: u32 = part.parse().ok().filter(|_| digits)?;
        sum.checked_mul(shift)?.checked_add(part.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn paths_are_taken_apart() {
        for (path, parts) in [
            (r"C:\temp\file.txt", ["", "C:", r"C:\temp", "temp", "file.txt", "txt", ""]),
            (r"temp\file.txt", ["", "", "temp", "temp", "file.txt", "txt", ""]),
            (
                "file://C:/temp/file.txt:some.exe",
                ["file", "C:", "C:/temp", "temp", "file.txt", "txt", "some.exe"],
            ),
            (
                r"\\shared\users\temp\file.txt.gz",
                ["", "", r"\\shared\users\temp", "temp", "file.txt.gz", "gz", ""],
            ),
            ("/usr/lib/temp/file.txt", ["", "", "/usr/lib/temp", "temp", "file.txt", "txt", ""]),
            (r"C:\file", ["", "C:", "C:", "", "file", "", ""]),
        ] {
            let parsed = parse_path(path);
            let values: Vec<_> = parsed.as_bag().unwrap().iter().map(|(_, value)| value.clone()).collect();
            assert_eq!(values, parts.map(Value::string), "{path}");
        }
    }

    #[test]
    fn csv_quotes_are_undone() {
        assert_eq!(
            fields("aa,\"b,b,b\",cc,\"Escaping quotes: \"\"Title\"\"\",\"line1\nline2\""),
            ["aa", "b,b,b", "cc", "Escaping quotes: \"Title\"", "line1\nline2"]
        );
        assert_eq!(fields(""), [""]);
    }

    #[test]
    fn command_lines_are_taken_apart_as_windows_does() {
        for (line, arguments) in [
            ("echo \"hello world!\"", "[\"echo\",\"hello world!\"]"),
            (r#""C:\a b\c.exe" "x\\" y"#, r#"["C:\\a b\\c.exe","x\\","y"]"#),
            (r#"a b\"c d"#, r#"["a","b\"c","d"]"#),
            (r#"a \\server\x ""  "p""q""#, r#"["a","\\\\server\\x","","p\"q"]"#),
            ("", "[]"),
        ] {
            let parsed = Value::array(super::arguments(line).into_iter().map(Value::from));
            assert_eq!(json::write(&parsed), arguments, "{line}");
        }
    }

    #[test]
    fn versions_compare_part_by_part() {
        assert_eq!(version("1.2.3.4").map(|v| v.to_string()).as_deref(), Some("1000000020000000300000004"));
        assert!(version("1.10") > version("1.9"));
        assert_eq!(version("1.0"), version("1.0.0.0"));
        for text in ["", "1.2.3.4.5", "1..2", "123456789", "1.-2", "99999999"] {
            assert_eq!(version(text), None, "{text}");
        }
    }
}
