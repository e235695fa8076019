export { Chart, type ChartProps, type ChartSeries, Swatch } from './Chart'
export type { Aggregate } from './history'
export { type Beat, HeartbeatBar, Spark } from './Spark'
export { formatSpan, parseSpan, readView, spans, type TimeView, writeView } from './time'
