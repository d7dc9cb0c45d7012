//! The sheet as one HTML page: nothing is fetched, nothing runs, and every text is escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{OfChild, Sheet};
use crate::cli::alerts::missing;
use crate::cli::output::short;
use crate::cli::words;
use crate::rpc::wire::{Alert, ChildDueItems, DueItem, Grade};

/// A4, black on white: a grade is told by its words and the weight of its line.
const STYLE: &str = "
@page { size: A4; margin: 14mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.5 'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', sans-serif; color: #000; margin: 0 auto; max-width: 182mm; }
h1 { font-size: 15pt; margin: 0 0 2mm; }
.head, .foot { font-size: 9pt; }
section { border: 0.3mm solid #000; padding: 2mm 3mm; margin: 3mm 0; break-inside: avoid; }
section.UNFIT { border-width: 1.2mm; }
section.CONDITIONAL { border-width: 0.7mm; }
h2 { font-size: 11.5pt; margin: 0 0 1mm; }
.name { display: inline-block; min-width: 32mm; border-bottom: 0.2mm solid #000; }
p { margin: 0.6mm 0; }
ul { margin: 1mm 0; padding-left: 5mm; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; margin-top: 1mm; }
th, td { border: 0.2mm solid #000; padding: 0.5mm 1.5mm; text-align: left; }
.mn { writing-mode: vertical-lr; text-orientation: sideways; max-height: 60mm; border: 0.2mm solid #000; padding: 1.5mm; margin: 1mm 0; font-family: 'Noto Sans Mongolian', 'Mongolian Baiti', sans-serif; }
";

/// The page.
pub(super) fn page(sheet: &Sheet) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "每日照护单 " (sheet.day) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "每日照护单　" (sheet.day) }
                p.head {
                    "机构：" span.name {} "（" (short(&sheet.facility)) "）　晨检人：" span.name {}
                }
                @for child in &sheet.children { (of_child(child, sheet.away.get(&child.fitness.child))) }
                @for due in &sheet.only_due { (only_due(due)) }
                @if !sheet.withheld.is_empty() {
                    section {
                        h2 { "暂不能查阅的儿童（请以晨检和家长告知为准）" }
                        ul {
                            @for child in &sheet.withheld {
                                li {
                                    (short(&child.child)) "　" span.name {} "　" (missing(child))
                                    @if let Some(since) = sheet.away.get(&child.child) { (absent(since)) }
                                }
                            }
                        }
                    }
                }
                p.foot { "本单含儿童健康信息，仅供当日当班照护人员使用；用后收回并粉碎，不得张贴、拍照或转发。" }
            }
        }
    }
}

fn of_child(child: &OfChild, away: Option<&String>) -> Markup {
    let fitness = &child.fitness;
    let class = match fitness.grade() {
        Grade::Unspecified => "UNKNOWN",
        grade => grade.as_str_name(),
    };
    let due_not_open = child.due_not_open();
    html! {
        section class=(class) {
            h2 {
                (short(&fitness.child)) "　姓名：" span.name {} "　" (words::grade(fitness.grade()))
                @if !fitness.until.is_empty() { "（至 " (fitness.until) " 前）" }
                @if let Some(since) = away { (absent(since)) }
            }
            p { (fitness.headline_zh) }
            @if !fitness.not_considered.is_empty() {
                p { "未获授权、不在本单内的类别：" (words::categories(fitness.not_considered())) }
            }
            @for alert in &child.alerts { (of_alert(alert)) }
            @if let Some(due) = &child.due { (of_due(due)) }
            @if !due_not_open.is_empty() {
                p {
                    b { "待办未获授权：" (words::categories(due_not_open.iter().copied())) }
                    "；未列出不等于没有应做的项目"
                    @if let Some(why) = &child.due_withheld { "（" (missing(why)) "）" }
                }
            }
        }
    }
}

/// Of a child that is not in the list of who may be in care.
fn only_due(due: &ChildDueItems) -> Markup {
    html! {
        section {
            h2 { (short(&due.child)) "　姓名：" span.name {} "　不在今日在托名单（如尚未入托），只列待办" }
            (of_due(due))
        }
    }
}

fn of_due(due: &ChildDueItems) -> Markup {
    html! {
        @if !due.items.is_empty() { (table(&due.items)) }
        @for track in &due.without_record {
            p { (words::track(track)) "：本平台没有记录，请查验纸质凭证" }
        }
    }
}

/// The mark of a child that the facility has recorded as absent today.
fn absent(since: &str) -> Markup {
    html! { "　【今日缺勤，自 " (since) " 起（本机构登记）】" }
}

fn of_alert(alert: &Alert) -> Markup {
    let card = alert.card.clone().unwrap_or_default();
    let parts = [
        ("照护", card.act),
        ("观察", card.watch),
        ("紧急", card.emergency),
    ];
    html! {
        p { b { "【" (words::level(alert.level())) "·" (words::category(alert.category())) "】" } }
        ul {
            @for (heading, part) in &parts {
                @if !part.is_empty() { li { b { (heading) "：" } (part) } }
            }
        }
        @if !alert.card_mn.is_empty() { div.mn lang="mn-Mong" { (alert.card_mn) } }
    }
}

fn table(items: &[DueItem]) -> Markup {
    html! {
        table {
            tr { th { "待办" } th { "状态" } th { "应做" } th { "逾期起" } }
            @for item in items {
                tr {
                    td { (item.label_zh) }
                    td { (words::item_status(&item.status)) }
                    td { (item.due) }
                    td { (item.overdue) }
                }
            }
        }
    }
}
