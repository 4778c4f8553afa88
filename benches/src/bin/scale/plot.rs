//! A chart of costs over numbers that grow tenfold.

use std::error::Error;

use plotters::prelude::*;

use crate::Result;

const SIZE: (u32, u32) = (800, 380);

/// Told apart by whoever sees fewer colours, too.
const COLOURS: [RGBColor; 2] = [RGBColor(230, 159, 0), RGBColor(0, 114, 178)];

/// What is drawn.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    pub(crate) across: &'a str,
    pub(crate) up: &'a str,
    pub(crate) lines: Vec<Line<'a>>,
}

/// One line of it, whose points begin at one or more.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Chart<'_> {
    /// The chart as SVG.
    pub(crate) fn draw(&self) -> Result<String> {
        let mut svg = String::new();
        self.draw_to(&mut svg)?;
        Ok(svg)
    }

    fn draw_to(&self, svg: &mut String) -> Result<()> {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(owned)?;
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let least = all().map(|(x, _)| *x).fold(f64::INFINITY, f64::min);
        let most = all().map(|(x, _)| *x).fold(1.0, f64::max);
        let highest = all().map(|(_, y)| *y).fold(0.0, f64::max) * 1.25;
        let mut chart = ChartBuilder::on(&root)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .margin_right(32)
            .x_label_area_size(36)
            .y_label_area_size(64)
            // From nothing: what is flat looks so, and what is not as well.
            .build_cartesian_2d((least..most * 1.05).log_scale(), 0.0..highest)
            .map_err(owned)?;
        let mut mesh = chart.configure_mesh();
        mesh.x_desc(self.across).y_desc(self.up).light_line_style(TRANSPARENT);
        mesh.x_label_formatter(&|x| thousands(*x)).draw().map_err(owned)?;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().rev()) {
            let points = line.points.iter().copied();
            let dots = points.clone().map(|point| Circle::new(point, 3, colour.filled()));
            chart.draw_series(dots).map_err(owned)?;
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)))
                .map_err(owned)?
                .label(line.name)
                .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        let legend = &mut chart.configure_series_labels();
        let legend = legend.border_style(BLACK.mix(0.3)).background_style(WHITE.mix(0.8));
        legend.position(SeriesLabelPosition::UpperRight).draw().map_err(owned)?;
        root.present().map_err(owned)
    }
}

/// A number in groups of three digits.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The error without what it borrows.
fn owned(error: impl Error) -> Box<dyn Error> {
    error.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_groups_of_digits() {
        let all = [1.0, 10.0, 1000.0, 1_000_000.0].map(thousands);
        assert_eq!(all, ["1", "10", "1,000", "1,000,000"]);
    }
}
