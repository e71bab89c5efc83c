//! The SQL statements in our sources, and how they use tables.
use super::sources;
use std::collections::BTreeSet;

/// A statement as it is written in a string of our sources.
#[derive(Debug, Clone)]
pub struct Statement {
    /// File and line.
    pub place: String,
    pub text: String,
}

/// All statements below `src`, without those of tests.
pub fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    for (path, text) in sources("src", ".rs") {
        for (line, literal) in string_literals(&text) {
            let first = literal.split_whitespace().next().unwrap_or_default();
            if ["select", "insert", "update", "delete", "with"].contains(&first) {
                found.push(Statement { place: format!("{}:{line}", path.display()), text: literal });
            }
        }
    }
    assert!(found.len() > 100, "the statements are read: {}", found.len());
    found
}

/// The string literals of a Rust source with the lines they begin on.
fn string_literals(source: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let rest = |n: usize| chars.get(at + n).copied().unwrap_or_default();
        match chars[at] {
            '\n' => line += 1,
            '/' if rest(1) == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
                continue;
            }
            // A character; a lifetime has no second quote so near.
            '\'' if rest(1) == '\\' => {
                at += 2;
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
            }
            '\'' if rest(2) == '\'' => at += 2,
            'r' if rest(1) == '"' || rest(1) == '#' && matches!(rest(2), '"' | '#') => {
                let hashes = (1..).take_while(|n| rest(*n) == '#').count();
                let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let begin = at + hashes + 2;
                let length = chars[begin..].windows(end.len()).position(|window| window == end).expect("the literal ends");
                let text: String = chars[begin..begin + length].iter().collect();
                let lines = text.matches('\n').count();
                found.push((line, text));
                line += lines;
                at = begin + length + end.len();
                continue;
            }
            '"' => {
                let begun = line;
                let mut text = String::new();
                at += 1;
                while chars[at] != '"' {
                    if chars[at] == '\\' {
                        at += 1;
                    }
                    line += usize::from(chars[at] == '\n');
                    text.push(chars[at]);
                    at += 1;
                }
                found.push((begun, text));
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Words, numbers and parameters, and each other sign by itself; without what stands in quotes.
pub fn tokens(sql: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                chars.by_ref().find(|next| *next == c);
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '$') => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|next| next.is_alphanumeric() || matches!(next, '_' | '$')) {
                    word.push(next);
                }
                found.push(word.to_lowercase());
            }
            c if c.is_whitespace() => {}
            c => found.push(c.to_string()),
        }
    }
    found
}

/// How a statement uses a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Read,
    Insert,
    Update,
    Delete,
}

/// A place of a statement that names a table.
#[derive(Debug)]
pub struct Reference {
    pub table: String,
    /// The name by which the statement's conditions call it.
    pub alias: String,
    pub used: Use,
    /// Where in the tokens the table's name is.
    at: usize,
}

/// Every place where a statement names one of `tables`.
pub fn references(tokens: &[String], tables: &BTreeSet<String>) -> Vec<Reference> {
    let word = |at: usize| tokens.get(at).map(String::as_str).unwrap_or_default();
    let mut found = Vec::new();
    let mut in_list = false;
    for at in 1..tokens.len() {
        let before = if at >= 2 { word(at - 2) } else { "" };
        let used = match (before, word(at - 1)) {
            ("delete", "from") => Use::Delete,
            ("insert", "into") => Use::Insert,
            ("do" | "for", "update") => continue,
            (_, "update") => Use::Update,
            (_, "from" | "join") => Use::Read,
            (_, ",") if in_list => Use::Read,
            _ => continue,
        };
        if !tables.contains(word(at)) {
            continue;
        }
        let next = at + 1 + usize::from(word(at + 1) == "as");
        let is_alias = |word: &str| {
            let keywords = [
                "where", "on", "set", "join", "left", "cross", "order", "group", "limit", "using", "union", "for", "default",
                "values", "select",
            ];
            word.chars().next().is_some_and(char::is_alphabetic) && !keywords.contains(&word)
        };
        let has_alias = is_alias(word(next));
        let alias = if has_alias { word(next) } else { word(at) };
        in_list = used == Use::Read && word(if has_alias { next + 1 } else { at + 1 }) == ",";
        found.push(Reference { table: word(at).to_owned(), alias: alias.to_owned(), used, at });
    }
    found
}

/// What is wrong with how a statement binds the region of the `regional` tables it names.
pub fn unbound(sql: &str, regional: &BTreeSet<String>) -> Vec<String> {
    let tokens = tokens(sql);
    let word = |at: usize| tokens.get(at).map(String::as_str).unwrap_or_default();
    // `region =`, with the alias in front of it, when there is one, and whether a parameter follows.
    let mut conditions: Vec<(Option<&str>, bool, Option<&str>)> = Vec::new();
    for at in 0..tokens.len() {
        if word(at) != "region" || word(at + 1) != "=" {
            continue;
        }
        let alias = (at >= 2 && word(at - 1) == ".").then(|| word(at - 2));
        let is_parameter = word(at + 2).starts_with('$') || word(at + 2) == "any" && word(at + 4).starts_with('$');
        let other = (word(at + 3) == "." && word(at + 4) == "region").then(|| word(at + 2));
        conditions.push((alias, is_parameter, other));
    }
    let references = references(&tokens, regional);
    let has_list = tokens.windows(4).any(|words| words == ["smallint", "[", "]", ","]) && sql.contains("unnest(");
    // Aliases whose region is known, from parameters on over the equations.
    let mut bound: BTreeSet<&str> =
        conditions.iter().filter_map(|(alias, is_parameter, _)| alias.filter(|_| *is_parameter)).collect();
    let is_table = |alias: &str| references.iter().any(|reference| reference.alias == alias);
    loop {
        let known = bound.len();
        for (alias, _, other) in &conditions {
            let (Some(alias), Some(other)) = (alias, other) else { continue };
            // A list of regions that came as a parameter.
            if bound.contains(other) || has_list && !is_table(other) {
                bound.insert(alias);
            } else if bound.contains(alias) {
                bound.insert(other);
            }
        }
        if bound.len() == known {
            break;
        }
    }
    let mut unqualified = conditions.iter().filter(|(alias, is_parameter, _)| alias.is_none() && *is_parameter).count();
    let mut wrong = Vec::new();
    for reference in &references {
        let is_bound = match reference.used {
            Use::Insert => inserts_parameter(&tokens, reference.at),
            _ if bound.contains(reference.alias.as_str()) => true,
            _ if unqualified > 0 => {
                unqualified -= 1;
                true
            }
            _ => false,
        };
        if !is_bound {
            wrong.push(format!("{} {}", reference.table, reference.alias));
        }
    }
    wrong
}

/// Whether `insert into t (region, …)` puts a parameter there.
fn inserts_parameter(tokens: &[String], table: usize) -> bool {
    let Some(open) = tokens[table..].iter().position(|token| token == "(").map(|offset| table + offset) else { return false };
    let Some(close) = tokens[open..].iter().position(|token| token == ")").map(|offset| open + offset) else { return false };
    let values = match tokens.get(close + 1).map(String::as_str) {
        Some("values") => close + 3,
        Some("select") => close + 2,
        _ => return false,
    };
    tokens[open + 1] == "region" && tokens.get(values).is_some_and(|value| value.starts_with('$'))
}

/// Whether the statement writes rows with values of its own: `insert` or `update`.
pub fn writes_values(tokens: &[String]) -> bool {
    tokens.windows(2).any(|pair| pair == ["insert", "into"])
        || (0..tokens.len()).any(|at| {
            let before = at.checked_sub(1).map(|before| tokens[before].as_str());
            tokens[at] == "update" && !matches!(before, Some("do" | "for"))
        })
}

/// The functions that a statement calls, and the words that are functions without brackets.
pub fn called(tokens: &[String]) -> BTreeSet<&str> {
    let bare = ["current_timestamp", "current_date", "current_time", "localtimestamp", "localtime"];
    let with_brackets = tokens.windows(2).filter(|pair| pair[1] == "(").map(|pair| pair[0].as_str());
    with_brackets.chain(tokens.iter().map(String::as_str).filter(|token| bare.contains(token))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regional() -> BTreeSet<String> {
        ["orders", "job", "product", "shop", "task"].map(str::to_owned).into()
    }

    #[test]
    fn a_bound_region_is_seen() {
        for sql in [
            "select id from orders where region = $1 and id = $2",
            "select o.id from job j join orders o on o.region = j.region and o.id = j.order_id where j.region = $1",
            "select p.id from product p join shop s on s.region = $1 and s.id = p.shop_id where p.region = $1",
            "insert into orders (region, id) values ($1, $2) on conflict (region, id) do update set id = excluded.id",
            "insert into orders (region, id) select $1, n.* from unnest($2::uuid[]) n",
            "delete from task where region = any($1)",
            "update task set attempt = 1 where region = $1 and id in (select id from task where region = $1 for update skip locked)",
            "select o.id from unnest($1::smallint[], $2::uuid[]) a(region, id) join orders o on o.region = a.region and o.id = a.id",
            "select id from users where id = $1",
        ] {
            assert_eq!(unbound(sql, &regional()), Vec::<String>::new(), "{sql}");
        }
    }

    #[test]
    fn a_region_that_is_not_bound_is_found() {
        for sql in [
            "select id from orders where id = $1",
            "select o.id from job j join orders o on o.region = j.region and o.id = j.order_id where j.crew_id = $1",
            "select p.id from product p join shop s on s.id = p.shop_id where p.region = $1",
            "select p.id from product p, shop s where p.region = $1",
            "insert into orders (id, region) values ($1, $2)",
            "insert into orders (region, id) values (1, $1)",
            "insert into orders values ($1)",
            "update task set attempt = 1 where id = $1",
            "update task set attempt = 1 where region = $1 and id in (select id from task for update)",
            "delete from task where run_at < $1",
        ] {
            assert_eq!(unbound(sql, &regional()).len(), 1 + usize::from(sql.contains("join orders")), "{sql}");
        }
    }

    #[test]
    fn strings_are_read_and_characters_and_comments_are_not() {
        let source =
            "let a = \"one \\\" two\"; // \"not me\"\nlet b = r#\"three \"four\"\"#; let c = '\"'; fn d<'a>() { \"five\" }";
        let found: Vec<String> = string_literals(source).into_iter().map(|(line, text)| format!("{line} {text}")).collect();
        assert_eq!(found, ["1 one \" two", "2 three \"four\"", "2 five"]);
    }
}
