//! Tests with files made to harm: each is refused quickly, in words, without a crash.

use super::*;
use proptest::prelude::*;
use std::fs;
use std::time::Duration;

/// More than any refusal takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);

fn refused(text: &str) -> String {
    let problems = load_texts((DOMAINS, text), &BTreeMap::new(), Timestamp::UNIX_EPOCH).unwrap_err();
    show(&problems, false)
}

#[test]
fn deep_nesting_is_refused() {
    let flow = format!("domains: {}", "[".repeat(100_000));
    assert!(refused(&flow).contains("nest") || refused(&flow).contains("recursion"), "{}", refused(&flow));
    let block: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(refused(&block).contains("nest"), "{}", refused(&block));
    let compact = format!("a: {}x", "- ".repeat(100_000));
    assert!(refused(&compact).contains("error["));
    let fine = "a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}";
    assert!(refused(fine).contains("unknown-key"));
}

#[test]
fn aliases_may_repeat_but_not_explode() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let last = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{last}]\n"));
    }
    assert!(refused(&bomb).contains("with its aliases written out, the file holds more than 500000 values"), "{}", refused(&bomb));
    let mut tower = "a0: &a0 [x]\n".to_owned();
    for level in 1..200 {
        tower.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(refused(&tower).contains("nests more than 48 levels deep"), "{}", refused(&tower));
    assert!(refused("a: &a [*a]\n").contains("error[syntax]"));
    assert!(refused("a: *nobody\n").contains("error[syntax]"));
}

#[test]
fn aliases_and_merges_are_read() {
    let text = "\
organization: { name: acme, account_email: \"aws+{domain}-{environment}@acme.example\", home_region: us-west-2, github: acme }
teams: { catalog: {} }
domains:
  catalog: &like { team: catalog, environments: [prod] }
  pricing: { <<: *like, environments: [stage, prod] }
";
    let loaded = load_texts((DOMAINS, text), &BTreeMap::new(), Timestamp::UNIX_EPOCH).map_err(|problems| show(&problems, false)).unwrap();
    let members: Vec<String> = loaded.desired.estate.members.keys().map(ToString::to_string).collect();
    assert_eq!(members, ["catalog/prod", "pricing/stage", "pricing/prod"]);
}

#[test]
fn tags_documents_and_odd_keys_are_refused() {
    assert!(refused("a: !!python/object:os.system x\n").contains("the tag `!!python/object:os.system` is not allowed"));
    assert!(refused("a: !!binary aGk=\n").contains("the tag `!!binary` is not allowed"));
    assert!(refused("a: 1\n---\nb: 2\n").contains("a second document begins here"));
    assert!(refused("? [a, b]\n: c\n").contains("a key is a word, not a list"));
    assert!(refused("").contains("the file is empty"));
    assert!(refused("- a\n").contains("`this file` has to be a mapping, not a list"));
}

#[test]
fn invisible_characters_are_refused_and_never_shown() {
    let raw = refused("a: \u{1b}[2J\u{202e}x\n");
    assert!(raw.contains("the invisible character \\u{1b} is not allowed"), "{raw}");
    let escaped = refused("a: \"\\x1b[2J\\u202e\"\n");
    assert!(escaped.contains("the invisible character \\u{1b} is not allowed"), "{escaped}");
    for text in [raw, escaped, refused("\u{feff}\u{85}: \u{2028}\r\n")] {
        assert!(!text.chars().any(|c| excerpt::is_hostile(c) && c != '\n'), "{text:?}");
    }
}

#[test]
fn windows_files_are_read_and_shown() {
    let text = refused("teams: {}\r\ndomians: {}\r\n");
    assert!(text.contains(" --> domains.yaml:2:1\n"), "{text}");
    assert!(text.contains("did you mean `domains`?"), "{text}");
    assert!(!text.contains('\r'), "{text:?}");
}

#[test]
fn files_that_are_none_are_refused_fast() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str| show(&load(folder.path(), name, Timestamp::UNIX_EPOCH).unwrap_err(), false);
    fs::create_dir_all(folder.path().join("modules/odd")).unwrap();
    assert!(said("missing.yaml").contains("error[unreadable]: this can't be read: No such file"));
    assert!(said("modules").contains("it is no regular file"));
    assert!(said("missing.yaml").contains("modules/odd/module.yaml"));
    fs::File::create(folder.path().join("huge.yaml")).unwrap().set_len(100_000_000).unwrap();
    assert!(said("huge.yaml").contains("error[too-large]: the file is larger than 1024 KiB"));
    fs::write(folder.path().join("latin.yaml"), b"a: 1\nname: Andr\xe9\n").unwrap();
    assert!(said("latin.yaml").contains("error[characters]: line 2 is not UTF-8 text"));
    #[cfg(unix)]
    assert!(show(&load(std::path::Path::new("/dev"), "zero", Timestamp::UNIX_EPOCH).unwrap_err(), false).contains("it is no regular file"));
}

#[test]
fn repetitions_may_multiply_but_not_explode() {
    let items = (0..2_000).map(|item| format!("i{item}, ")).collect::<String>();
    let spec = (0..6).fold("x".to_owned(), |inner, _| format!("{{ for_each: parameter.items, key: \"${{each.key}}\", value: {inner} }}"));
    let module = |resource: &str| {
        let text = format!("about: x\nparameters: {{ items: {{ type: list, default: [{items}] }} }}\nresources:\n{resource}");
        BTreeMap::from([("m".to_owned(), ("modules/m/module.yaml".to_owned(), text))])
    };
    let domains = (0..300).map(|domain| format!("  d{domain}: {{ team: t }}\n")).collect::<String>();
    let domains = format!(
        "organization: {{ name: acme, account_email: \"{{domain}}-{{environment}}@acme.example\", home_region: us-west-2, github: acme }}\n\
         teams: {{ t: {{}} }}\ndomains:\n{domains}"
    );
    let deep = format!("  - {{ kind: elastic-ip, name: a, spec: {{ tags: {spec} }} }}\n");
    let wide = "  - { kind: elastic-ip, name: \"${each.key}\", for_each: parameter.items }\n".repeat(100);
    for resources in [deep, wide] {
        let problems = load_texts((DOMAINS, &domains), &module(&resources), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(problems.iter().any(|problem| problem.check == "too-large"), "{}", show(&problems, false));
    }
}

#[test]
fn a_megabyte_on_one_line_is_shown_without_it() {
    let (sent, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let keys: String = (0..15_000).map(|key| format!("unknown-key-{key}: x, ")).collect();
        sent.send(refused(&format!("{{{keys}}}")))
    });
    let text = told.recv_timeout(PATIENCE).unwrap();
    assert!(text.contains("of them not shown"), "{}", &text[text.len() - 200..]);
    assert!(text.len() < 100_000);
}

/// Text that looks enough like YAML to get past the first character.
fn yamlish() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("organization"),
        Just("domains"),
        Just("teams"),
        Just("team"),
        Just("modules"),
        Just("network"),
        Just("pool"),
        Just("resources"),
        Just("kind"),
        Just("vpc"),
        Just("spec"),
        Just("for_each"),
        Just("value"),
        Just("key"),
        Just("zones"),
        Just("${each.key}"),
        Just("${"),
        Just(": "),
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("- "),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("&a "),
        Just("*a"),
        Just("<<: "),
        Just("!t "),
        Just("\""),
        Just("'"),
        Just("|"),
        Just("#"),
        Just("1"),
        Just("10.0.0.0/8"),
        Just("é"),
        Just("\t"),
    ];
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(domains in prop_oneof![yamlish(), ".{0,200}"], module in prop_oneof![yamlish(), ".{0,200}"]) {
        let modules = BTreeMap::from([("m".to_owned(), ("modules/m/module.yaml".to_owned(), module))]);
        if let Err(problems) = load_texts((DOMAINS, &domains), &modules, Timestamp::UNIX_EPOCH) {
            prop_assert!(!show(&problems, true).is_empty());
        }
    }
}
