use super::*;

fn run(input: &str) -> Result<(String, AssessSummary), AssessError> {
    let mut output = Vec::new();
    let summary = assess(input.as_bytes(), &mut output)?;
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
    assess(&input[..], &mut output).unwrap();
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
