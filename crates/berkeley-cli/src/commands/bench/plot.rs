//! The picture: the rate over time, and how long round trips take.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use super::report::{Flow, Report};
use super::work::Trips;
use crate::failure::{Exit, Failure};

const SIZE: (u32, u32) = (800, 380);

/// The colours of what is sent and of what arrives, told apart by whoever sees fewer of them, too.
const SENT: RGBColor = RGBColor(230, 159, 0);
const RECEIVED: RGBColor = RGBColor(0, 114, 178);

/// Writes the picture of a report to a file.
pub(super) fn write(report: &Report, file: &Path) -> Result<(), Failure> {
    let written = draw(report)
        .map_err(|error| error.to_string())
        .and_then(|svg| std::fs::write(file, svg).map_err(|error| error.to_string()));
    written.map_err(|error| Failure::new(Exit::No, format!("{}: {error}", file.display())))
}

fn draw(report: &Report) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    draw_to(report, &mut svg)?;
    Ok(svg)
}

fn draw_to(report: &Report, svg: &mut String) -> Result<(), Box<dyn Error>> {
    let parts = u32::from(report.flow.is_some()) + u32::from(report.trips.is_some());
    let root = SVGBackend::with_string(svg, (SIZE.0, SIZE.1 * parts.max(1)));
    let root = root.into_drawing_area();
    root.fill(&WHITE).map_err(owned)?;
    let areas = root.split_evenly((parts.max(1) as usize, 1));
    let mut areas = areas.iter();
    if let Some(flow) = &report.flow {
        let area = areas.next().unwrap_or(&root);
        rates(flow, &format!("Throughput to {}", report.addr), area)?;
    }
    if let Some(trips) = &report.trips {
        let area = areas.next().unwrap_or(&root);
        distribution(&trips.trips, &format!("Round trips to {}", report.addr), area)?;
    }
    root.present().map_err(owned)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Bits a second in each interval.
fn rates(flow: &Flow, title: &str, area: &Area<'_>) -> Result<(), Box<dyn Error + 'static>> {
    let points = |samples: &[u64]| -> Vec<(f64, f64)> {
        let rate = |bytes: &u64| *bytes as f64 * 8.0 / flow.interval;
        (1..).map(|n| f64::from(n) * flow.interval).zip(samples.iter().map(rate)).collect()
    };
    let lines = [
        ("sent", points(&flow.samples), SENT),
        ("received", points(&flow.received.samples), RECEIVED),
    ];
    let all = || lines.iter().flat_map(|(_, points, _)| points);
    let longest = all().map(|(x, _)| *x).fold(flow.interval, f64::max);
    let (scale, unit) = unit(all().map(|(_, y)| *y).fold(1.0, f64::max));
    let most = all().map(|(_, y)| y / scale).fold(0.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..longest, 0.0..most.max(f64::MIN_POSITIVE))
        .map_err(owned)?;
    chart
        .configure_mesh()
        .x_desc("seconds")
        .y_desc(unit)
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(owned)?;
    for (name, points, colour) in &lines {
        let line = points.iter().map(|(x, y)| (*x, y / scale));
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))
            .map_err(owned)?
            .label(*name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    let legend = &mut chart.configure_series_labels();
    let legend = legend.border_style(BLACK.mix(0.3)).background_style(WHITE.mix(0.8));
    legend.position(SeriesLabelPosition::LowerRight).draw().map_err(owned)
}

/// How many of the round trips took no longer than that.
fn distribution(trips: &Trips, title: &str, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let micros = |nanos: u64| (nanos.max(1)) as f64 / 1000.0;
    let points: Vec<(f64, f64)> = trips
        .times
        .iter_quantiles(10)
        .map(|step| (micros(step.value_iterated_to()), step.quantile() * 100.0))
        .collect();
    let least = micros(trips.times.min()) * 0.9;
    let most = (micros(trips.times.max()) * 1.1).max(least * 2.0);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d((least..most).log_scale(), 0.0..100.0)
        .map_err(owned)?;
    chart
        .configure_mesh()
        .x_desc("µs")
        .y_desc("% took no longer")
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(owned)?;
    chart.draw_series(LineSeries::new(points, RECEIVED.stroke_width(2))).map_err(owned)?;
    Ok(())
}

/// What a rate is best told in.
fn unit(most: f64) -> (f64, &'static str) {
    match most {
        1e9.. => (1e9, "Gbit/s"),
        1e6.. => (1e6, "Mbit/s"),
        1e3.. => (1e3, "kbit/s"),
        _ => (1.0, "bit/s"),
    }
}

/// The error without what it borrows.
fn owned(error: impl Error) -> Box<dyn Error> {
    error.to_string().into()
}
