//! Writing SVG: elements, attributes and escaped text, and nothing that a drawing does not need.

use std::fmt::{self, Display, Write as _};

/// A drawing in millimetres.
pub(super) struct Svg {
    text: String,
    open: Vec<&'static str>,
}

/// One attribute.
pub(super) type Attribute<'a> = (&'static str, &'a dyn Display);

/// A length in millimetres, to a hundredth.
#[derive(Clone, Copy)]
pub(super) struct Mm(pub f64);

impl Display for Mm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No "-0": what rounds to nothing is nothing.
        let hundredths = (self.0 * 100.0).round() / 100.0 + 0.0;
        write!(f, "{hundredths}")
    }
}

impl Svg {
    /// A page of so many millimetres.
    pub(super) fn new(width: f64, height: f64, title: &str, description: &str) -> Svg {
        let mut svg = Svg {
            text: String::with_capacity(16 * 1024),
            open: Vec::new(),
        };
        svg.text
            .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let view_box = format!("0 0 {} {}", Mm(width), Mm(height));
        svg.begin(
            "svg",
            &[
                ("xmlns", &"http://www.w3.org/2000/svg"),
                ("xml:lang", &"zh-CN"),
                ("width", &format!("{}mm", Mm(width))),
                ("height", &format!("{}mm", Mm(height))),
                ("viewBox", &view_box),
                ("role", &"img"),
                ("font-family", &FONTS),
            ],
        );
        svg.text_in("title", &[], title);
        svg.text_in("desc", &[], description);
        svg
    }

    /// Opens an element that holds others.
    pub(super) fn begin(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.tag(name, attributes);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Closes the element opened last.
    pub(super) fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push_str(">\n");
        }
    }

    /// An element with nothing in it.
    pub(super) fn element(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.tag(name, attributes);
        self.text.push_str("/>\n");
    }

    /// An element with text in it.
    pub(super) fn text_in(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        content: &str,
    ) {
        self.tag(name, attributes);
        self.text.push('>');
        self.escape(content);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\n");
    }

    /// Closes everything and gives the whole.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }

    fn tag(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            // Writing to a string cannot fail.
            let _ = write!(self.text, " {attribute}=\"");
            self.escape(&value.to_string());
            self.text.push('"');
        }
    }

    fn escape(&mut self, content: &str) {
        for character in content.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                // Not allowed in XML, however written.
                '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => {}
                other => self.text.push(other),
            }
        }
    }
}

/// Fonts with Chinese glyphs on the usual systems; the last one is whatever there is.
const FONTS: &str = "'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', \
                     'WenQuanYi Micro Hei', sans-serif";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_elements_are_closed() {
        let mut svg = Svg::new(10.0, 5.5, "a<b & \"c\"", "\u{1}d");
        svg.begin("g", &[("id", &"x\"y")]);
        svg.element("circle", &[("cx", &Mm(-0.001)), ("cy", &Mm(1.005))]);
        let text = svg.finish();
        assert!(text.contains("<title>a&lt;b &amp; &quot;c&quot;</title>"));
        assert!(text.contains("<desc>d</desc>"));
        assert!(text.contains("<g id=\"x&quot;y\">\n<circle cx=\"0\" cy=\"1\"/>\n</g>\n</svg>\n"));
        assert!(text.contains("viewBox=\"0 0 10 5.5\""));
    }
}
