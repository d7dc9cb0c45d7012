use super::answer::centimetres;
use super::columns::micrometres;
use super::*;

fn run(input: &str) -> Result<(String, AssessSummary), AssessError> {
    ask(Asked::default(), input)
}

fn ask(asked: Asked, input: &str) -> Result<(String, AssessSummary), AssessError> {
    let mut output = Vec::new();
    let summary = assess(asked, input.as_bytes(), &mut output)?;
    Ok((String::from_utf8(output).unwrap(), summary))
}

fn refused(input: &str) -> String {
    run(input).expect_err("must be refused").to_string()
}

#[test]
fn children_come_back_with_their_scores() {
    let input = "\
id,sex,age_days,weight_kg,lenhei_cm,measure,headc_cm,oedema,备注
1,M,987,,72.86,L,,,a
2,F,731,,77.5,H,,,\"b,c\"
3,F,1522,17,,,,n,
4,M,244,,60,H,,,
5,m,300,9.0,72.0,L,45,y,
6,,300,9.0,72.0,L,45,,
7,F,NA,11,86.95,,,,
";
    let (output, summary) = run(input).unwrap();
    let rows: Vec<&str> = output.lines().collect();
    assert_eq!(
        rows[0],
        "id,sex,age_days,weight_kg,lenhei_cm,measure,headc_cm,oedema,备注,\
         clenhei_cm,cbmi,zlen,zwei,zwfl,zbmi,zhc,flen,fwei,fwfl,fbmi,fhc"
    );
    assert_eq!(rows[1], "1,M,987,,72.86,L,,,a,72.16,,-6.09,,,,,1,0,0,0,0");
    assert_eq!(
        rows[2],
        "2,F,731,,77.5,H,,,\"b,c\",77.50,,-2.55,,,,,0,0,0,0,0"
    );
    assert_eq!(rows[3], "3,F,1522,17,,,,n,,,,,0.24,,,,0,0,0,0,0");
    assert_eq!(rows[4], "4,M,244,,60,H,,,,60.00,,-4.81,,,,,0,0,0,0,0");
    // Oedema: BMI is told, weight-based scores are not.
    assert!(
        rows[5].starts_with("5,m,300,9.0,72.0,L,45,y,,72.00,17.36,") && rows[5].contains(",,,,")
    );
    // Unknown sex: nothing but the sums.
    assert_eq!(rows[6], "6,,300,9.0,72.0,L,45,,,72.00,17.36,,,,,,0,0,0,0,0");
    // Unknown age: weight-for-length alone.
    let cells: Vec<&str> = rows[7].split(',').collect();
    assert_eq!(
        (cells[11], cells[12], cells[14], cells[15]),
        ("", "", "", "")
    );
    assert!(!cells[13].is_empty());
    assert_eq!(
        summary,
        AssessSummary {
            rows: 7,
            scored: 6,
            flagged: 1,
            positions_ignored: 1
        }
    );
}

#[test]
fn only_sex_must_be_there() {
    let (output, _) = run("weight_kg,sex,age_days\n3.3464,M,0\n").unwrap();
    assert!(output.ends_with("3.3464,M,0,,,,0.00,,,,0,0,0,0,0\n"));
    let (output, summary) = run("sex\nM\n").unwrap();
    assert!(output.ends_with("M,,,,,,,,0,0,0,0,0\n"));
    assert_eq!(summary.scored, 0);
}

#[test]
fn a_byte_order_mark_and_crlf_are_understood() {
    let (output, _) = run("\u{feff}sex,age_days,weight_kg\r\nF,0,3.2322\r\n").unwrap();
    assert!(output.contains("F,0,3.2322,,,,0.00,,,"));
}

#[test]
fn other_columns_pass_through_in_any_encoding() {
    let mut input = b"sex,name\nM,".to_vec();
    input.extend([0xb2, 0xe2, b'\n']);
    let mut output = Vec::new();
    assess(Asked::default(), &input[..], &mut output).unwrap();
    assert!(output.windows(2).any(|pair| pair == [0xb2, 0xe2]));
}

#[test]
fn mistakes_are_told_by_line_and_column() {
    let head = "sex,age_days,weight_kg,lenhei_cm,measure,headc_cm,oedema\n";
    for (row, column, expected) in [
        ("X,1,3,50,L,34,n", "sex", "M or F"),
        (
            "M,-1,3,50,L,34,n",
            "age_days",
            "a number of days, 0 or more",
        ),
        (
            "M,ten,3,50,L,34,n",
            "age_days",
            "a number of days, 0 or more",
        ),
        (
            "M,1,\"3,4\",50,L,34,n",
            "weight_kg",
            "a number of kilograms",
        ),
        ("M,1,nan,50,L,34,n", "weight_kg", "a number of kilograms"),
        ("M,1,3,inf,L,34,n", "lenhei_cm", "a number of centimetres"),
        ("M,1,3,50,S,34,n", "measure", "L or H"),
        ("M,1,3,50,L,34cm,n", "headc_cm", "a number of centimetres"),
        ("M,1,3,50,L,34,maybe", "oedema", "y or n"),
    ] {
        let input = format!("{head}F,1,3,50,L,34,n\n{row}\n");
        assert_eq!(
            refused(&input),
            format!("line 3, column {column}: expected {expected}")
        );
    }
    assert_eq!(
        refused("sex,age_days\nM,1\nM\n"),
        "line 3: 1 cells, the header has 2"
    );
    assert_eq!(refused("age_days\n1\n"), "column sex is missing");
    assert_eq!(refused(""), "column sex is missing");
    assert_eq!(refused("sex,sex\nM,F\n"), "column sex stands twice");
    assert!(refused("sex,zlen\nM,1\n").starts_with("column zlen is already there"));
}

#[test]
fn lengths_print_exactly() {
    assert_eq!(centimetres(728_550), "72.86");
    assert_eq!(centimetres(728_549), "72.85");
    assert_eq!(centimetres(micrometres("72.855").unwrap()), "72.86");
}

/// The cells of each row by column.
fn cells(asked: Asked, input: &str) -> Vec<std::collections::HashMap<String, String>> {
    let (output, _) = ask(asked, input).unwrap();
    csv::Reader::from_reader(output.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn by(standard: Standard) -> Asked {
    Asked {
        standard: Some(standard),
        json: false,
    }
}

#[test]
fn months_stand_in_for_days_and_round_half_up() {
    // 8 months are 243.5 days, so the row of day 244; 24 months are a height at day 731.
    let months = cells(
        Asked::default(),
        "sex,age_days,age_months,weight_kg,lenhei_cm,measure\nM,,8,8.6,70.1,\nF,,24,,77.5,L\nM,244,99,8.6,70.1,\n",
    );
    let days = cells(
        Asked::default(),
        "sex,age_days,weight_kg,lenhei_cm,measure\nM,244,8.6,70.1,\nF,731,,77.5,L\nM,244,8.6,70.1,\n",
    );
    for (months, days) in months.iter().zip(&days) {
        for column in ["clenhei_cm", "zlen", "zwei", "zwfl", "zbmi"] {
            assert_eq!(months[column], days[column], "{column}");
        }
    }
    assert_eq!(months[1]["clenhei_cm"], "76.80");
    assert_eq!(
        refused("sex,age_months\nM,-1\n"),
        "line 2, column age_months: expected a number of months, 0 or more"
    );
}

#[test]
fn the_reference_of_2007_answers_only_when_asked() {
    let input = "sex,age_months,weight_kg,lenhei_cm\nF,60.32,18.7,113.8\nF,59.9,18.7,113.8\n";
    let plain = cells(Asked::default(), input);
    assert_eq!(plain[0]["zwei"], "");
    assert!(!plain[0].contains_key("plen"));
    let who = cells(by(Standard::Who), input);
    let row = &who[0];
    assert_eq!(
        [
            &row["zlen"],
            &row["zwei"],
            &row["zbmi"],
            &row["zwfl"],
            &row["zhc"]
        ],
        ["0.96", "0.21", "-0.58", "", ""]
    );
    // The published scores of three decimals are 0.959, 0.212 and −0.575.
    assert_eq!(
        [&row["plen"], &row["pwei"], &row["pbmi"]],
        ["83.1", "58.4", "28.3"]
    );
    assert_eq!(row["who_edition"], "WHO2007");
    assert_eq!(who[1]["who_edition"], "WHO2006");
}

#[test]
fn wst423_tells_levels_classes_and_rows() {
    // B.1 and A.1, boys of 12 months: −2 SD 8.2 kg, −3 SD 7.4 kg, P3 8.3 kg.
    let input = "sex,age_months,weight_kg,lenhei_cm,measure\n\
                 M,12,8.2,,\nM,12,8.199,,\nM,12.9,7.3,,\nM,25,10.0,82.0,H\nM,83,20,,\nM,84,20,,\n\
                 M,12,41,,\nM,24,12.2,87.0,L\n,12,8.2,,\n";
    let rows = cells(by(Standard::Wst423), input);
    let shown = |at: usize| {
        let row: &std::collections::HashMap<String, String> = &rows[at];
        [
            "wst_level_wei",
            "wst_plevel_wei",
            "wst_class_wei",
            "wst_row_wei",
        ]
        .map(|c| row[c].as_str())
    };
    assert_eq!(shown(0), ["LOWER_MIDDLE", "LOWER", "", "EXACT"]);
    assert_eq!(shown(1), ["LOWER", "LOWER", "UNDERWEIGHT", "EXACT"]);
    assert_eq!(shown(2), ["LOWER", "LOWER", "SEVERE_UNDERWEIGHT", "EXACT"]);
    assert_eq!(shown(3)[3], "INTERPOLATED");
    assert_eq!(shown(4)[3], "LAST_ROW");
    assert_eq!(shown(5), [""; 4]);
    // Flagged: no class, but a flag that says why.
    assert_eq!(shown(6), [""; 4]);
    assert_eq!(rows[6]["fwei"], "1");
    assert_eq!(rows[7]["wst_clenhei_cm"], "86.30");
    assert_eq!(shown(8), [""; 4]);
    assert!(!rows[0].contains_key("zwei"));
}

#[test]
fn both_keep_their_columns_apart() {
    let (output, summary) = ask(
        by(Standard::Both),
        "sex,age_months,weight_kg,lenhei_cm\nM,36,17.5,100.0\n",
    )
    .unwrap();
    let header = output.lines().next().unwrap();
    assert_eq!(
        header.split(',').count(),
        4 + answer::added(Some(Standard::Both)).len()
    );
    let row = &cells(
        by(Standard::Both),
        "sex,age_months,weight_kg,lenhei_cm\nM,36,17.5,100.0\n",
    )[0];
    // BMI 17.5: above +1 SD by either; only WS/T 423 calls that overweight.
    assert_eq!(row["wst_class_bmi"], "OVERWEIGHT");
    assert!(row["zbmi"].starts_with("1."));
    assert_eq!((summary.rows, summary.scored), (1, 1));
}

#[test]
fn scripts_get_an_object_a_row() {
    let asked = Asked {
        json: true,
        ..by(Standard::Both)
    };
    let (output, _) = ask(asked, "sex,age_months,weight_kg,备注\nM,12,8.2,\"甲,乙\"\n").unwrap();
    let row: Value = serde_json::from_str(output.trim_end()).unwrap();
    assert_eq!(row["备注"], "甲,乙");
    assert_eq!(row["weight_kg"], "8.2");
    assert_eq!(row["fwei"], 0);
    assert_eq!(row["zlen"], Value::Null);
    assert_eq!(row["wst_level_wei"], "LOWER_MIDDLE");
    assert!(row["zwei"].as_f64().unwrap() < -1.0);
}
