//! The picture of a timeline: bars and legend.

use super::Timeline;
use super::legend::legend;
use super::lifetime_bars::lifetime_bars;
use crate::domain::time::Time;
use crate::explain::bar::Marks;
use crate::terminal::styled_text::{Charset, Line};

impl Timeline<'_> {
    /// The picture, at most `columns` wide. Lifetimes of a like length share one scale.
    pub fn draw(&self, columns: usize, charset: Charset, format_time: &dyn Fn(Time) -> String) -> Vec<Line> {
        let marks = Marks::new(charset);
        let mut lines = lifetime_bars(self, columns, marks);
        lines.push(Line::default());
        lines.extend(legend(self, columns, marks, format_time));
        lines.into_iter().map(|line| line.cut(columns)).collect()
    }
}
