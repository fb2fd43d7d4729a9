'use strict';
/* global uPlot */
// Two charts over one time axis: what the heap holds, and what collecting cost.

const { h } = require('./dom');
const { bytes, clock, count, day, duration } = require('./format');

const HEAP_HEIGHT = 260;
const GC_HEIGHT = 120;
const DAY = 86400000;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The same colour, seen through. */
const faint = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, '0');

const orNothing = (format) => (self, value) => (value === null || value === undefined ? '' : format(value));

function timeAxis(shown) {
  return {
    stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, show: shown, size: shown ? 28 : 0,
    font: '11px system-ui, sans-serif', space: 80,
    values: (self, splits, axis, space, increment) => splits.map((time) => (increment >= DAY ? day(time) : clock(time, increment < 60000))),
  };
}

function valueAxis(format) {
  return {
    stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, size: 62, gap: 6,
    font: '11px system-ui, sans-serif', space: 36,
    values: (self, splits) => splits.map((value) => (value === 0 ? '0' : value === null ? '' : format(value))),
  };
}

const timeSeries = { value: orNothing((time) => `${day(time)} ${clock(time, true)}`) };

function options(width, height, series, axes, more) {
  return {
    width, height, ms: 1, series: [timeSeries, ...series], axes, padding: [10, 26, axes[0].show ? 0 : 10, 0],
    scales: { x: { time: true }, y: { range: (self, low, high) => [0, high > 0 ? high * 1.06 : 1] } },
    cursor: { sync: { key: 'leakwatch' }, drag: { x: true, y: false }, points: { size: 6 } },
    legend: { live: true },
    ...more,
  };
}

/** Baselines and what was in use between them, on one axis of times. */
function heapData({ baselines, gcs }) {
  const held = [baselines.time, baselines.heapUsed, baselines.external, baselines.arrayBuffers, baselines.rss];
  const used = [gcs.time, gcs.usedMin, gcs.usedMax];
  const [time, heap, external, arrayBuffers, rss, low, high] = uPlot.join([held, used]);
  return [time, heap, low, high, external, arrayBuffers, rss];
}

function heapChart(run, width) {
  const data = heapData(run);
  const value = orNothing(bytes);
  const few = run.baselines.time.length <= 120;
  const line = (label, stroke, more) => ({ label, stroke, value, width: 1.5, spanGaps: true, points: { show: false }, ...more });
  const blue = colour('blue');
  const edge = { width: 0, points: { show: false }, spanGaps: true, value, stroke: faint(blue, 0.45) };
  const some = (column) => column.some((number) => number > 0);
  const series = [
    line('heap after a full GC', blue, { width: 2, fill: faint(blue, 0.12), points: { show: few, size: 5, stroke: blue, fill: blue } }),
    { ...edge, label: 'in use, least' },
    { ...edge, label: 'most' },
    line('external', colour('violet'), { show: some(run.baselines.external) }),
    line('array buffers', colour('green'), { show: false }),
    line('rss', colour('soft'), { show: false, dash: [4, 4] }),
  ];
  const more = { bands: [{ series: [3, 2], fill: faint(blue, 0.1) }] };
  return { data, options: options(width, HEAP_HEIGHT, series, [timeAxis(false), valueAxis(bytes)], more) };
}

function gcChart(run, width) {
  const { time, majorMs, minorMs, otherMs } = run.gcs;
  const all = minorMs.map((ms, index) => ms + majorMs[index] + otherMs[index]);
  const range = [run.baselines.time, run.baselines.time.map(() => null)];
  const [x, every, full] = uPlot.join([[time, all, majorMs], range]);
  const paths = uPlot.paths.bars({ size: [0.9, 10, 1.5], align: 0 });
  const value = orNothing((ms) => (ms === 0 ? '0' : duration(ms)));
  const bars = (label, stroke) => ({ label, stroke, fill: stroke, width: 0, paths, value, points: { show: false } });
  const series = [bars('all collections', faint(colour('soft'), 0.55)), bars('full ones', colour('amber'))];
  return { data: [x, every, full], options: options(width, GC_HEIGHT, series, [timeAxis(true), valueAxis(duration)]) };
}

function describe(run) {
  const { time, heapUsed } = run.baselines;
  const last = time.length - 1;
  return last < 0
    ? 'no baselines yet'
    : `heap after a full GC: ${bytes(heapUsed[0])} at first, ${bytes(heapUsed[last])} at last, ${count(run.baselineCount)} baselines`;
}

/** Draws a run's charts into `box` until the returned function is called. */
function draw(box, run) {
  let plots = [];
  const end = () => {
    for (const plot of plots) plot.destroy();
    plots = [];
    box.replaceChildren();
  };
  const begin = () => {
    end();
    const make = (title, label, chart) => {
      const figure = h('figure', { class: 'chart', role: 'img', 'aria-label': label }, h('figcaption', {}, title));
      box.append(figure);
      plots.push(new uPlot(chart.options, chart.data, figure));
    };
    make('Memory', describe(run), heapChart(run, box.clientWidth));
    make('Time spent collecting', `${count(run.gcCount)} collections, ${duration(run.gcMs)} in all`, gcChart(run, box.clientWidth));
  };
  begin();
  const resized = new ResizeObserver(() => {
    for (const plot of plots) {
      if (plot.width !== box.clientWidth) plot.setSize({ width: box.clientWidth, height: plot.height });
    }
  });
  resized.observe(box);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', begin);
  return () => {
    resized.disconnect();
    dark.removeEventListener('change', begin);
    end();
  };
}

module.exports = { draw };
