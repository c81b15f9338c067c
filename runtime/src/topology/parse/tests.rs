use proptest::prelude::*;

use super::super::testing::mask;
use super::CpuSet;

fn list(text: &str) -> Vec<usize> {
    text.parse::<CpuSet>().unwrap().iter().collect()
}

fn cpus() -> impl Strategy<Value = CpuSet> {
    let cpu = prop_oneof![0..10_usize, 50..80_usize, 0..CpuSet::MAX_CPUS];
    proptest::collection::vec(cpu, 0..40).prop_map(CpuSet::from_iter)
}

proptest! {
    #[test]
    fn a_set_survives_the_list_format(set in cpus()) {
        prop_assert_eq!(set.to_string().parse::<CpuSet>(), Ok(set));
    }

    #[test]
    fn a_set_survives_the_mask_format(set in cpus()) {
        prop_assert_eq!(CpuSet::from_mask_str(&mask(&set)), Ok(set));
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in ".*") {
        let _ = text.parse::<CpuSet>();
        let _ = CpuSet::from_mask_str(&text);
    }

    #[test]
    fn almost_lists_are_read_or_refused_with_a_short_message(text in "[0-9a-f,:/ x-]{0,60}") {
        let errors = [text.parse::<CpuSet>().err(), CpuSet::from_mask_str(&text).err()];
        for error in errors.into_iter().flatten() {
            let message = error.to_string();
            prop_assert!(message.len() < 250 && !message.contains('\n'), "{}", message);
        }
    }

    #[test]
    fn a_stride_takes_the_first_of_every_group(
        (first, more) in (0..50_usize, 0..100_usize),
        (group, used) in (1..9_usize, 1..9_usize),
    ) {
        prop_assume!(used <= group);
        let last = first + more;
        let mut expected = Vec::new();
        for start in (first..=last).step_by(group) {
            expected.extend((start..start + used).take_while(|&cpu| cpu <= last));
        }
        prop_assert_eq!(list(&format!("{first}-{last}:{used}/{group}")), expected);
    }
}

#[test]
fn lists_are_read_as_the_kernel_writes_them() {
    assert_eq!(list(""), [0_usize; 0]);
    assert_eq!(list("\n"), [0_usize; 0]);
    assert_eq!(list("0\n"), [0]);
    assert_eq!(list("0-3,8,10-14:2/4\n"), [0, 1, 2, 3, 8, 10, 11, 14]);
    assert_eq!(list(" 5 , 3-4 ,4"), [3, 4, 5]);
    assert_eq!(list("0-16383").len(), CpuSet::MAX_CPUS);
}

#[test]
fn lists_are_written_with_the_shortest_ranges() {
    assert_eq!(
        "3,1,0,2,9,7,8,5".parse::<CpuSet>().unwrap().to_string(),
        "0-3,5,7-9"
    );
}

#[test]
fn masks_are_read_as_the_kernel_writes_them() {
    let mask = |text| CpuSet::from_mask_str(text).unwrap().to_string();
    assert_eq!(mask(""), "");
    assert_eq!(mask("00000000,00000000\n"), "");
    assert_eq!(mask("00000000,00000004\n"), "2");
    assert_eq!(mask("0000,11111111,00000001"), "0,32,36,40,44,48,52,56,60");
    assert_eq!(mask("f0000"), "16-19");
    assert_eq!(mask("0xFF"), "0-7");
    assert_eq!(mask("1000000000000000f"), "0-3,64");
}

#[test]
fn masks_may_be_wider_than_the_bound_while_their_high_bits_are_zero() {
    let words = CpuSet::MAX_CPUS / 32;
    let wide = format!("0{}", ",00000001".repeat(words));
    assert_eq!(CpuSet::from_mask_str(&wide).unwrap().len(), words);
    let beyond = format!("1{}", ",00000001".repeat(words));
    assert!(
        CpuSet::from_mask_str(&beyond)
            .unwrap_err()
            .to_string()
            .contains("16383")
    );
}

#[test]
fn list_errors_quote_the_part_and_name_the_remedy() {
    for (text, parts) in [
        ("0-3,x", ["\"x\"", "such as 0-3,8"]),
        ("0,,1", ["\"\"", "such as 0-3,8"]),
        ("-1", ["\"-1\"", "such as 0-3,8"]),
        ("1-", ["\"1-\"", "such as 0-3,8"]),
        ("+1", ["\"+1\"", "such as 0-3,8"]),
        ("0-999999999999", ["\"999999999999\"", "16383"]),
        (
            "99999999999999999999999",
            ["\"99999999999999999999999\"", "16383"],
        ),
        ("5-3", ["\"5-3\"", "smaller number first"]),
        ("0-7:0/2", ["\"0-7:0/2\"", "1 <= USED <= GROUP"]),
        ("0-7:3/2", ["\"0-7:3/2\"", "1 <= USED <= GROUP"]),
        ("0-7:1", ["\"0-7:1\"", "1 <= USED <= GROUP"]),
        ("0-7:1/0", ["\"0-7:1/0\"", "1 <= USED <= GROUP"]),
        (
            "0-7:1/99999999999999999999",
            ["0-7:1/9999", "1 <= USED <= GROUP"],
        ),
    ] {
        let message = text.parse::<CpuSet>().unwrap_err().to_string();
        assert!(
            parts.iter().all(|part| message.contains(part)),
            "{text}: {message}"
        );
    }
}

#[test]
fn mask_errors_quote_the_part_and_name_the_remedy() {
    for (text, parts) in [
        ("xyz", ["\"xyz\"", "ff or 1,0000000f"]),
        ("f,,f", ["\"\"", "ff or 1,0000000f"]),
        ("1,123456789", ["\"123456789\"", "at most 8"]),
        ("é", ["\"é\"", "ff or 1,0000000f"]),
    ] {
        let message = CpuSet::from_mask_str(text).unwrap_err().to_string();
        assert!(
            parts.iter().all(|part| message.contains(part)),
            "{text}: {message}"
        );
    }
}

#[test]
fn a_long_text_is_shortened_in_the_message() {
    let message = "x"
        .repeat(100_000)
        .parse::<CpuSet>()
        .unwrap_err()
        .to_string();
    assert!(message.contains("xxx…") && message.len() < 200, "{message}");
}
